"""Removes the demo: its votes and pictures, their effect on the boards, and the rating level they set."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.arena import ledger
from app.arena.entries import inputs, renditions
from app.arena.questions import retire_question
from app.arena.tables import Competition, Matchup
from app.database.doors import Database, execute
from app.demo import clear_arena
from app.demo.simulated_voters import FOLLOWS_PROMPT
from app.gateway.storage import Storage
from app.leaderboards.runs import refresh
from app.leaderboards.runs.verify import rebuild_tallies
from app.leaderboards.tables import Audit, Board, ModeAnchor, RatingHistory


@dataclass(frozen=True)
class ClearedCounts:
    """Counts of what was removed. Votes of people are only excluded, pictures they judged only withdrawn."""

    matchups: int
    excluded: int
    withdrawn: int
    deleted: int


def clear_demo(database: Database, storage: Storage, *, now: Callable[[], datetime]) -> ClearedCounts:
    """
    Remove the demo; the catalogue and the seeded competitions stay. Stopped half-way, a second call goes on.

    Tallies equal the log after every single transaction.
    """
    withdrawn = _repeat_until_none(lambda: database.write(partial(clear_arena.withdraw_entries, now=now())))
    with database.reading() as session:
        competitions = clear_arena.list_simulated_competitions(session)
    matchups = sum(
        _repeat_until_none(lambda: database.write(partial(_delete_simulated, competition_id=competition)))  # noqa: B023
        for competition in competitions
    )
    excluded = _repeat_until_none(lambda: database.write(partial(clear_arena.exclude_votes, now=now())))
    deleted = _repeat_until_none(lambda: _delete_entries(database, storage))
    _delete_competitions(database, storage)
    done = ClearedCounts(matchups, excluded, max(0, withdrawn - deleted), deleted)
    database.write(lambda session: _delete_board_history(session, done, now()))
    _rebuild_boards(database, now)
    return done


def _delete_simulated(session: Session, competition_id: int) -> int:
    deleted = clear_arena.delete_simulated(session, competition_id)
    if deleted:
        rebuild_tallies(session, competition_id)
        session.execute(delete(Audit))  # they weighed these votes
    return deleted


def _delete_entries(database: Database, storage: Storage) -> int:
    deleted = database.write(clear_arena.delete_entries)
    for key in (key for keys in deleted for key in keys):
        renditions.delete(storage, key)  # an original has one file, a rendition four, a sheet's two
    return len(deleted)


def _delete_competitions(database: Database, storage: Storage) -> None:
    """Delete the demo's image-edit competitions without entries, then their inputs."""
    for input_key in database.write(clear_arena.delete_competitions):
        for key in inputs.list_keys(input_key):
            storage.delete(key)


def _delete_board_history(session: Session, done: ClearedCounts, now: datetime) -> None:
    """Delete the rating history of demo models, and the level of modes that rests on demo models alone."""
    models = set(clear_arena.list_demo_models(session))
    execute(session, delete(RatingHistory).where(RatingHistory.model_id.in_(models)))
    for mode in session.scalars(select(ModeAnchor.mode).distinct()).all():
        anchors = session.scalars(select(ModeAnchor).where(ModeAnchor.mode == mode)).all()
        if all(models.issuperset(anchor.model_ids) for anchor in anchors):
            execute(session, delete(ModeAnchor).where(ModeAnchor.mode == mode))
    asks = session.scalar(select(Matchup.id).where(Matchup.question == FOLLOWS_PROMPT).limit(1))
    if any(vars(done).values()) and asks is None:
        retire_question(session, FOLLOWS_PROMPT, now=now, reason="it was the demo's, and no vote is left on it")
    if any(vars(done).values()):
        ledger.note(session, ledger.DEMO_CLEARED, "demo", now=now, **vars(done))


def _rebuild_boards(database: Database, now: Callable[[], datetime]) -> None:
    with database.reading() as session:
        modes = {*session.scalars(select(Competition.mode)), *session.scalars(select(Board.mode))}
    for mode in sorted(modes):
        refresh.rebuild(database, mode, now=now())


def _repeat_until_none(step: Callable[[], int]) -> int:
    total = 0
    while done := step():
        total += done
    return total
