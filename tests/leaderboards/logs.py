"""Arenas with a log of every sort of vote, written in bulk: counted, skipped, undone and excluded ones."""

import random
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from app.arena.tables import Entry, Matchup, Vote, Voter
from app.database.doors import Database
from app.leaderboards.runs import refresh, voters
from app.leaderboards.runs.verify import rebuild_tallies
from tests.leaderboards.factories import MODE, START, add_category, add_competition, add_models
from tests.snapshots import make_once

OUTCOMES = ("a", "b", "tie", "both_bad")


def field(database: Database, models: int = 7) -> tuple[list[int], list[int]]:
    """Models in three competitions, under two categories, one and none; nobody has voted."""

    def work(session: Session) -> tuple[list[int], list[int]]:
        ids = add_models(session, models)
        portrait, food = add_category(session, "portrait"), add_category(session, "food")
        filed = {1: [portrait, food], 2: [portrait]}
        return ids, [add_competition(session, f"c{n}", ids, filed.get(n, [])) for n in (1, 2, 3)]

    return database.write(work)


def judged(database: Database, votes: int = 1200, *, simulated: bool = False) -> None:
    """Earlier models are better. Boards are computed twice, so that the anchor is older than the last votes."""
    name = "judged", votes, simulated, voters.AT_ONCE
    make_once(database, name, lambda: _judge(database, votes, simulated=simulated))


def _judge(database: Database, votes: int, *, simulated: bool) -> None:
    models, competitions = field(database)
    rng = random.Random(5)
    half = votes * 4 // 5
    for part in (range(half), range(half, votes)):
        database.write(
            lambda session: vote(session, rng, models, competitions, part, simulated=simulated)  # noqa: B023
        )
        refresh.rebuild(database, MODE, now=START)


def vote(
    session: Session,
    rng: random.Random,
    models: Sequence[int],
    competitions: Sequence[int],
    numbers: range,
    *,
    simulated: bool,
) -> None:
    entries = {
        (row.competition_id, row.model_id): row.id
        for row in session.execute(select(Entry.competition_id, Entry.model_id, Entry.id))
    }
    drawn = [(number, rng.choice(competitions), *rng.sample(models, 2)) for number in numbers]
    voters = _voters(session, drawn)
    made = [_one(rng, entries, voters, *one) for one in drawn]
    matchups = [matchup | {"simulated": simulated and number % 3 == 0} for number, (matchup, _) in enumerate(made)]
    added = session.execute(insert(Matchup).returning(Matchup.public_id, Matchup.id), matchups)
    ids = dict(added.all())
    rows = [row | {"matchup_id": ids[matchup["public_id"]]} for matchup, row in made]
    session.execute(insert(Vote), rows)
    standing = Counter(row["voter_id"] for row in rows if row["outcome"] != "skip" and row["undone_at"] is None)
    for voter, count in standing.items():
        session.get_one(Voter, voter).votes += count
    session.flush()
    for competition in competitions:
        rebuild_tallies(session, competition)


def _voters(session: Session, drawn: list[Any]) -> dict[int, int]:
    """Vote to voter: nobody judges a pair twice, so that the next vote on it has the next voter."""
    first = (session.scalar(select(func.max(Voter.id))) or 0) + 1
    seen: Counter[tuple[int, int, int]] = Counter()
    chosen = {}
    for number, competition, left, right in drawn:
        pair = (competition, min(left, right), max(left, right))
        chosen[number] = first + seen[pair]
        seen[pair] += 1
    session.add_all(Voter(first_seen=START, votes=0) for _ in range(max(seen.values())))
    session.flush()
    return chosen


def _one(
    rng: random.Random,
    entries: dict[tuple[int, int], int],
    voters: dict[int, int],
    number: int,
    competition: int,
    left: int,
    right: int,
) -> tuple[dict[str, Any], dict[str, Any]]:
    one, other = entries[competition, left], entries[competition, right]
    better = "a" if left < right else "b"
    outcome = better if rng.random() < 0.6 else rng.choice(OUTCOMES)
    reason = {5: "undone", 11: "voter_cap", 17: "skip"}.get(number % 40)
    at = START + timedelta(seconds=7 * number, milliseconds=rng.randrange(1000))
    matchup = {
        "public_id": number.to_bytes(16, "big"),
        "voter_id": voters[number],
        "competition_id": competition,
        "left_entry_id": one,
        "right_entry_id": other,
        "low_entry_id": min(one, other),
        "high_entry_id": max(one, other),
        "slot": 0,
        "issued_at": at - timedelta(seconds=4),
        "expires_at": at,
        "closed_at": at,
        "probability": rng.random(),
        "seen_before": number % 11 == 0,
    }
    row = {
        "voter_id": voters[number],
        "outcome": "skip" if reason == "skip" else outcome,
        "cast_at": at,
        "dwell_ms": rng.choice([None, rng.randrange(90_000)]),
        "counted": reason is None,
        "reason": reason,
        "undone_at": at + timedelta(seconds=9) if reason == "undone" else None,
    }
    return matchup, row
