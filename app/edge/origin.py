"""Refuses state changes that another site asks a voter's browser for."""

from urllib.parse import urlsplit

from flask import request

from app.edge.context import parts
from app.edge.threads import GATEWAY_PATHS
from app.errors import Refusal

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class CrossSite(Refusal, code="cross_site"):
    """A foreign page sent this."""


def check() -> None:
    """
    Refuse a state change that another site asks for. Raises CrossSite.

    Browsers say where a request comes from; a script that says nothing may send JSON, which no form can.
    """
    if request.method in SAFE_METHODS or request.path.startswith(GATEWAY_PATHS) or request.routing_exception:
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site is not None:
        is_ours = site in {"same-origin", "none"}
    elif origin is not None:
        ours = {request.host, _host(parts().settings.public_url)}
        is_ours = _host(origin) in ours - {""}
    else:
        is_ours = request.is_json or (request.method == "DELETE" and not request.content_length)
    if not is_ours:
        raise CrossSite("This request came from another site.")


def _host(url: str) -> str:
    return urlsplit(url).netloc
