"""The audit finds what contradicts itself, and nothing in the product's own catalogue."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.catalog.audit import AuditFinding, audit
from app.catalog.loading import load
from app.database.doors import Database
from tests.catalog.editing import DAY_1, edit, load_folder
from tests.catalog.test_seed_files import seeds

CHECKED = datetime(2026, 11, 28, 12, tzinfo=UTC)
"""The day on which the product's own catalogue was checked: later days only make its sources older."""

WRONG = {
    "maximum that is no size": ("[limits]", '[limits]\nmax_resolution = "2048x2048"', "maximum"),
    "size above the maximum": ("[limits]", "[limits]\nmax_pixels = 300_000", "sizes"),
    "size below the minimum": ("[limits]", "[limits]\nmin_pixels = 300_000", "sizes"),
    "size beyond the sides": ("[limits]", "[limits]\nside_px = { max = 800 }", "sizes"),
    "price for nothing": (', conditions = { size = "1024x1024" }', "", "price_condition"),
    "passed sunset of a live model": (
        'released = "2025-03"',
        'released = "2025-03"\nstatus = "active"\nsunset = 2026-02-01',
        "sunset_passed",
    ),
    "retired before its sunset": (
        'released = "2025-03"',
        'released = "2025-03"\nstatus = "retired"\nsunset = 2026-05-01',
        "status_date",
    ),
    "active and deprecated": (
        'released = "2025-03"',
        'released = "2025-03"\nstatus = "active"\ndeprecated_on = 2026-02-01',
        "status_date",
    ),
    "sunset before the deprecation": (
        'released = "2025-03"',
        'released = "2025-03"\nstatus = "retired"\ndeprecated_on = 2026-02-01\nsunset = 2026-01-01',
        "status_date",
    ),
    "ended and active offering": (
        'provider = "bolt"',
        'provider = "bolt"\nstatus = "active"\nended_on = 2026-02-01',
        "sunset_passed",
    ),
    "provider of a mode the model lacks": (
        'provider = "bolt"\nmodes = ["text-to-image"]',
        'provider = "bolt"\nmodes = ["text-to-image", "image-edit"]',
        "offering_modes",
    ),
    "provider that allows more": (
        'provider = "bolt"',
        'provider = "bolt"\nlimits_source = "list"\nlimits = { max_images = 9 }',
        "provider_limit",
    ),
}


def errors(database: Database, now: datetime = DAY_1) -> list[AuditFinding]:
    with database.reading() as session:
        return [finding for finding in audit(session, now.date()) if finding.level == "error"]


def test_the_own_catalogue_has_no_error(database: Database) -> None:
    database.write(lambda session: load(session, seeds(), now=CHECKED))
    assert errors(database, CHECKED) == []


@pytest.mark.any_database
@pytest.mark.parametrize(("old", "new", "check"), WRONG.values(), ids=WRONG.keys())
def test_a_contradiction_is_an_error(database: Database, folder: Path, old: str, new: str, check: str) -> None:
    file = folder / "brush-1.toml"
    edit(file, 'slug = "brush-1"', 'slug = "brush-1"\nsource = "page"')
    edit(file, "[limits]", "[limits]\nmax_images = 4")
    edit(file, old, new)
    load_folder(database, folder)
    assert {finding.check for finding in errors(database)} == {check}


def test_a_sound_model_has_no_error(database: Database, folder: Path) -> None:
    load_folder(database, folder)
    assert errors(database) == []


def test_a_name_of_two_models_is_an_error(database: Database, folder: Path) -> None:
    other = '\nslug = "brush.1-b"\nname = "Other"\nknown_as = ["BRUSH 1"]\n'
    (folder / "other.toml").write_text(other, "utf-8")
    load_folder(database, folder)
    assert [finding.check for finding in errors(database)] == ["alias"]


def test_what_is_old_or_missing_is_a_warning(database: Database, folder: Path) -> None:
    edit(folder / "sources.toml", 'title = "A page"', 'title = "A page"\nchecked_on = 2025-12-01')
    load_folder(database, folder)
    with database.reading() as session:
        found = audit(session, DAY_1.date(), on_boards={1})
    assert {finding.level for finding in found} == {"warning"}
    assert {finding.check for finding in found} == {
        "board_facts",
        "source_old",
        "source_undated",
        "status_unstated",
    }
    (board,) = [finding.message for finding in found if finding.check == "board_facts"]
    assert board == "stands on a board without a licence"
