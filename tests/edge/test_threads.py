"""Threads that wait for images are none of those that voters need."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.edge.threads import PLAYGROUND_THREADS, SHORT_THREADS, ThreadLimit
from app.web import playground
from tests.api.gateway_server import make
from tests.edge.test_body_reader import Silent
from tests.gateway.upstream import running
from tests.web.catalogue import TODAY, at, words
from tests.web.factories import OURS

LARGE = 2 * 2**20
FORM = {"prompt": "a red cube", "model": "poster-pro", "size": "256x256"}
UPLOAD = {**OURS, "Content-Type": "multipart/form-data; boundary=x"}


class Slow:
    """An application whose forms and images take until `over` is set."""

    def __init__(self) -> None:
        self.over, self.begun = threading.Event(), threading.Semaphore(0)

    def __call__(self, environ: dict[str, Any], _start: Any) -> list[bytes]:
        if environ["PATH_INFO"] != "/arena":
            self.begun.release()
            self.over.wait(60)
        return [environ["PATH_INFO"].encode()]


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/playground"), ("POST", "/openai/v1/images/generations"), ("GET", "/v1/models")]
)
def test_no_waiting_for_images_holds_up_a_voter(method: str, path: str) -> None:
    slow = Slow()
    limited = ThreadLimit(slow)
    with ThreadPoolExecutor(2 * SHORT_THREADS) as pool:
        for _ in range(SHORT_THREADS):
            pool.submit(limited, {"REQUEST_METHOD": method, "PATH_INFO": path}, None)
            assert slow.begun.acquire(timeout=30)
        try:
            voting = pool.submit(limited, {"REQUEST_METHOD": "GET", "PATH_INFO": "/arena"}, None)
            assert list(voting.result(30)) == [b"/arena"]
        finally:
            slow.over.set()


def test_looking_at_the_playground_is_as_short_as_any_page() -> None:
    slow = Slow()
    limited = ThreadLimit(slow)
    with ThreadPoolExecutor(SHORT_THREADS + 1) as pool:
        looks = {"REQUEST_METHOD": "GET", "PATH_INFO": "/playground"}
        for _ in range(SHORT_THREADS):
            pool.submit(limited, looks, None)
            assert slow.begun.acquire(timeout=30)
        late = pool.submit(limited, looks, None)
        assert not slow.begun.acquire(timeout=0.2)
        slow.over.set()
        assert late.result(30)


@pytest.fixture
def painting(sqlite_template: Path, tmp_path: Path) -> Iterator[Flask]:
    copy(sqlite_template, tmp_path / "playground.sqlite3")
    with running() as upstream:
        made = make(f"sqlite:///{tmp_path / 'playground.sqlite3'}", tmp_path, upstream)
        at(made.app, TODAY)
        yield made.app
        made.database.close()


def upload(app: Flask, body: Silent) -> TestResponse:
    sent = {"wsgi.input": body, "CONTENT_LENGTH": str(LARGE)}
    return app.test_client().post("/playground", headers=UPLOAD, environ_overrides=sent)


@contextmanager
def uploads_that_do_not_come(app: Flask) -> Iterator[None]:
    """Keep as many uploads unfinished as the playground has places, for as long as the block lasts."""
    over = threading.Event()

    with ThreadPoolExecutor(PLAYGROUND_THREADS) as pool:
        try:
            for _ in range(PLAYGROUND_THREADS):
                body = Silent(over)
                pool.submit(upload, app, body)
                assert body.is_read.wait(30)
            yield
        finally:
            over.set()


@contextmanager
def full_playground() -> Iterator[None]:
    """Take every place of the playground for as long as the block lasts."""
    with ExitStack() as stack:
        for _ in range(PLAYGROUND_THREADS):
            stack.enter_context(playground.places)
        yield


def test_uploads_that_do_not_come_hold_no_place(painting: Flask) -> None:
    with uploads_that_do_not_come(painting):
        assert painting.test_client().post("/playground", data=FORM, headers=OURS).status_code == 200


def test_a_full_playground_says_when_to_come_back_and_keeps_the_prompt(painting: Flask) -> None:
    client = painting.test_client()
    with full_playground():
        answer = client.post("/playground", data=FORM, headers=OURS)
        late = upload(painting, Silent(threading.Event()))
        assert client.get("/playground").status_code == 200
    assert (answer.status_code, late.status_code) == (429, 429)
    assert 1 <= int(answer.headers["Retry-After"]) <= 60
    assert "a place will be free in a moment" in words(answer.text)
    assert "a red cube" in answer.text
    assert client.post("/playground", data=FORM, headers=OURS).status_code == 200
