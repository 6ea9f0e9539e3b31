"""
The direct way: the requests that a round of voting is made of, answered before Flask sees them.

To find a view, and to run what lies around every view, takes longer than to find a picture and send it, and about
as long as to store a vote. So the plain case of these few requests is answered by middleware: what a voter asks
from our own pages or by a script, with a cookie of ours or, for a first pair, without one. A refusal goes the way
of all others, and whatever else is asked, or fails, is left to the view, which does it again: every step is safe
to repeat.
"""

from typing import Any

from werkzeug.exceptions import SecurityError
from werkzeug.wsgi import get_host

from app.edge.body_reader import REFUSAL
from app.edge.context import Parts
from app.edge.headers import EVERYWHERE, FILE_POLICY

Headers = list[tuple[str, str]]


def is_plain(environ: dict[str, Any], wired: Parts) -> bool:
    """Tell whether nothing about a request needs a closer look, beside its method, path and body."""
    get = environ.get
    if get("QUERY_STRING") or get("HTTP_TRANSFER_ENCODING") or get("HTTP_UPGRADE") or get(REFUSAL):
        return False
    trusted = wired.settings.trusted_hosts
    try:
        return not trusted or bool(get_host(environ, list(trusted)))
    except SecurityError:
        return False


def is_from_here(environ: dict[str, Any]) -> bool:
    """Tell whether our own page, or a script that is no page, sent this; `origin.check` looks at all else."""
    site, origin = environ.get("HTTP_SEC_FETCH_SITE"), environ.get("HTTP_ORIGIN")
    if site is not None:
        return bool(site == "same-origin")
    return origin is None or origin == f"{environ['wsgi.url_scheme']}://{environ.get('HTTP_HOST')}"


def list_json_headers(environ: dict[str, Any], length: int, *own: tuple[str, str]) -> Headers:
    """List the headers of an answer in JSON, with its `own`, as Flask and `headers.protect` would send them."""
    told = [("Content-Type", "application/json"), ("Content-Length", str(length)), *own, *EVERYWHERE.items()]
    told += [("Cache-Control", "no-store"), ("Content-Security-Policy", FILE_POLICY)]
    if environ["wsgi.url_scheme"] == "https":
        told.append(("Strict-Transport-Security", "max-age=31536000; includeSubDomains"))
    return told
