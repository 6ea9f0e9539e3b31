"""Tries the proxy before there is a server: asks the public address, and looks at what arrives at ours."""

import secrets
import socketserver
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_address
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import httpx

from app.cli.doctor_context import CheckResult
from app.settings import Settings

HEADERS = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host")
WAIT_SECONDS = 5


class _Listener(socketserver.ThreadingTCPServer):
    """Listens where the arena will, and notes who asks for one secret path, and with which headers."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, host: str, port: int, path: str) -> None:
        self.arrived: tuple[str, dict[str, str]] | None = None
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == path:
                    listener.arrived = self.client_address[0], {name: self.headers[name] or "" for name in HEADERS}
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_words: Any) -> None:
                """Say nothing: the command does."""

        super().__init__((host, port), Handler)


def try_proxy(settings: Settings) -> CheckResult:
    """Ask the public address while we listen at ours: the proxy must be trusted and must set every header."""
    path = f"/{secrets.token_hex(16)}"
    with _Listener(settings.host, settings.port, path) as listener:
        Thread(target=listener.serve_forever, daemon=True).start()
        with suppress(httpx.HTTPError):
            httpx.get(settings.public_url.rstrip("/") + path, timeout=WAIT_SECONDS, verify=False)  # noqa: S501 (own)
        listener.shutdown()
    if listener.arrived is None:
        return CheckResult(
            "warn",
            f"{settings.public_url} does not lead to {settings.host}:{settings.port} yet: start the proxy, open "
            "the firewall, and see `arena doctor` later",
        )
    return _judge(settings, *listener.arrived)


def _judge(settings: Settings, peer: str, headers: dict[str, str]) -> CheckResult:
    address = ip_address(peer)
    if not any(address.version == one.version and address in one for one in settings.trusted_proxies):
        return CheckResult("fail", f"the proxy speaks from {peer}: add {peer} to TRUSTED_PROXIES")
    missing = [name for name, value in headers.items() if not value]
    if missing:
        return CheckResult("fail", f"the proxy does not set {', '.join(missing)}: see docs/deploy")
    public = urlsplit(settings.public_url)
    told = headers["X-Forwarded-Proto"], headers["X-Forwarded-Host"]
    if told != (public.scheme, public.netloc):
        return CheckResult("fail", f"the proxy says {told[0]}://{told[1]}, not PUBLIC_URL: correct one of them")
    return CheckResult("ok", f"the proxy at {peer} is trusted and sets every header")
