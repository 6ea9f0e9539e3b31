"""The audit says what was put into the votes."""

import random
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.arena.tables import Matchup
from app.database.doors import Database
from app.leaderboards.integrity import audit
from app.leaderboards.runs import refresh
from app.leaderboards.views.boards import read_board
from tests.factories import NOW, cast, issue, later, make_arena
from tests.leaderboards import factories

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


def judge(database: Database, *battles: tuple[int, int, str]) -> None:
    """Cast these votes on pairs of four models, by number, in one competition."""

    def work(session: Session) -> None:
        models = factories.add_models(session, 4)
        competition = factories.add_competition(session, "teapot", models)
        for left, right, outcome in battles:
            factories.cast(session, competition, models[left], models[right], outcome)

    database.write(work)
    refresh.rebuild(database, factories.MODE, now=NOW)


def test_a_model_without_a_rank_is_never_said_to_be_first(database: Database) -> None:
    even = [(left, right, outcome) for left, right in ((0, 1), (1, 2), (0, 2)) for outcome in ("a", "b")]
    judge(database, *even, (0, 1, "a"), (3, 1, "a"), (3, 2, "a"), (3, 2, "a"))
    with database.reading() as session:
        standings = read_board(session, factories.MODE, now=NOW).standings
    assert max(standings, key=lambda row: row.rating).model.slug == "model-4"
    first, *rest = (row.model.slug for row in standings)
    assert "model-4" not in (first, *rest[:2])
    (swept,) = audit.audit_boards(database, now=NOW)
    for certificate in swept.numbers["certificates"].values():
        assert certificate["first"] == first
        assert certificate["votes_to_gain_a_rank"].keys() == {"model-1", "model-2", "model-3"}
        assert {found["challenger"] for found in certificate["by_kind"].values()} <= set(rest[:2])
    gains = {slug: model["votes_to_gain_a_rank"] for slug, model in swept.numbers["models"].items()}
    assert gains["model-4"] is None
    assert gains[first] == 0


def test_a_board_without_two_ranks_has_no_first_place_to_certify(database: Database) -> None:
    judge(database, (0, 1, "a"), (2, 3, "a"))
    (swept,) = audit.audit_boards(database, now=NOW)
    assert swept.numbers["certificates"] == {}
    assert swept.numbers["first"] is None
    assert {model["votes_to_gain_a_rank"] for model in swept.numbers["models"].values()} == {None}


def test_what_voters_share_is_not_told_of_few_of_them(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=3, models=4)
    told = []
    for n in range(30):
        voter = bytes([n // 3]) * 16
        cast(database, issue(database, voter, rng=RNG).public_id, "ab"[n % 2], voter)
        if n in {2, 26, 29}:
            told.append(audit.audit_boards(database, now=NOW)[0].numbers["voter_inflation_median"])
    assert told[:2] == [None, None]
    assert told[2] == pytest.approx(1, abs=0.5)


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


def test_a_pair_that_nobody_judged_moves_no_count(database: Database, tmp_path: Path) -> None:
    """Two models whose counts moved with an open pair, or a skipped one, would be its models."""
    vote(database, tmp_path, ["a", "b"], 12)
    before = exposure(database)
    issue(database, b"o" * 16, rng=RNG)
    skipped = issue(database, b"s" * 16, rng=RNG)
    cast(database, skipped.public_id, "skip", b"s" * 16)
    assert exposure(database) == before


def test_in_batches_one_person_moves_no_count(database: Database, tmp_path: Path) -> None:
    vote(database, tmp_path, ["a", "b"], 120)
    before = exposure(database, in_batches=True)
    assert sum(before.values()) == 240
    judge_as(database, b"one person....!!", 3)
    assert exposure(database, in_batches=True) == before
    assert sum(exposure(database).values()) == 246


def test_a_batch_is_full_when_many_have_judged(database: Database, tmp_path: Path) -> None:
    vote(database, tmp_path, ["a", "b"], 120)
    assert sum(exposure(database, in_batches=True).values()) == 240
    for n in range(33):
        judge_as(database, b"somebody-else-%02d" % n, 3)
        if n in (0, 16, 32):  # a count never goes back: what moved in between would be seen by then
            assert sum(exposure(database, in_batches=True).values()) == 240
    judge_as(database, b"the last of them", 3)
    assert sum(exposure(database, in_batches=True).values()) == 240 + 204


def exposure(database: Database, *, in_batches: bool = False) -> dict[str, int]:
    (swept,) = audit.audit_boards(database, now=NOW, in_batches=in_batches)
    return {slug: model["issued"] for slug, model in swept.numbers["models"].items()}


def judge_as(database: Database, voter: bytes, pairs: int) -> None:
    for _ in range(pairs):
        cast(database, issue(database, voter, rng=RNG).public_id, "a", voter)
