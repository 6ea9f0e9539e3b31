"""Showcases: whole prompts that are held back, named from the start and never judged."""

from pathlib import Path

import pytest

from app.arena import errors
from app.arena.entries import competitions, gallery
from app.arena.entries.competitions import CompetitionFile
from app.arena.entries.pack_format import PackCompetition
from app.arena.entries.pack_import import import_pack
from app.arena.entries.pack_showcases import choose_showcases, parse_rule
from app.database.doors import Database
from app.gateway.storage import Storage
from tests.arena.test_packs import Pack
from tests.factories import NOW, issue, make_competition, make_entry, picture_bytes


def packs(*categories: str, models: int = 3) -> list[PackCompetition]:
    images = tuple({"model": f"m{number}"} for number in range(models))
    return [
        PackCompetition(slug=f"p{number}", prompt=f"prompt {number}", category=category, images=images)
        for number, category in enumerate(categories)
    ]


def choose(database: Database, of: list[PackCompetition], rule: str) -> frozenset[str]:
    with database.reading() as session:
        return choose_showcases(session, of, parse_rule(rule))


@pytest.mark.parametrize("text", ["", "0%", "51%", "ten", "-5%", "0.1", "%", "categories"])
def test_a_rule_is_a_share_or_category(text: str) -> None:
    with pytest.raises(errors.InvalidPack, match="category"):
        parse_rule(text)


def test_a_share_is_rounded_up_and_drawn_by_lot(database: Database) -> None:
    twenty = packs(*["a"] * 20)
    chosen = choose(database, twenty, "12%")
    assert len(chosen) == 3
    assert chosen == choose(database, list(reversed(twenty)), "12%"), "the order of a manifest says nothing"
    assert chosen != {"p0", "p1", "p2"}


def test_one_of_each_category_with_the_most_models_and_never_the_only_one(database: Database) -> None:
    several = packs("food", "food", "alone")
    wide = several[1].model_copy(update={"images": (*several[1].images, {"model": "m9"})})
    assert choose(database, [several[0], wide, several[2]], "category") == {"p1"}


def test_what_is_there_stays_what_it_is_and_counts(database: Database) -> None:
    database.write(lambda session: make_competition(session, "p0", status="draft", showcase=True))
    database.write(lambda session: make_competition(session, "p1"))
    assert choose(database, packs("a", "a", "a"), "category") == frozenset()
    assert choose(database, packs("a", "a", "a", "a"), "25%") == frozenset()
    assert choose(database, packs("a", "a", "a", "a"), "50%") <= {"p2", "p3"}


def test_an_import_holds_prompts_back(database: Database, tmp_path: Path) -> None:
    pack, storage = Pack(tmp_path / "pack"), Storage(tmp_path / "files")
    for number, slug in enumerate(("teapot", "lamp", "vase")):
        pack.competition(slug, showcase=slug == "vase")
        for place, model in enumerate(("alpha", "beta")):
            pack.image(slug, model, picture_bytes(10 * number + place))
    pack.write()
    for _ in range(2):
        report = import_pack(database, storage, pack.folder, now=lambda: NOW, held_back={"teapot"})
        assert not report.refused
    with database.reading() as session:
        found = {one.slug: one for one in competitions.list_competitions(session)}
        shown = {slug: gallery.read_gallery(session, slug).pictures for slug in found}
    assert {slug: (one.status, one.showcase) for slug, one in found.items()} == {
        "teapot": ("closed", True),
        "vase": ("closed", True),
        "lamp": ("open", False),
    }
    assert {slug: len(pictures) for slug, pictures in shown.items()} == {"teapot": 2, "vase": 2, "lamp": 0}
    assert {issue(database, bytes([n] * 16)).slug for n in range(4)} == {"lamp"}


def test_it_is_never_opened_and_never_becomes_a_contest(database: Database, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="never judged"):
        CompetitionFile(slug="vase", title="Vase", prompt="a vase", status="open", showcase=True)
    database.write(lambda session: make_competition(session, "vase", status="draft", showcase=True))
    with pytest.raises(errors.InvalidCompetition, match="never judged"):
        database.write(lambda session: competitions.set_status(session, "vase", "open", now=NOW))
    database.write(lambda session: make_entry(session, Storage(tmp_path), "vase", "m0", seed=1))
    with pytest.raises(errors.InvalidCompetition, match="showcase"):
        database.write(lambda session: make_competition(session, "vase"))


def test_a_prompt_that_is_judged_is_no_showcase_and_the_reverse(database: Database, tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    database.write(lambda session: make_competition(session, "vase", status="draft", showcase=True, prompt="x"))
    database.write(lambda session: make_competition(session, "cup", prompt="x"))
    database.write(lambda session: make_entry(session, storage, "vase", "m0", seed=1))
    with pytest.raises(errors.EntryRefused, match="a showcase has the same prompt"):
        database.write(lambda session: make_entry(session, storage, "cup", "m0", seed=2))
    database.write(lambda session: make_competition(session, "pot", prompt="y"))
    database.write(lambda session: make_entry(session, storage, "pot", "m0", seed=3))
    database.write(lambda session: make_competition(session, "jug", status="draft", showcase=True, prompt="y"))
    with pytest.raises(errors.EntryRefused, match="a contestant has the same prompt"):
        database.write(lambda session: make_entry(session, storage, "jug", "m0", seed=4))
