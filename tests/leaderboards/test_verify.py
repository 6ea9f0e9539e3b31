"""Whatever differs from the log of votes is found and named, and can be repaired."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.arena.tables import Competition, LedgerLine, Tally, Vote
from app.arena.voting import vote_casting
from app.database.doors import Database
from app.leaderboards.runs.refresh import refresh
from app.leaderboards.runs.verify import recompute, verify
from app.leaderboards.tables import Board, RatingRun, Standing
from tests.leaderboards import factories
from tests.leaderboards.factories import MODE, START
from tests.leaderboards.reading import rest_over, stale_keys, standings


@pytest.fixture
def voted(database: Database) -> Database:
    """Three competitions with real votes of every kind, refreshed."""

    def work(session: Session) -> None:
        models = factories.add_models(session, 4)
        portrait = factories.add_category(session, "portrait")
        for number in (1, 2, 3):
            made = factories.add_competition(session, f"c{number}", models, [portrait] if number < 3 else [])
            for left in range(4):
                for right in range(4):
                    if left != right:
                        outcome = ["a", "b", "tie", "both_bad"][(left + 2 * right + number) % 4]
                        factories.cast(session, made, models[left], models[right], outcome)
            factories.cast(session, made, models[0], models[1], "skip")
            factories.cast(session, made, models[0], models[1], "a", undone=True)
            factories.cast(session, made, models[0], models[1], "a", counted=False)

    database.write(work)
    refresh(database, MODE, now=START, refresh_seconds=0)
    return database


def tamper(database: Database, work: Callable[[Session], Any]) -> None:
    database.write(lambda session: work(session) and None)


def kinds(database: Database) -> set[str]:
    return {difference.kind for difference in verify(database).differences}


def test_untouched_is_exact(voted: Database) -> None:
    report = verify(voted)
    assert (report.differences, report.is_exact) == ((), True)
    assert (report.votes, report.tallies, report.boards, report.stale) == (36, 36, 5, 0)


def test_nothing_to_verify_is_exact(database: Database) -> None:
    assert verify(database).is_exact


def test_a_competition_that_borrowed_long_ago_is_still_exact(voted: Database) -> None:
    def work(session: Session) -> None:
        made = session.scalars(select(Competition.id).where(Competition.slug == "c3")).one()
        one, two = session.scalars(select(Standing.model_id).distinct().order_by(Standing.model_id).limit(2))
        factories.cast(session, made, one, two, "a")

    voted.write(work)
    assert verify(voted).stale == 2
    rest_over(voted)
    refresh(voted, MODE, now=START, refresh_seconds=0)
    report = verify(voted)
    assert (report.differences, report.stale, report.votes) == ((), 0, 37)


def test_a_tampered_tally(voted: Database) -> None:
    tamper(voted, lambda session: session.execute(update(Tally).values(left_wins=Tally.left_wins + 1)))
    report = verify(voted)
    assert len(report.differences) == 36
    assert report.differences[0].kind == "tally"
    assert report.differences[0].subject == "c1: model-1 | model-2"


def test_an_invented_tally(voted: Database) -> None:
    def work(session: Session) -> None:
        newcomer = factories.add_models(session, 1)[0]
        session.add(
            Tally(
                competition_id=session.scalars(select(Competition.id)).first(),
                left_model_id=newcomer,
                right_model_id=newcomer - 1,
                left_wins=1,
            )
        )

    voted.write(work)
    assert [difference.from_log for difference in verify(voted).differences] == [
        "left 0, right 0, tie 0, both bad 0"
    ]


def test_a_tampered_standing(voted: Database) -> None:
    for change in (
        {"rating": Standing.rating + 1e-5},
        {"rank": 9},
        {"wins": Standing.wins + 1},
        {"provisional": False},
    ):
        tamper(voted, lambda session, change=change: session.execute(update(Standing).values(change)))
        assert kinds(voted) == {"standing"}, change
        recompute(voted, now=START)
        assert kinds(voted) == set()


def test_a_missing_standing(voted: Database) -> None:
    first = min(standings(voted, MODE))
    tamper(voted, lambda session: session.execute(delete(Standing).where(Standing.model_id == first)))
    missing = [one.subject for one in verify(voted).differences if one.stored == "missing"]
    assert missing[:2] == [f"{MODE}: model-1", f"{MODE}/portrait: model-1"]


def test_a_tampered_run(voted: Database) -> None:
    for change in ({"votes": 1}, {"tallies_sha256": ""}, {"tau2": 9.0}, {"ranked": 1}):
        tamper(voted, lambda session, change=change: session.execute(update(RatingRun).values(change)))
        assert "run" in kinds(voted), change
        recompute(voted, now=START)
        assert kinds(voted) == set()


def test_a_missing_vote(voted: Database) -> None:
    first = select(Vote.id).where(Vote.counted).limit(1).scalar_subquery()
    tamper(voted, lambda session: session.execute(delete(Vote).where(Vote.id == first)))
    report = verify(voted)
    assert report.votes == 35
    assert [one.subject for one in report.differences if one.kind == "tally"] == ["c1: model-1 | model-2"]
    assert {"run", "standing"} <= {one.kind for one in report.differences}


def test_excluded_votes_and_votes_counted_again(voted: Database) -> None:
    rng = Random(3)
    with voted.reading() as session:
        votes = list(session.scalars(select(Vote.id).where(Vote.outcome != "skip")))
    for _ in range(60):
        vote, reason = rng.choice(votes), rng.choice([None, "sweep"])
        voted.write(
            lambda s, vote=vote, why=reason: vote_casting.annotate(s, vote, now=START, reason=why, actor="ann")
        )
    rest_over(voted)
    refresh(voted, MODE, now=START, refresh_seconds=0)
    report = verify(voted)
    assert (report.differences, report.stale) == ((), 0)
    assert 0 < report.votes < len(votes)


def test_recompute_repairs(voted: Database) -> None:
    before = {key: rating(voted, key) for key in (MODE, f"{MODE}/portrait", "competition:c1")}

    def work(session: Session) -> None:
        session.execute(update(Tally).where(Tally.left_wins == 1).values(left_wins=5))
        session.execute(update(Standing).values(rating=1))
        session.execute(update(Board).values(claim="somebody", claim_until=2**60, next_refresh_at=2**60))

    voted.write(work)
    done = recompute(voted, now=START)
    assert done.repaired == ("c1", "c2", "c3")
    assert len(done.boards) == 5
    assert (verify(voted).differences, stale_keys(voted)) == ((), [])
    assert {key: rating(voted, key) for key in before} == before
    assert recompute(voted, now=START).repaired == ()
    with voted.reading() as session:
        lines = session.scalars(select(LedgerLine.subject).where(LedgerLine.action == "tallies.repaired")).all()
    assert lines == ["competition:c1", "competition:c2", "competition:c3"]


def rating(database: Database, key: str) -> list[float]:
    return [row.rating for _, row in sorted(standings(database, key).items())]
