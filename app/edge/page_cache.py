"""
The page cache: a public page is rendered once from the same versions, and sent again while nobody commits.

Two questions decide whether a page still holds. Did anybody commit since it was sent? That costs microseconds to
ask; while the answer is no, neither the page nor the versions are read again. If somebody did: are the versions
that the page was made from still the same? Then its body is, too.
"""

import gzip
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar, cast

import brotli
from flask import Response, current_app, g, request
from pydantic import BaseModel
from sqlalchemy.orm import Session

from app.database.doors import Database, DatabaseBusy
from app.database.replica import ReplicaMark
from app.edge.clock import now
from app.edge.request_log import RULE

Result = TypeVar("Result")
Reads = dict[Hashable, Any]
"""Results that were read or sent since the database's last commit."""

MOST_PAGES = 512
MINUTE = 60
ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda text: bytes(brotli.compress(text, quality=4, lgwin=16)),
    # Without the time of compression in it, equal pages are equal bytes.
    "gzip": lambda text: gzip.compress(text, 6, mtime=0),
}
"""The better first. Public pages alone are compressed: they hold no secret that their length could tell."""
FRESHNESS = "blindvote.freshness"
"""The key of the request's environment where a view leaves how long its page may be sent again."""
REQUEST = (
    *("wsgi.url_scheme", "HTTP_HOST", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING"),
    *("HTTP_ACCEPT_ENCODING", "HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE"),
)
"""All of a request that a public page can depend on."""


@dataclass(frozen=True)
class RenderedPage:
    """A rendered body, its ETag, and the body compressed as far as somebody asked for it."""

    body: bytes
    etag: str
    encoded: dict[str, bytes] = field(default_factory=dict)

    def content(self, encoding: str | None) -> bytes:
        """Return the body in this encoding, compressed once."""
        if encoding is None:
            return self.body
        if encoding not in self.encoded:
            self.encoded[encoding] = ENCODERS[encoding](self.body)
        return self.encoded[encoding]


@dataclass(frozen=True)
class Freshness:
    """The limits within which a page may be sent again: this minute, no board of it due, and nobody commits."""

    reads: Reads
    minute: int
    due_at: float
    """On this process's monotonic clock, in seconds."""
    body: bytes

    def holds(self) -> bool:
        """Tell whether the page may be sent again, given that nobody committed."""
        return self.minute == int(time.time()) // MINUTE and time.monotonic() < self.due_at


@dataclass(frozen=True)
class SentPage:
    """A response as it left, to leave so again."""

    freshness: Freshness
    rule: str
    status: str
    headers: tuple[tuple[str, str], ...]


class PageCache:
    """The public pages of one process, and the versions they were made from."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pages: OrderedDict[Hashable, RenderedPage] = OrderedDict()
        self._minute = 0
        self._lock = threading.Lock()
        self._held: tuple[Hashable, Reads] = None, {}

    def page(self, minute: int, made_from: Hashable, render: Callable[[], str]) -> RenderedPage:
        """Return the page made from these versions in this minute, rendered now if there is none."""
        key = minute, made_from
        with self._lock:
            if minute > self._minute:
                # Nobody asks for pages of an earlier minute again.
                self._pages.clear()
                self._minute = minute
            if key in self._pages:
                self._pages.move_to_end(key)
                return self._pages[key]
        # Rendered outside the lock: two threads may render the same page, but no page waits for another.
        body = render().encode()
        page = RenderedPage(body, hashlib.sha256(body).hexdigest()[:32])
        with self._lock:
            self._pages[key] = page
            if len(self._pages) > MOST_PAGES:
                self._pages.popitem(last=False)
        return page

    def reads(self) -> tuple[Hashable, Reads]:
        """Return the mark of the last commit, and what was read or sent since; nothing right after one."""
        # Asked before anything is read: what is read later can only be newer than its mark.
        mark = self._database.mark()
        held, reads = self._held
        if mark is None or mark != held:
            # A new dictionary, not a cleared one: a request that began before the commit still fills the old one.
            reads = {}
            self._held = mark, reads
        return mark, reads

    def sent_page(self, asked: Hashable) -> SentPage | None:
        """Return what this request was last answered with, if that still holds."""
        # Most requests are for something else: the database is not asked for those.
        if asked not in self._held[1]:
            return None
        sent: SentPage | None = self.reads()[1].get(asked)
        return sent if sent and sent.freshness.holds() else None


class PageCacheMiddleware:
    """
    WSGI middleware that sends public pages again without asking the application.

    It tells nobody from another: it is not for a profile that has strangers.
    """

    def __init__(self, app: Any, cache: PageCache) -> None:
        self._app = app
        self._cache = cache

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Answer from the cache, else from the application."""
        if environ["REQUEST_METHOD"] != "GET" or not environ.get("HTTP_HOST"):
            passed: Iterable[bytes] = self._app(environ, start_response)
            return passed
        asked = tuple(environ.get(name) for name in REQUEST)
        sent = self._cache.sent_page(asked)
        if sent is None:
            return self._ask(environ, start_response, asked)
        environ[RULE] = sent.rule
        start_response(sent.status, list(sent.headers))
        return [sent.freshness.body]

    def _ask(self, environ: dict[str, Any], start_response: Any, asked: Hashable) -> Iterable[bytes]:
        head: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            head[:] = status, tuple(headers)
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        body: Iterable[bytes] = self._app(environ, start)
        fresh: Freshness | None = environ.get(FRESHNESS)
        if fresh and len(fresh.reads) < MOST_PAGES and not any(name == "Set-Cookie" for name, _ in head[1]):
            fresh.reads[asked] = SentPage(fresh, environ.get(RULE, ""), *head)
        return body


def public_page(made_from: Hashable, render: Callable[[], str], mimetype: str = "text/html") -> Response:
    """
    Respond with a page that depends on its path, on `made_from`, and by at most a minute on the time.

    `made_from` names every query parameter that counts and every version read, by `recall` alone; unknown
    parameters make no difference and cannot fill the memory. A client that has the page gets 304.
    """
    minute = int(now().timestamp()) // MINUTE
    page = _cache().page(minute, (request.path, made_from), partial(_retry_on_primary, render))
    encoding = next((name for name in ENCODERS if request.accept_encodings[name] > 0), None)
    response = Response(page.content(encoding), mimetype=mimetype)
    # Each encoding is a representation of its own.
    response.set_etag(page.etag if encoding is None else f"{page.etag}-{encoding}")
    response.headers["Vary"] = "Accept-Encoding"
    if encoding is not None:
        response.headers["Content-Encoding"] = encoding
    is_team = current_app.extensions["blindvote"].settings.profile == "team"
    response.headers["Cache-Control"] = f"{'private' if is_team else 'public'}, no-cache"
    response.make_conditional(request)
    body = b"" if response.status_code == 304 else page.content(encoding)
    if "reads" in g:
        request.environ[FRESHNESS] = Freshness(g.reads, minute, g.get("due_at", float("inf")), body)
    return response


def public_json(body: BaseModel) -> Response:
    """Respond with what `reading_page` has just read, as with a public page: a client that has it gets 304."""
    text = body.model_dump_json()
    return public_page(text, lambda: text, "application/json")


def recall(read: Callable[..., Result], *given: str, also: Iterable[tuple[Any, ...]] = ()) -> Result:
    """
    Return what `read(session, *given)` says of the database at this request, from memory where nobody committed.

    `read` is a function of a module, and `given` one of few, never a reader's free text: each is remembered.
    The result is shared: nobody may change it. What will be asked next, `also`, is read in the same snapshot.
    """
    return _retry_on_primary(partial(_recall, read, given, also))


def _recall(read: Callable[..., Result], given: tuple[str, ...], also: Iterable[tuple[Any, ...]]) -> Result:
    if (read, given) in (reads := _reads()):
        return cast("Result", reads[read, given])
    with reading_page() as session:
        reads = _reads()
        for other, *its in ((read, *given), *also):
            if (other, tuple(its)) not in reads:
                reads[other, tuple(its)] = other(session, *its)
    return cast("Result", reads[read, given])


@contextmanager
def reading_page() -> Iterator[Session]:
    """
    Open a snapshot for what everybody may see, no older than what this request recalls.

    It is the read replica's where there is one that is new enough, else the primary's.
    """
    _reads()
    database: Database = current_app.extensions["blindvote"].database
    with ExitStack() as stack:
        try:
            session = stack.enter_context(database.reading(g.mark))
        except DatabaseBusy:
            if not isinstance(g.mark, ReplicaMark):
                raise
            forget()
            _reads()
            session = stack.enter_context(database.reading(g.mark))
        yield session


def _retry_on_primary(read: Callable[[], Result]) -> Result:
    """Read once more when the read replica went away meanwhile: it then rests, and the primary is asked."""
    try:
        return read()
    except DatabaseBusy:
        if not isinstance(g.get("mark"), ReplicaMark):
            raise
        forget()
        return read()


def _reads() -> Reads:
    """Return what is known at this request, and remember the mark that it is known of."""
    if "reads" not in g:
        g.mark, g.reads = _cache().reads()
    reads: Reads = g.reads
    return reads


def forget() -> None:
    """Read anew whatever this request recalls from here on: it changed the database itself."""
    g.pop("reads", None)


def _cache() -> PageCache:
    cache: PageCache = current_app.extensions["blindvote"].pages
    return cache
