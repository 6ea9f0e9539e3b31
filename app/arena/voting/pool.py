"""What may be shown, kept by each process: read once a second at most, while others use what was read before."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain

import numpy as np
from sqlalchemy import Select, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from app.arena.tables import Competition, Entry, Tally
from app.arena.voting import lanes
from app.arena.voting.lanes import Contestant, Ints, Meetings
from app.arena.voting.matchmaking import NO_ROWS, PairingState, weighed
from app.catalog.tables import ImageModel
from app.database.doors import Database
from app.database.statements import Prepared

REBUILD_SECONDS = 1.0

Rows = list[tuple[int, int, int, int]]
Counted = dict[int, tuple[int, Ints]]
"""By competition: its version, and its tallies as `lanes.knowledge` wants them."""


@dataclass(frozen=True, eq=False)
class _Reading:
    """A state with what it was made of, so that the next one reads only what has changed."""

    contestants: Rows
    meetings: Meetings
    counted: Counted
    state: PairingState
    at: float = 0.0


class Pool:
    """The pairing state of each mode."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: dict[str, _Reading] = {}
        self._turns: dict[str, threading.Lock] = {}

    def state(self, session: Session, mode: str, *, today: date, fresh: bool = False) -> PairingState:
        """
        What may be shown in this mode, up to a second old or as old as a rebuild takes that is under way.

        `fresh` asks whether entries have come or gone meanwhile, and waits for the answer.
        """
        kept, turn = self._kept.get(mode), self._turns.setdefault(mode, threading.Lock())
        must = kept is None or fresh
        if kept is not None and not must and not self._is_old(kept):
            return kept.state
        if not turn.acquire(blocking=must):
            return self._kept[mode].state
        try:
            return self._renewed(session, mode, today, fresh=fresh)
        finally:
            turn.release()

    def renew(self, database: Database, mode: str, *, today: date) -> None:
        """Rebuild an old state now, after a response has left, so that no voter has to."""
        kept = self._kept.get(mode)
        if kept is None or self._is_old(kept):
            with database.reading() as session:
                self.state(session, mode, today=today)

    def _renewed(self, session: Session, mode: str, today: date, *, fresh: bool) -> PairingState:
        kept = self._kept.get(mode)
        if kept and not fresh and not self._is_old(kept):
            return kept.state  # somebody else's turn came first
        if kept and fresh and _contestants(session, mode, today) == kept.contestants:
            return kept.state
        reading = _read(session, mode, today, kept, self._clock())
        self._kept[mode] = reading
        return reading.state

    def _is_old(self, kept: _Reading) -> bool:
        return self._clock() - kept.at >= REBUILD_SECONDS


def read_state(session: Session, mode: str, today: date) -> PairingState:
    """What may be shown in this mode, now."""
    return _read(session, mode, today, None, 0.0).state


def _read(session: Session, mode: str, today: date, before: _Reading | None, at: float) -> _Reading:
    contestants = _contestants(session, mode, today)
    counted = _counted(session, mode, before.counted if before else {})
    if before and contestants == before.contestants:
        if counted is before.counted:
            return replace(before, at=at)
        meetings = before.meetings
    else:
        meetings = lanes.meetings(Contestant(*row) for row in contestants)
    rows = np.concatenate([NO_ROWS, *(rows for _, rows in counted.values())])
    votes = {competition: int(rows[:, 3:].sum()) for competition, (_, rows) in counted.items()}
    state = weighed(meetings, votes, _battles(rows), lanes.knowledge(meetings.model_ids, rows))
    return _Reading(contestants, meetings, counted, state, at)


def _battles(rows: Ints) -> dict[int, int]:
    played = rows[:, 3:].sum(axis=1)
    models, place = np.unique(rows[:, 1:3], return_inverse=True)
    shown = np.bincount(place.ravel(), np.repeat(played, 2), models.size)
    return dict(zip(models.tolist(), shown.astype(int).tolist(), strict=True))


def _contestants(session: Session, mode: str, today: date) -> Rows:
    return _STANDING.all(session, mode=mode, today=today.isoformat())


def _standing() -> Select[int, int, int, int]:
    retired = and_(ImageModel.sunset.is_not(None), ImageModel.sunset <= bindparam("today"))
    return (
        select(Entry.id, Entry.competition_id, Entry.model_id, Entry.perceptual_hash)
        .join(Competition, Competition.id == Entry.competition_id)
        .join(ImageModel, ImageModel.id == Entry.model_id)
        .where(
            Competition.mode == bindparam("mode"),
            Competition.status == "open",
            Entry.role == "contestant",
            Entry.withdrawn_at.is_(None),
            or_(Competition.retired_models, ~retired),
        )
        .order_by(Entry.id)
    )


_STANDING = Prepared(lambda _: _standing())


def _counted(session: Session, mode: str, before: Counted) -> Counted:
    """Tallies of every competition of the mode, closed ones too; read only where the version moved on."""
    current = select(Competition.id, Competition.version).where(Competition.mode == mode, Competition.version > 0)
    versions = dict(session.execute(current).all())
    if versions == {c: version for c, (version, _) in before.items()}:
        return before
    kept = {c: found for c, found in before.items() if versions.get(c) == found[0]}
    place = (Tally.competition_id, Tally.left_model_id, Tally.right_model_id)
    counts = (Tally.left_wins, Tally.right_wins, Tally.ties, Tally.both_bad)
    changed = [c for c in versions if c not in kept]
    found = session.execute(select(*place, *counts).where(Tally.competition_id.in_(changed)))
    table = np.fromiter(chain.from_iterable(found), np.int64).reshape(-1, 7)
    return kept | {c: (versions[c], table[table[:, 0] == c]) for c in changed}
