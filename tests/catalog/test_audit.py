"""The audit finds what contradicts itself, and nothing in the product's own catalogue."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.catalog.audit import AuditFinding, audit
from app.catalog.loading import load
from app.database.doors import Database
from tests.catalog.editing import CONTRACT, DAY_1, edit, load_folder
from tests.catalog.test_seed_files import seeds

CHECKED = datetime(2026, 11, 29, 12, tzinfo=UTC)
"""The day on which the product's own catalogue was checked: later days only make its sources older."""

WRONG = {
    "maximum that is no size": ("[limits]", '[limits]\nmax_resolution = "2048x2048"', "maximum"),
    "size above the maximum": ("[limits]", "[limits]\nmax_pixels = 300_000", "sizes"),
    "size below the minimum": ("[limits]", "[limits]\nmin_pixels = 300_000", "sizes"),
    "size beyond the sides": ("[limits]", "[limits]\nside_px = { max = 800 }", "sizes"),
    "size of too short a side": ("[limits]", "[limits]\nside_px = { min = 600 }", "sizes"),
    "size between the steps": ("[limits]", "[limits]\nside_px = { step = 100 }", "sizes"),
    "size longer than allowed": ('sizes = ["512x512",', 'max_ratio = 3\nsizes = ["2048x512", "512x512",', "sizes"),
    "ratio longer than allowed": ("[limits]", '[limits]\nmax_ratio = 3\naspect_ratios = ["1:1", "4:1"]', "sizes"),
    "price for no mode": ("{ usd = 0.015 }", '{ usd = 0.015, conditions = { mode = "fast" } }', "price_case"),
    **{
        f"price by a misspelt condition, {said}": (
            "{ usd = 0.015 }",
            f"{{ usd = 0.015, conditions = {{ {said} }} }}",
            "condition_spelling",
        )
        for said in (
            'qualtiy = "high"',
            'sise = "512x512"',
            'resoluton = "1K"',
            'megapixel = "first"',
            'Quality = "high"',
            'quality = "hihg"',
            'quality = "meduim"',
            'quality = "Standard"',
            'size = "512 x 512"',
            'size = "512X512"',
            'size = "1K"',
            'rounding = "upwards"',
            'speed = "Turbo"',
            'output = "vectors"',
            'resolution = "1K or 2K"',
            'area = "up to 2.6 megapixels"',
            'longest_side = "1024"',
            'megapixels = "each further"',
            'megapixels = "each additional one"',
            'style_reference = "True"',
        )
    },
    "price of further megapixels alone": (
        "{ usd = 0.015 }",
        '{ usd = 0.015, metric = "megapixel", conditions = { megapixels = "each further one" } }',
        "price_condition",
    ),
    "price for a mode the model lacks": (
        "{ usd = 0.015 }",
        '{ usd = 0.015, conditions = { mode = "image-edit" } }',
        "price_case",
    ),
    "source read in days to come": (
        'slug = "brush-1"\nsource = "page"',
        'slug = "brush-1"\nsource = "next"\nreferences = { next = { title = "Next", checked_on = 2026-04-01 } }',
        "source_ahead",
    ),
    "released in days to come": ('released = "2025-03"', 'released = "2026-04"', "released"),
    "deprecated before its release": (
        'released = "2025-03"',
        'released = "2025-03"\nstatus = "deprecated"\ndeprecated_on = 2025-02-28',
        "released",
    ),
    "weights under a proprietary licence": (
        'released = "2025-03"',
        'released = "2025-03"\nlicence = "proprietary"\nweights = "https://example.org/weights"',
        "openness",
    ),
    "successor that nobody knows": (
        'released = "2025-03"',
        'released = "2025-03"\nsuccessor = "brush-9"',
        "successor",
    ),
    "successor that is itself": (
        'released = "2025-03"',
        'released = "2025-03"\nsuccessor = "brush-1"',
        "successor",
    ),
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
    "name in the place of an id": (
        'provider_model_id = "acme/brush-1"',
        'provider_model_id = "Brush [one], distilled"',
        "provider_id",
    ),
    "weights of another version": (
        'name = "Brush 1"',
        'name = "Brush 1.1"\nlicence = "MIT"\nweights = "https://example.org/brush/Brush-1.0"',
        "weights_version",
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


def follow(folder: Path, heir: str) -> None:
    """Let `brush-1` name `brush-2` as its successor, which has the facts given."""
    edit(folder / "brush-1.toml", 'released = "2025-03"', 'released = "2025-03"\nsuccessor = "brush-2"')
    edit(folder / "brush-1.toml", 'slug = "brush-1"', 'slug = "brush-1"\nsource = "page"')
    (folder / "brush-2.toml").write_text(f'slug = "brush-2"\nname = "Brush 2"\nsource = "page"\n{heir}\n', "utf-8")


@pytest.mark.parametrize(
    ("released", "is_wrong"),
    [
        ("2024", True),
        ("2025-02", True),
        ("2025-02-28", True),
        ("2025", False),
        ("2025-03", False),
        ("2025-04", False),
    ],
)
def test_a_successor_comes_out_after_its_model(
    database: Database, folder: Path, released: str, *, is_wrong: bool
) -> None:
    follow(folder, f'released = "{released}"')
    load_folder(database, folder)
    assert [finding.check for finding in errors(database)] == ["successor"] * is_wrong


def test_a_successor_without_a_date_is_no_error(database: Database, folder: Path) -> None:
    follow(folder, 'status = "active"')
    load_folder(database, folder)
    assert errors(database) == []


def test_a_successor_that_ended_is_a_warning(database: Database, folder: Path) -> None:
    follow(folder, 'released = "2025-06"\nstatus = "retired"')
    load_folder(database, folder)
    with database.reading() as session:
        found = audit(session, DAY_1.date())
    assert [finding.model for finding in found if finding.check == "successor_ended"] == ["brush-1"]


def as_own_service(folder: Path, state: str = "") -> Path:
    """Make Acme, which serves `brush-1`, a creator that the audit knows to serve its models itself."""
    file = folder / "brush-1.toml"
    edit(file, 'creator = "Acme"', 'creator = "OpenAI"')
    edit(file, 'provider = "acme"\nprovider_model_id', 'provider = "openai"\nprovider_model_id')
    edit(
        file,
        'slug = "brush-1"',
        f'slug = "brush-1"\nsource = "page"\nproviders = {{ openai = "OpenAI" }}\n{state}',
    )
    return file


def test_a_creator_serves_no_model_that_it_retired(database: Database, folder: Path) -> None:
    file = as_own_service(folder, 'status = "retired"\nsunset = 2026-02-01')
    load_folder(database, folder)
    assert [finding.check for finding in errors(database)] == ["own_service"]
    edit(file, 'provider_model_id = "acme/brush-1"', 'provider_model_id = "acme/brush-1"\nended_on = 2026-02-01')
    load_folder(database, folder)
    assert errors(database) == []


def test_a_creator_prices_no_size_that_its_model_lacks(database: Database, folder: Path) -> None:
    edit(as_own_service(folder), 'conditions = { size = "512x512" }', 'conditions = { size = "768x768" }')
    load_folder(database, folder)
    assert [finding.check for finding in errors(database)] == ["price_case"]


def add_contract(folder: Path, provider: str, text: str) -> Path:
    """Write a contract of a provider, and the source that it names."""
    contracts = folder / "contracts"
    contracts.mkdir()
    (contracts / "sources.toml").write_text('[page]\ntitle = "A page"\n', "utf-8")
    file = contracts / f"{provider}.toml"
    file.write_text(text, "utf-8")
    return file


def test_a_mode_that_a_contract_serves_is_listed(database: Database, folder: Path) -> None:
    file = folder / "brush-1.toml"
    edit(file, 'creator = "Acme"', 'creator = "Acme"\nsource = "page"')
    edit(
        file,
        'released = "2025-03"\nmodes = ["text-to-image"]',
        'released = "2025-03"\nmodes = ["text-to-image", "image-edit"]',
    )
    text = CONTRACT.format(model="acme/brush-1", most=1).replace('"generation"', '"edit"')
    add_contract(folder, "acme", text)
    load_folder(database, folder)
    assert [finding.check for finding in errors(database)] == ["offering_modes"]
    edit(
        file,
        'id = "acme/brush-1"\nmodes = ["text-to-image"]',
        'id = "acme/brush-1"\nmodes = ["text-to-image", "image-edit"]',
    )
    load_folder(database, folder)
    assert errors(database) == []


def test_an_id_of_a_provider_leads_to_one_model(database: Database, folder: Path) -> None:
    other = (folder / "brush-1.toml").read_text("utf-8").replace("brush-1", "pen-1").replace("Brush 1", "Pen 1")
    other = other.replace('aliases = ["brush"]\n', "").replace('"acme/pen-1"', '"acme/brush-1"')
    (folder / "pen-1.toml").write_text(other, "utf-8")
    load_folder(database, folder)
    assert [(finding.check, finding.model) for finding in errors(database)] == [("provider_id", "brush-1")]


def test_the_address_of_a_page_is_no_id_where_ids_are_written_otherwise(database: Database, folder: Path) -> None:
    file = folder / "brush-1.toml"
    edit(file, 'slug = "brush-1"', 'slug = "brush-1"\nproviders = { runware = "Runware" }')
    edit(file, 'provider = "acme"', 'provider = "runware"')
    load_folder(database, folder)
    assert [finding.check for finding in errors(database)] == ["provider_id"]
    edit(file, 'id = "acme/brush-1"', 'id = "acme:brush@1"')
    load_folder(database, folder)
    assert errors(database) == []


def test_a_makers_own_contract_allows_no_more_than_its_model(database: Database, folder: Path) -> None:
    edit(as_own_service(folder), "[limits]", "[limits]\nmax_images = 4")
    file = add_contract(folder, "openai", CONTRACT.format(model="acme/brush-1", most=9))
    load_folder(database, folder)
    assert [finding.check for finding in errors(database)] == ["contract"]
    edit(file, "max = 9", "max = 4")
    load_folder(database, folder)
    assert errors(database) == []


def test_a_passed_sunset_of_a_deprecated_model_is_a_warning(database: Database, folder: Path) -> None:
    edit(
        folder / "brush-1.toml",
        'released = "2025-03"',
        'released = "2025-03"\nsource = "page"\nstatus = "deprecated"\nsunset = 2026-02-01',
    )
    load_folder(database, folder)
    with database.reading() as session:
        found = audit(session, DAY_1.date())
    assert "sunset_unconfirmed" in {finding.check for finding in found}
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
