"""Refuses state changes that another site asks a voter's browser for."""

from flask import request

from app.edge.context import parts
from app.edge.threads import GATEWAY_PATHS
from app.errors import Refusal

LONGEST = 100
"""Letters of a foreign origin that are told."""
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
        is_ours = _is_ours(origin)
    else:
        is_ours = request.is_json or (request.method == "DELETE" and not request.content_length)
    if not is_ours:
        raise CrossSite("This request came from another site.")


def _is_ours(origin: str) -> bool:
    """Tell whether a page of this site sent it. Raises CrossSite with both names, where a proxy may hide ours."""
    asked, public = request.host.lower(), _host(parts().settings.public_url)
    if _host(origin) in {asked, public} - {""}:
        return True
    raise CrossSite(
        f"This request came from a page of {origin[:LONGEST]}, which is another site than {public or asked}. "
        "Where both are one, whoever runs it sets PUBLIC_URL, or has the proxy pass on the Host."
    )


def _host(address: str) -> str:
    """Name host and port of an address, which a client may have written as it likes."""
    return address.partition("://")[2].partition("/")[0].lower()
