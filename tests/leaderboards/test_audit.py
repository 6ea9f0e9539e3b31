"""The audit says what was put into the votes."""

import random
from pathlib import Path

import pytest
from sqlalchemy import select, update

from app.arena.tables import Matchup
from app.database.doors import Database
from app.leaderboards.integrity import audit
from tests.factories import NOW, cast, issue, later, make_arena

RNG = random.Random(5)


def vote(database: Database, tmp_path: Path, outcomes: list[str], count: int) -> None:
    make_arena(database, tmp_path, competitions=3, models=4)
    for n in range(count):
        voter = bytes([n // 6]) * 16
        matchup = issue(database, voter, rng=RNG).public_id
        cast(database, matchup, outcomes[n % len(outcomes)], voter)


def test_an_empty_arena_has_nothing_to_audit(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    assert audit.audit_boards(database, now=NOW) == []


def test_a_preference_for_the_left_shows(database: Database, tmp_path: Path) -> None:
    vote(database, tmp_path, ["a", "a", "a", "b"], 60)
    (swept,) = audit.audit_boards(database, now=NOW)
    assert (swept.mode, swept.votes) == ("text-to-image", 60)
    assert swept.numbers["left_advantage"] > 2 * swept.numbers["left_advantage_error"]
    assert swept.numbers["voter_inflation_median"] == pytest.approx(1, abs=0.5)
    models = swept.numbers["models"]
    assert sum(model["exposure"] for model in models.values()) == pytest.approx(2)
    assert models[swept.numbers["first"]]["votes_to_gain_a_rank"] == 0
    assert swept.numbers["votes_to_change_first"] >= 1


def test_weights_and_seen_names_move_what_they_should(database: Database, tmp_path: Path) -> None:
    vote(database, tmp_path, ["a", "b", "tie"], 30)
    database.write(lambda s: s.execute(update(Matchup).values(probability=0.25, seen_before=False)) and None)
    (even,) = audit.audit_boards(database, now=NOW)
    assert even.numbers["reweighted_shift_largest"] == pytest.approx(0, abs=1e-6)
    assert even.numbers["unseen_shift_largest"] == pytest.approx(0, abs=1e-9)
    database.write(lambda s: s.execute(update(Matchup).where(Matchup.id < 12).values(seen_before=True)) and None)
    database.write(lambda s: s.execute(update(Matchup).where(Matchup.id < 6).values(probability=0.01)) and None)
    (uneven,) = audit.audit_boards(database, now=later(hours=1))
    assert uneven.numbers["reweighted_shift_largest"] > 1
    assert uneven.numbers["unseen_shift_largest"] > 1


def test_the_newest_audit_is_kept_with_its_mark(database: Database, tmp_path: Path) -> None:
    vote(database, tmp_path, ["a", "b"], 12)
    audit.audit_boards(database, now=NOW)
    audit.audit_boards(database, now=later(hours=1))
    with database.reading() as session:
        newest = audit.read_latest(session, "text-to-image")
        assert newest is not None
        assert newest.at == later(hours=1)
        assert newest.last_vote_id == len(session.scalars(select(Matchup.id)).all())
        assert audit.read_latest(session, "image-edit") is None
