"""Takes the demo away: its votes and pictures, what they did to the boards, and the level they set."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.arena import ledger
from app.arena.tables import Competition
from app.database.doors import Database, execute
from app.demo import clear_arena
from app.gateway.storage import Storage
from app.leaderboards.runs import refresh
from app.leaderboards.runs.verify import rebuild_tallies
from app.leaderboards.tables import Anchor, Audit, RatingHistory


@dataclass(frozen=True)
class Cleared:
    """How much went: people's votes are kept and no longer counted, pictures they judged are only withdrawn."""

    matchups: int
    excluded: int
    withdrawn: int
    deleted: int


def clear(database: Database, storage: Storage, *, now: Callable[[], datetime]) -> Cleared:
    """
    Remove the demo; the catalogue and the competitions stay. Stopped half-way, a second call goes on.

    Tallies equal the log after every single write.
    """
    withdrawn = _until_none(lambda: database.write(partial(clear_arena.withdraw, now=now())))
    with database.reading() as session:
        competitions = clear_arena.simulated_competitions(session)
    matchups = sum(
        _until_none(lambda: database.write(partial(_delete_simulated, competition_id=competition)))  # noqa: B023
        for competition in competitions
    )
    excluded = _until_none(lambda: database.write(partial(clear_arena.exclude, now=now())))
    deleted = _until_none(lambda: _delete_entries(database, storage))
    done = Cleared(matchups, excluded, max(0, withdrawn - deleted), deleted)
    database.write(lambda session: _forget(session, done, now()))
    _rebuild(database, now)
    return done


def _delete_simulated(session: Session, competition_id: int) -> int:
    deleted = clear_arena.delete_simulated(session, competition_id)
    if deleted:
        rebuild_tallies(session, competition_id)
        session.execute(delete(Audit))  # they weighed these votes
    return deleted


def _delete_entries(database: Database, storage: Storage) -> int:
    keys = database.write(clear_arena.delete_entries)
    for key in keys:
        storage.delete(key)
    return len(keys) // 2


def _forget(session: Session, done: Cleared, now: datetime) -> None:
    """What boards remember of demo models, and a level that rests on nothing else."""
    models = set(clear_arena.demo_models(session))
    execute(session, delete(RatingHistory).where(RatingHistory.model_id.in_(models)))
    for mode in session.scalars(select(Anchor.mode).distinct()).all():
        anchors = session.scalars(select(Anchor).where(Anchor.mode == mode)).all()
        if all(models.issuperset(anchor.model_ids) for anchor in anchors):
            execute(session, delete(Anchor).where(Anchor.mode == mode))
    if any(vars(done).values()):
        ledger.note(session, ledger.DEMO_CLEARED, "demo", now=now, **vars(done))


def _rebuild(database: Database, now: Callable[[], datetime]) -> None:
    with database.reading() as session:
        modes = session.scalars(select(Competition.mode).distinct().order_by(Competition.mode)).all()
    for mode in modes:
        refresh.rebuild(database, mode, now=now())


def _until_none(step: Callable[[], int]) -> int:
    total = 0
    while done := step():
        total += done
    return total
