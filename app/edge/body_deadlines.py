"""Bounds how long the bodies of requests are waited for, and how many of them at a time."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from app.arena.people import networks
from app.edge.after_commit import best_effort
from app.edge.connections import ClientConnections, Connection
from app.errors import Refusal

CHUNK_BYTES = 64 * 1024
CHUNK_SECONDS = 20.0
"""The time that each chunk of a body, or what is left of one, has to come."""
PER_ADDRESS = 12
"""Bodies that one address, or one /64 of IPv6, may have unfinished at a time, in one process."""
PATIENCE = 1.0
"""
Seconds that a body beyond its address's share waits until another has come.

Those of honest senders come in milliseconds, but many people may be behind one address, and all vote at once.
"""
WAITING_SHARES = 4
"""Shares of an address that may wait so: each holds a thread."""
MOST_BODIES = 256
"""Bodies that may be unfinished at a time, in one process: each holds a thread."""
MANY_BODIES, MANY_SECONDS = 64, 3.0
"""Beyond so many unfinished bodies a chunk has less time, so that those who do send find a thread."""
TICK = 0.5
"""Seconds between two looks at the unfinished bodies."""
UNREAD_SECONDS = 60.0
"""The time that a client may take nothing of an answer that waits for it: a long one holds a thread."""
UNREAD_TICKS = 20
"""Looks at the unfinished bodies for each look at the unread answers."""
IDLE_SECONDS = 10.0
"""After so long without a request the thread that looks ends; the next request starts another."""
SLACK = 1.0
"""Seconds by which the kernel's times of a connection may differ from ours of its request."""


class SlowBody(Refusal, code="request_timeout"):
    """A body that did not come in time."""


class ManyBodies(Refusal, code="rate_limited"):
    """An address, or everybody together, with too many unfinished requests."""


@dataclass(frozen=True)
class Sender:
    """Name who sends a request: the client, and its connection's peer (a proxy, where one is) and port here."""

    address: str
    peer: str
    port: int

    @property
    def client(self) -> str:
        """Name whom the address stands for: an IPv4 address, or the /64 that a client of IPv6 may choose from."""
        return networks.single(self.address)


class RequestBody:
    """
    A request's body, read by the thread that made this; it calls `on_end` once, when nothing more is waited for.

    `length` counts its bytes; None where the sender does not tell.
    """

    def __init__(
        self, stream: Any, length: int | None, sender: Sender, on_end: Callable[["RequestBody"], None]
    ) -> None:
        self._stream, self._left, self._on_end = stream, length, on_end
        self._ahead = b""
        self.waits_since: float | None = None
        self.sender, self.thread, self.began = sender, threading.get_ident(), time.monotonic()
        self.is_late = self._is_over = False

    def read(self, size: int = -1) -> bytes:
        """Read up to so many bytes, all where none is given; fewer where the sender gave up. Raises SlowBody."""
        data = bytearray()
        while size < 0 or len(data) < size:
            chunk = self._read_chunk(CHUNK_BYTES if size < 0 else min(CHUNK_BYTES, size - len(data)))
            data += chunk
            if not chunk or self._left == 0:
                break
        return bytes(data)

    def put_back(self, data: bytes) -> None:
        """Let the next read begin with these bytes."""
        self._ahead = data + self._ahead

    def waited(self, now: float) -> float:
        """Tell for how many seconds the chunk that is read has been waited for; 0 where none is."""
        since = self.waits_since
        return 0.0 if since is None else now - since

    def close(self) -> None:
        """Tell that nothing more is waited for."""
        if not self._is_over:
            self._is_over = True
            self._on_end(self)

    def _read_chunk(self, size: int) -> bytes:
        if self._ahead:
            chunk, self._ahead = self._ahead[:size], self._ahead[size:]
            return chunk
        size = size if self._left is None else min(size, self._left)
        chunk = self._wait_for(size) if size else b""
        self._left = None if self._left is None else self._left - len(chunk)
        if not chunk or self._left == 0:
            self.close()
        return chunk

    def _wait_for(self, size: int) -> bytes:
        self.waits_since = time.monotonic()
        try:
            chunk = bytes(self._stream.read(size))
        except BaseException:
            self.close()
            raise
        finally:
            self.waits_since = None
        if self.is_late:
            self.close()
            raise SlowBody("The request's body came too slowly.")
        return chunk


@dataclass(frozen=True)
class Silence:
    """
    Describe the connections of a peer whose bodies are late, by what they have in common.

    Nothing was sent on them for `sent_ago` seconds, since the request began. What other requests of the peer came
    with was received within `received_ago` seconds; and what comes in pieces has no request that is worked on. A
    proxy's connections are ended for a silence alone: pieces may be those of somebody else, who is not late.
    """

    sent_ago: float
    received_ago: float
    is_proxy: bool

    def fits(self, client: Connection) -> bool:
        """Tell whether a connection of this peer may be ended."""
        comes_slowly = not self.is_proxy and client.pieces >= 2
        return client.sent_ago >= self.sent_ago and (client.received_ago > self.received_ago or comes_slowly)


class UnfinishedBodies:
    """The bodies that a process waits for, and a thread that releases who waits too long, also to be read."""

    def __init__(
        self,
        *,
        seconds: float = CHUNK_SECONDS,
        share: int = PER_ADDRESS,
        patience: float = PATIENCE,
        clients: ClientConnections | None = None,
    ) -> None:
        self._seconds, self._share, self._clients = seconds, share, clients or ClientConnections()
        self._patience = patience
        self._lock = threading.Lock()
        self._has_ended = threading.Condition(self._lock)
        self._waiting = Counter[str]()
        self._bodies: set[RequestBody] = set()
        self._by_client: Counter[str] = Counter()
        self._watch: threading.Thread | None = None
        self._asked_at, self._port = 0.0, 0
        self._at_work: dict[int, tuple[str, float]] = {}
        """By thread, the peer whose request it works on, and since when."""

    def begin_work(self, sender: Sender) -> None:
        """Note that this thread works on a request."""
        self._asked_at = now = time.monotonic()
        self._at_work[threading.get_ident()] = (sender.peer, now)
        self._port = sender.port
        if self._watch is None:
            self._start_watch()

    @best_effort
    def end_work(self) -> None:
        """Note that this thread's request is answered."""
        self._at_work.pop(threading.get_ident(), None)

    def begin(self, body: RequestBody) -> None:
        """Count a body as unfinished. Raises ManyBodies where its address, or everybody, has enough of them."""
        with self._lock:
            client = body.sender.client
            if not self._has_room(client) and not self._wait_for_room(client):
                raise ManyBodies("Too many requests are unfinished. Finish yours, or come later.", retry_after=5)
            self._by_client[client] += 1
            self._bodies.add(body)
        self._asked_at = time.monotonic()
        if self._watch is None:
            self._start_watch()

    def end(self, body: RequestBody) -> None:
        """Count a body as one that is not waited for any more."""
        with self._lock:
            self._bodies.discard(body)
            client = body.sender.client
            self._by_client[client] -= 1
            if not self._by_client[client]:
                del self._by_client[client]
            if self._waiting:
                self._has_ended.notify_all()

    def _has_room(self, client: str) -> bool:
        return self._by_client.get(client, 0) < self._share and len(self._bodies) < MOST_BODIES

    def _wait_for_room(self, client: str) -> bool:
        """Wait, with the lock given up, until a body more has room; False where none has in time."""
        if self._waiting[client] >= WAITING_SHARES * self._share:
            return False
        self._waiting[client] += 1
        try:
            return self._has_ended.wait_for(partial(self._has_room, client), self._patience)
        finally:
            self._waiting[client] -= 1
            if not self._waiting[client]:
                del self._waiting[client]

    def release_late(self, now: float) -> int:
        """End what is read from the senders of late chunks, which releases who waits; returns the connections."""
        with self._lock:
            bodies = list(self._bodies)
        limit = self._seconds if len(bodies) <= MANY_BODIES else min(MANY_SECONDS, self._seconds)
        ports = {body.sender.port for body in bodies if body.waited(now) > limit / 2}
        late = [body for body in bodies if body.waited(now) > limit]
        for body in late:
            body.is_late = True
        silences = self._describe_silences(late, bodies, now)
        # The looks at those that are half late tell later which of them come in pieces.
        return sum(self._clients.stop_reading(port, now, partial(_is_silent, silences)) for port in ports)

    def _describe_silences(
        self, late: Iterable[RequestBody], bodies: Iterable[RequestBody], now: float
    ) -> dict[str, Silence]:
        """Describe, by peer, the connections whose bodies are late."""
        reading = {body.thread for body in bodies if body.waited(now)}
        others = [
            (peer, now - began) for thread, (peer, began) in self._at_work.copy().items() if thread not in reading
        ]
        others += [(body.sender.peer, body.waited(now)) for body in bodies if not body.is_late]
        silences = {}
        for peer in {body.sender.peer for body in late}:
            of_peer = [body for body in late if body.sender.peer == peer]
            silences[peer] = Silence(
                min(now - body.began for body in of_peer) - SLACK,
                max((seconds + SLACK for other, seconds in others if other == peer), default=-1.0),
                any(body.sender.address != peer for body in of_peer),
            )
        return silences

    def _start_watch(self) -> None:
        with self._lock:
            if self._watch is None:
                self._watch = threading.Thread(target=self._look_until_idle, name="slow clients", daemon=True)
                self._watch.start()

    def _look_until_idle(self) -> None:
        ticks = 0
        while not self._is_idle():
            time.sleep(TICK)
            ticks += 1
            self._look(is_long=ticks % UNREAD_TICKS == 0)

    @best_effort
    def _look(self, *, is_long: bool) -> None:
        """Release who waits too long; a failure, as where no file can be opened, ends no later look."""
        self.release_late(time.monotonic())
        if is_long:
            self._clients.end_unread(self._port, UNREAD_SECONDS)

    def _is_idle(self) -> bool:
        with self._lock:
            if self._bodies or time.monotonic() - self._asked_at < IDLE_SECONDS:
                return False
            self._watch = None
            return True


def _is_silent(silences: Mapping[str, Silence], client: Connection) -> bool:
    return client.peer in silences and silences[client.peer].fits(client)
