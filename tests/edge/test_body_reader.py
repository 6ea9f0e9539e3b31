"""Bodies that do not come: they hold a share of threads, are ended in time, and let everybody else through."""

import fcntl
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app.edge.body_deadlines import (
    CHUNK_BYTES,
    MANY_BODIES,
    ManyBodies,
    RequestBody,
    Sender,
    SlowBody,
    UnfinishedBodies,
)
from app.edge.body_reader import REFUSAL, WHOLE_BYTES, BodyReader
from app.edge.connections import ClientConnections, Connection
from tests.web.conftest import running

HOURS = 3600.0


class Silent:
    """A body whose sender says nothing more until `over` is set."""

    def __init__(self, over: threading.Event) -> None:
        self.over, self.is_read = over, threading.Event()

    def read(self, _size: int) -> bytes:
        self.is_read.set()
        self.over.wait(60)
        return b""


class Clients(ClientConnections):
    """Connections of one peer, described as they are given; reading from those that are meant sets `over`."""

    def __init__(self, over: threading.Event, *described: Connection) -> None:
        self.over, self.described = over, described
        self.ended: list[Connection] = []

    def stop_reading(self, _port: int, _now: float, is_meant: Callable[[Connection], bool]) -> int:
        meant = [one for one in self.described if is_meant(one)]
        self.ended += meant
        if meant:
            self.over.set()
        return len(meant)


def answer(environ: dict[str, Any], _start: Any) -> list[bytes]:
    refusal = environ.get(REFUSAL)
    return [type(refusal).__name__.encode() if refusal else environ["wsgi.input"].read()]


def ask(reader: BodyReader, stream: Any, length: int | None, address: str = "192.0.2.1") -> bytes:
    environ = {"REMOTE_ADDR": address, "SERVER_PORT": "8000", "wsgi.input": stream}
    if length is not None:
        environ["CONTENT_LENGTH"] = str(length)
    return b"".join(reader(environ, None))


def ask_in_chunks(reader: BodyReader, stream: Any) -> bytes:
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    return b"".join(reader({"REMOTE_ADDR": "192.0.2.1", "wsgi.input": stream, **chunked}, None))


@contextmanager
def silent_ones(
    reader: BodyReader, count: int, address: Callable[[int], str], over: threading.Event
) -> Iterator[list[bytes]]:
    """So many requests whose bodies do not come, for as long as the block lasts; gives their answers after it."""
    answers: list[bytes] = []
    with ThreadPoolExecutor(count) as pool:
        asked = []
        for n in range(count):
            body = Silent(over)
            asked.append(pool.submit(ask, reader, body, 9, address(n)))
            assert body.is_read.wait(30)
        try:
            yield answers
        finally:
            over.set()
            answers += [one.result(30) for one in asked]


def test_a_body_is_handed_on_whole() -> None:
    reader = BodyReader(answer)
    assert ask(reader, BytesIO(b"12345 and the next request"), 5) == b"12345"
    assert ask(reader, BytesIO(b""), 0) == b""


def test_a_large_body_is_left_to_who_wants_it() -> None:
    body = bytes(3 * 2**20)
    assert ask(BodyReader(answer), BytesIO(body), len(body)) == body


@pytest.mark.parametrize("length", [0, 7, WHOLE_BYTES, WHOLE_BYTES + 1, 3 * WHOLE_BYTES])
def test_a_body_of_unknown_length_is_handed_on_whole(length: int) -> None:
    body = bytes(range(256)) * (length // 256) + bytes(length % 256)
    assert ask_in_chunks(BodyReader(answer), BytesIO(body)) == body


def test_a_stream_that_does_not_end_is_not_read_where_no_length_is_told() -> None:
    asked = ask(BodyReader(lambda environ, _start: [environ["wsgi.input"].read(3)]), BytesIO(b"123456"), None)
    assert asked == b"123"


def test_bodies_that_nobody_reads_or_that_break_off_take_no_share() -> None:
    reader = BodyReader(lambda _environ, _start: [b"not read"], UnfinishedBodies(share=1))
    for _ in range(3):
        assert ask(reader, BytesIO(bytes(3 * 2**20)), 3 * 2**20) == b"not read"
        assert ask(reader, BytesIO(b"broken off"), 99) == b"not read"


def test_an_address_has_a_share_of_unfinished_bodies() -> None:
    reader = BodyReader(answer, UnfinishedBodies(share=3, patience=0.01))
    with silent_ones(reader, 3, lambda _: "192.0.2.1", threading.Event()):
        assert ask(reader, BytesIO(b"mine"), 4) == ManyBodies.__name__.encode()
        assert ask(reader, BytesIO(b"mine"), 4, "192.0.2.2") == b"mine"
        assert ask_in_chunks(reader, BytesIO(b"mine")) == ManyBodies.__name__.encode()
    assert ask(reader, BytesIO(b"mine"), 4) == b"mine"


def test_the_addresses_that_one_client_may_choose_from_share() -> None:
    """Give a client of IPv6, who may choose from the addresses of a /64, one share for all of them."""
    reader = BodyReader(answer, UnfinishedBodies(share=3, patience=0.01))
    with silent_ones(reader, 3, lambda n: f"2001:db8::{n:x}", threading.Event()):
        assert ask(reader, BytesIO(b"mine"), 4, "2001:db8::ffff:9") == ManyBodies.__name__.encode()
        assert ask(reader, BytesIO(b"mine"), 4, "2001:db8:0:1::1") == b"mine"
        assert ask(reader, BytesIO(b"mine"), 4, "::ffff:192.0.2.1") == b"mine"
    assert ask(reader, BytesIO(b"mine"), 4, "2001:db8::ffff:9") == b"mine"


def test_many_behind_one_address_wait_for_each_other() -> None:
    reader, over = BodyReader(answer, UnfinishedBodies(share=2, patience=HOURS)), threading.Event()
    with ThreadPoolExecutor(4) as pool, silent_ones(reader, 2, lambda _: "192.0.2.1", over):
        waiting = [pool.submit(ask, reader, BytesIO(b"mine"), 4) for _ in range(4)]
        assert not wait(waiting, 0.1).done
        over.set()
        assert [one.result(30) for one in waiting] == [b"mine"] * 4


def test_only_so_many_of_one_address_wait_for_each_other() -> None:
    reader, over = BodyReader(answer, UnfinishedBodies(share=1, patience=HOURS)), threading.Event()
    with ThreadPoolExecutor(5) as pool, silent_ones(reader, 1, lambda _: "192.0.2.1", over):
        asked = [pool.submit(ask, reader, BytesIO(b"mine"), 4) for _ in range(5)]
        refused = wait(asked, 30, FIRST_COMPLETED).done
        assert [one.result() for one in refused] == [ManyBodies.__name__.encode()]
        assert ask(reader, BytesIO(b"mine"), 4, "192.0.2.2") == b"mine"
        over.set()
        assert sorted(one.result(30) for one in asked) == [ManyBodies.__name__.encode(), *[b"mine"] * 4]


def test_a_body_that_does_not_come_is_ended_in_time() -> None:
    over = threading.Event()
    clients = Clients(over, Connection("192.0.2.1", HOURS, HOURS))
    unfinished = UnfinishedBodies(seconds=0.01, clients=clients)
    with silent_ones(BodyReader(answer, unfinished), 3, lambda _: "192.0.2.1", over) as answers:
        assert over.wait(30)
    assert answers == [SlowBody.__name__.encode()] * 3


def test_a_look_that_fails_ends_no_later_one() -> None:
    class Failing(Clients):
        """Connections that can't be listed at the first look."""

        looks = 0

        def stop_reading(self, port: int, now: float, is_meant: Callable[[Connection], bool]) -> int:
            self.looks += 1
            if self.looks == 1:
                raise OSError(24, "Too many open files")
            return super().stop_reading(port, now, is_meant)

    over = threading.Event()
    clients = Failing(over, Connection("192.0.2.1", HOURS, HOURS))
    unfinished = UnfinishedBodies(seconds=0.01, clients=clients)
    with silent_ones(BodyReader(answer, unfinished), 1, lambda _: "192.0.2.1", over):
        assert over.wait(30)
    assert clients.looks > 1


def test_where_many_wait_each_has_less_time() -> None:
    over = threading.Event()
    clients = Clients(over, *(Connection(f"192.0.2.{n}", HOURS, HOURS) for n in range(MANY_BODIES + 1)))
    unfinished = UnfinishedBodies(seconds=HOURS, clients=clients)
    with silent_ones(BodyReader(answer, unfinished), MANY_BODIES + 1, lambda n: f"192.0.2.{n}", over) as answers:
        assert over.wait(30)
    assert SlowBody.__name__.encode() in answers


def waiting(unfinished: UnfinishedBodies, address: str = "192.0.2.1", peer: str = "192.0.2.1") -> RequestBody:
    """Begin a body that this thread has been waiting for, and not read it."""
    body = RequestBody(BytesIO(), 9, Sender(address, peer, 8000), unfinished.end)
    unfinished.begin(body)
    body.waits_since = body.began
    return body


@contextmanager
def working(unfinished: UnfinishedBodies, peer: str) -> Iterator[None]:
    """Another thread works on a request of this peer for as long as the block lasts."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(unfinished.begin_work, Sender(peer, peer, 8000)).result()
        try:
            yield
        finally:
            pool.submit(unfinished.end_work).result()


def ended(unfinished: UnfinishedBodies, clients: Clients, seconds: float) -> list[Connection]:
    """Tell whose connections are ended when so many seconds have passed."""
    clients.ended = []
    unfinished.release_late(time.monotonic() + seconds)
    return clients.ended


def test_others_of_its_address_are_spared() -> None:
    stalled, dripping = Connection("192.0.2.1", 31, 30), Connection("192.0.2.1", 31, 0.1, pieces=9)
    drawing = Connection("192.0.2.1", 300, 20)
    reading, elsewhere = Connection("192.0.2.1", 1, 40), Connection("192.0.2.2", 300, 300)
    clients = Clients(threading.Event(), stalled, dripping, drawing, reading, elsewhere)
    unfinished = UnfinishedBodies(clients=clients)
    body = waiting(unfinished)
    assert ended(unfinished, clients, 5) == []
    assert ended(unfinished, clients, 31) == [stalled, dripping, drawing]
    with working(unfinished, "192.0.2.2"):
        assert ended(unfinished, clients, 31) == [stalled, dripping, drawing]
    with working(unfinished, "192.0.2.1"):  # for as long as the body waits, so its connection is as silent
        assert ended(unfinished, clients, 31) == [dripping]
    body.close()
    assert ended(unfinished, clients, 31) == []


def test_what_comes_in_pieces_through_a_proxy_may_be_somebody_elses() -> None:
    stalled, dripping = Connection("127.0.0.1", 31, 30), Connection("127.0.0.1", 31, 0.1, pieces=9)
    clients = Clients(threading.Event(), stalled, dripping)
    unfinished = UnfinishedBodies(clients=clients)
    waiting(unfinished, "192.0.2.1", "127.0.0.1")
    assert ended(unfinished, clients, 31) == [stalled, dripping]
    with working(unfinished, "127.0.0.1"):
        assert ended(unfinished, clients, 31) == []


def test_each_chunk_has_its_time() -> None:
    waits: list[float] = []

    class Slowly:
        """A stream that notes at each read how long its reader will have waited in five seconds."""

        def read(self, size: int) -> bytes:
            waits.append(body.waited(body.began + 5))
            time.sleep(0.01)
            return bytes(size)

    body = RequestBody(Slowly(), 3 * CHUNK_BYTES, Sender("", "", 0), lambda _body: None)
    assert len(body.read()) == 3 * CHUNK_BYTES
    assert len(waits) == 3
    assert waits[0] > waits[1] > waits[2]
    assert body.waited(HOURS) == 0


def _note(seen: list[Connection], client: Connection) -> bool:
    seen.append(client)
    return False


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A client's connection and the server's end of it."""
    with ExitStack() as stack:
        listening = stack.enter_context(closing(socket.create_server(("127.0.0.1", 0))))
        client = stack.enter_context(closing(socket.create_connection(listening.getsockname())))
        yield client, stack.enter_context(closing(listening.accept()[0]))


def test_a_thread_that_reads_a_connection_meets_its_end_and_can_answer(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    client, server = pair
    connections, port = ClientConnections(), server.getsockname()[1]
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(server.recv, 9)
        assert connections.stop_reading(port, time.monotonic(), lambda one: one.peer != "127.0.0.1") == 0
        assert connections.stop_reading(port + 1, time.monotonic(), lambda _one: True) == 0
        assert connections.stop_reading(port, time.monotonic(), lambda one: one.peer == "127.0.0.1") == 1
        assert reading.result(30) == b""
    server.sendall(b"late")
    assert client.recv(9) == b"late"


def test_a_client_that_takes_nothing_of_its_answer_is_let_go(pair: tuple[socket.socket, socket.socket]) -> None:
    client, server = pair
    connections, port = ClientConnections(), server.getsockname()[1]
    assert connections.end_unread(port, -1) == 0  # nothing waits for it
    server.settimeout(0.2)
    with pytest.raises(TimeoutError):
        server.sendall(bytes(2**26))
    assert connections.end_unread(port, HOURS) == 0
    assert connections.end_unread(port, 0.1) == 1
    with pytest.raises(BrokenPipeError):
        server.send(b"more")
    assert client.recv(1)  # what had come stays readable


ASKS_FOR_THE_LOCK = """
import fcntl, sys
with open(sys.argv[1], "r+b") as file:
    fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
"""


def test_to_look_for_clients_ends_no_lock_on_a_database(
    pair: tuple[socket.socket, socket.socket], tmp_path: Path
) -> None:
    path, port = tmp_path / "locked", pair[1].getsockname()[1]
    command = [sys.executable, "-c", ASKS_FOR_THE_LOCK, str(path)]
    path.touch()
    with path.open("r+b") as locked:
        assert subprocess.run(command, check=False).returncode == 0
        fcntl.lockf(locked, fcntl.LOCK_EX)
        ClientConnections().stop_reading(port, time.monotonic(), lambda _one: False)
        ClientConnections().end_unread(port, HOURS)
        refused = subprocess.run(command, check=False, capture_output=True, text=True)
        assert "BlockingIOError" in refused.stderr


def test_looks_tell_what_comes_in_pieces_and_what_was_answered(pair: tuple[socket.socket, socket.socket]) -> None:
    client, server = pair
    connections = ClientConnections()

    def look() -> Connection:
        seen: list[Connection] = []
        time.sleep(0.2)
        connections.stop_reading(server.getsockname()[1], time.monotonic(), partial(_note, seen))
        return seen[0]

    client.sendall(b"head")
    assert look().pieces == 0
    for pieces in (1, 2):
        client.sendall(b"more")
        told = look()
        assert (told.pieces, told.received_ago < told.sent_ago) == (pieces, True)
    server.sendall(b"answer")
    told = look()
    assert (told.pieces, told.sent_ago < told.received_ago) == (0, True)


@pytest.fixture
def app(sqlite_template: Any, tmp_path: Any) -> Iterator[Flask]:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "blindvote.sqlite3").write_bytes(sqlite_template.read_bytes())
    yield from running(f"sqlite:///{tmp_path / 'data' / 'blindvote.sqlite3'}", tmp_path)


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [(SlowBody("late"), 408, "request_timeout"), (ManyBodies("many"), 429, "rate_limited")],
)
def test_the_refusal_is_told_in_the_words_of_the_path(
    app: Flask, refusal: Exception, status: int, code: str
) -> None:
    told = app.test_client().post("/api/v1/matchups", json={}, environ_overrides={REFUSAL: refusal})
    assert (told.status_code, told.get_json()["error"]["code"]) == (status, code)
