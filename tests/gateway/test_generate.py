"""Who is asked, in which order, and what is kept when somebody fails."""

import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalog import lookup
from app.database.doors import Database, DatabaseBusy, Result
from app.gateway import errors, files, health, log, operator_report
from app.gateway.generate import AT_ONCE, estimate
from app.gateway.request import read_request
from app.gateway.storage import Storage
from app.gateway.tables import CircuitBreaker, GenerationRow, StoredImage
from tests.factories import picture_bytes
from tests.gateway.upstream import Handler, Upstream, coded, says, sends
from tests.gateway.world import NOW, World

PNG = picture_bytes(1, (512, 512))
OPENAI = "/v1/images/generations"
REPLICATE = "/r/models/"


@pytest.fixture
def two(world: World, upstream: Upstream) -> World:
    """The same model at OpenAI and at Replicate, both working."""
    return _two(world, upstream)


def _two(world: World, upstream: Upstream) -> World:
    world.at("openai", upstream.base)
    world.at("replicate", upstream.base)
    upstream.on("POST", OPENAI, says(200, {"data": [{"b64_json": coded(PNG)}]}))
    upstream.on("POST", REPLICATE, says(201, {"status": "succeeded", "output": [f"{upstream.base}/x.png"]}))
    upstream.on("GET", "/x.png", sends(PNG))
    return world


def test_the_cheapest_for_this_very_request_is_asked(two: World) -> None:
    assert two.ask(model="brush-1", size="256x256").provider == "openai"
    assert two.ask(model="brush-1", size="512x512").provider == "replicate"


def test_of_equally_cheap_ones_the_faster_is_asked(two: World) -> None:
    assert two.ask(model="twin-1").provider == "openai", "as the catalogue lists them"
    for provider, seconds in (("openai", 9.0), ("replicate", 1.0)):
        for number in range(3):
            _log(two, f"{provider}/twin-1", seconds, f"{provider}{number}")
    assert two.ask(model="twin-1").provider == "replicate"


def _log(world: World, offering: str, seconds: float, request_id: str) -> int:
    """A past generation; the model's id."""

    def work(session: Session) -> int:
        model_id = lookup.ids(session, ["twin-1"])["twin-1"]
        row = log.begin(
            session,
            request_id=request_id,
            payer="house",
            key_id=None,
            model_id=model_id,
            request={},
            now=NOW,
            reserved_micros=0,
        )
        made = log.Attempt(offering, offering.partition("/")[0], "x", "ok", 1, seconds, 0)
        log.finish(session, row, outcome="ok", attempts=[made], seconds=seconds)
        return model_id

    return world.database.write(work)


def test_another_provider_takes_over(both: World, upstream: Upstream) -> None:
    two = _two(both, upstream)
    upstream.on("POST", REPLICATE, says(500, {}))
    made = two.ask(model="brush-1", size="512x512")
    assert [(one.provider, one.outcome) for one in made.attempts] == [
        ("replicate", "unavailable"),
        ("openai", "ok"),
    ]
    assert made.provider == "openai"
    assert made.cost_micros == 20_000


def test_nobody_takes_over_from_a_refusal(two: World, upstream: Upstream) -> None:
    upstream.on("POST", REPLICATE, says(201, {"status": "failed", "error": "flagged as sensitive"}))
    with pytest.raises(errors.ContentPolicy):
        two.ask(model="brush-1", size="512x512")
    assert len(upstream.calls()) == 1


def test_a_forced_provider_is_the_only_one(two: World, upstream: Upstream) -> None:
    upstream.on("POST", REPLICATE, says(500, {}))
    with pytest.raises(errors.AllProvidersFailed):
        two.ask(model="replicate/brush-1")
    assert [asked.path for asked in upstream.calls()] == [f"{REPLICATE}acme/brush-1/predictions"]


def test_a_failing_provider_rests_and_recovers(both: World, upstream: Upstream) -> None:
    two = _two(both, upstream)
    upstream.on("POST", REPLICATE, says(500, {}))
    for _ in range(3):
        assert two.ask(model="brush-1", size="512x512").provider == "openai"
    asked = len(upstream.calls())
    two.ask(model="brush-1", size="512x512")
    assert len(upstream.calls()) == asked + 1, "the resting one is not asked"
    with two.database.reading() as session:
        rest = session.scalars(select(CircuitBreaker)).one()
        assert (rest.name, rest.failures, rest.until - NOW) == ("replicate/brush-1", 3, timedelta(seconds=30))
    upstream.on("POST", OPENAI, says(500, {}))
    upstream.on("POST", REPLICATE, says(201, {"status": "succeeded", "output": f"{upstream.base}/x.png"}))
    assert two.ask(model="brush-1", size="512x512").provider == "replicate", "the last resort"
    with two.database.reading() as session:
        assert session.get(CircuitBreaker, "replicate/brush-1") is None


def test_a_provider_that_failed_while_the_clock_was_ahead_is_asked_once_it_is_right(both: World) -> None:
    ahead = NOW + timedelta(days=2)
    both.database.write(lambda session: health.record_failure(session, "replicate", "account", now=ahead))
    with both.database.reading() as session:
        assert health.find_open(session, ["replicate"], ahead) == {"replicate"}
        assert health.find_open(session, ["replicate"], NOW) == frozenset()
        assert [one.is_resting for one in operator_report.rests(session, now=NOW)] == [False]


def test_a_provider_that_refuses_our_key_rests_as_a_whole(two: World, upstream: Upstream) -> None:
    upstream.on("POST", REPLICATE, says(402, {}))
    assert two.ask(model="brush-1", size="512x512").provider == "openai"
    with two.database.reading() as session:
        rest = session.scalars(select(CircuitBreaker)).one()
    assert (rest.name, rest.code, rest.until - NOW) == ("replicate", "account", timedelta(seconds=300))


@pytest.mark.parametrize("quoted", ["{}", "Unknown field: {!r}"])
def test_nobody_rests_a_provider_by_a_prompt_that_it_quotes(two: World, upstream: Upstream, quoted: str) -> None:
    prompt = "a sign: 'insufficient_quota'"
    upstream.on("POST", REPLICATE, says(400, {"error": {"message": quoted.format(prompt)}}))
    with suppress(errors.GatewayError):
        two.ask(model="brush-1", size="512x512", prompt=prompt)
    with two.database.reading() as session:
        assert session.scalars(select(CircuitBreaker)).all() == []


def test_a_pause_asked_for_is_kept(two: World, upstream: Upstream) -> None:
    upstream.on("POST", REPLICATE, says(429, {}, {"retry-after": "45"}))
    two.ask(model="brush-1", size="512x512")
    two.now = NOW + timedelta(seconds=44)
    asked = len(upstream.calls())
    two.ask(model="brush-1", size="512x512")
    assert len(upstream.calls()) == asked + 1
    two.now = NOW + timedelta(seconds=46)
    two.ask(model="brush-1", size="512x512")
    assert upstream.calls()[-2].path.startswith(REPLICATE)


def test_missing_images_are_asked_for_again(world: World, upstream: Upstream) -> None:
    _two(world, upstream)
    one = says(201, {"status": "succeeded", "output": f"{upstream.base}/x.png"})
    upstream.on("POST", REPLICATE, one)
    made = world.ask(model="replicate/brush-1", n=2)
    assert len(made.drawn) == 2, "a call that brought one of two is followed by one for the other"
    assert [attempt.images for attempt in made.attempts] == [1, 1]
    assert made.cost_micros == 30_000


def test_what_exists_is_returned_and_charged(world: World, upstream: Upstream) -> None:
    _two(world, upstream)
    one = says(201, {"status": "succeeded", "output": f"{upstream.base}/x.png"})
    upstream.on("POST", REPLICATE, one, says(500, {}))
    made = world.ask(model="replicate/brush-1", n=3)
    assert (len(made.drawn), made.requested, made.cost_micros) == (1, 3, 15_000)
    with world.database.reading() as session:
        row = session.scalars(select(GenerationRow)).one()
    assert (row.outcome, row.images, row.cost_micros) == ("partial", 1, 15_000)


def test_ten_images_from_a_provider_of_four(world: World, upstream: Upstream) -> None:
    world.at("openai", upstream.base)
    upstream.on("POST", OPENAI, says(200, {"data": [{"b64_json": coded(PNG)}] * 4}))
    made = world.ask(model="brush-1", n=10)
    assert len(made.drawn) == 10
    assert sorted(asked.json()["n"] for asked in upstream.calls()) == [3, 3, 4]


@pytest.mark.parametrize("format_", ["png", "jpeg", "gif", "webp", "avif"])
def test_every_output_format_is_made(world: World, upstream: Upstream, format_: str) -> None:
    _two(world, upstream)
    made = world.ask(model="brush-1", output_format=format_, response_format="b64_json")
    assert made.drawn[0].picture.format == format_
    assert made.drawn[0].file is None
    assert made.adjustments == ()


def test_compression_makes_smaller_files_where_there_is_any(world: World) -> None:
    world.at("painter", "")
    lengths = [
        len(world.ask(size="256x256", seed=1, output_format="webp", output_compression=q).drawn[0].picture.data)
        for q in (90, 10)
    ]
    assert lengths[0] > 2 * lengths[1]
    made = world.ask(size="256x256", output_compression=10)
    assert [change.parameter for change in made.adjustments] == ["output_compression"]


def test_a_provider_that_makes_another_size_is_found_out(world: World, upstream: Upstream) -> None:
    _two(world, upstream)
    for asked in ({"size": "256x256"}, {"aspect_ratio": "2:1"}):
        upstream.on("POST", OPENAI, says(200, {"data": [{"b64_json": coded(picture_bytes(1, (90, 300)))}]}))
        made = world.ask(model="openai/brush-1", **asked)
        assert [change.used for change in made.adjustments][-1] == "90x300"


def test_an_exact_size_on_request(world: World, upstream: Upstream) -> None:
    _two(world, upstream)
    made = world.ask(model="brush-1", size="300x200", fit="exact")
    assert made.drawn[0].picture.size == (300, 200)
    assert made.adjustments == ()


def test_links_work_for_an_hour_and_then_are_gone(both: World) -> None:
    both.at("painter", "")
    file = both.ask(size="256x256").drawn[0].file
    assert file is not None
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}\.png", file.name), "128 random bits"
    with both.database.reading() as session:
        assert files.find_linked(session, file.name, now=NOW + timedelta(seconds=3599)) == file
        assert files.find_linked(session, file.name, now=NOW + timedelta(seconds=3600)) is None
        for other in (file.token, f"{file.token}.jpg", "x.png", ""):
            assert files.find_linked(session, other, now=NOW) is None
    both.now = NOW + timedelta(hours=2)
    both.ask(size="256x256")
    with pytest.raises(FileNotFoundError):
        both.storage.get(file.key)
    with both.database.reading() as session:
        assert len(session.scalars(select(StoredImage)).all()) == 1


def test_a_full_process_asks_for_a_pause(world: World, upstream: Upstream) -> None:
    world.at("openai", upstream.base)
    released = threading.Event()

    def hold(handler: Handler) -> None:
        released.wait(10)
        says(200, {"data": [{"b64_json": coded(PNG)}]})(handler)

    upstream.on("POST", OPENAI, hold)
    world.queue_seconds = 0.1
    share = AT_ONCE * 3 // 4
    with ThreadPoolExecutor(share) as pool:
        running = [pool.submit(world.ask, model="brush-1") for _ in range(share)]
        while len(upstream.asked) < share:
            time.sleep(0.01)
        with pytest.raises(errors.RateLimited) as caught:
            world.ask(model="brush-1")
        assert 1 <= caught.value.retry_after <= 60
        released.set()
        assert all(one.result().drawn for one in running)
    assert world.ask(model="brush-1").drawn


class BusyAtTheEnd(Database):
    """Takes the beginning of a request and not its end."""

    writes = 0

    def write(self, work: Callable[[Session], Result]) -> Result:
        self.writes += 1
        if self.writes > 1:
            raise DatabaseBusy("busy")
        return super().write(work)


def test_images_that_cannot_be_recorded_are_handed_out_all_the_same(two: World) -> None:
    two.database = BusyAtTheEnd(two.database.url)
    made = two.ask(model="brush-1")
    assert (made.linked, made.inline, made.drawn[0].picture.data) == (False, True, PNG)
    two.database.close()


class FullDisk(Storage):
    """Takes no file."""

    def put(self, key: str, data: bytes) -> None:  # noqa: ARG002
        raise OSError(28, "No space left on device")


def test_images_that_cannot_be_stored_are_handed_out_all_the_same(two: World, tmp_path: Path) -> None:
    two.storage = FullDisk(tmp_path)
    made = two.ask(model="brush-1")
    assert (made.linked, made.inline, made.drawn[0].picture.data) == (False, True, PNG)


def test_a_retired_model_names_others(two: World) -> None:
    with pytest.raises(errors.ModelRetired, match=r"2026-05-12.*brush-1"):
        two.ask(model="old")


def test_a_model_nobody_here_serves(world: World) -> None:
    with pytest.raises(errors.ModelUnavailable, match="OPENAI_API_KEY or REPLICATE_API_TOKEN"):
        world.ask(model="brush-1")


def test_an_unknown_model(two: World) -> None:
    with pytest.raises(errors.ModelNotFound, match="Did you mean brush-1"):
        two.ask(model="brush-l")
    with pytest.raises(errors.ModelNotFound, match="openai/brush-1, replicate/brush-1"):
        two.ask(model="fal/brush-1")


def test_the_painter_never_stands_in_for_a_model(world: World) -> None:
    world.at("painter", "")
    with pytest.raises(errors.ModelUnavailable):
        world.ask(model="brush-1")
    with pytest.raises(errors.ModelNotFound):
        world.ask(model="painter/brush-1")


def test_a_mode_the_model_lacks(two: World) -> None:
    with pytest.raises(errors.UnsupportedMode, match="Supported modes: text-to-image"):
        two.ask(operation="edit", model="poster-pro", images=(PNG,))
    with pytest.raises(errors.UnsupportedMode, match="variations"):
        two.ask(operation="variation", model="gpt-image-9", images=(PNG,))


def test_an_edit_goes_only_to_who_edits(two: World, upstream: Upstream) -> None:
    upstream.on("POST", "/v1/images/edits", says(200, {"data": [{"b64_json": coded(PNG)}]}))
    made = two.ask(operation="edit", model="brush-1", images=(PNG,), size="512x512")
    assert made.provider == "openai", "Replicate is cheaper, and makes no edits of this model"


def test_strict_turns_an_adjustment_into_an_error(two: World, upstream: Upstream) -> None:
    with pytest.raises(errors.InvalidParameter, match="512x512 would be used") as caught:
        two.ask(model="brush-1", size="500x500", strict=True)
    assert caught.value.param == "size"
    assert upstream.calls() == []
    assert two.ask(model="brush-1", size="512x512", strict=True).adjustments == ()


@pytest.mark.parametrize("strict", [False, True])
def test_auto_leaves_the_choice_to_the_provider(two: World, strict: bool) -> None:
    """Many clients write it with every request: it must not route to the dearer one, nor be refused."""
    made = two.ask(model="brush-1", size="512x512", quality="auto", background="AUTO", strict=strict)
    assert made.provider == "replicate"
    assert [(one.parameter, one.used) for one in made.adjustments] == [("quality", None), ("background", None)]
    assert two.ask(model="brush-1", size="512x512", quality="high", strict=strict).provider == "openai"


def test_a_parameter_of_one_provider_routes_to_it(two: World) -> None:
    made = two.ask(model="brush-1", size="512x512", user="u1")
    assert (made.provider, made.adjustments) == ("openai", ())
    forced = two.ask(model="replicate/brush-1", user="u1")
    assert [(change.parameter, change.used) for change in forced.adjustments] == [("user", None)]


def test_an_estimate_makes_nothing(two: World, upstream: Upstream) -> None:
    request = read_request("generation", {"prompt": "x", "model": "brush-1", "size": "256x256", "n": 3})
    found = estimate(two.database, request, two.config, now=NOW)
    assert (found.model, found.provider, found.cost and found.cost.micros) == ("brush-1", "openai", 30_000)
    assert upstream.calls() == []
    with two.database.reading() as session:
        assert session.scalars(select(GenerationRow)).all() == []


def test_the_log_holds_no_prompt(two: World) -> None:
    two.ask(model="brush-1", prompt="a secret teapot", size="256x256", note="also secret")
    with two.database.reading() as session:
        row = session.scalars(select(GenerationRow)).one()
    assert (row.outcome, row.offering, row.cost_micros) == ("ok", "openai/brush-1", 10_000)
    assert row.seconds is not None
    assert "secret" not in str(vars(row))
    assert row.request["passed_through"] == ["note"]


def test_a_broken_input_is_refused_before_anybody_is_asked(two: World, upstream: Upstream) -> None:
    for images, mask, param in (((b"no",), None, "image"), ((PNG,), PNG[:50], "mask")):
        with pytest.raises(errors.InvalidParameter) as caught:
            two.ask(operation="edit", model="brush-1", images=images, mask=mask)
        assert caught.value.param == param
    assert upstream.calls() == []


def test_a_prompt_longer_than_the_model_takes(two: World) -> None:
    with pytest.raises(errors.InvalidParameter, match="takes 500"):
        two.ask(model="brush-1", prompt="x" * 501)
