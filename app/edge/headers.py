"""Security headers of every answer."""

import secrets
from typing import cast

from flask import Response, g, request

PAGE_POLICY = (
    "default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "object-src 'none'"
)
FILE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
}


def nonce() -> str:
    """Return the nonce of this answer's scripts. Only for answers nobody stores: a 304 would bring another one."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return cast("str", g.nonce)


def protect(response: Response) -> Response:
    """Add what is missing; a view's own stricter header stays."""
    wanted = EVERYWHERE | {"Cache-Control": "no-store"}
    if response.status_code != 304:
        wanted["Content-Security-Policy"] = _policy(response)
    if request.is_secure:
        wanted["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    # Looked up all at once: a header's own setdefault goes through all of them, twice.
    present = {name.lower() for name in response.headers.keys()}  # noqa: SIM118 (its own iteration is of pairs)
    for name, value in wanted.items():
        if name.lower() not in present:
            response.headers.add(name, value)
    return response


def _policy(response: Response) -> str:
    if response.mimetype != "text/html":
        return FILE_POLICY
    return PAGE_POLICY.format(scripts=f"'nonce-{g.nonce}'" if "nonce" in g else "'self'")
