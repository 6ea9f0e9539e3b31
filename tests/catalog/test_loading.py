"""Files into the database: repeatable, with every old price kept."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from app.catalog import lookup
from app.catalog.contracts import read_contracts
from app.catalog.loading import SeedChange, load, stub
from app.catalog.seeds import SHIPPED, CatalogError, batches, read_seeds
from app.catalog.tables import Offering, Price
from app.database.doors import Database
from tests.catalog.editing import CONTRACT, DAY_1, DAY_2, done, edit, load_folder


def version(database: Database) -> int:
    with database.reading() as session:
        return lookup.version(session)


def price_from(database: Database, today: object) -> int:
    with database.reading() as session:
        found = lookup.model(session, "brush-1", today).price_from  # type: ignore[arg-type]
    assert found is not None
    return found.micros


def test_a_second_load_changes_nothing(database: Database, folder: Path) -> None:
    first = load_folder(database, folder)
    assert {change.kind for change in first} == {"created"}
    assert version(database) == 1
    second = load_folder(database, folder, DAY_2)
    assert {change.kind for change in second} == {"unchanged"}
    assert len(second) == len(first)
    assert version(database) == 1


def test_a_changed_price_closes_the_old_one(database: Database, folder: Path) -> None:
    load_folder(database, folder)
    edit(folder / "brush-1.toml", "0.010", "0.0125")
    changes = load_folder(database, folder, DAY_2)
    assert done(changes) == {("changed", "prices", "acme/brush-1 image size=512x512")}
    assert version(database) == 2
    assert price_from(database, DAY_1.date()) == 10_000
    assert price_from(database, DAY_2.date()) == 12_500
    with database.reading() as session:
        rows = session.scalars(select(Price).where(Price.price_micros.in_([10_000, 12_500])).order_by(Price.id))
        kept = [(row.price_micros, row.effective_from, row.effective_to) for row in rows]
    assert kept == [(10_000, None, DAY_2.date()), (12_500, DAY_2.date(), None)]


def test_a_price_changed_back_opens_a_third_row(database: Database, folder: Path) -> None:
    load_folder(database, folder)
    for old, new in (("0.010", "0.011"), ("0.011", "0.010")):
        edit(folder / "brush-1.toml", old, new)
        load_folder(database, folder, DAY_2)
    assert price_from(database, DAY_2.date()) == 10_000
    with database.reading() as session:
        assert len(session.scalars(select(Price)).all()) == 5


def test_a_new_source_of_the_same_price_keeps_its_row(database: Database, folder: Path) -> None:
    load_folder(database, folder)
    edit(folder / "brush-1.toml", "{ usd = 0.015 }", '{ usd = 0.015, source = "page" }')
    assert ("changed", "prices", "bolt/brush-1 image") in done(load_folder(database, folder, DAY_2))
    with database.reading() as session:
        assert len(session.scalars(select(Price)).all()) == 3


def test_what_left_the_file_is_closed_ended_or_dropped(database: Database, folder: Path) -> None:
    load_folder(database, folder)
    file = folder / "brush-1.toml"
    text = file.read_text("utf-8")
    bolt = text[text.index("[[offerings]]", text.index("[[offerings]]") + 1) : text.index("[[parameters]]")]
    style = text[text.index("[[parameters]]") : text.rindex("[[parameters]]")]
    edit(file, bolt, "")
    edit(file, style, "")
    edit(file, '    { usd = 0.010, conditions = { size = "512x512" } },\n', "")
    edit(file, 'aliases = ["brush"]\n', "")
    assert done(load_folder(database, folder, DAY_2)) == {
        ("removed", "offerings", "bolt/brush-1"),
        ("removed", "prices", "bolt/brush-1 image"),
        ("removed", "prices", "acme/brush-1 image size=512x512"),
        ("removed", "parameters", "brush-1 style"),
        ("removed", "model_aliases", "brush"),
        ("changed", "parameters", "brush-1 user"),  # its position
        ("changed", "image_models", "brush-1"),  # its sources
    }
    assert done(load_folder(database, folder, DAY_2)) == set()
    with database.reading() as session:
        page = lookup.model(session, "brush-1", DAY_2.date())
        before = lookup.model(session, "brush-1", DAY_1.date())
        assert len(session.scalars(select(Price)).all()) == 3
        ended = session.scalars(select(Offering.ended_on).where(Offering.key == "bolt/brush-1")).one()
    assert [offering.key for offering in page.offerings] == ["acme/brush-1"]
    assert [offering.key for offering in before.offerings] == ["acme/brush-1", "bolt/brush-1"]
    assert [row.name for row in page.parameters] == ["prompt", "size", "user"]
    assert ended == DAY_2.date()


def test_an_offering_that_returns_is_open_again(database: Database, folder: Path) -> None:
    file = folder / "brush-1.toml"
    whole = file.read_text("utf-8")
    load_folder(database, folder)
    start = whole.index("[[offerings]]", whole.index("[[offerings]]") + 1)
    edit(file, whole[start : whole.index("[[parameters]]")], "")
    load_folder(database, folder, DAY_1)
    file.write_text(whole, "utf-8")
    assert done(load_folder(database, folder, DAY_2)) == {
        ("changed", "offerings", "bolt/brush-1"),
        ("created", "prices", "bolt/brush-1 image"),
        ("changed", "image_models", "brush-1"),  # its sources
    }


def test_a_model_without_a_file_stays(database: Database, folder: Path) -> None:
    load_folder(database, folder)
    text = (folder / "brush-1.toml").read_text("utf-8")
    (folder / "brush-1.toml").unlink()
    (folder / "brush-2.toml").write_text(text.replace("brush-1", "brush-2").replace('["brush"]', "[]"), "utf-8")
    load_folder(database, folder, DAY_2)
    with database.reading() as session:
        assert [entry.slug for entry in lookup.models(session, DAY_2.date())] == ["brush-1", "brush-2"]


def test_a_stub_is_entered_once_and_becomes_a_model(database: Database, folder: Path) -> None:
    first = database.write(lambda session: stub(session, "brush-1", "Brush"))
    assert database.write(lambda session: stub(session, "brush-1")) == first
    assert version(database) == 1
    with database.reading() as session:
        page = lookup.model(session, "brush-1", DAY_1.date())
    assert (page.name, page.stub, page.offerings, page.price_tier) == ("Brush", True, (), None)
    load_folder(database, folder)
    with database.reading() as session:
        page = lookup.model(session, "brush-1", DAY_1.date())
    assert (page.id, page.name, page.stub) == (first, "Brush 1", False)
    assert database.write(lambda session: stub(session, "brush")) == first


def test_a_stub_needs_a_slug(database: Database) -> None:
    with pytest.raises(CatalogError) as caught:
        database.write(lambda session: stub(session, "../Brush"))
    assert caught.value.code == "invalid_catalog"


def test_an_alias_that_is_a_models_slug_stores_nothing(database: Database, folder: Path) -> None:
    database.write(lambda session: stub(session, "brush"))
    with pytest.raises(CatalogError, match="brush"):
        load_folder(database, folder)
    with database.reading() as session:
        assert [entry.slug for entry in lookup.models(session, DAY_1.date())] == ["brush"]
        assert lookup.version(session) == 1


def test_batches_hold_every_model_once(database: Database, folder: Path) -> None:
    text = (folder / "brush-1.toml").read_text("utf-8").replace('["brush"]', "[]")
    for number in range(2, 12):
        (folder / f"brush-{number}.toml").write_text(text.replace("brush-1", f"brush-{number}"), "utf-8")
    seeds = read_seeds(folder)
    parts = batches(seeds, rows=30)
    assert [model for part in parts for model in part.models] == list(seeds.models)
    assert len(parts) == 6
    for part in parts:
        database.write(lambda session, part=part: load(session, part, now=DAY_1))
    with database.reading() as session:
        assert len(lookup.models(session, DAY_1.date())) == 11


def contract_folder(folder: Path, **most: int) -> Path:
    """A folder of an admin's own: nothing but contracts of Acme, by model and images per call."""
    (folder / "contracts").mkdir(parents=True, exist_ok=True)
    text = "".join(CONTRACT.format(model=model, most=count) for model, count in most.items())
    (folder / "contracts" / "acme.toml").write_text(text, "utf-8")
    (folder / "contracts" / "sources.toml").write_text('[page]\ntitle = "A page"\n', "utf-8")
    return folder


def load_shipped(database: Database, folder: Path) -> list[SeedChange]:
    """Load a folder as if it came with the product."""
    seeds = read_seeds(folder)
    contracts = tuple(replace(one, own=False) for one in seeds.contracts)
    shipped = replace(seeds, contracts=contracts, complete=True)
    return database.write(lambda session: load(session, shipped, now=DAY_2))


def counts(database: Database) -> dict[str, int | None]:
    offers = [("acme", model) for model in ("brush", "pen", "ink")]
    with database.reading() as session:
        found = read_contracts(session, offers)
    return {model: one.n.max for (_, model, _), one in sorted(found.items()) if one.n}


def test_a_folder_of_contracts_adds_and_replaces_those_it_names_alone(database: Database, tmp_path: Path) -> None:
    load_folder(database, contract_folder(tmp_path / "first", brush=1, pen=1))
    changes = load_folder(database, contract_folder(tmp_path / "own", pen=4, ink=2))
    assert done(changes) == {
        ("changed", "wire_contracts", "acme pen generation"),
        ("created", "wire_contracts", "acme ink generation"),
    }
    assert counts(database) == {"brush": 1, "ink": 2, "pen": 4}


def test_the_complete_files_remove_a_contract_of_their_providers(database: Database, tmp_path: Path) -> None:
    load_shipped(database, contract_folder(tmp_path / "first", brush=1, pen=1))
    changes = load_shipped(database, contract_folder(tmp_path / "next", pen=1))
    assert ("removed", "wire_contracts", "acme brush generation") in done(changes)
    assert counts(database) == {"pen": 1}


def test_what_an_admin_says_of_a_provider_stays(database: Database, tmp_path: Path) -> None:
    """The product's next files change and remove its own contracts, and none of an admin's folder."""
    load_shipped(database, contract_folder(tmp_path / "first", brush=1, pen=1))
    load_folder(database, contract_folder(tmp_path / "own", pen=4, ink=2))
    changes = load_shipped(database, contract_folder(tmp_path / "next", brush=3, pen=3))
    assert done(changes) == {
        ("changed", "wire_contracts", "acme brush generation"),
        ("kept", "wire_contracts", "acme pen generation"),
    }
    assert counts(database) == {"brush": 3, "ink": 2, "pen": 4}


def test_an_admin_gives_a_contract_back_by_saying_what_the_product_says(
    database: Database, tmp_path: Path
) -> None:
    load_folder(database, contract_folder(tmp_path / "own", pen=4))
    load_shipped(database, contract_folder(tmp_path / "next", pen=3))
    load_folder(database, contract_folder(tmp_path / "given-back", pen=3))
    load_shipped(database, contract_folder(tmp_path / "next", pen=3))
    load_shipped(database, contract_folder(tmp_path / "later", pen=5))
    assert counts(database) == {"pen": 5}


def test_the_same_words_in_a_folder_of_ones_own_pin_nothing(database: Database, tmp_path: Path) -> None:
    load_shipped(database, contract_folder(tmp_path / "first", pen=1))
    assert done(load_folder(database, contract_folder(tmp_path / "copy", pen=1))) == set()
    load_shipped(database, contract_folder(tmp_path / "later", pen=5))
    assert counts(database) == {"pen": 5}


def test_only_the_files_of_the_product_are_complete(tmp_path: Path) -> None:
    assert read_seeds(SHIPPED).complete
    assert all(part.complete for part in batches(read_seeds(SHIPPED)))
    assert not read_seeds(SHIPPED / "dall-e-2.toml").complete
    assert not any(one.own for one in read_seeds(SHIPPED / "dall-e-2.toml").contracts)
    assert all(one.own for one in read_seeds(contract_folder(tmp_path, pen=1)).contracts)
    assert not read_seeds(contract_folder(tmp_path, pen=1)).complete
