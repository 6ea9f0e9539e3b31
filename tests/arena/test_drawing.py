"""Entries asked of the gateway: made once, with what they took, and whatever fails fails alone."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops
from pydantic import SecretStr
from sqlalchemy import func, select

from app.arena import errors
from app.arena.entries import competitions, generation
from app.arena.entries.entries import EntryKey, withdraw
from app.arena.entries.generation import GenerationContext, GenerationTask
from app.arena.tables import Entry
from app.catalog.lookup import UnknownModel
from app.database.doors import Database
from app.demo import drawing
from app.gateway.errors import ModelNotFound, ModelUnavailable
from app.gateway.generate import Means
from app.gateway.providers import LocalPainter, OpenAI
from app.gateway.providers.base import ImageProvider
from app.gateway.storage import Storage
from app.gateway.tables import GenerationRow
from app.gateway.wire import Client
from app.painter.paint import paint
from app.painter.painters import PAINTERS
from tests.factories import NOW, make_competition, picture_bytes
from tests.gateway.upstream import Upstream, coded, running, says
from tests.gateway.world import load_catalogue

SIDE = 256
PAINTED = EntryKey("cube", "poster-pro")


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with running() as server:
        yield server


@pytest.fixture
def studio(database: Database, tmp_path: Path, upstream: Upstream) -> GenerationContext:
    """The painter, and a provider on loopback that serves `brush-1`."""
    load_catalogue(database, tmp_path / "catalog")
    database.write(lambda session: make_competition(session, "cube", prompt="a blue cube", frame=(SIDE, SIDE)))
    upstream.on("POST", "/v1/", says(200, {"data": [{"b64_json": coded(picture_bytes(1, (SIDE, SIDE)))}]}))
    providers: dict[str, ImageProvider] = {
        "painter": LocalPainter(),
        "openai": OpenAI(SecretStr("sk-test"), f"{upstream.base}/v1"),
    }
    return GenerationContext(database, Storage(tmp_path / "files"), Means(providers, "poster-pro", 20), Client())


def draw(studio: GenerationContext, *places: EntryKey) -> list[str | None]:
    """The refusals, in no order."""
    orders = [GenerationTask(place) for place in places]
    with closing(generation.generate_entries(studio, orders, now=lambda: NOW)) as pictures:
        return [drawn.refusal for drawn in pictures]


def entries(studio: GenerationContext) -> list[Entry]:
    with studio.database.reading() as session:
        return list(session.scalars(select(Entry).order_by(Entry.id)))


def files(studio: GenerationContext) -> int:
    return sum(path.is_file() for path in studio.storage.folder.rglob("*"))


def test_an_entry_knows_how_it_came_about(studio: GenerationContext) -> None:
    assert draw(studio, PAINTED) == [None]
    (entry,) = entries(studio)
    assert (entry.width, entry.height, entry.prompt) == (SIDE, SIDE, "a blue cube")
    assert (entry.provider, entry.cost_micros, entry.licence) == ("painter", 24_000, "CC0-1.0")
    assert entry.seconds is not None
    assert 0 < entry.seconds < 20
    assert (entry.source["painter"], entry.source["seed"]) == ("poster-pro", generation.painter_seed(PAINTED))
    with studio.database.reading() as session:
        assert session.scalars(select(GenerationRow.request_id)).one() == entry.source["request"]


def test_the_picture_is_the_one_its_facts_name(studio: GenerationContext) -> None:
    draw(studio, PAINTED)
    (entry,) = entries(studio)
    stored = Image.open(BytesIO(studio.storage.get(entry.original_key))).convert("RGB")
    again = paint(entry.prompt, entry.source["painter"], entry.source["seed"], stored.size)
    assert ImageChops.difference(stored, again).getbbox() is None


def test_what_is_there_is_not_made_again(studio: GenerationContext) -> None:
    draw(studio, PAINTED)
    before = files(studio)
    assert draw(studio, PAINTED) == [None]
    assert (len(entries(studio)), files(studio)) == (1, before)
    with studio.database.reading() as session:
        assert generation.find_missing(session, [GenerationTask(PAINTED)]) == []
        assert session.scalars(select(func.count()).select_from(GenerationRow)).one() == 1


def test_a_withdrawn_picture_keeps_its_place(studio: GenerationContext) -> None:
    draw(studio, PAINTED)
    studio.database.write(lambda session: withdraw(session, PAINTED, reason="blurred", now=NOW))
    with studio.database.reading() as session:
        assert generation.find_missing(
            session, [GenerationTask(PAINTED), GenerationTask(replace(PAINTED, sample=1))]
        ) == [GenerationTask(replace(PAINTED, sample=1))]


def test_samples_differ(studio: GenerationContext) -> None:
    assert draw(studio, PAINTED, replace(PAINTED, sample=1)) == [None, None]
    assert len({entry.sha256 for entry in entries(studio)}) == 2


def test_a_real_model_is_asked_without_a_seed(studio: GenerationContext, upstream: Upstream) -> None:
    assert draw(studio, EntryKey("cube", "brush-1")) == [None]
    (entry,) = entries(studio)
    assert (entry.provider, entry.licence, entry.source["offering"]) == ("openai", None, "openai/brush-1")
    assert "seed" not in upstream.asked[0].json()
    assert upstream.asked[0].json()["prompt"] == "a blue cube"


def test_an_edit_competition_sends_its_input(studio: GenerationContext, upstream: Upstream) -> None:
    studio.storage.put("inputs/0123456789.webp", picture_bytes(7, (SIDE, SIDE), "WEBP"))
    edit = {"mode": "image-edit", "frame": (SIDE, SIDE)}
    studio.database.write(lambda session: make_competition(session, "edits", **edit))  # type: ignore[arg-type]
    assert draw(studio, EntryKey("edits", "brush-1")) == [None]
    assert upstream.asked[0].path == "/v1/images/edits"


def test_a_failure_costs_itself_alone(studio: GenerationContext) -> None:
    refusals = draw(studio, EntryKey("cube", "strip-1"), PAINTED, EntryKey("sphere", "poster-pro"))
    assert len([refusal for refusal in refusals if refusal]) == 2
    assert [entry.source["painter"] for entry in entries(studio)] == ["poster-pro"]


def test_a_refused_entry_leaves_no_file(studio: GenerationContext) -> None:
    draw(studio, PAINTED)
    before = files(studio)
    refusals = draw(studio, replace(PAINTED, role="showcase"))
    assert refusals == [
        "a contestant has the same prompt: beside it, the named picture would give away the blind one"
    ]
    assert files(studio) == before


def test_what_cannot_be_drawn_says_so_beforehand(studio: GenerationContext) -> None:
    assert generation.estimate_cost(studio, GenerationTask(PAINTED), now=NOW).cost.micros == 24_000  # type: ignore[union-attr]
    with pytest.raises(ModelUnavailable):
        generation.estimate_cost(studio, GenerationTask(EntryKey("cube", "strip-1")), now=NOW)
    with pytest.raises(ModelNotFound):
        generation.estimate_cost(studio, GenerationTask(PAINTED, provider="openai"), now=NOW)
    with pytest.raises(errors.UnknownCompetition):
        generation.estimate_cost(studio, GenerationTask(EntryKey("sphere", "poster-pro")), now=NOW)


def test_orders_name_each_model_once_by_its_slug(studio: GenerationContext) -> None:
    with studio.database.reading() as session:
        made = generation.plan_tasks(session, "cube", ["old", "brush-1", "old-1"], 2)
        with pytest.raises(UnknownModel):
            generation.plan_tasks(session, "cube", ["brush-9"], 1)
    assert [(order.place.model, order.place.sample) for order in made] == [
        ("old-1", 0),
        ("brush-1", 0),
        ("old-1", 1),
        ("brush-1", 1),
    ]


def test_stopping_drops_what_has_not_begun(studio: GenerationContext) -> None:
    orders = [GenerationTask(replace(PAINTED, sample=sample)) for sample in range(12)]
    with closing(generation.generate_entries(studio, orders, now=lambda: NOW)) as pictures:
        next(pictures)
    assert 1 <= len(entries(studio)) <= 6


def test_the_demo_begins_with_a_pair_and_goes_through_all_competitions() -> None:
    slugs = [f"c{number}" for number in range(7)]
    orders = drawing.plan_contestants(slugs, 0)
    assert len(orders) == len({order.place for order in orders}) == 7 * len(PAINTERS)
    assert orders[0].place.competition == orders[1].place.competition
    assert {order.place.competition for order in orders[:14]} == set(slugs)
    assert len({order.place.model for order in orders[:14]}) == len(PAINTERS)


def test_the_demo_holds_prompts_back_and_nothing_of_them_is_judged(studio: GenerationContext) -> None:
    studio.database.write(lambda session: make_competition(session, "bus-and-bicycle", prompt="my own prompt"))
    slugs = studio.database.write(lambda session: drawing.make_showcases(session, now=NOW))
    assert slugs == ["horses-at-sunset"], "a competition of somebody's own is left alone"
    assert studio.database.write(lambda session: drawing.make_showcases(session, now=NOW)) == slugs
    with studio.database.reading() as session:
        found = {one.slug: one for one in competitions.list_competitions(session)}
        assert all((found[slug].status, found[slug].showcase) == ("closed", True) for slug in slugs)
