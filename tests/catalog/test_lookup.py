"""What pages, the API and the gateway read from the catalogue."""

from collections.abc import Callable
from datetime import date
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from app.catalog import lookup
from app.catalog.lookup import UnknownModel
from app.catalog.parameters import group_rows
from app.catalog.pricing import PriceFrom
from app.catalog.status import is_served, retired, status
from app.catalog.tables import ImageModel
from app.database.doors import Database
from app.database.statements import PreparedStatement
from tests.catalog.editing import DAY_1, edit, load_folder

TODAY = DAY_1.date()
SUNSET = date(2026, 5, 12)
DEPRECATED = date(2026, 1, 10)


@pytest.mark.parametrize(
    ("stated", "deprecated_on", "sunset", "today", "expected"),
    [
        (None, None, None, SUNSET, "active"),
        (None, DEPRECATED, None, date(2026, 1, 9), "active"),
        (None, DEPRECATED, None, DEPRECATED, "deprecated"),
        (None, DEPRECATED, None, date(2026, 1, 11), "deprecated"),
        (None, None, SUNSET, date(2026, 5, 11), "active"),
        (None, None, SUNSET, SUNSET, "retired"),
        (None, DEPRECATED, SUNSET, date(2026, 5, 13), "retired"),
        ("preview", None, None, SUNSET, "active"),
        ("active", None, SUNSET, date(2026, 5, 11), "active"),
        ("active", None, SUNSET, SUNSET, "retired"),
        ("deprecated", None, None, SUNSET, "deprecated"),
        ("retired", None, None, SUNSET, "retired"),
        ("retired", None, SUNSET, date(2026, 5, 11), "deprecated"),
        ("retired", None, SUNSET, SUNSET, "retired"),
    ],
)
def test_status_is_the_stated_one_until_the_sunset(
    stated: str | None, deprecated_on: date | None, sunset: date | None, today: date, expected: str
) -> None:
    model = SimpleNamespace(status=stated, deprecated_on=deprecated_on, sunset=sunset)
    assert status(model, today) == expected


STATED = [None, "preview", "active", "deprecated", "retired"]
DAYS = [None, date(2026, 5, 11), SUNSET, date(2026, 5, 13)]


def test_a_query_and_a_row_agree_on_who_is_retired(database: Database) -> None:
    def enter(session: Session) -> None:
        empty: dict[str, object] = {
            "tags": [],
            "modes": [],
            "limits": {},
            "prose": {},
            "sources": [],
            "known_as": [],
        }
        for number, (stated, day) in enumerate(product(STATED, DAYS)):
            values = empty | {"slug": f"m{number}", "name": "M", "demo": False, "stub": False}
            session.add(ImageModel(**values, status=stated, sunset=day))

    database.write(enter)
    with database.reading() as session:
        by_row = {row.slug for row in session.scalars(select(ImageModel)) if status(row, SUNSET) == "retired"}
        assert set(session.scalars(select(ImageModel.slug).where(retired(SUNSET)))) == by_row != set()


@pytest.mark.parametrize(
    ("stated", "ended_on", "served"),
    [
        (None, None, True),
        ("active", None, True),
        ("deprecated", None, True),
        ("retired", None, False),
        ("retired", date(2026, 5, 13), True),
        ("retired", SUNSET, False),
        (None, SUNSET, False),
    ],
)
def test_an_offering_is_served_until_its_last_day_or_until_it_is_called_retired(
    stated: str | None, ended_on: date | None, served: bool
) -> None:
    assert is_served(SimpleNamespace(status=stated, ended_on=ended_on), SUNSET) is served


def test_the_lowest_price_is_of_a_provider_that_still_serves(database: Database, folder: Path) -> None:
    edit(
        folder / "brush-1.toml",
        'provider = "acme"\nprovider_model',
        'provider = "acme"\nstatus = "retired"\nprovider_model',
    )
    load_folder(database, folder)
    with database.reading() as session:
        page = lookup.model(session, "brush-1", TODAY)
    assert page.price_from == PriceFrom(15_000, "bolt", "Bolt", {})
    assert [one.provider for one in page.past_offerings] == ["acme"]


def test_a_page_holds_what_the_file_says(database: Database, folder: Path) -> None:
    load_folder(database, folder)
    with database.reading() as session:
        page = lookup.model(session, "brush-1", TODAY)
    assert (page.slug, page.name, page.creator, page.released) == ("brush-1", "Brush 1", "Acme", "2025-03")
    assert (page.aliases, page.status, page.modes) == (("brush",), "active", ("text-to-image",))
    assert (page.max_resolution, page.max_images, page.price_tier) == ("1024x1024", None, "$")
    assert page.price_from == PriceFrom(10_000, "acme", "Acme", {"size": "512x512"})
    acme, bolt = page.offerings
    assert (acme.key, acme.provider_model_id, acme.notes) == ("acme/brush-1", "acme/brush-1", ("Per image.",))
    assert [price.micros for price in acme.prices] == [20_000, 10_000]
    assert (bolt.provider_name, bolt.provider_model_id) == ("Bolt", None)


def test_sources_name_the_facts_taken_from_them(database: Database, folder: Path) -> None:
    load_folder(database, folder)
    with database.reading() as session:
        page = lookup.model(session, "brush-1", TODAY)
    taken = {source.key: set(source.facts) for source in page.sources}
    assert taken == {
        "page": {"released", "modes", "parameters", "limits.sizes"},
        "list": {"offerings.acme", "offerings.bolt"},
    }
    assert page.sources[0].licence == "MIT"


def test_parameters_come_from_shared_and_own_rows(database: Database, folder: Path) -> None:
    load_folder(database, folder)
    with database.reading() as session:
        rows = {row.name: row for row in lookup.model(session, "brush-1", TODAY).parameters}
    assert list(rows) == ["prompt", "size", "style", "user"]
    assert rows["prompt"].modes == {"text-to-image": "required"}
    assert rows["size"].values == ("512x512", "1024x1024")
    assert rows["style"].modes == {"text-to-image": "supported"}
    assert (rows["user"].provider, rows["style"].provider) == ("acme", None)
    titles = [(group.title, [one.row.name for one in group.rows]) for group in group_rows(rows.values())]
    assert titles == [
        ("Core parameters", ["prompt", "style"]),
        ("Size and layout", ["size"]),
        ("Additional parameters", ["user"]),
    ]


def test_a_file_overrides_a_shared_row(database: Database, folder: Path) -> None:
    row = '[[parameters]]\nname = "size"\nnote = "Squares."\n\n[[parameters]]\ngroup = "core"\nname = "style"'
    edit(folder / "brush-1.toml", '[[parameters]]\ngroup = "core"\nname = "style"', row)
    load_folder(database, folder)
    with database.reading() as session:
        size = {row.name: row for row in lookup.model(session, "brush-1", TODAY).parameters}["size"]
    assert (size.note, size.description) == ("Squares.", "Width and height.")
    assert size.values == ("512x512", "1024x1024")


def test_an_edit_model_takes_an_image(database: Database, folder: Path) -> None:
    edit(
        folder / "brush-1.toml",
        'modes = ["text-to-image"]\n\n[sources]',
        'modes = ["text-to-image", "image-edit"]\n\n[sources]',
    )
    load_folder(database, folder)
    with database.reading() as session:
        rows = {row.name: row for row in lookup.model(session, "brush-1", TODAY).parameters}
    assert rows["image"].modes == {"text-to-image": "unavailable", "image-edit": "required"}


def test_an_alias_leads_to_its_model(database: Database, folder: Path) -> None:
    load_folder(database, folder)
    with database.reading() as session:
        assert lookup.model(session, "brush", TODAY).slug == "brush-1"
        found = lookup.ids(session, ["brush", "brush-1", "nothing"])
    assert set(found) == {"brush", "brush-1"}
    assert found["brush"] == found["brush-1"]


def test_an_unknown_model_has_a_code(database: Database) -> None:
    with database.reading() as session, pytest.raises(UnknownModel) as caught:
        lookup.model(session, "nothing", TODAY)
    assert caught.value.code == "model_not_found"


def queries(database: Database, read: Callable[[Session], object]) -> int:
    """Prepared statements, which tell no event, counted at their door."""
    seen: list[object] = []
    run = PreparedStatement.run
    with database.reading() as session, pytest.MonkeyPatch.context() as patch:
        patch.setattr(PreparedStatement, "run", lambda self, *given: (seen.append(self), run(self, *given))[1])
        event.listen(
            session.connection(),
            "before_cursor_execute",
            lambda _c, _k, statement, *_: seen.append(statement),
        )
        read(session)
    return len(seen)


def test_the_number_of_queries_does_not_grow(database: Database, folder: Path) -> None:
    load_folder(database, folder)

    def count() -> list[int]:
        return [
            queries(database, lambda session: lookup.models(session, TODAY)),
            queries(database, lambda session: lookup.model(session, "brush-1", TODAY)),
            queries(database, lambda session: lookup.ids(session, ["brush-1", "brush-2"])),
            queries(database, lookup.version),
        ]

    one = count()
    text = (folder / "brush-1.toml").read_text("utf-8").replace('["brush"]', "[]")
    for number in range(2, 10):
        (folder / f"brush-{number}.toml").write_text(text.replace("brush-1", f"brush-{number}"), "utf-8")
    load_folder(database, folder)
    assert count() == one
    assert one[0] == 5
    assert one[3] == 1


def test_what_is_made_of_equal_values_is_made_once(database: Database, folder: Path) -> None:
    load_folder(database, folder)
    made: list[str] = []

    def make(session: Session, value: str) -> int:
        def count() -> int:
            made.append(value)
            return len(made)

        return lookup.recall_equal(session, "name", [value], count)

    def make_reading(value: str) -> int:
        with database.reading() as session:
            return make(session, value)

    assert [make_reading(value) for value in ("one", "one", "two", "one")] == [1, 1, 2, 3]
    load_folder(database, folder)
    assert make_reading("one") == 3, "whatever the catalogue's version"
    assert database.write(lambda session: make(session, "one")) == 4, "a transaction that writes has no memory"


def test_an_equal_value_is_compared_once(database: Database) -> None:
    compared: list[int] = []

    class Value:
        def __init__(self, number: int) -> None:
            self.number = number

        __hash__ = None

        def __eq__(self, other: object) -> bool:
            compared.append(self.number)
            return isinstance(other, Value)

    def recall(value: Value) -> str:
        with database.reading() as session:
            return lookup.recall_equal(session, "name", [value], lambda: f"made of {value.number}")

    first, second = Value(1), Value(2)
    assert [recall(first), recall(first), *(recall(second) for _ in range(5))] == ["made of 1"] * 7
    assert len(compared) == 1, "what was read anew is recognised from then on"
