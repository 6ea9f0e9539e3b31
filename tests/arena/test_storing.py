"""Many votes at once are what each would be by itself."""

import random
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from app.arena import errors
from app.arena.entries import competitions
from app.arena.people.policy import PUBLIC
from app.arena.tables import Competition, Matchup, Tally, Vote, Voter
from app.arena.voting import vote_casting
from app.arena.voting.vote_casting import Ballot, UnchargedMatchup, VoteRecord
from app.database.doors import Database
from app.database.group_commit import LostRace
from app.words import OUTCOMES
from tests.arena.test_voting import from_log, tallies
from tests.factories import NOW, issue, later, make_arena

VOTERS = [bytes([n]) * 16 for n in range(12)]


def ballot(voter: bytes, matchup: bytes, outcome: str, now: datetime) -> Ballot:
    return Ballot(voter, matchup, outcome, now, matchup_seconds=1800)


def cast_all(database: Database, ballots: list[Ballot]) -> list[VoteRecord | Exception]:
    return database.write(lambda s: vote_casting.cast_votes(s, ballots)[0])


def test_a_crowd_is_stored_and_counted(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=3, models=4)
    rng = random.Random(5)
    outcomes = [*OUTCOMES, *rng.choices(OUTCOMES, k=7)]
    ballots = [
        ballot(who, issue(database, who, rng=rng).public_id, outcome, later(seconds=n))
        for n, (who, outcome) in enumerate(zip(VOTERS, outcomes, strict=True))
    ]
    answers = cast_all(database, ballots)
    assert [answer.outcome for answer in answers if isinstance(answer, VoteRecord)] == outcomes
    assert tallies(database) == from_log(database)
    with database.reading() as session:
        stored = session.execute(
            select(Vote.outcome, Vote.cast_at, Vote.counted, Vote.reason).order_by(Vote.cast_at)
        )
        expected = [
            (one.outcome, one.now, one.outcome != "skip", "skip" if one.outcome == "skip" else None)
            for one in ballots
        ]
        assert [tuple(row) for row in stored] == expected
        assert session.scalar(select(func.sum(Voter.votes))) == sum(one.counted for one in answers)  # type: ignore[union-attr]
        assert session.scalar(select(func.sum(Competition.version))) == sum(
            sum(cells) for cells in tallies(database).values()
        )
        assert session.scalars(select(Matchup.closed_at).order_by(Matchup.closed_at)).all() == [
            one.now for one in ballots
        ]


def test_each_choice_in_a_crowd_is_answered_for_itself(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=2, models=4)
    shut, again, late = (issue(database, who) for who in VOTERS[:3])
    cast_all(database, [ballot(VOTERS[1], again.public_id, "a", NOW)])
    good = [issue(database, who) for who in VOTERS[3:5]]
    database.write(lambda s: competitions.set_status(s, shut.slug, "closed", now=NOW))
    open_still = [(who, one) for who, one in zip(VOTERS[3:5], good, strict=True) if one.slug != shut.slug]
    results = cast_all(
        database,
        [
            ballot(VOTERS[0], shut.public_id, "a", NOW),
            ballot(VOTERS[1], again.public_id, "a", NOW),
            ballot(VOTERS[1], again.public_id, "b", NOW),
            ballot(VOTERS[5], again.public_id, "a", NOW),
            ballot(VOTERS[2], bytes(16), "a", NOW),
            ballot(VOTERS[2], late.public_id, "a", later(hours=1)),
            *(ballot(who, one.public_id, "tie", NOW) for who, one in open_still),
        ],
    )
    kinds = [type(result) for result in results]
    late_is = errors.MatchupClosed if late.slug == shut.slug else errors.MatchupExpired
    assert kinds == [
        errors.MatchupClosed,
        VoteRecord,
        errors.OutcomeStands,
        errors.MatchupNotFound,
        errors.MatchupNotFound,
        late_is,
        *[VoteRecord for _ in open_still],
    ]


def test_of_one_voters_ballots_the_first_is_stored_and_the_others_are_asked_again(
    database: Database, tmp_path: Path
) -> None:
    make_arena(database, tmp_path, models=6)
    first, second = (issue(database, now=later(seconds=n)) for n in range(2))
    voter = b"v" * 16
    ballots = [ballot(voter, one.public_id, "a", NOW) for one in (first, first, second)]
    kinds = [type(result) for result in cast_all(database, ballots)]
    assert kinds == [VoteRecord, LostRace, LostRace] or (first.public_id == second.public_id)
    assert [type(result) for result in cast_all(database, ballots)] == [VoteRecord, VoteRecord, VoteRecord]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Vote)) == 2
        assert session.scalar(select(Voter.votes)) == 2


def test_what_nobody_looked_at_is_charged_before_it_is_stored(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    unseen = ballot(VOTERS[0], issue(database, VOTERS[0]).public_id, "a", NOW)._replace(policy=PUBLIC)
    assert isinstance(cast_all(database, [unseen])[0], UnchargedMatchup)
    database.write(lambda s: vote_casting.charge_unseen(s, unseen))
    [vote] = cast_all(database, [unseen])
    assert isinstance(vote, VoteRecord)
    assert vote.reason == "unseen"


def test_the_database_by_itself_keeps_one_vote_a_matchup(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    cast_all(database, [ballot(VOTERS[0], issue(database, VOTERS[0]).public_id, "a", NOW)])
    twice = insert(Vote).from_select(
        ["matchup_id", "voter_id", "outcome", "cast_at", "counted"],
        select(Vote.matchup_id, Vote.voter_id, Vote.outcome, Vote.cast_at, Vote.counted),
        include_defaults=False,
    )
    with pytest.raises(IntegrityError):
        database.write(lambda s: s.execute(twice))
    with database.reading() as session:
        assert session.scalar(select(func.sum(Tally.left_wins))) == 1
