"""
HTTP to the outside, with one deadline and one allowance of bytes for a whole request.

httpx's own timeouts start anew with every byte, so that a server that sends byte by byte holds a call as
long as it likes, and it inflates without a bound. Here every read and write of the socket has the deadline, and
connections are never reused. Redirects are followed for images alone, within the provider's origins. A name is
looked up once, so that the address that was checked is the one that is connected.
"""

import json
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from queue import Empty, SimpleQueue
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import httpcore
import httpx

from app.gateway.addresses import is_loopback, is_public, names_loopback

ANSWER_BYTES = 64 * 2**20
"""Of one answer; ten images of 2048 x 2048 in base64 stay below."""
REDIRECTS = 3
MOVED = {301, 302, 303, 307, 308}
PORTS = {"http": 80, "https": 443}
Permit = Callable[[str], bool]
Resolve = Callable[[str, int], list[str]]


class TransportError(Exception):
    """The failure of a connection: no whole answer came. `is_broken` where the network or the other end failed."""

    def __init__(self, reason: str, *, is_timeout: bool = False, is_broken: bool = False) -> None:
        super().__init__(reason)
        self.is_timeout = is_timeout
        self.is_broken = is_broken


class NotJson(Exception):
    """An answer that is no JSON object."""


@dataclass(frozen=True)
class HttpAnswer:
    """A whole answer; header names are lower case."""

    status: int
    headers: dict[str, str]
    content: bytes

    def json(self) -> dict[str, Any]:
        """Read the body as a JSON object. Raises NotJson."""
        try:
            value = json.loads(self.content)
        except (ValueError, RecursionError) as error:
            raise NotJson("no JSON") from error
        if not isinstance(value, dict):
            raise NotJson("no JSON object")
        return value


class ByteBudget:
    """Bytes that all calls of one request may receive together."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._lock = threading.Lock()

    def take(self, count: int) -> None:
        """Take so many bytes of what is left. Raises TransportError when there are no more."""
        with self._lock:
            self._left -= count
            if self._left < 0:
                raise TransportError("too many bytes")


def look_up(host: str, port: int) -> list[str]:
    """Look up the addresses of a name, in the system's order."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True)
class Client:
    """Time and names, as the calls of a request see them."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    resolve: Resolve = look_up

    def open_session(self, *, seconds: float, max_bytes: int) -> "HttpSession":
        """Start a session whose time begins now."""
        return HttpSession(self, self.clock() + seconds, ByteBudget(max_bytes))


@dataclass(frozen=True)
class HttpSession:
    """The time and bytes that are left to one request; `base_url` is the provider it leads to."""

    client: Client
    deadline: float
    allowance: ByteBudget = field(repr=False)
    base_url: str = ""

    @property
    def left(self) -> float:
        """Return the seconds that are left."""
        return self.deadline - self.client.clock()

    def to(self, base_url: str, *, seconds: float) -> "HttpSession":
        """Return the same session for one provider, with at most so many seconds."""
        return replace(self, base_url=base_url, deadline=min(self.deadline, self.client.clock() + seconds))

    def wait(self, seconds: float) -> None:
        """Sleep. Raises TransportError when the time is up."""
        self.client.sleep(max(0.0, min(seconds, self.left)))
        if self.left <= 0:
            raise TransportError("deadline", is_timeout=True)

    def send(self, request: httpx.Request) -> HttpAnswer:
        """Send a request to the address that the operator chose, whatever it is. Raises TransportError."""
        return self._exchange(request, permit=lambda _address: True)

    def fetch(self, url: str, hosts: tuple[str, ...] = ()) -> HttpAnswer:
        """
        Fetch what lies behind a link that the provider gave: https on a public address.

        The provider's own origin is trusted as it is, and a provider on loopback may also link to loopback. A
        link that is a path leads to the provider. A redirect is followed within the link's origin, the provider's
        own and its `hosts`. Raises TransportError.
        """
        if url.startswith("/") and not url.startswith("//"):
            url = urljoin(self.base_url, url)
        answer = self._fetch_one(url)
        for _ in range(REDIRECTS):
            target = answer.headers.get("location", "")
            if answer.status not in MOVED or not target:
                return answer
            following = self._read_redirect(url, target, hosts)
            if following is None:
                return answer
            url, answer = following, self._fetch_one(following)
        return answer

    def _read_redirect(self, url: str, target: str, hosts: tuple[str, ...]) -> str | None:
        """Return the address that a redirect from this one names; None where it must not be followed."""
        try:
            following = urljoin(url, target)
            known = {origin(urlsplit(url)), origin(urlsplit(self.base_url))}
            there = urlsplit(following)
            host = there.hostname or ""
            own = any(host == one or host.endswith(f".{one}") for one in hosts)
            may_move = origin(there) in known or (own and origin(there)[::2] == ("https", 443))
        except ValueError:
            return None
        return following if may_move else None

    def _fetch_one(self, url: str) -> HttpAnswer:
        try:
            target, home = urlsplit(url), urlsplit(self.base_url)
            ours = origin(target) == origin(home)
            local = names_loopback(home.hostname or "")
            if not target.hostname or not (ours or local or origin(target)[::2] == ("https", 443)):
                raise TransportError("not https")
            request = httpx.Request("GET", url)
        except (ValueError, httpx.InvalidURL) as error:
            raise TransportError("no link") from error
        return self._exchange(request, permit=lambda a: ours or is_public(a) or (local and is_loopback(a)))

    def _exchange(self, request: httpx.Request, *, permit: Permit) -> HttpAnswer:
        request.headers["accept-encoding"] = "identity"
        try:
            with (
                httpcore.ConnectionPool(ssl_context=_tls(), network_backend=_Backend(self, permit)) as pool,
                pool.stream(
                    request.method, str(request.url), headers=request.headers.raw, content=request.read()
                ) as response,
            ):
                headers = {n.decode("latin-1").lower(): v.decode("latin-1") for n, v in response.headers}
                content = self._read(response.iter_stream())
        except httpcore.TimeoutException as error:
            raise TransportError("deadline", is_timeout=True) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError) as error:
            raise TransportError(type(error).__name__, is_timeout=self.left <= 0, is_broken=True) from error
        return HttpAnswer(response.status, headers, self._inflate(content, headers))

    def _read(self, chunks: Iterable[bytes]) -> bytes:
        received = bytearray()
        for chunk in chunks:
            self.allowance.take(len(chunk))
            received += chunk
            _check_length(received)
        return bytes(received)

    def _inflate(self, content: bytes, headers: dict[str, str]) -> bytes:
        """
        Unpack within the allowance what comes packed although identity was asked for. Raises TransportError.

        Other words there are what somebody wrote to a storage: `aws-chunked`, `utf-8`.
        """
        named = {word.strip().lower() for word in headers.get("content-encoding", "").split(",")}
        if named.isdisjoint({"gzip", "x-gzip", "deflate"}):
            return content
        inflater = zlib.decompressobj(zlib.MAX_WBITS | 32)
        plain = bytearray()
        try:
            while content and not inflater.eof:
                part = inflater.decompress(content, 1 << 20)
                self.allowance.take(len(part))
                plain += part
                _check_length(plain)
                content = inflater.unconsumed_tail
        except zlib.error as error:
            raise TransportError("damaged encoding") from error
        return bytes(plain)


def _check_length(answer: bytearray) -> None:
    if len(answer) > ANSWER_BYTES:
        raise TransportError("answer too long")


def origin(url: SplitResult) -> tuple[str, str, int | None]:
    """Return scheme, host and port of an address. Raises ValueError for a port that is none."""
    return url.scheme, (url.hostname or "").lower(), url.port or PORTS.get(url.scheme)


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()


class _Backend(httpcore.NetworkBackend):
    """Connects to permitted addresses only, within the session's time."""

    def __init__(self, http: HttpSession, permit: Permit) -> None:
        self.http = http
        self.permit = permit

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first permitted address that answers."""
        addresses = _resolve(self.http, host, port)
        if not all(self.permit(address) for address in addresses):
            raise TransportError("address not permitted")
        failure: Exception = httpcore.ConnectError("no address")
        for address in addresses:
            try:
                stream = httpcore.SyncBackend().connect_tcp(
                    address, port, _left(self.http), local_address, socket_options
                )
                return _Stream(stream, self.http)
            except httpcore.ConnectError as error:
                failure = error
        raise failure


class _Stream(httpcore.NetworkStream):
    """A stream whose every operation gets the time that is left, and no timeout of its own."""

    def __init__(self, inner: httpcore.NetworkStream, http: HttpSession) -> None:
        self.inner = inner
        self.http = http

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self.inner.read(max_bytes, _left(self.http))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        # One large write would get the time left for every piece the kernel takes.
        for start in range(0, len(buffer), 1 << 16):
            self.inner.write(buffer[start : start + (1 << 16)], _left(self.http))

    def close(self) -> None:
        self.inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        return _Stream(self.inner.start_tls(ssl_context, server_hostname, _left(self.http)), self.http)

    def get_extra_info(self, info: str) -> Any:
        return self.inner.get_extra_info(info)


def _resolve(http: HttpSession, host: str, port: int) -> list[str]:
    """Resolve a name in a thread of its own: the system's resolver knows no deadline."""
    found: SimpleQueue[list[str] | OSError | UnicodeError] = SimpleQueue()

    def work() -> None:
        try:
            found.put(http.client.resolve(host, port))
        except (OSError, UnicodeError) as error:
            found.put(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        result = found.get(timeout=_left(http))
    except Empty as error:
        raise httpcore.ConnectTimeout("deadline") from error
    if isinstance(result, list):
        return result
    raise httpcore.ConnectError("no such name") from result


def _left(http: HttpSession) -> float:
    left = http.left
    if left <= 0:
        raise httpcore.ReadTimeout("deadline")
    return left
