"""What a provider made and was paid for is handed out, whatever our own limits are."""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select

from app.gateway.errors import AllProvidersFailed
from app.gateway.providers.bfl import BlackForestLabs
from app.gateway.providers.fal import Fal
from app.gateway.providers.luma import Luma
from app.gateway.providers.replicate import Replicate
from app.gateway.storage import Storage
from app.gateway.tables import GenerationRow
from app.gateway.transport import Client
from tests.factories import picture_bytes
from tests.gateway.test_providers_words import at
from tests.gateway.test_tasks import filled
from tests.gateway.upstream import Upstream, coded, reset, says, sends, short_body
from tests.gateway.world import NOW, World

OPENAI = "/v1/images/generations"
PICTURE = picture_bytes(3)
LUMA = {"state": "completed", "assets": {"image": "BASE/1.png"}}
REPLICATE: dict[str, Any] = {"urls": {"get": "BASE/get", "cancel": "BASE/cancel"}}
REPLICATED = {"status": "succeeded", "output": ["BASE/1.png"]}
FAL = {"status_url": "BASE/status", "response_url": "BASE/result", "cancel_url": "BASE/cancel"}


def png(width: int, height: int) -> bytes:
    buffer = BytesIO()
    Image.new("L", (width, height), 90).save(buffer, "PNG")
    return buffer.getvalue()


def answers(upstream: Upstream, data: bytes) -> None:
    upstream.on("POST", OPENAI, says(200, {"data": [{"b64_json": coded(data)}]}))


@pytest.mark.parametrize("output_format", [None, "jpeg"])
def test_wide_images_of_4k_tiers(world: World, upstream: Upstream, output_format: str | None) -> None:
    world.at("openai", upstream.base)
    answers(upstream, png(12288, 1536))
    made = world.ask(model="twin-1", output_format=output_format)
    assert made.drawn[0].picture.size == (12288, 1536)
    assert made.drawn[0].picture.format == (output_format or "png")


def test_an_image_too_large_to_be_decoded_goes_out_as_it_came(world: World, upstream: Upstream) -> None:
    world.at("openai", upstream.base)
    data = png(20_000, 64)
    answers(upstream, data)
    made = world.ask(model="twin-1", output_format="webp")
    [delivered] = made.drawn
    assert (delivered.picture.data, delivered.picture.format, delivered.picture.size) == (
        data,
        "png",
        (20_000, 64),
    )
    told = [(one.parameter, one.requested, one.used) for one in made.adjustments]
    assert ("output_format", "webp", "png") in told


def test_half_an_image_is_none(world: World, upstream: Upstream) -> None:
    world.at("openai", upstream.base)
    answers(upstream, picture_bytes(1, (256, 256))[:400])
    with pytest.raises(AllProvidersFailed):
        world.ask(model="twin-1")


BUSY = (says(503, {}), says(429, {}, {"Retry-After": "1"}), says(502, {}))
"""What a provider that is busy for a moment answers to whoever asks how a task is doing."""


def test_a_task_outlives_a_busy_moment(seeded_world: World, upstream: Upstream) -> None:
    """Nothing is submitted twice for one bad answer."""
    at(seeded_world, BlackForestLabs, upstream.base)
    upstream.on("POST", "/v1/flux-pro-1.1", says(200, {"polling_url": f"{upstream.base}/poll"}))
    done = {"status": "Ready", "result": {"sample": f"{upstream.base}/1.png"}}
    upstream.on("GET", "/poll", *BUSY, says(200, {"status": "Pending"}), *BUSY, says(200, done))
    upstream.on("GET", "/1.png", sends(PICTURE))
    made = seeded_world.ask(model="bfl/flux1.1-pro")
    assert made.drawn[0].picture.data == PICTURE
    assert len(upstream.calls()) == 1


@pytest.mark.parametrize(
    ("model", "provider", "submitted", "poll", "done"),
    [
        ("luma/luma-photon", Luma, {"id": "g-1", "state": "queued"}, "/generations/g-1", LUMA),
        ("replicate/flux.1-dev", Replicate, REPLICATE | {"status": "starting"}, "/get", REPLICATED),
        ("fal/flux.1-dev", Fal, FAL, "/status", {"status": "COMPLETED"}),
    ],
)
def test_every_kind_of_task_does(
    seeded_world: World, upstream: Upstream, model: str, provider: Any, submitted: Any, poll: str, done: Any
) -> None:
    at(seeded_world, provider, upstream.base)
    upstream.on("POST", "/", says(200, filled(submitted, upstream.base)))
    upstream.on("GET", poll, *BUSY, says(200, filled(done, upstream.base)))
    upstream.on("GET", "/result", *BUSY, says(200, filled({"images": [{"url": "BASE/1.png"}]}, upstream.base)))
    upstream.on("GET", "/1.png", sends(PICTURE))
    assert seeded_world.ask(model=model).drawn[0].picture.data == PICTURE
    assert len(upstream.calls()) == 1


def test_a_task_is_given_up_when_its_provider_stays_away(seeded_world: World, upstream: Upstream) -> None:
    at(seeded_world, BlackForestLabs, upstream.base)
    upstream.on("POST", "/v1/flux-pro-1.1", says(200, {"polling_url": f"{upstream.base}/poll"}))
    upstream.on("GET", "/poll", says(503, {}))
    with pytest.raises(AllProvidersFailed):
        seeded_world.ask(model="bfl/flux1.1-pro")
    assert 2 < len(upstream.calls("GET")) < 10


def test_an_image_is_fetched_again_after_a_bad_moment(world: World, upstream: Upstream) -> None:
    world.at("openai", upstream.base)
    world.client = Client(sleep=lambda _seconds: None)
    upstream.on("POST", OPENAI, says(200, {"data": [{"url": f"{upstream.base}/1.png"}]}))
    upstream.on("GET", "/1.png", says(503, {}), says(429, {}), sends(PICTURE))
    assert world.ask(model="twin-1").drawn[0].picture.data == PICTURE


def test_an_image_is_fetched_again_after_a_broken_connection(world: World, upstream: Upstream) -> None:
    world.at("openai", upstream.base)
    world.client = Client(sleep=lambda _seconds: None)
    upstream.on("POST", OPENAI, says(200, {"data": [{"url": f"{upstream.base}/1.png"}]}))
    upstream.on("GET", "/1.png", reset, short_body, sends(PICTURE))
    assert world.ask(model="twin-1").drawn[0].picture.data == PICTURE
    assert len(upstream.calls()) == 1


def test_a_link_that_begins_with_its_path_leads_to_the_provider(world: World, upstream: Upstream) -> None:
    world.at("openai", upstream.base)
    upstream.on("POST", OPENAI, says(200, {"data": [{"url": "/files/1.png"}]}))
    upstream.on("GET", "/files/1.png", sends(PICTURE, "application/octet-stream"))
    assert world.ask(model="twin-1").drawn[0].picture.data == PICTURE


@pytest.mark.parametrize(
    "coding",
    [
        "",
        "identity",
        "utf-8",
        "binary",
        "aws-chunked",
        "base64",
        "gzip",
        "x-gzip",
        "GZIP, identity",
        "aws-chunked,gzip",
    ],
)
def test_an_image_is_read_whatever_its_coding_is_called(world: World, upstream: Upstream, coding: str) -> None:
    """Storage sends back whatever was written there when the image was stored."""
    body = gzip.compress(PICTURE) if "gzip" in coding.lower() else PICTURE
    world.at("openai", upstream.base)
    upstream.on("POST", OPENAI, says(200, {"data": [{"url": f"{upstream.base}/1.png"}]}))
    upstream.on("GET", "/1.png", lambda one: one.reply(200, body, "text/plain", {"content-encoding": coding}))
    assert world.ask(model="twin-1").drawn[0].picture.data == PICTURE


@pytest.mark.parametrize(
    "spell",
    [
        lambda text: f"data:image/jpeg;base64,{text}",
        lambda text: "\n".join(text[at : at + 76] for at in range(0, len(text), 76)),
        lambda text: text.replace("+", "-").replace("/", "_"),
        lambda text: text.rstrip("="),
        lambda text: f" {text}\r\n",
    ],
)
def test_base64_is_read_in_every_spelling(world: World, upstream: Upstream, spell: Callable[[str], str]) -> None:
    world.at("openai", upstream.base)
    for data in (PICTURE, *(picture_bytes(seed) for seed in range(4, 8))):
        upstream.on("POST", OPENAI, says(200, {"data": [{"b64_json": spell(coded(data))}]}))
        assert world.ask(model="twin-1").drawn[0].picture.data == data


@pytest.mark.parametrize(
    "spell",
    [
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: text.decode().encode("utf-16"),
        lambda text: b"\r\n  " + text + b"\n",
    ],
)
def test_json_is_read_in_every_spelling(world: World, upstream: Upstream, spell: Callable[[bytes], bytes]) -> None:
    world.at("openai", upstream.base)
    body = spell(json.dumps({"data": [{"b64_json": coded(PICTURE)}]}).encode())
    upstream.on("POST", OPENAI, sends(body, "text/html"))
    assert world.ask(model="twin-1").drawn[0].picture.data == PICTURE


def test_damaged_base64_costs_nobody_the_other_images(world: World, upstream: Upstream) -> None:
    world.at("openai", upstream.base)
    damaged = {"b64_json": "!"}
    upstream.on("POST", OPENAI, says(200, {"data": [damaged, {"b64_json": coded(PICTURE)}]}))
    made = world.ask(model="twin-1")
    assert made.drawn[0].picture.data == PICTURE
    assert [one.outcome for one in made.attempts] == ["ok"]


def test_a_link_that_is_gone_is_asked_once(world: World, upstream: Upstream) -> None:
    world.at("openai", upstream.base)
    upstream.on("POST", OPENAI, says(200, {"data": [{"url": f"{upstream.base}/1.png"}]}))
    upstream.on("GET", "/1.png", says(404, {}))
    with pytest.raises(AllProvidersFailed):
        world.ask(model="twin-1")
    posts = len(upstream.calls())
    assert len(upstream.calls("GET")) == posts


class FullStorage(Storage):
    """A folder that no file can be deleted from."""

    def delete(self, key: str) -> None:
        raise PermissionError(13, "Permission denied", key)


def test_an_old_file_that_cannot_be_deleted_costs_nobody_an_image(world: World) -> None:
    world.at("painter", "")
    old = world.ask(size="256x256").drawn[0].file
    later = replace(world, storage=FullStorage(world.storage.folder), now=NOW + timedelta(days=1))
    assert later.ask(size="256x256").drawn
    with world.database.reading() as session:
        assert session.scalars(select(GenerationRow.outcome)).all() == ["ok", "ok"]
    assert old is not None


def test_images_that_the_database_cannot_take_go_out_all_the_same(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever fails there, they are paid for."""
    world.at("painter", "")

    def explode(*_: object) -> None:
        raise ArithmeticError

    monkeypatch.setattr("app.gateway.generate.end", explode)
    made = world.ask(size="256x256")
    assert (made.linked, made.inline, len(made.drawn)) == (False, True, 1)
