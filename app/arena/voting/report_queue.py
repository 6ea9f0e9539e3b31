"""
The queue of reported pictures: what admins read and decide about them.

A line tells no model: an admin may be a voter too, and a picture can be judged without its maker's name.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.arena import ledger
from app.arena.entries import entries
from app.arena.entries.entries import EntryKey
from app.arena.ledger import COMMAND_LINE
from app.arena.tables import Competition, Entry, Matchup, PictureReport
from app.catalog.tables import ImageModel
from app.database.doors import execute
from app.errors import Refusal

_WAITS = PictureReport.status == "new"


class UnknownReport(Refusal, code="unknown_report"):
    """No report has this number."""


class ReportDecided(Refusal, code="report_decided"):
    """An admin has decided about the picture already."""


@dataclass(frozen=True)
class ReportedPicture:
    """A reported picture that waits for a decision, numbered by its first report that waits."""

    number: int
    competition: str
    title: str
    prompt: str
    reporters: int
    networks: int
    """Networks that the reports came from, as far as they are known and not yet forgotten."""
    reasons: tuple[tuple[str, int], ...]
    """Reasons with the number of voters who gave each, the most frequent first."""
    last_at: datetime
    rested_at: datetime | None


def count_reported(session: Session) -> int:
    """Count the pictures that wait for a decision."""
    return session.scalar(select(func.count(PictureReport.entry_id.distinct())).where(_WAITS)) or 0


def list_reported(session: Session) -> list[ReportedPicture]:
    """List the pictures that wait for a decision, those at rest first, then those reported by most."""
    query = (
        select(PictureReport, Matchup.network_key, Entry.rested_at, Competition)
        .join(Matchup, Matchup.id == PictureReport.matchup_id)
        .join(Entry, Entry.id == PictureReport.entry_id)
        .join(Competition, Competition.id == Entry.competition_id)
        .where(_WAITS)
        .order_by(PictureReport.entry_id, PictureReport.id)
    )
    grouped = groupby(session.execute(query).all(), key=lambda row: row[0].entry_id)
    pictures = [_picture(list(rows)) for _, rows in grouped]
    return sorted(pictures, key=lambda one: (one.rested_at is None, -one.reporters, one.number))


def read_rendition_key(session: Session, number: int) -> str:
    """Return the storage key of the picture of a report, decided or not. Raises UnknownReport."""
    query = select(Entry.rendition_key).join(PictureReport, PictureReport.entry_id == Entry.id)
    key = session.scalars(query.where(PictureReport.id == number)).one_or_none()
    if key is None:
        raise UnknownReport(f"There is no report {number}.")
    return key


def keep(session: Session, number: int, *, reason: str, now: datetime, actor: str = COMMAND_LINE) -> int:
    """
    Let a reported picture be drawn again and close its reports; returns how many. Again it gives 0.

    Who reported it can't let it rest again. Raises UnknownReport, ReportDecided for a withdrawn one.
    """
    entry, status = _read_reported(session, number, lock=True)
    if status == "kept":
        return 0
    if status != "new":
        raise ReportDecided(f"The picture of report {number} was {status} before.")
    entry.rested_at = None
    session.flush()
    decided = {"status": "kept", "decided_at": now, "decided_by": actor}
    closed = execute(
        session, update(PictureReport).where(PictureReport.entry_id == entry.id, _WAITS).values(decided)
    )
    subject = f"report:{number}"
    ledger.note(session, "entry.kept", subject, now=now, actor=actor, reason=reason, reporters=closed)
    return closed


def withdraw(session: Session, number: int, *, reason: str, now: datetime, actor: str = COMMAND_LINE) -> bool:
    """
    Withdraw a reported picture for good; its votes stay. False when it was withdrawn already.

    Raises UnknownReport, ReportDecided for one that was kept and has not been reported since.
    """
    entry, status = _read_reported(session, number)
    if status == "kept":
        raise ReportDecided(f"The picture of report {number} was kept before.")
    return entries.withdraw(session, _place(session, entry), reason=reason, now=now, actor=actor)


def _read_reported(session: Session, number: int, *, lock: bool = False) -> tuple[Entry, str]:
    """Read the entry of a report, locked where asked for, and the report's status. Raises UnknownReport."""
    report = session.get(PictureReport, number)
    if report is None:
        raise UnknownReport(f"There is no report {number}.")
    entry = session.get_one(Entry, report.entry_id, with_for_update=lock or None)
    session.refresh(report)
    return entry, report.status


def _place(session: Session, entry: Entry) -> EntryKey:
    names = (
        select(Competition.slug, ImageModel.slug)
        .join(Entry, Entry.competition_id == Competition.id)
        .join(ImageModel, ImageModel.id == Entry.model_id)
    )
    competition, model = session.execute(names.where(Entry.id == entry.id)).one()
    return EntryKey(competition, model, entry.sample, "contestant")


def _picture(rows: list[Any]) -> ReportedPicture:
    """Make a line of the queue from the reports of one picture, oldest first."""
    reports, competition = [row[0] for row in rows], rows[0][3]
    reasons = Counter(report.reason for report in reports)
    return ReportedPicture(
        number=reports[0].id,
        competition=competition.slug,
        title=competition.title,
        prompt=competition.prompt,
        reporters=len(reports),
        networks=len({row[1] for row in rows if row[1] is not None}),
        reasons=tuple(reasons.most_common()),
        last_at=max(report.at for report in reports),
        rested_at=rows[0][2],
    )
