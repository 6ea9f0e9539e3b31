"""The address of this server, for texts that leave it: examples, feeds, pictures for other sites."""

from flask import request

from app.edge.context import parts


def public_url() -> str:
    """Return PUBLIC_URL without a final slash, empty where none is set; pages kept for everybody may hold it."""
    return parts().settings.public_url.rstrip("/")


def base_url() -> str:
    """Return PUBLIC_URL, else the address the reader used, without a final slash. It belongs in cache keys."""
    return (parts().settings.public_url or request.host_url).rstrip("/")
