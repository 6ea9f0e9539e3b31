"""An admin's day: targets with their progress, and a better image in place of an entry."""

import json
import random
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app.arena.tables import Entry, LedgerLine, Matchup, Vote
from app.arena.voting.pool import Pool
from app.database.doors import Database
from app.leaderboards.runs import refresh, verify
from tests.api.conftest import Api
from tests.command import Run, runner
from tests.factories import NOW, cast, issue, make_arena, picture_bytes


@pytest.fixture
def run(
    database: Database, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Run:
    """A command on the application's own database and files: one competition of four models with some votes."""
    make_arena(database, tmp_path, competitions=1, models=4)
    pool, rng = Pool(), random.Random(3)
    for number in range(12):
        who, at = bytes([number]) * 16, NOW + timedelta(minutes=number)
        given = issue(database, who, now=at, pool=pool, rng=rng)
        cast(database, given.public_id, ("a", "b", "tie")[number % 3], who, now=at + timedelta(seconds=5))
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", database.url)

    return runner(monkeypatch, capsys)


def test_a_target_and_the_way_to_it(run: Run, api: Api, app: Flask) -> None:
    assert api.get("/competitions/c0").get_json()["target"] is None
    assert "progress" not in app.test_client().get("/competitions/c0").text
    assert run("competition", "target", "c0", "48")[:2] == (0, "c0 has now a target of 48 votes\n")
    assert run("competition", "target", "c0", "48")[:2] == (0, "c0 has already a target of 48 votes\n")
    assert "   25%  " in run("competition", "list")[1]
    assert json.loads(run("competition", "list", "--json")[1])[0]["target"] == 48
    assert api.get("/competitions/c0").get_json()["target"] == 48
    assert api.get("/competitions").get_json()[0]["target"] == 48
    page = app.test_client().get("/competitions/c0").text
    assert "12 of 48 votes wanted" in page
    assert '<progress id="target" value="12" max="48">' in page
    said = json.loads(run("competition", "target", "c0", "none", "--json")[1])
    assert said == {"slug": "c0", "target": None, "changed": True}
    assert "progress" not in app.test_client().get("/competitions/c0").text


def test_opening_and_closing_as_json(run: Run) -> None:
    for word, status, changed in (("open", "open", False), ("close", "closed", True), ("close", "closed", False)):
        said = json.loads(run("competition", word, "c0", "--json")[1])
        assert said == {"slug": "c0", "status": status, "changed": changed}


@pytest.mark.any_database
@pytest.mark.parametrize("words", [("c0", "0"), ("c0", "many"), ("c0", "-3"), ("c9", "10"), ("c0", "9" * 11)])
def test_what_is_no_target(run: Run, words: tuple[str, str]) -> None:
    assert run("competition", "target", *words)[0] == 2


def _counted(database: Database) -> dict[int, list[bool]]:
    """Entry id to whether each vote on it counts."""
    found: dict[int, list[bool]] = {}
    with database.reading() as session:
        rows = session.execute(
            select(Matchup.left_entry_id, Matchup.right_entry_id, Vote.counted).join(
                Vote, Vote.matchup_id == Matchup.id
            )
        )
        for left, right, counted in rows:
            found.setdefault(left, []).append(counted)
            found.setdefault(right, []).append(counted)
    return found


def _samples(database: Database, model: str) -> list[tuple[int, int, bool]]:
    """(entry id, sample, whether it stands)"""
    from app.catalog.tables import ImageModel

    with database.reading() as session:
        rows = session.execute(
            select(Entry.id, Entry.sample, Entry.withdrawn_at)
            .join(ImageModel, ImageModel.id == Entry.model_id)
            .where(ImageModel.slug == model)
            .order_by(Entry.sample)
        )
        return [(number, sample, gone is None) for number, sample, gone in rows]


def test_an_entry_is_replaced_and_its_votes_no_longer_count(run: Run, database: Database, tmp_path: Path) -> None:
    image = tmp_path / "better.png"
    image.write_bytes(picture_bytes(77))
    before = _counted(database)
    words = ("entry", "replace", "c0", "m1", str(image), "--reason", "the old one was cut off")
    done = json.loads(run(*words, "--json")[1])
    ((old, _, _), (new, _, _)) = _samples(database, "m1")
    assert _samples(database, "m1") == [(old, 0, False), (new, 1, True)]
    assert done == {"old": 0, "new": 1, "excluded": len(before[old]), "is_new": True}
    assert len(before[old]) > 0
    after = _counted(database)
    assert not any(after[old])
    kept = sum(map(len, before.values())) // 2 - len(before[old])
    assert sum(sum(counted) for counted in after.values()) // 2 == kept
    with database.reading() as session:
        assert set(session.scalars(select(Vote.reason))) == {None, "replaced"}
        line = session.scalars(select(LedgerLine).where(LedgerLine.action == "entry.replaced")).one()
        assert (line.subject, line.reason) == ("entry:c0/m1/contestant/0", "the old one was cut off")
    assert [d for d in verify.verify(database).differences if d.kind == "tally"] == []
    again = json.loads(run(*words, "--json")[1])
    assert again == {"old": 0, "new": 1, "excluded": 0, "is_new": False}
    assert len(_samples(database, "m1")) == 2


def test_votes_may_be_kept(run: Run, database: Database, tmp_path: Path) -> None:
    image = tmp_path / "better.png"
    image.write_bytes(picture_bytes(77))
    words = ("entry", "replace", "c0", "m1", str(image), "--reason", "sharper")
    assert run(*words, "--keep-votes")[1].endswith("0 votes on it no longer counted\n")
    assert all(all(counted) for counted in _counted(database).values())
    assert "was already replaced" in run(*words)[1]
    assert not all(all(counted) for counted in _counted(database).values())


def test_what_cannot_be_replaced(run: Run, tmp_path: Path) -> None:
    image, same = tmp_path / "better.png", tmp_path / "same.png"
    image.write_bytes(picture_bytes(77))
    same.write_bytes(picture_bytes(1))
    for words, complaint in (
        (("c0", "m9", str(image)), "unknown_entry"),
        (("c9", "m1", str(image)), "unknown_competition"),
        (("c0", "m1", str(image), "--sample", "4"), "unknown_entry"),
        (("c0", "m1", str(same)), "entry_refused"),
    ):
        code, _, complained = run("entry", "replace", *words, "--reason", "why not")
        assert (code, complaint in complained) == (2, True), complained
    assert run("entry", "replace", "c0", "m1", str(image))[0] == 2
    assert run("entry", "add", "c0", "m1", str(image), "--sample", "1")[0] == 0
    third = tmp_path / "third.png"
    third.write_bytes(picture_bytes(78))
    code, _, complained = run("entry", "replace", "c0", "m1", str(third), "--reason", "which")
    assert (code, "say which one" in complained) == (2, True)
    assert run("entry", "replace", "c0", "m1", str(third), "--reason", "this", "--sample", "1")[0] == 0


def test_the_report_in_words_and_as_json(run: Run, database: Database) -> None:
    run("competition", "target", "c0", "48")
    code, said, _ = run("report", "--days", "3650")
    assert code == 0
    assert "3,650 days: 12 votes counted, 0 not, by 12 voters, 12 of them new" in said
    assert "2026-11-22      12 counted" in said
    assert "c0: 12 of 48 votes" in said
    assert "No board yet." in said
    refresh.rebuild(database, "text-to-image", now=NOW)
    said = run("report")[1]
    assert "competition:c0" in said
    assert "Fewest battles" in said
    found = json.loads(run("report", "--json", "--days", "2")[1])
    assert set(found) == {
        *("days", "voters", "new_voters", "boards", "votes", "targets"),
        *("widest", "fewest", "drafts", "waiting", "next"),
    }
    assert [board["key"] for board in found["boards"]] == ["text-to-image", "competition:c0"]
    assert len(found["days"]) == 2
    assert run("report", "--days", "0")[0] == 2
