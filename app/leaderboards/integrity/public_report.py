"""The public report of how the boards came about, as the last sweep counted it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Literal, cast

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.arena.ledger import DEMO_CLEARED
from app.arena.tables import Entry, Flag, LedgerLine, Matchup, VoteDay
from app.arena.voting.matchmaking import SamplingShares
from app.catalog import lookup
from app.catalog.tables import ImageModel
from app.leaderboards.integrity import audit, certificates
from app.leaderboards.integrity.certificates import Certificate
from app.leaderboards.integrity.fraud.vote_days import COUNTED
from app.leaderboards.integrity.picture_qualities import QualityWorth, read_public_qualities
from app.leaderboards.integrity.picture_traces import PublicTraces, read_public_traces
from app.leaderboards.tables import ModeAnchor
from app.words import MODES

DAYS = 30
CHANGES = (
    "competition.draft",
    "competition.open",
    "competition.reopened",
    "competition.closed",
    "entry.withdrawn",
    "tallies.repaired",
    "arena.restored",
    DEMO_CLEARED,
)
TESTS = ("exposure", "likelihood", "ring")
"""Tests that give a p-value."""
CHANCE_DIGITS = 9
LINES = 100
"""Lines of the ledger, and of decisions: the newest."""


@dataclass(frozen=True)
class DayCounts:
    """One UTC day's votes of all modes by what became of them, skips included."""

    day: date
    counted: int
    excluded: Mapping[str, int]


@dataclass(frozen=True)
class ModelStatistics:
    """
    The statistics of how often a model was shown; rates and shares from 0 to 1, None where nothing is known yet.

    `issued` are judged matchups that showed it and `share` is its part of them, `chance` that of a matchup now,
    `even_chance` if all pairs were drawn evenly; `votes_to_gain_a_rank` are further votes that lift it past the
    model above, 0 for the first, None for a model without a rank.
    """

    slug: str
    name: str
    issued: int
    share: float | None
    chance: float | None
    even_chance: float | None
    undo_rate: float | None
    seen_before_rate: float | None
    votes_to_gain_a_rank: int | None


@dataclass(frozen=True)
class Alarm:
    """A UTC day to look at: a model far from its rating by so many standard errors, or a day of many votes."""

    day: date
    model: str | None
    z: float | None
    votes: int | None


@dataclass(frozen=True)
class ModeFacts:
    """
    One mode; `lanes` are the shares pairs are drawn by now, `swept_at` when the counts were made.

    `certificates` are by board key, the overall board's first. `qualities` tell what named pictures owe to other
    things than the model, as far as votes show it; `traces` how often files alone would tell a picture's maker,
    None while too little is known.
    """

    mode: str
    swept_at: datetime | None
    lanes: Mapping[str, float]
    models: tuple[ModelStatistics, ...]
    certificates: Mapping[str, Certificate]
    alarms: tuple[Alarm, ...]
    qualities: tuple[QualityWorth, ...]
    traces: PublicTraces | None


@dataclass(frozen=True)
class Decision:
    """A quarantine, and its release if there was one; a voter by number, None for a network."""

    flag: int
    voter: int | None
    test: str
    p_value: float | None
    found_at: datetime
    status: Literal["quarantined", "released"]
    decided_at: datetime | None
    why: str | None


@dataclass(frozen=True)
class LedgerChange:
    """A line of the ledger: what was done to competitions, entries, tallies."""

    at: datetime
    action: str
    subject: str
    reason: str | None


@dataclass(frozen=True)
class Retirement:
    """A model with images in the arena that is no longer offered, or will not be."""

    slug: str
    name: str
    status: Literal["deprecated", "retired"]
    deprecated_on: date | None
    sunset: date | None


@dataclass(frozen=True)
class AnchorChange:
    """The models whose mean was put at `value`; version 1 is the first list."""

    at: datetime
    mode: str
    version: int
    models: tuple[str, ...]
    value: float
    reason: str | None


@dataclass(frozen=True)
class PublicReport:
    """The figures of /integrity; `totals` are of all time by reason, `simulated` matchups the demo's."""

    days: tuple[DayCounts, ...]
    totals: Mapping[str, int]
    modes: tuple[ModeFacts, ...]
    decisions: tuple[Decision, ...]
    changes: tuple[LedgerChange, ...]
    entered: int
    retirements: tuple[Retirement, ...]
    anchors: tuple[AnchorChange, ...]
    simulated: int


def read_public_report(session: Session, sampling: Mapping[str, SamplingShares], *, now: datetime) -> PublicReport:
    """Read the whole report; `sampling` tells how pairs are drawn in the modes that have any."""
    names = dict(session.execute(select(ImageModel.id, ImageModel.slug)).all())
    simulated = select(func.count()).select_from(Matchup).where(Matchup.simulated)
    entered = select(func.count()).select_from(LedgerLine).where(LedgerLine.action == "entry.added")
    totals = select(VoteDay.reason, func.sum(VoteDay.votes)).group_by(VoteDay.reason).order_by(VoteDay.reason)
    return PublicReport(
        days=_days(session, now.date()),
        totals={reason: int(votes) for reason, votes in session.execute(totals)},
        modes=tuple(_mode(session, mode, sampling.get(mode)) for mode in MODES),
        decisions=_decisions(session),
        changes=_changes(session),
        entered=session.scalars(entered).one(),
        retirements=_retirements(session, now.date()),
        anchors=_anchors(session, names),
        simulated=session.scalars(simulated).one(),
    )


def read_version(session: Session) -> tuple[object, ...]:
    """Read a key that changes with everything in the report that no run, catalogue or audit version covers."""
    ledger = select(func.max(LedgerLine.id))
    days = select(func.count(), func.sum(VoteDay.votes))
    return (session.scalar(ledger), *session.execute(days).one())


def _days(session: Session, today: date) -> tuple[DayCounts, ...]:
    """Read the votes of the last thirty days, the oldest first, days without votes too."""
    rows = session.execute(
        select(VoteDay.day, VoteDay.reason, func.sum(VoteDay.votes))
        .where(VoteDay.day > today - timedelta(days=DAYS))
        .group_by(VoteDay.day, VoteDay.reason)
        .order_by(VoteDay.day, VoteDay.reason)
    )
    by_day_and_reason = {
        day: {reason: int(votes) for _, reason, votes in group}
        for day, group in groupby(rows.all(), key=lambda row: row[0])
    }
    days = (today - timedelta(days=back) for back in reversed(range(DAYS)))
    by_day = ((day, by_day_and_reason.get(day, {})) for day in days)
    return tuple(
        DayCounts(day, counts.get(COUNTED, 0), {why: n for why, n in counts.items() if why != COUNTED})
        for day, counts in by_day
    )


def _mode(session: Session, mode: str, shares: SamplingShares | None) -> ModeFacts:
    swept = audit.read_latest(session, mode)
    numbers = swept.numbers if swept else {}
    odd = numbers.get("days", {})
    return ModeFacts(
        mode=mode,
        swept_at=swept.at if swept else None,
        lanes=shares.lanes if shares else {},
        models=_models(session, numbers.get("models", {}), shares),
        certificates=certificates.read_certificates(session, mode),
        qualities=read_public_qualities(numbers),
        traces=read_public_traces(numbers),
        alarms=(
            *(
                Alarm(date.fromisoformat(alarm["day"]), alarm["model"], alarm["z"], None)
                for alarm in odd.get("models", ())
            ),
            *(
                Alarm(date.fromisoformat(alarm["day"]), None, None, alarm["votes"])
                for alarm in odd.get("volume", ())
            ),
        ),
    )


def _models(
    session: Session, counted: Mapping[str, Mapping[str, float]], shares: SamplingShares | None
) -> tuple[ModelStatistics, ...]:
    drawn = {exposure.model_id: exposure for exposure in shares.exposures} if shares else {}
    known = or_(ImageModel.slug.in_(counted), ImageModel.id.in_(drawn))
    rows = session.execute(select(ImageModel.id, ImageModel.slug, ImageModel.name).where(known)).all()
    models = []
    for number, slug, name in sorted(rows, key=lambda row: (row.name.casefold(), row.slug)):
        counts, exposure = counted.get(slug, {}), drawn.get(number)
        issued, gain = int(counts.get("issued", 0)), counts.get("votes_to_gain_a_rank")
        models.append(
            ModelStatistics(
                slug=slug,
                name=name,
                issued=issued,
                share=counts.get("exposure"),
                # The last digits of a sum follow the order of the pictures, which would tell their makers.
                chance=round(exposure.share, CHANCE_DIGITS) if exposure else None,
                even_chance=round(exposure.uniform_share, CHANCE_DIGITS) if exposure else None,
                undo_rate=_rate(counts.get("undone", 0), issued),
                seen_before_rate=_rate(counts.get("seen_before", 0), issued),
                votes_to_gain_a_rank=None if gain is None else int(gain),
            )
        )
    return tuple(models)


def _decisions(session: Session) -> tuple[Decision, ...]:
    latest = func.coalesce(Flag.decided_at, Flag.found_at).desc()
    rows = session.scalars(select(Flag).order_by(latest, Flag.id.desc()).limit(LINES))
    return tuple(
        Decision(
            flag=row.id,
            voter=row.voter_id,
            test=row.test,
            p_value=row.p_value if row.test in TESTS else None,
            found_at=row.found_at,
            status=cast("Literal['quarantined', 'released']", row.status),
            decided_at=row.decided_at,
            why=row.decision or row.evidence.get("why"),
        )
        for row in rows
    )


def _changes(session: Session) -> tuple[LedgerChange, ...]:
    rows = session.execute(
        select(LedgerLine.at, LedgerLine.action, LedgerLine.subject, LedgerLine.reason)
        .where(LedgerLine.action.in_(CHANGES))
        .order_by(LedgerLine.id.desc())
        .limit(LINES)
    )
    return tuple(LedgerChange(*row) for row in rows)


def _retirements(session: Session, today: date) -> tuple[Retirement, ...]:
    entered = set(session.scalars(select(Entry.model_id).where(Entry.role == "contestant").distinct()))
    return tuple(
        Retirement(model.slug, model.name, model.status, model.deprecated_on, model.sunset)
        for model in lookup.models(session, today)
        if model.id in entered and model.status in {"deprecated", "retired"}
    )


def _anchors(session: Session, slugs: Mapping[int, str]) -> tuple[AnchorChange, ...]:
    rows = session.scalars(select(ModeAnchor).order_by(ModeAnchor.created_at.desc(), ModeAnchor.id.desc()))
    return tuple(
        AnchorChange(
            at=row.created_at,
            mode=row.mode,
            version=row.version,
            models=tuple(sorted(slugs[model] for model in row.model_ids if model in slugs)),
            value=row.value,
            reason=row.detail.get("reason"),
        )
        for row in rows
    )


def _rate(some: float, of: float) -> float | None:
    return some / of if of else None
