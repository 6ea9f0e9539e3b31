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
from app.gateway.generate import GatewayConfig
from app.gateway.providers import LocalPainter, OpenAI
from app.gateway.providers.base import ImageProvider
from app.gateway.storage import Storage
from app.gateway.tables import GenerationRow
from app.gateway.transport import Client
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
def context(database: Database, tmp_path: Path, upstream: Upstream) -> GenerationContext:
    """The painter, and a provider on loopback that serves `brush-1`."""
    load_catalogue(database, tmp_path / "catalog")
    database.write(lambda session: make_competition(session, "cube", prompt="a blue cube", frame=(SIDE, SIDE)))
    upstream.on("POST", "/v1/", says(200, {"data": [{"b64_json": coded(picture_bytes(1, (SIDE, SIDE)))}]}))
    providers: dict[str, ImageProvider] = {
        "painter": LocalPainter(),
        "openai": OpenAI(SecretStr("sk-test"), f"{upstream.base}/v1"),
    }
    return GenerationContext(
        database, Storage(tmp_path / "files"), GatewayConfig(providers, "poster-pro", 20), Client()
    )


def draw(context: GenerationContext, *places: EntryKey) -> list[str | None]:
    """The refusals, in no order."""
    tasks = [GenerationTask(place) for place in places]
    with closing(generation.generate_entries(context, tasks, now=lambda: NOW)) as pictures:
        return [drawn.refusal for drawn in pictures]


def entries(context: GenerationContext) -> list[Entry]:
    with context.database.reading() as session:
        return list(session.scalars(select(Entry).order_by(Entry.id)))


def files(context: GenerationContext) -> int:
    return sum(path.is_file() for path in context.storage.folder.rglob("*"))


def test_an_entry_knows_how_it_came_about(context: GenerationContext) -> None:
    assert draw(context, PAINTED) == [None]
    (entry,) = entries(context)
    assert (entry.width, entry.height, entry.prompt) == (SIDE, SIDE, "a blue cube")
    assert (entry.provider, entry.cost_micros, entry.licence) == ("painter", 24_000, "CC0-1.0")
    assert entry.seconds is not None
    assert 0 < entry.seconds < 20
    assert (entry.source["painter"], entry.source["seed"]) == ("poster-pro", generation.painter_seed(PAINTED))
    with context.database.reading() as session:
        assert session.scalars(select(GenerationRow.request_id)).one() == entry.source["request"]


def test_the_picture_is_the_one_its_facts_name(context: GenerationContext) -> None:
    draw(context, PAINTED)
    (entry,) = entries(context)
    stored = Image.open(BytesIO(context.storage.get(entry.original_key))).convert("RGB")
    again = paint(entry.prompt, entry.source["painter"], entry.source["seed"], stored.size)
    assert ImageChops.difference(stored, again).getbbox() is None


def test_what_is_there_is_not_made_again(context: GenerationContext) -> None:
    draw(context, PAINTED)
    before = files(context)
    assert draw(context, PAINTED) == [None]
    assert (len(entries(context)), files(context)) == (1, before)
    with context.database.reading() as session:
        assert generation.find_missing(session, [GenerationTask(PAINTED)]) == []
        assert session.scalars(select(func.count()).select_from(GenerationRow)).one() == 1


def test_a_withdrawn_picture_keeps_its_place(context: GenerationContext) -> None:
    draw(context, PAINTED)
    context.database.write(lambda session: withdraw(session, PAINTED, reason="blurred", now=NOW))
    with context.database.reading() as session:
        assert generation.find_missing(
            session, [GenerationTask(PAINTED), GenerationTask(replace(PAINTED, sample=1))]
        ) == [GenerationTask(replace(PAINTED, sample=1))]


def test_samples_differ(context: GenerationContext) -> None:
    assert draw(context, PAINTED, replace(PAINTED, sample=1)) == [None, None]
    assert len({entry.sha256 for entry in entries(context)}) == 2


def test_a_real_model_is_asked_without_a_seed(context: GenerationContext, upstream: Upstream) -> None:
    assert draw(context, EntryKey("cube", "brush-1")) == [None]
    (entry,) = entries(context)
    assert (entry.provider, entry.licence, entry.source["offering"]) == ("openai", None, "openai/brush-1")
    assert "seed" not in upstream.asked[0].json()
    assert upstream.asked[0].json()["prompt"] == "a blue cube"


def test_an_edit_competition_sends_its_input(context: GenerationContext, upstream: Upstream) -> None:
    context.storage.put("inputs/0123456789.webp", picture_bytes(7, (SIDE, SIDE), "WEBP"))
    edit = {"mode": "image-edit", "frame": (SIDE, SIDE)}
    context.database.write(lambda session: make_competition(session, "edits", **edit))  # type: ignore[arg-type]
    assert draw(context, EntryKey("edits", "brush-1")) == [None]
    assert upstream.asked[0].path == "/v1/images/edits"


def test_a_failure_costs_itself_alone(context: GenerationContext) -> None:
    refusals = draw(context, EntryKey("cube", "strip-1"), PAINTED, EntryKey("sphere", "poster-pro"))
    assert len([refusal for refusal in refusals if refusal]) == 2
    assert [entry.source["painter"] for entry in entries(context)] == ["poster-pro"]


def test_a_refused_entry_leaves_no_file(context: GenerationContext) -> None:
    draw(context, PAINTED)
    before = files(context)
    refusals = draw(context, replace(PAINTED, role="showcase"))
    assert refusals == [
        "a contestant has the same prompt: beside it, the named picture would give away the blind one"
    ]
    assert files(context) == before


def test_what_cannot_be_drawn_says_so_beforehand(context: GenerationContext) -> None:
    assert generation.estimate_cost(context, GenerationTask(PAINTED), now=NOW).cost.micros == 24_000  # type: ignore[union-attr]
    with pytest.raises(ModelUnavailable):
        generation.estimate_cost(context, GenerationTask(EntryKey("cube", "strip-1")), now=NOW)
    with pytest.raises(ModelNotFound):
        generation.estimate_cost(context, GenerationTask(PAINTED, provider="openai"), now=NOW)
    with pytest.raises(errors.UnknownCompetition):
        generation.estimate_cost(context, GenerationTask(EntryKey("sphere", "poster-pro")), now=NOW)


def test_tasks_name_each_model_once_by_its_slug(context: GenerationContext) -> None:
    with context.database.reading() as session:
        made = generation.plan_tasks(session, "cube", ["old", "brush-1", "old-1"], 2)
        with pytest.raises(UnknownModel):
            generation.plan_tasks(session, "cube", ["brush-9"], 1)
    assert [(task.place.model, task.place.sample) for task in made] == [
        ("old-1", 0),
        ("brush-1", 0),
        ("old-1", 1),
        ("brush-1", 1),
    ]


def test_stopping_drops_what_has_not_begun(context: GenerationContext) -> None:
    tasks = [GenerationTask(replace(PAINTED, sample=sample)) for sample in range(12)]
    with closing(generation.generate_entries(context, tasks, now=lambda: NOW)) as pictures:
        next(pictures)
    assert 1 <= len(entries(context)) <= 6


def test_the_demo_begins_with_a_pair_and_goes_through_all_competitions() -> None:
    slugs = [f"c{number}" for number in range(7)]
    tasks = drawing.plan_contestants(slugs, 0)
    assert len(tasks) == len({task.place for task in tasks}) == 7 * len(PAINTERS)
    assert tasks[0].place.competition == tasks[1].place.competition
    assert {task.place.competition for task in tasks[:14]} == set(slugs)
    assert len({task.place.model for task in tasks[:14]}) == len(PAINTERS)


def test_the_demo_holds_prompts_back_and_nothing_of_them_is_judged(context: GenerationContext) -> None:
    context.database.write(lambda session: make_competition(session, "bus-and-bicycle", prompt="my own prompt"))
    slugs = context.database.write(lambda session: drawing.make_showcases(session, now=NOW))
    assert slugs == ["horses-at-sunset"], "a competition of somebody's own is left alone"
    assert context.database.write(lambda session: drawing.make_showcases(session, now=NOW)) == slugs
    with context.database.reading() as session:
        found = {one.slug: one for one in competitions.list_competitions(session)}
        assert all((found[slug].status, found[slug].showcase) == ("closed", True) for slug in slugs)
