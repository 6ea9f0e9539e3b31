"""Runs know who voted: exactly in a small arena, by an aggregate with its age in a large one."""

from typing import Any

import numpy as np
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.arena.tables import Competition, Vote
from app.arena.voting.vote_casting import annotate
from app.catalog.tables import ImageModel
from app.database.doors import Database
from app.leaderboards.integrity import audit
from app.leaderboards.runs import refresh, snapshot, voters
from app.leaderboards.runs.verify import verify
from app.leaderboards.tables import VoterSums
from app.leaderboards.views.boards import read_current_run
from app.words import BETTER, Reason
from tests.leaderboards.factories import MODE, START, cast
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


def as_counts(rows: voters.VoterRows) -> dict[tuple[int, ...], tuple[int, ...]]:
    """Add up what rows say by competition, voter and pair, for a pair that was judged twice may have two rows."""
    sums: dict[tuple[int, ...], Any] = {}
    for *place, a, b, tie, both_bad in rows.rows.tolist():
        sums[tuple(place)] = np.add(sums.get(tuple(place), 0), (a, b, tie, both_bad))
    return {place: tuple(counts.tolist()) for place, counts in sums.items() if counts.any()}


def recalled(database: Database) -> dict[tuple[int, ...], tuple[int, ...]]:
    """Return what this process knows of the voters, which must be what the log says."""
    with database.reading() as session:
        tallies = snapshot.as_rows(snapshot.read_tallies(session, MODE))
        votes = {one: int(tallies[tallies[:, 0] == one, 3:].sum()) for one in set(tallies[:, 0].tolist())}
        known = as_counts(voters.recall_rows(session, MODE, BETTER, votes))
        assert known == as_counts(voters.read_rows(session, MODE))
    return known


def test_what_a_process_knows_of_voters_is_what_the_log_says(database: Database) -> None:
    """After votes that were added, taken back, counted again, skipped, and committed late."""
    judged(database, 200)
    with database.reading() as session:
        models, competitions = field_of(session)
        last = session.scalars(select(Vote).where(Vote.counted).order_by(Vote.id.desc())).first()
    assert last is not None
    before = recalled(database)
    assert recalled(database) == before
    for outcome in ("a", "b", "skip", "both_bad"):
        database.write(lambda session: cast(session, competitions[0], *models[:2], outcome) and None)  # noqa: B023
        recalled(database)
    exclude(database, last.id, Reason.QUARANTINED)
    assert recalled(database) != before
    database.write(lambda session: cast(session, competitions[1], *models[2:4], "tie") and None)
    exclude(database, last.id, None)
    recalled(database)
    # Of one moment: one more and one less, so that the number of votes stays.
    database.write(lambda session: cast(session, competitions[2], *models[2:4], "a") and None)
    exclude(database, last.id, Reason.QUARANTINED)
    recalled(database)


def test_what_a_process_knows_is_read_vote_by_vote(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    judged(database, 200)
    with database.reading() as session:
        models, competitions = field_of(session)
    before = recalled(database)

    def read_rows(*_: object) -> None:
        raise AssertionError("a new vote had the log read anew")

    database.write(lambda session: cast(session, competitions[0], *models[:2], "a") and None)
    monkeypatch.setattr(voters, "read_rows", read_rows)
    with database.reading() as session:
        tallies = snapshot.as_rows(snapshot.read_tallies(session, MODE))
        votes = {one: int(tallies[tallies[:, 0] == one, 3:].sum()) for one in competitions}
        known = as_counts(voters.recall_rows(session, MODE, BETTER, votes))
    assert len(known) == len(before) + 1


def field_of(session: Session) -> tuple[list[int], list[int]]:
    """List the ids of the models and the competitions."""
    return list(session.scalars(select(ImageModel.id))), list(session.scalars(select(Competition.id)))


def exclude(database: Database, vote: int, reason: str | None) -> None:
    """Exclude a vote with a reason, or count it again."""
    database.write(lambda session: annotate(session, vote, now=START, reason=reason, actor="test") and None)
