"""Runs know who voted: exactly in a small arena, by an aggregate with its age in a large one."""

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.arena.tables import Vote
from app.database.doors import Database
from app.leaderboards.integrity import audit
from app.leaderboards.runs import refresh, voters
from app.leaderboards.runs.verify import verify
from app.leaderboards.tables import VoterSums
from app.leaderboards.views.boards import read_current_run
from tests.leaderboards.factories import MODE, START
from tests.leaderboards.logs import judged
from tests.leaderboards.reading import current, standings


def half_widths(database: Database, key: str = MODE) -> list[float]:
    return [(row.rating_high - row.rating_low) / 2 for row in standings(database, key).values()]


def by_one_voter(database: Database) -> None:
    """The same votes, as if one person had cast them all."""

    def work(session: Session) -> None:
        first = session.scalars(select(Vote.voter_id).order_by(Vote.id)).first()
        session.execute(update(Vote).values(voter_id=first))

    database.write(work)
    refresh.rebuild(database, MODE, now=START)


@pytest.mark.parametrize("key", [MODE, f"{MODE}/portrait", "competition:c1"])
def test_one_voters_board_says_so(database: Database, key: str) -> None:
    judged(database)
    many = half_widths(database, key)
    said = current(database, key).parts
    assert said is not None
    assert said["voters"]["count"] > 10
    by_one_voter(database)
    said = current(database, key).parts
    assert said is not None
    assert said["voters"]["count"] == 1
    with database.reading() as session:
        run = read_current_run(session, key)
    assert run is not None
    assert (run.voters, run.voters_of) == (1, None)
    assert all(weight > 0.9 for weight in said["voters"]["weights"].values())
    assert all(one > before + 5 for one, before in zip(half_widths(database, key), many, strict=True))
    assert verify(database).is_exact


def test_a_run_of_another_voter_count_is_found_out(database: Database) -> None:
    """Who voted is part of what a board says: the log decides."""
    judged(database)

    def work(session: Session) -> None:
        first = session.scalars(select(Vote.voter_id).order_by(Vote.id)).first()
        session.execute(update(Vote).values(voter_id=first))

    database.write(work)
    assert "rating_low" in str(verify(database).differences)


def test_a_large_arena_uses_an_aggregate(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    judged(database)
    exact = half_widths(database)
    monkeypatch.setattr(voters, "AT_ONCE", 10)
    refresh.rebuild(database, MODE, now=START)
    said = current(database, MODE).parts
    assert said is not None
    votes = current(database, MODE).votes
    assert said["voters"]["votes"] == votes
    assert half_widths(database) == pytest.approx(exact, rel=1e-9)
    report = verify(database)
    assert (report.differences, report.stale) == ((), 0)


def test_an_old_aggregate_tells_its_age(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the votes have grown by a tenth, or a sweep renews it."""
    monkeypatch.setattr(voters, "AT_ONCE", 10)
    judged(database)
    aged = current(database, MODE).parts
    assert aged is not None

    def older(session: Session) -> None:
        session.execute(update(VoterSums).values(votes=VoterSums.votes - 20))

    database.write(older)
    refresh.rebuild(database, MODE, now=START)
    said = current(database, MODE).parts
    assert said is not None
    assert said["voters"]["votes"] == aged["voters"]["votes"] - 20
    audit.audit_boards(database, now=START)
    refresh.rebuild(database, MODE, now=START)
    said = current(database, MODE).parts
    assert said is not None
    assert said["voters"]["votes"] == current(database, MODE).votes


def test_when_an_aggregate_is_due() -> None:
    assert voters.is_due(None, 20_000)
    assert not voters.is_due(None, voters.MOST + 1)
