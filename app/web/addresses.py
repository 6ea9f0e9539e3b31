"""The address of this server, for texts that leave it: examples, feeds, pictures for other sites."""

from flask import request

from app.edge.context import parts


def base_url() -> str:
    """Return PUBLIC_URL, else the address the reader used, without a final slash. It belongs in cache keys."""
    return (parts().settings.public_url or request.host_url).rstrip("/")
