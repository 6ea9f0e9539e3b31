"""CORS: which pages of other sites may call the image API from a browser, with a key that they have."""

from flask import Response, request

from app.edge.context import parts

METHODS = "GET, POST, OPTIONS"
EXPOSED = ", ".join(
    (
        *("x-request-id", "x-should-retry", "retry-after", "idempotent-replayed"),
        *("x-blindvote-provider", "x-blindvote-model", "x-blindvote-request-id"),
    )
)
PREFLIGHT_SECONDS = 3600


def is_preflight() -> bool:
    """Tell whether a browser asks for a permitted page if it may send a request."""
    return request.method == "OPTIONS" and _origin() is not None


def answer_preflight() -> Response:
    """Permit every header that the page asks for: the key is what guards the API, and no cookie is read."""
    asked = request.headers.get("Access-Control-Request-Headers", "authorization, content-type")
    return Response(
        status=204,
        headers={
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": asked,
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        },
    )


def allow(response: Response) -> Response:
    """Let a permitted page read the answer."""
    origin = _origin()
    if origin is not None:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = EXPOSED
        response.vary.update(["Origin", "Access-Control-Request-Headers"])
    return response


def _origin() -> str | None:
    """Return the page's origin where the operator permits it."""
    origin = request.headers.get("Origin")
    permitted = parts().settings.gateway_cors_origins
    return origin if origin and ("*" in permitted or origin in permitted) else None
