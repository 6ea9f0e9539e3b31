"""What the recording transaction refuses: whatever came between the choice and the record."""

from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.arena.entries import competitions, entries
from app.arena.people.policy import FREE
from app.arena.tables import Entry, Matchup, Voter
from app.arena.voting.matchmaking import Pair
from app.arena.voting.matchup_storage import NewMatchup
from app.arena.voting.seen_pairs import NEWCOMER, list_exclusions, read_voter_state
from app.database.doors import Database
from app.database.statements import PreparedStatement
from tests.factories import NOW, cast, issue, later, make_arena

VOTER = b"v" * 16
COUNTED = PreparedStatement(lambda _: select(func.count().label("number")).select_from(Matchup))


@pytest.fixture
def arena(database: Database, tmp_path: Path) -> Database:
    make_arena(database, tmp_path, competitions=2, models=6)
    return database


def chosen_matchup(
    database: Database, left: str, right: str, competition: int = 1, *, now: datetime = NOW
) -> NewMatchup:
    """For a voter who stood so then, to be shown these two models."""
    with database.reading() as session:
        who = read_voter_state(session, VOTER, now=now)
        rows = session.scalars(select(Entry).where(Entry.competition_id == competition)).all()
        ids = {row.model.slug: row.id for row in rows}
    pair = Pair(competition, ids[left], ids[right], 0.5, seen_before=False)
    public_id = f"{left}{right}{competition}".encode().ljust(16)
    return NewMatchup(VOTER, who, pair, public_id, now, 1800, "", "", simulated=False, policy=FREE)


def record(database: Database, chosen: NewMatchup) -> bool:
    """Tell whether the choice held; what is asked beside it was answered then."""
    rows = database.write(lambda session: chosen.record(session, (COUNTED, {})))
    assert rows is None or rows[0].number > 0
    return rows is not None


def stored(database: Database) -> list[tuple[int, bool]]:
    """(slot, whether it is closed) of every matchup."""
    with database.reading() as session:
        rows = session.scalars(select(Matchup).order_by(Matchup.id))
        return [(row.slot, row.closed_at is not None) for row in rows]


def test_what_still_holds_is_recorded(arena: Database) -> None:
    first = chosen_matchup(arena, "m0", "m1")
    assert first.who == NEWCOMER
    assert record(arena, first)
    second = chosen_matchup(arena, "m2", "m3")
    assert second.who.voter_id is not None
    assert record(arena, second)
    assert stored(arena) == [(0, False), (1, False)]


@pytest.mark.parametrize("what", ["withdrawn", "closed"])
def test_what_left_meanwhile_is_refused(arena: Database, what: str) -> None:
    chosen = chosen_matchup(arena, "m0", "m1")

    def leave(session: Session) -> None:
        if what == "withdrawn":
            entries.withdraw(session, entries.EntryKey("c0", "m1", 0), now=NOW, reason="test")
        else:
            competitions.set_status(session, "c0", "closed", now=NOW)

    arena.write(leave)
    assert not record(arena, chosen)
    assert stored(arena) == []
    assert record(arena, chosen_matchup(arena, "m2", "m3", 2 if what == "closed" else 1))


def test_the_slot_is_given_once(arena: Database) -> None:
    chosen = chosen_matchup(arena, "m0", "m1")
    assert record(arena, chosen_matchup(arena, "m2", "m3"))
    assert not record(arena, chosen)
    assert stored(arena) == [(0, False)]


def test_a_third_open_matchup_finds_no_slot(arena: Database) -> None:
    assert record(arena, chosen_matchup(arena, "m0", "m1"))
    late = chosen_matchup(arena, "m4", "m5")
    assert record(arena, chosen_matchup(arena, "m2", "m3"))
    for slot in (0, 1):
        waiting = tuple(row._replace(slot=1 - slot) for row in late.who.waiting)
        assert not record(arena, late._replace(who=late.who._replace(waiting=waiting)))
    assert len(stored(arena)) == 2


@pytest.mark.parametrize(("left", "right"), [("m0", "m2"), ("m2", "m0"), ("m1", "m2"), ("m2", "m1")])
def test_a_model_of_the_other_open_matchup_is_refused(arena: Database, left: str, right: str) -> None:
    assert record(arena, chosen_matchup(arena, "m0", "m1"))
    assert not record(arena, chosen_matchup(arena, left, right, 2))
    assert record(arena, chosen_matchup(arena, "m2", "m3", 2))


def test_a_pair_is_never_issued_again(arena: Database) -> None:
    first = chosen_matchup(arena, "m0", "m1")
    assert record(arena, first)
    cast(arena, first.public_id, "skip")
    again = chosen_matchup(arena, "m1", "m0")._replace(public_id=b"another".ljust(16))
    assert not record(arena, again)
    assert len(stored(arena)) == 1


def test_what_has_expired_is_closed_and_gives_its_slot(arena: Database) -> None:
    assert record(arena, chosen_matchup(arena, "m0", "m1"))
    at = later(hours=1)
    second = chosen_matchup(arena, "m0", "m2", now=at)
    assert second.who.is_overdue
    assert not second.who.waiting
    assert record(arena, second)
    assert stored(arena) == [(0, True), (0, False)]


def test_a_voter_deleted_meanwhile_begins_anew(arena: Database) -> None:
    assert record(arena, chosen_matchup(arena, "m0", "m1"))
    chosen = chosen_matchup(arena, "m2", "m3")

    def delete(session: Session) -> None:
        session.scalars(select(Voter)).one().token = None

    arena.write(delete)
    assert record(arena, chosen) or record(arena, chosen_matchup(arena, "m2", "m3"))
    with arena.reading() as session:
        assert session.scalars(select(Voter.token).where(Voter.token.is_not(None))).all() == [VOTER]


def test_exclusions_are_everything_issued_and_every_name_seen(arena: Database) -> None:
    rows = []
    for n, outcome in enumerate(("a", "skip", "b")):
        issued = issue(arena, now=later(seconds=n))
        cast(arena, issued.public_id, outcome, now=later(seconds=n))
        with arena.reading() as session:
            rows.append(session.scalars(select(Matchup).order_by(Matchup.id.desc()).limit(1)).one())
    with arena.reading() as session:
        found = list_exclusions(read_voter_state(session, VOTER, now=later(seconds=9)))
    assert sorted(found.pairs) == sorted((row.low_entry_id << 32) + row.high_entry_id for row in rows)
    assert found.entries == {e for row in (rows[0], rows[2]) for e in (row.low_entry_id, row.high_entry_id)}
    assert found.models == frozenset()
