"""A clock that was two days ahead: once it is right again everybody goes on as if it had never been wrong."""

import random
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.arena.people import admins
from app.arena.people.policy import Policy
from app.arena.tables import Matchup
from app.arena.voting import matchups, pictures, vote_casting
from app.arena.voting.matchups import BlindMatchup, MatchupFilter
from app.arena.voting.pool import Pool
from app.arena.voting.vote_casting import Ballot, VoteRecord
from app.cli.database_checks import find_future_times
from app.database.doors import Database
from app.leaderboards.runs import refresh
from app.leaderboards.runs.claims import LONGEST_REST_MS
from app.leaderboards.tables import Board
from tests.factories import NOW, make_arena

ALICE = b"a" * 16
AHEAD = NOW + timedelta(days=2)
RULES = Policy(voter_counted=40, shortest_dwell_ms=1000, undone_day=1)


def ask(database: Database, now: datetime) -> BlindMatchup:
    return matchups.issue(
        database, Pool(), ALICE, MatchupFilter(), now=now, rng=random.Random(1), matchup_seconds=1800, policy=RULES
    )


def judge(database: Database, matchup: bytes, now: datetime) -> VoteRecord:
    for side in "ab":
        database.write(lambda s, side=side: pictures.mark_served(s, matchup, side, now=now, policy=RULES))
    ballot = Ballot(ALICE, matchup, "a", now + timedelta(seconds=5), 1800, RULES)
    return database.write(lambda s: vote_casting.cast_vote(s, ballot))


def test_the_first_vote_after_the_jump_counts(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=2, models=6)
    assert judge(database, ask(database, AHEAD).public_id, AHEAD).counted
    assert judge(database, ask(database, NOW).public_id, NOW).counted


def test_pairs_of_the_future_do_not_take_the_places_of_new_ones(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=2, models=6)
    old = {ask(database, AHEAD).public_id for _ in range(2)}
    fresh = {ask(database, NOW).public_id for _ in range(2)}
    assert not old & fresh
    with database.reading() as session:
        assert set(session.scalars(select(Matchup.public_id).where(Matchup.closed_at.is_(None)))) == fresh


def test_a_second_between_two_servers_ends_no_pair(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=1, models=6)
    issued = [ask(database, NOW + timedelta(seconds=s)).public_id for s in (1, 0, 1)]
    assert issued[2] in issued[:2]


def test_undos_of_the_future_leave_those_of_today(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=2, models=6)
    for now in (AHEAD, NOW):
        matchup = ask(database, now).public_id
        judge(database, matchup, now)
        later = now + timedelta(seconds=9)
        database.write(
            lambda s: vote_casting.undo(s, ALICE, matchup, now=later, undo_seconds=600, daily_limit=1)  # noqa: B023
        )
        with database.reading() as session:
            assert vote_casting.read_vote(session, ALICE, matchup).undone


def test_a_session_of_the_future_is_none(database: Database) -> None:
    database.write(lambda s: admins.create(s, "ada", "hash", now=NOW))
    before = database.write(lambda s: admins.start_session(s, "ada", now=NOW)).token
    ahead = database.write(lambda s: admins.start_session(s, "ada", now=AHEAD)).token
    with database.reading() as session:
        assert admins.find_session(session, ahead, now=AHEAD)
        assert admins.find_session(session, ahead, now=NOW) is None
    assert database.write(lambda s: admins.start_session(s, "ada", now=NOW)).token != before


def test_a_board_that_rests_until_the_day_after_tomorrow_rests_no_more(database: Database, tmp_path: Path) -> None:
    """Boards are timed by the database's own clock, so the row itself is set as that clock would have left it."""
    make_arena(database, tmp_path, competitions=1, models=4)
    judge(database, ask(database, NOW).public_id, NOW)
    assert refresh.refresh(database, "text-to-image", now=NOW)
    ahead = timedelta(days=2) // timedelta(milliseconds=1)

    def leave(session: Session) -> None:
        for board in session.scalars(select(Board)):
            board.next_refresh_at += ahead
            board.claim, board.claim_until = "gone", board.next_refresh_at

    judge(database, ask(database, NOW).public_id, NOW + timedelta(seconds=20))
    database.write(leave)
    assert refresh.refresh(database, "text-to-image", now=NOW)
    assert LONGEST_REST_MS <= 60_000


def test_the_doctor_says_what_is_odd(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=1, models=6)
    judge(database, ask(database, NOW).public_id, NOW)
    assert find_future_times(database, NOW + timedelta(seconds=10)) == ""
    judge(database, ask(database, AHEAD).public_id, AHEAD)
    database.write(lambda s: admins.create(s, "ada", "hash", now=AHEAD))
    database.write(lambda s: admins.start_session(s, "ada", now=AHEAD))
    assert find_future_times(database, NOW + timedelta(seconds=10)) == "1 vote, 1 pair, 1 sign-in"
