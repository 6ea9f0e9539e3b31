"""A log with its manifest into this arena: the level of its boards first, its votes next, the boards at last."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.arena import ledger
from app.arena.log import vote_import
from app.arena.tables import LedgerLine
from app.catalog import lookup
from app.database.doors import Database
from app.leaderboards.open_data import manifest
from app.leaderboards.open_data.manifest import InvalidManifest, VotesManifest
from app.leaderboards.runs import refresh
from app.leaderboards.runs.scopes import list_modes
from app.leaderboards.tables import ModeAnchor

IMPORTED = "votes.imported"


@dataclass(frozen=True)
class VotesImport:
    """The result of an import of votes; `anchors` are the modes that took over the level of the log's boards."""

    votes: int
    already: int
    voters: int
    anchors: tuple[str, ...]
    boards: tuple[str, ...]


def import_votes(database: Database, file: Path, *, now: datetime, progress: Callable[[int], None]) -> VotesImport:
    """
    Import a log that lies beside its manifest, and compute the boards anew.

    Where this arena has the same competitions and entries and no votes of its own, its boards become those of the
    other to the last bit. Raises InvalidManifest and InvalidImport before anything is stored.
    """
    facts = manifest.read_manifest(file)
    if facts.kind != "log":
        raise InvalidManifest(f"{file.name} is open data, for reading: only `votes export --full` comes back.")
    with database.reading() as session:
        vote_import.check_log(session, file, facts.format)
    anchors = database.write(lambda session: _take_anchors(session, facts, now))
    note = partial(_note, file=file, facts=facts, now=now)
    done = vote_import.import_log(database, file, facts.format, progress=progress, note=note)
    with database.reading() as session:
        modes = list_modes(session)
    boards = [key for mode in modes for key in refresh.rebuild(database, mode, now=now)] if done.votes else []
    return VotesImport(done.votes, done.already, done.voters, anchors, tuple(boards))


def _take_anchors(session: Session, facts: VotesManifest, now: datetime) -> tuple[str, ...]:
    """Take over the anchors of modes that have none yet, unless they name models unknown here."""
    taken = []
    for mode in sorted({anchor.mode for anchor in facts.anchors}):
        if session.scalars(select(exists().where(ModeAnchor.mode == mode))).one():
            continue
        versions = [anchor for anchor in facts.anchors if anchor.mode == mode]
        ids = lookup.ids(session, {slug for anchor in versions for slug in anchor.models})
        if any(slug not in ids for anchor in versions for slug in anchor.models):
            continue
        for anchor in versions:
            session.add(
                ModeAnchor(
                    mode=mode,
                    version=anchor.version,
                    model_ids=[ids[slug] for slug in anchor.models],
                    value=anchor.value,
                    created_at=anchor.created_at,
                    detail={"imported": True},
                )
            )
        ledger.note(session, "anchor.imported", f"mode:{mode}", now=now, versions=len(versions))
        taken.append(mode)
    return tuple(taken)


def _note(session: Session, votes: int, *, file: Path, facts: VotesManifest, now: datetime) -> None:
    """Note so many more votes of a log in its line of the ledger, so that a stopped import is told as well."""
    subject = f"file:{facts.sha256}"
    ours = select(LedgerLine).where(LedgerLine.action == IMPORTED, LedgerLine.subject == subject)
    line = session.scalars(ours.order_by(LedgerLine.id.desc()).limit(1)).first()
    if line is None:
        ledger.note(session, IMPORTED, subject, now=now, file=file.name, votes=votes)
    else:
        line.detail = line.detail | {"votes": line.detail["votes"] + votes}
