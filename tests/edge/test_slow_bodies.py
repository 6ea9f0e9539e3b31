"""Bodies that do not come: they hold a share of threads, time out, and let everybody else through."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import pytest
from flask import Flask

from app.edge.slow_bodies import DIRECT, REFUSAL, BodyReader, ManyBodies, SlowBody
from tests.web.conftest import running


class Silent:
    """A body whose sender says nothing more until `over` is set."""

    def __init__(self, over: threading.Event) -> None:
        self.over, self.is_read = over, threading.Event()

    def read(self, _size: int) -> bytes:
        self.is_read.set()
        self.over.wait(60)
        return b""


def answer(environ: dict[str, Any], _start: Any) -> list[bytes]:
    refusal = environ.get(REFUSAL)
    return [type(refusal).__name__.encode() if refusal else environ["wsgi.input"].read()]


def ask(reader: BodyReader, stream: Any, length: int, address: str = "192.0.2.1") -> bytes:
    environ = {"CONTENT_LENGTH": str(length), "REMOTE_ADDR": address, "wsgi.input": stream}
    return b"".join(reader(environ, None))


@contextmanager
def silent_ones(reader: BodyReader, count: int, address: Callable[[int], str]) -> Iterator[None]:
    """So many requests whose bodies do not come, for as long as the block lasts."""
    over = threading.Event()
    with ThreadPoolExecutor(count) as pool:
        for n in range(count):
            body = Silent(over)
            pool.submit(ask, reader, body, 9, address(n))
            assert body.is_read.wait(30)
        try:
            yield
        finally:
            over.set()


def test_a_body_is_handed_on_whole() -> None:
    reader = BodyReader(answer)
    assert ask(reader, BytesIO(b"12345 and the next request"), 5) == b"12345"
    assert ask(reader, BytesIO(b""), 0) == b""


def test_a_large_body_is_left_to_who_wants_it() -> None:
    body = bytes(3 * 2**20)
    assert ask(BodyReader(answer), BytesIO(body), len(body)) == body


def test_bodies_that_nobody_reads_or_that_break_off_take_no_share() -> None:
    reader = BodyReader(lambda _environ, _start: [b"not read"], share=1)
    for _ in range(3):
        assert ask(reader, BytesIO(bytes(3 * 2**20)), 3 * 2**20) == b"not read"
        assert ask(reader, BytesIO(b"broken off"), 99) == b"not read"


def test_an_address_has_a_share_of_unfinished_bodies() -> None:
    reader = BodyReader(answer, share=3)
    with silent_ones(reader, 3, lambda _: "192.0.2.1"):
        assert ask(reader, BytesIO(b"mine"), 4) == ManyBodies.__name__.encode()
        assert ask(reader, BytesIO(b"mine"), 4, "192.0.2.2") == b"mine"
    assert ask(reader, BytesIO(b"mine"), 4) == b"mine"


def test_where_many_wait_a_body_that_does_not_come_is_given_up() -> None:
    reader, over = BodyReader(answer, seconds=0.01), threading.Event()
    with silent_ones(reader, DIRECT, lambda n: f"192.0.2.{n}"):
        assert ask(reader, Silent(over), 9, "198.51.100.1") == SlowBody.__name__.encode()
        assert ask(reader, BytesIO(b"mine"), 4, "198.51.100.2") in {b"mine", SlowBody.__name__.encode()}
        over.set()


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
