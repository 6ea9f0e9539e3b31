"""Answers that several pages give: a page for one reader alone, a redirect after a form, a card as a picture."""

import hashlib
from typing import Any

from flask import Response, make_response, redirect, render_template

from app.edge.context import parts


def private_page(template: str, status: int = 200, **values: Any) -> Response:
    """Render a page for one reader, which nobody caches."""
    return keep_private(make_response(render_template(template, **values), status))


def keep_private(response: Response) -> Response:
    """Keep caches from storing an answer to one reader."""
    response.headers["Cache-Control"] = "private, no-store"
    return response


def see_other(address: str) -> Response:
    """Send a browser on to a page after a form."""
    return make_response(redirect(address, 303))


def audience() -> str:
    """Tell who may share a cached file: `public` for everybody, `private` where readers log in."""
    return "private" if parts().settings.profile == "team" else "public"


def card_picture(picture: bytes, said: object, kept: str) -> Response:
    """Send a card as a PNG that other sites may show; `said` makes its entity tag, `kept` its Cache-Control."""
    headers = {"Cache-Control": kept, "Cross-Origin-Resource-Policy": "cross-origin"}
    response = Response(picture, mimetype="image/png", headers=headers)
    response.set_etag(hashlib.sha256(repr(said).encode()).hexdigest()[:32])
    return response
