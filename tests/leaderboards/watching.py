"""An arena of honest voters whose taste is known, and voters to plant in it."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.arena.tables import Entry, Matchup, Vote, Voter
from app.database.doors import Database, insert
from app.leaderboards.runs import verify
from tests.leaderboards.factories import START, add_competition, add_models

NOW = START + timedelta(days=2)
MODELS, COMPETITIONS = 8, 3
Opinion = Callable[[int, int], str]
"""Places of the left and the right model, 0 the best, to an outcome."""


class World:
    """Eight models in three competitions, model 0 the best; voters are numbered from 1."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.rng = Random(7)
        self.models, self.competitions = database.write(self._found)
        with database.reading() as session:
            rows = session.execute(select(Entry.competition_id, Entry.model_id, Entry.id))
            self.entries = {(competition, model): entry for competition, model, entry in rows}

    def _found(self, session: Session) -> tuple[list[int], list[int]]:
        models = add_models(session, MODELS)
        return models, [add_competition(session, f"c{n}", models) for n in range(COMPETITIONS)]

    def honest(self, left: int, right: int) -> str:
        if self.rng.random() < 0.1:
            return "skip"
        return "a" if self.rng.random() < 1 / (1 + 2.0 ** ((left - right) / 2)) else "b"

    def crowd(self, voters: int = 30, matchups: int = 20) -> None:
        def work(session: Session) -> None:
            for _ in range(voters):
                self._judge(session, self.honest, matchups)

        self.database.write(work)
        self.count()

    def judge(self, opinion: Opinion, matchups: int, **of: Any) -> int:
        """So many matchups of one voter, a new one by default; returns their number. `of` is `_judge`'s."""
        return self.database.write(lambda session: self._judge(session, opinion, matchups, **of))

    def _judge(
        self,
        session: Session,
        opinion: Opinion,
        matchups: int,
        *,
        voter: int | None = None,
        network: bytes | None = None,
        at: datetime = START,
        simulated: bool = False,
        **of_vote: Any,
    ) -> int:
        who = voter or self._voter(session, at)
        known = session.execute(select(Matchup.low_entry_id, Matchup.high_entry_id).where(Matchup.voter_id == who))
        seen = {tuple(pair) for pair in known}
        number = session.query(Matchup).count()
        shown, votes = [], []
        assert len(seen) + matchups <= len(self.competitions) * MODELS * (MODELS - 1) / 2
        while len(shown) < matchups:
            competition, (left, right) = self.rng.choice(self.competitions), self._pair()
            entries = [self.entries[competition, self.models[side]] for side in (left, right)]
            if tuple(sorted(entries)) in seen:
                continue
            seen.add(tuple(sorted(entries)))
            number += 1
            shown.append(_matchup(number, who, competition, entries, at, network, simulated))
            outcome = opinion(left, right)
            counted = outcome != "skip"
            votes.append(
                {"matchup_id": number, "voter_id": who, "outcome": outcome, "cast_at": at, "dwell_ms": 5000}
                | {"counted": counted, "reason": None if counted else "skip"}
                | (of_vote if counted else {})
            )
        session.execute(insert(session, Matchup), shown)
        session.execute(insert(session, Vote), votes)
        return who

    def count(self) -> None:
        """The tallies, from the log."""
        for competition in self.competitions:
            self.database.write(lambda s: verify.rebuild_tallies(s, competition))  # noqa: B023

    def _voter(self, session: Session, at: datetime) -> int:
        row = Voter(first_seen=at)
        session.add(row)
        session.flush()
        return row.id

    def _pair(self) -> tuple[int, int]:
        left, right = self.rng.sample(range(MODELS), 2)
        return left, right


def _matchup(
    number: int,
    voter: int,
    competition: int,
    entries: list[int],
    at: datetime,
    network: bytes | None,
    simulated: bool,
) -> dict[str, Any]:
    return {
        "id": number,
        "public_id": number.to_bytes(16, "big"),
        "voter_id": voter,
        "competition_id": competition,
        "left_entry_id": entries[0],
        "right_entry_id": entries[1],
        "low_entry_id": min(entries),
        "high_entry_id": max(entries),
        "slot": 0,
        "issued_at": at,
        "expires_at": at,
        "closed_at": at,
        "network_key": network,
        "probability": 0.1,
        "simulated": simulated,
    }


class StopsShort:
    """A database that is switched off after so many writes."""

    def __init__(self, database: Database, writes: int) -> None:
        self.database, self.left = database, writes
        self.reading = database.reading

    def write(self, work: Callable[[Session], Any]) -> Any:
        if not self.left:
            raise KeyboardInterrupt
        self.left -= 1
        return self.database.write(work)


def lifts(place: int, honest: Opinion, rng: Random) -> Opinion:
    """Two votes of five for one model and against those above it, the others as honest people."""

    def opinion(left: int, right: int) -> str:
        wanted = [(one == place) - (one < place) for one in (left, right)]
        if wanted[0] == wanted[1] or rng.random() < 0.6:
            return honest(left, right)
        return "a" if wanted[0] > wanted[1] else "b"

    return opinion


def waits_for(model: int) -> Opinion:
    """Skips until the model shows, and votes for it."""
    return lambda left, right: "a" if left == model else "b" if right == model else "skip"


def against_all(left: int, right: int) -> str:
    return "b" if left < right else "a"
