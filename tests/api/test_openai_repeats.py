"""Requests to /openai/v1 that come again, that nobody waits for, and that stream while they wait."""

import base64
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from app.gateway import background, keys, replay
from app.gateway.formats import sniff
from app.gateway.tables import KeptRequest, StoredImage
from tests.api.gateway_server import GENERATIONS, ONE, PNG, SMALL, Running, form, post, running
from tests.gateway.conftest import upstream
from tests.gateway.upstream import Handler, Upstream, says
from tests.gateway.world import load_catalogue

__all__ = ["running", "upstream"]


def test_an_idempotency_key_replays_the_answer(running: Running, upstream: Upstream) -> None:
    upstream.on("POST", "/v1/images/", says(200, {**ONE, "usage": {"output_tokens": 5}}))
    body, key = {"prompt": "x", "model": "gpt-image-9"}, {"Idempotency-Key": "order-1"}
    first, again = (post(running, GENERATIONS, key, json=body) for _ in range(2))
    assert (first.status_code, again.status_code, len(upstream.calls())) == (200, 200, 1)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json["metadata"] == first.json["metadata"]
    assert again.json["usage"] == first.json["usage"]
    assert again.json["data"][0]["b64_json"] == first.json["data"][0]["b64_json"]
    links = [one.json["data"][0]["url"] for one in (first, again)]
    assert links[0] != links[1], "links live for 60 minutes, so a replay has new ones"
    client = running.app.test_client()
    assert [client.get(link).data for link in links] == [PNG, PNG]


def test_links_of_a_replay_outlive_those_of_the_first_answer(running: Running, upstream: Upstream) -> None:
    upstream.on("POST", "/v1/images/", says(200, ONE))
    body, key = {"prompt": "x", "model": "brush-1"}, {"Idempotency-Key": "order-2"}
    link = post(running, GENERATIONS, key, json=body).json["data"][0]["url"]
    past = datetime.now(UTC) - timedelta(seconds=1)
    token = link.rpartition("/")[2].partition(".")[0]
    running.database.write(
        lambda session: session.execute(
            update(StoredImage).where(StoredImage.token == token).values(expires_at=past)
        )
    )
    post(running, GENERATIONS, json={"prompt": "another", "model": "brush-1"})  # sweeps
    client = running.app.test_client()
    assert client.get(link).status_code == 404
    again = post(running, GENERATIONS, key, json=body)
    assert client.get(again.json["data"][0]["url"]).data == PNG


def test_a_key_belongs_to_one_request_of_one_caller(running: Running, upstream: Upstream) -> None:
    upstream.on("POST", "/v1/images/", says(200, ONE))
    key = {"Idempotency-Key": "order-3"}
    assert post(running, GENERATIONS, key, json={"prompt": "x", "model": "brush-1"}).status_code == 200
    other = post(running, GENERATIONS, key, json={"prompt": "y", "model": "brush-1"})
    assert (other.status_code, other.json["error"]["code"]) == (400, "idempotency_key_reused")
    _, secret = running.database.write(lambda session: keys.create_key(session, "two", now=datetime.now(UTC)))
    stranger = {"Authorization": f"Bearer {secret}", **key}
    assert post(running, GENERATIONS, stranger, json={"prompt": "x", "model": "brush-1"}).status_code == 200
    assert len(upstream.calls()) == 2
    long = post(running, GENERATIONS, {"Idempotency-Key": "k" * 300}, json=SMALL)
    assert (long.status_code, long.json["error"]["param"]) == (400, "Idempotency-Key")


def test_a_failure_frees_the_key(running: Running, upstream: Upstream) -> None:
    key, body = {"Idempotency-Key": "order-4"}, {"prompt": "x", "model": "brush-1"}
    upstream.on("POST", "/v1/images/", says(500, {}))
    assert post(running, GENERATIONS, key, json=body).status_code == 502
    upstream.on("POST", "/v1/images/", says(200, ONE))
    assert post(running, GENERATIONS, key, json=body).status_code == 200


class Slow:
    """An upstream that answers when it is told to."""

    def __init__(self, upstream: Upstream, answer: Any = None) -> None:
        self.go = threading.Event()
        self.upstream = upstream

        def hold(handler: Handler) -> None:
            self.go.wait(20)
            (answer or says(200, ONE))(handler)

        upstream.on("POST", "/v1/images/", hold)

    def asked(self, times: int) -> None:
        until = time.monotonic() + 20
        while len(self.upstream.calls()) < times and time.monotonic() < until:
            time.sleep(0.01)
        assert len(self.upstream.calls()) == times


@pytest.mark.parametrize("headers", [{"Idempotency-Key": "a"}, {"X-Stainless-Retry-Count": "1"}], ids=str)
def test_the_same_again_joins_what_is_running(
    running: Running, upstream: Upstream, headers: dict[str, str]
) -> None:
    slow, body = Slow(upstream), {"prompt": "x", "model": "brush-1"}
    first = headers if "Idempotency-Key" in headers else {"X-Stainless-Retry-Count": "0"}
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(post, running, GENERATIONS, first, json=body)
        slow.asked(1)
        two = pool.submit(post, running, GENERATIONS, headers, json=body)
        time.sleep(0.3)
        slow.go.set()
        answers = [one.result(), two.result()]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len({answer.json["metadata"]["request_id"] for answer in answers}) == 1
    assert len(upstream.calls()) == 1


def test_equal_requests_that_are_no_retries_are_made_each(running: Running, upstream: Upstream) -> None:
    upstream.on("POST", "/v1/images/", says(200, ONE))
    for _ in range(3):
        post(running, GENERATIONS, {"X-Stainless-Retry-Count": "0"}, json={"prompt": "x", "model": "brush-1"})
    assert len(upstream.calls()) == 3


def test_each_of_several_retries_joins_another_request(running: Running, upstream: Upstream) -> None:
    """As `n` images of the Vercel SDK: equal requests at the same time, which all time out."""
    slow, body = Slow(upstream), {"prompt": "x", "model": "brush-1"}
    with ThreadPoolExecutor(6) as pool:
        firsts = [
            pool.submit(post, running, GENERATIONS, {"X-Stainless-Retry-Count": "0"}, json=body) for _ in range(3)
        ]
        slow.asked(3)
        retries = [
            pool.submit(post, running, GENERATIONS, {"X-Stainless-Retry-Count": "1"}, json=body) for _ in range(3)
        ]
        time.sleep(0.5)
        slow.go.set()
        ids = [[one.result().json["metadata"]["request_id"] for one in many] for many in (firsts, retries)]
    assert len(set(ids[0])) == 3
    assert sorted(ids[0]) == sorted(ids[1])
    assert len(upstream.calls()) == 3


def test_who_joined_hears_of_the_failure(running: Running, upstream: Upstream) -> None:
    slow = Slow(upstream, says(400, {"error": {"code": "moderation_blocked"}}))
    body, key = {"prompt": "x", "model": "brush-1"}, {"Idempotency-Key": "b"}
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(post, running, GENERATIONS, key, json=body)
        slow.asked(1)
        two = pool.submit(post, running, GENERATIONS, key, json=body)
        time.sleep(0.3)
        slow.go.set()
        answers = [one.result(), two.result()]
    assert [answer.json["error"]["code"] for answer in answers] == ["content_policy_violation"] * 2
    assert [answer.status_code for answer in answers] == [400, 400]
    assert len(upstream.calls()) == 1


def test_a_request_left_behind_is_taken_over(running: Running, upstream: Upstream) -> None:
    """Its process was killed: the lease ends."""
    upstream.on("POST", "/v1/images/", says(200, ONE))
    body, key = {"prompt": "x", "model": "brush-1"}, {"Idempotency-Key": "c"}
    post(running, GENERATIONS, key, json=body)
    past = datetime.now(UTC) - timedelta(seconds=1)
    running.database.write(
        lambda session: session.execute(update(KeptRequest).values(state="running", answer=None, held_until=past))
    )
    assert post(running, GENERATIONS, key, json=body).status_code == 200
    assert len(upstream.calls()) == 2


def test_answers_are_forgotten_in_time(running: Running, upstream: Upstream) -> None:
    upstream.on("POST", "/v1/images/", says(200, ONE))
    post(running, GENERATIONS, {"Idempotency-Key": "d"}, json={"prompt": "x", "model": "brush-1"})
    post(running, GENERATIONS, {"X-Stainless-Retry-Count": "0"}, json={"prompt": "x", "model": "brush-1"})
    with running.database.reading() as session:
        rows = session.scalars(select(KeptRequest).order_by(KeptRequest.id)).all()
        left = [(row.expires_at - datetime.now(UTC)).total_seconds() for row in rows]
    assert [round(seconds / 60) for seconds in left] == [24 * 60, 1]
    past = datetime.now(UTC) - timedelta(seconds=1)
    running.database.write(lambda session: session.execute(update(KeptRequest).values(expires_at=past)))
    post(running, GENERATIONS, {"Idempotency-Key": "e"}, json={"prompt": "x", "model": "brush-1"})
    with running.database.reading() as session:
        assert session.scalars(select(KeptRequest.idempotency_key)).all() == ["e"]


WORDLESS = """
modes = ["text-to-image", "image-edit"]
[[offerings]]
provider = "openai"
provider_model_id = "wordless-1"
modes = ["image-edit"]
source = "page"
"""
WORDLESS_CONTRACT = """
[[contracts]]
model = "wordless-1"
operation = "variation"
path = "images/variations"
encoding = "form"
prompt = { field = "" }
image = { field = "image", transport = "file" }
"""


def test_no_prompt_is_kept_that_was_sent(running: Running, upstream: Upstream, tmp_path: Path) -> None:
    load_catalogue(running.database, tmp_path / "more", {"wordless-1": WORDLESS}, {"openai": WORDLESS_CONTRACT})
    upstream.on("POST", "/v1/images/", says(200, ONE))
    parts = form(image=PNG, prompt="a secret garden", model="wordless-1")
    made = post(running, "/v1/images/variations", {"Idempotency-Key": "k"}, data=parts).json
    told = [(one["parameter"], one["requested"], one["used"]) for one in made["metadata"]["adjustments"]]
    assert told == [("prompt", "15 characters", None)]
    with running.database.reading() as session:
        assert "secret" not in str(session.scalars(select(KeptRequest.answer)).all())


def test_a_stream_comments_while_it_waits(
    running: Running, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.api.openai_answers.COMMENT_SECONDS", 0.05)
    slow = Slow(upstream)
    response = post(running, GENERATIONS, json={"prompt": "x", "model": "brush-1", "stream": True}, buffered=False)
    pieces = response.iter_encoded()
    waiting = [next(pieces) for _ in range(3)]
    assert all(piece.startswith(b":") for piece in waiting)
    slow.go.set()
    rest = b"".join(pieces).decode()
    event = rest[rest.index("event:") :]
    assert event.startswith("event: image_generation.completed\n")
    assert response.headers["X-Accel-Buffering"] == "no"


def test_a_failure_after_the_stream_began_is_an_event(running: Running, upstream: Upstream) -> None:
    upstream.on("POST", "/v1/images/", says(500, {}))
    response = post(running, GENERATIONS, json={"prompt": "x", "model": "brush-1", "stream": True})
    assert response.status_code == 200
    event = response.text.partition("event: error\ndata: ")[2].partition("\n\n")[0]
    assert json.loads(event)["error"]["code"] == "all_providers_failed"


def test_a_stream_whose_reader_left_is_joined_by_the_retry(
    running: Running, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(upstream)
    key, body = {"Idempotency-Key": "f"}, {"prompt": "x", "model": "brush-1", "stream": True}
    response = post(running, GENERATIONS, key, json=body, buffered=False)
    next(response.iter_encoded())
    slow.asked(1)
    response.close()
    with ThreadPoolExecutor(1) as pool:
        again = pool.submit(lambda: _completed(post(running, GENERATIONS, key, json=body)))
        time.sleep(0.3)
        slow.go.set()
        assert sniff(base64.b64decode(again.result()["b64_json"])) == "png"
    assert len(upstream.calls()) == 1


def test_work_nobody_waits_for_is_given_up(
    running: Running, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its minute; here a short one."""
    monkeypatch.setattr(background, "ABANDONED_SECONDS", 0.2)
    monkeypatch.setattr(background, "CANCEL_SECONDS", 0.2)
    slow = Slow(upstream)
    key, body = {"Idempotency-Key": "g"}, {"prompt": "x", "model": "brush-1", "n": 2, "stream": True}
    response = post(running, GENERATIONS, key, json=body, buffered=False)
    next(response.iter_encoded())
    slow.asked(1)
    response.close()
    time.sleep(1)
    upstream.on("POST", "/v1/images/", says(500, {}))
    slow.go.set()
    until = time.monotonic() + 10
    while _state(running) == "running" and time.monotonic() < until:
        time.sleep(0.05)
    assert len(upstream.calls()) == 1, "no other attempt is begun"


def _state(running: Running) -> str:
    with running.database.reading() as session:
        return session.scalars(select(KeptRequest.state)).one()


def _completed(response: TestResponse) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(response.text.partition("completed\ndata: ")[2])
    return found


def test_the_lease_is_renewed_and_longer_than_the_pause_between(running: Running) -> None:
    assert replay.LEASE.total_seconds() > background.RENEW_SECONDS * 2
