"""Trusts forwarding headers of the proxies an operator named, and of nobody else."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Any

from werkzeug.middleware.proxy_fix import ProxyFix

Network = IPv4Network | IPv6Network
BY_PROXY = "werkzeug.proxy_fix.orig"
"""In the environment of a request that a trusted proxy forwarded, and no client can put it there."""


class ProxyMiddleware:
    """WSGI middleware that lets one trusted hop set the client's address, scheme and host."""

    def __init__(self, app: Any, networks: Iterable[Network]) -> None:
        self._app = app
        # One hop: whatever the headers hold beyond it, the client may have written.
        self._behind = ProxyFix(app, x_for=1, x_proto=1, x_host=1)
        self._networks = tuple(networks)
        self._trusts = lru_cache(1024)(self._look_up)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        """Believe the headers if the peer is trusted: anybody may send them."""
        app = self._behind if self._trusts(environ.get("REMOTE_ADDR", "")) else self._app
        return app(environ, start_response)

    def _look_up(self, address: str) -> bool:
        """Tell whether an address is that of a trusted proxy."""
        try:
            peer = ip_address(address)
        except ValueError:
            return False
        # An address of one version is in no network of the other.
        return any(peer.version == network.version and peer in network for network in self._networks)
