"""Pairs that a voter could not load: free where nothing was sent, few in a day, and no way to draw again."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.arena import errors, questions
from app.arena.people.policy import Policy
from app.arena.tables import Counter, Matchup, Vote
from app.arena.voting.matchups import MatchupFilter
from app.arena.voting.unloadable import UnloadablePair, close_unloadable
from app.database.doors import Database
from tests.arena.test_policy import ALICE, BOB, Public
from tests.factories import NOW, make_arena


@pytest.fixture
def wide(database: Database, tmp_path: Path) -> Database:
    make_arena(database, tmp_path, competitions=4, models=8)
    return database


def give_back(arena: Public, voter: bytes, matchup: bytes) -> UnloadablePair:
    arena.now += timedelta(seconds=1)
    return arena.database.write(lambda s: close_unloadable(s, voter, matchup, now=arena.now, policy=arena.rules))


def charged(database: Database) -> int:
    with database.reading() as session:
        query = select(func.sum(Counter.count)).where(Counter.scope.like("charged/voter/%"))
        return session.scalar(query) or 0


def test_it_costs_nothing_where_no_picture_was_sent(wide: Database) -> None:
    arena = Public(wide, Policy(voter_counted=40))
    unseen, seen = arena.ask().public_id, arena.ask().public_id
    give_back(arena, ALICE, unseen)
    assert charged(wide) == 0
    arena.look(seen)
    give_back(arena, ALICE, seen)
    assert charged(wide) == 1
    with wide.reading() as session:
        assert session.scalar(select(func.count()).select_from(Vote)) == 0


def test_the_next_pair_is_of_the_same_competition(wide: Database) -> None:
    arena = Public(wide, Policy())
    for _ in range(8):
        first = arena.ask()
        give_back(arena, ALICE, first.public_id)
        arena.now += timedelta(seconds=1)
        owed = arena.ask()
        assert (owed.slug, owed.public_id != first.public_id) == (first.slug, True)
        arena.vote(ALICE, owed.public_id)
        arena.now += timedelta(seconds=1)
    with wide.reading() as session:
        pairs = session.execute(select(Matchup.low_entry_id, Matchup.high_entry_id)).all()
    assert len(set(pairs)) == len(pairs) == 16


def test_the_owed_pair_asks_what_the_voter_chose_where_its_competition_does(wide: Database) -> None:
    wide.write(lambda session: questions.add_question(session, "prompt", now=NOW, share=0.01))
    arena = Public(wide, Policy(unloadable_day=9))
    for asked in ("prompt", "prompt", "prompt"):
        arena.wish = MatchupFilter(question=asked)
        assert arena.ask().question == asked
        give_back(arena, ALICE, arena.ask().public_id)
        arena.now += timedelta(seconds=1)


def test_after_the_owed_pair_every_competition_may_come_again(wide: Database) -> None:
    arena = Public(wide, Policy())
    first = arena.ask()
    give_back(arena, ALICE, first.public_id)
    slugs = set()
    for _ in range(12):
        arena.now += timedelta(seconds=1)
        issued = arena.ask()
        slugs.add(issued.slug)
        arena.vote(ALICE, issued.public_id)
    assert len(slugs) > 1


def test_three_a_day_and_the_fourth_stays_open(wide: Database) -> None:
    arena = Public(wide, Policy(unloadable_day=3))
    for _ in range(3):
        give_back(arena, ALICE, arena.ask().public_id)
    fourth = arena.ask().public_id
    with pytest.raises(errors.TooMany, match="3 pairs a day") as refused:
        give_back(arena, ALICE, fourth)
    assert arena.vote(ALICE, fourth).counted
    give_back(arena, BOB, arena.ask(BOB).public_id)
    arena.now += timedelta(seconds=refused.value.retry_after or 0)
    give_back(arena, ALICE, arena.ask().public_id)


def test_only_ones_own_open_pair_can_be_given_back(wide: Database) -> None:
    arena = Public(wide, Policy())
    matchup = arena.ask().public_id
    arena.ask(BOB)
    with pytest.raises(errors.MatchupNotFound):
        give_back(arena, BOB, matchup)
    arena.vote(ALICE, matchup)
    with pytest.raises(errors.OutcomeStands):
        give_back(arena, ALICE, matchup)
    waiting = arena.ask().public_id
    assert (
        give_back(arena, ALICE, waiting)
        == give_back(arena, ALICE, waiting)
        == UnloadablePair(waiting, "better", 1)
    )
