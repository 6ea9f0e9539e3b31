"""Each way a catalogue file can be wrong is refused with file and key, and nothing is stored."""

from pathlib import Path

import pytest

from app.catalog import lookup
from app.catalog.seeds import CatalogError, read_seeds
from app.database.doors import Database
from tests.catalog.editing import DAY_1, edit, load_folder

BAD = {
    "unknown key": ('name = "Brush 1"', 'name = "Brush 1"\ncolour = "red"', "colour"),
    "wrong type": ('modes = ["text-to-image"]\n\n[sources]', "modes = 3\n\n[sources]", "modes"),
    "unknown mode": ('modes = ["text-to-image"]\n\n[sources]', 'modes = ["video"]\n\n[sources]', "modes.0"),
    "unknown limit": ("sizes = [", "height = 3\nsizes = [", "limits.height"),
    "bad month": ('"2025-03"', '"March 2025"', "released"),
    "unknown source of a fact": ('released = "page"', 'released = "rumour"', "rumour"),
    "fact without source": ('released = "page"\n', "", "sources.released"),
    "limit without source": ('limits.sizes = "page"\n', "", "sources.limits.sizes"),
    "source without fact": ('released = "page"', 'released = "page"\nsunset = "page"', "sources.sunset"),
    "unknown source of an offering": ('source = "list"\nnotes', 'source = "rumour"\nnotes', "rumour"),
    "unknown source of a price": ("{ usd = 0.015 }", '{ usd = 0.015, source = "rumour" }', "rumour"),
    "price below zero": ("usd = 0.015", "usd = -0.015", "offerings.1.prices.0.usd"),
    "price finer than a millionth": ("usd = 0.015", "usd = 0.0000015", "offerings.1.prices.0.usd"),
    "price that is no number": ("usd = 0.015", 'usd = "cheap"', "offerings.1.prices.0.usd"),
    "price stated twice": ('size = "512x512"', 'size = "1024x1024"', "offerings.acme.prices"),
    "unknown provider": ('provider = "bolt"', 'provider = "nobody"', "nobody"),
    "provider stated twice": ('provider = "bolt"', 'provider = "acme"', "acme"),
    "limits without source": ('notes = ["Per image."]', "limits = { max_images = 2 }", "limits_source"),
    "unknown provider of a parameter": ('provider = "acme"\ngroup', 'provider = "nobody"\ngroup', "nobody"),
    "incomplete parameter": ('description = "A style."\n', "", "parameters.style"),
    "unknown behaviour": ('"passthrough"\nvalues', '"magic"\nvalues', "parameters.0.behaviour"),
    "alias of itself": ('["brush"]', '["brush-1"]', "brush-1"),
    "not TOML": ('name = "Brush 1"', 'name = "Brush 1', "a text goes on over the line"),
}  # fmt: skip

OWN = """
slug = "mine-1"
name = "Mine 1"
released = "2026-10"
modes = ["text-to-image"]
source = "lab-notes"

[references.lab-notes]
title = "Our lab notes"
checked_on = 2026-11-28

[providers]
our-gpus = "Our own GPUs"

[[offerings]]
provider = "our-gpus"
source = "lab-notes"
prices = [{ usd = 0.01 }]
"""


@pytest.mark.any_database
@pytest.mark.parametrize(("old", "new", "named"), BAD.values(), ids=BAD.keys())
def test_a_wrong_file_is_refused(database: Database, folder: Path, old: str, new: str, named: str) -> None:
    edit(folder / "brush-1.toml", old, new)
    with pytest.raises(CatalogError) as caught:
        load_folder(database, folder)
    assert caught.value.code == "invalid_catalog"
    assert named in str(caught.value)
    with database.reading() as session:
        assert lookup.models(session, DAY_1.date()) == ()
        assert lookup.version(session) == 0


def test_the_message_names_the_file(folder: Path) -> None:
    edit(folder / "brush-1.toml", "usd = 0.015", "usd = -1")
    with pytest.raises(CatalogError, match=r"^brush-1\.toml: offerings\.1\.prices\.0\.usd: "):
        read_seeds(folder)


def test_two_files_cannot_name_one_model(folder: Path) -> None:
    (folder / "copy.toml").write_text((folder / "brush-1.toml").read_text("utf-8"), "utf-8")
    with pytest.raises(CatalogError, match="brush"):
        read_seeds(folder)


def test_two_rows_for_one_parameter_are_refused(folder: Path) -> None:
    edit(
        folder / "brush-1.toml",
        'provider = "acme"\ngroup = "additional"\nname = "user"',
        'group = "core"\nname = "style"',
    )
    with pytest.raises(CatalogError, match=r"parameters\.style: stated twice"):
        read_seeds(folder)


def test_shared_files_that_are_not_there_are_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(OWN, "utf-8")
    seeds = read_seeds(tmp_path)
    assert (seeds.models[0].facts()["released"], seeds.sources["lab-notes"].title) == (
        "lab-notes",
        "Our lab notes",
    )
    assert seeds.providers["our-gpus"] == "Our own GPUs"
    assert {"openai", "our-gpus"} <= set(seeds.providers)
    assert "prompt" in {row.name for row in seeds.shared}


def test_every_problem_is_told_at_once_with_its_line_and_the_nearest_name(folder: Path) -> None:
    edit(folder / "brush-1.toml", 'released = "2025-03"', 'relased = "2025-03"')
    edit(folder / "brush-1.toml", "usd = 0.015", 'usd = "cheap"')
    (folder / "other.toml").write_text(
        'slug = "other"\nname = "Other"\n[[offerings]]\nprovider = "acmee"\nsource = "pge"\n', "utf-8"
    )
    with pytest.raises(CatalogError) as caught:
        read_seeds(folder)
    assert str(caught.value).splitlines() == [
        "brush-1.toml: offerings.1.prices.0.usd: a number is expected, here is 'cheap' (line 33)",
        "brush-1.toml: relased: there is no such field; did you mean 'released'? (line 6)",
        "other.toml: offerings.acmee: unknown provider 'acmee'; did you mean 'acme'? (line 4)",
        "other.toml: offerings.acmee.source: unknown source 'pge'; did you mean 'page'? (line 5)",
    ]


@pytest.mark.parametrize("released", ["2025-13", "2025-00", "2025-02-30", "0000"])
def test_a_release_is_a_day_of_the_calendar(folder: Path, released: str) -> None:
    edit(folder / "brush-1.toml", 'released = "2025-03"', f'released = "{released}"')
    with pytest.raises(CatalogError, match=r"^brush-1\.toml: released: the calendar has no such day \(line 6\)$"):
        read_seeds(folder)


def test_one_file_can_be_read_alone(folder: Path) -> None:
    (folder / "broken.toml").write_text("slug = 3", "utf-8")
    assert [model.slug for model in read_seeds(folder / "brush-1.toml").models] == ["brush-1"]


def test_a_price_is_exact(folder: Path) -> None:
    edit(folder / "brush-1.toml", "0.015", "0.00402")
    assert read_seeds(folder).models[0].offerings[1].prices[0].micros == 4020
