"""A voter's own board is everybody's method on one voter's votes."""

import random
from pathlib import Path

import pytest

from app.arena import errors
from app.arena.people import vote_history
from app.database.doors import Database
from app.leaderboards.views import personal
from app.leaderboards.views.personal import Agreement
from tests.factories import NOW, cast, issue, later, make_arena, undo

ALICE, BOB = b"a" * 16, b"b" * 16
MODE = "text-to-image"


def vote_for(database: Database, voter: bytes, favourite: str, count: int) -> None:
    """Prefers one model wherever it is shown, else ties."""
    for n in range(count):
        matchup = issue(database, voter, rng=random.Random(n)).public_id
        with database.reading() as session:
            shown = _shown(session, matchup)
        outcome = "a" if shown[0] == favourite else "b" if shown[1] == favourite else "tie"
        cast(database, matchup, outcome, voter)


def _shown(session: object, matchup: bytes) -> tuple[str, str]:
    from sqlalchemy import select
    from sqlalchemy.orm import Session, aliased

    from app.arena.tables import Entry, Matchup
    from app.catalog.tables import ImageModel

    assert isinstance(session, Session)
    left, right, one, other = aliased(Entry), aliased(Entry), aliased(ImageModel), aliased(ImageModel)
    row = session.execute(
        select(one.slug, other.slug)
        .select_from(Matchup)
        .join(left, left.id == Matchup.left_entry_id)
        .join(right, right.id == Matchup.right_entry_id)
        .join(one, one.id == left.model_id)
        .join(other, other.id == right.model_id)
        .where(Matchup.public_id == matchup)
    ).one()
    return row[0], row[1]


def test_from_the_first_vote_on(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    with database.reading() as session:
        assert personal.read_own_board(session, ALICE, MODE) == ()
    winner = cast(database, issue(database, ALICE).public_id, "a", ALICE)
    with database.reading() as session:
        first, second = personal.read_own_board(session, ALICE, MODE)
    assert (first.wins, first.seen, second.wins, second.seen) == (1, 1, 0, 1)
    assert first.rating - 1000 == pytest.approx(1000 - second.rating)
    assert first.rating_high - first.rating_low > 300
    assert winner.voter_votes == 1


def test_a_favourite_leads_the_own_board_and_not_the_others(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=3, models=4)
    vote_for(database, ALICE, "m1", 12)
    vote_for(database, BOB, "m2", 12)
    with database.reading() as session:
        assert personal.read_own_board(session, ALICE, MODE)[0].slug == "m1"
        assert personal.read_own_board(session, BOB, MODE)[0].slug == "m2"
        assert personal.read_own_board(session, ALICE, "image-edit") == ()


def test_agreement_leaves_oneself_out_of_the_crowd(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=2, models=2)
    for voter, outcome in ((ALICE, "m0"), (BOB, "m0"), (b"c" * 16, "m1")):
        vote_for(database, voter, outcome, 2)
    with database.reading() as session:
        # Alice picked m0; Bob and the third voter cancel out: nothing to compare with.
        assert personal.read_agreement(session, ALICE) == Agreement(0, 0)
        # The third voter picked m1 against two votes for m0, in both competitions.
        assert personal.read_agreement(session, b"c" * 16) == Agreement(0, 2)
    vote_for(database, b"d" * 16, "m0", 2)
    with database.reading() as session:
        assert personal.read_agreement(session, ALICE) == Agreement(2, 2)


def test_an_undone_vote_is_off_the_own_board(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    matchup = issue(database, ALICE).public_id
    cast(database, matchup, "a", ALICE)
    undo(database, matchup, ALICE)
    with database.reading() as session:
        assert personal.read_own_board(session, ALICE, MODE) == ()
        assert personal.read_agreement(session, ALICE) == Agreement(0, 0)


def test_a_forgotten_voter_leaves_its_votes(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    vote_for(database, ALICE, "m0", 2)
    waiting = issue(database, ALICE).public_id
    assert database.write(lambda session: vote_history.delete_voter(session, ALICE, now=later(minutes=1)))
    assert not database.write(lambda session: vote_history.delete_voter(session, ALICE, now=NOW))
    with database.reading() as session:
        assert vote_history.count_votes(session, ALICE) == 0
        assert personal.read_own_board(session, ALICE, MODE) == ()
    with pytest.raises(errors.MatchupNotFound):
        cast(database, waiting, "a", ALICE)
    assert issue(database, ALICE).is_new
