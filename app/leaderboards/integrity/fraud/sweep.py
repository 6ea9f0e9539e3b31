"""The whole sweep: settle what was decided, test, quarantine or report, audit, count the days, forget."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from app.arena.people.policy import Policy
from app.database.doors import Database
from app.leaderboards.integrity import audit
from app.leaderboards.integrity.audit import BoardAudit
from app.leaderboards.integrity.fraud import retention, vote_days
from app.leaderboards.integrity.fraud.evidence import Kind
from app.leaderboards.integrity.fraud.quarantine import raise_flag, settle
from app.leaderboards.integrity.fraud.signals import FraudSignal, find_signals
from app.leaderboards.integrity.fraud.subjects import Subject
from app.leaderboards.runs.scopes import list_modes

SUBJECTS = 200
"""Settled with one statement."""
BY = "sweep"
Progress = Callable[[str], None]


@dataclass(frozen=True)
class SweptSubjects:
    """
    The subjects that a sweep found and the votes it changed.

    `flags` are numbers in the findings' order, none after a report.
    """

    findings: tuple[FraudSignal, ...]
    flags: tuple[int, ...]
    excluded: int
    restored: int


@dataclass(frozen=True)
class SweepReport:
    """The findings and actions of a sweep; `forgotten` counts matchups that no longer know their network."""

    found: SweptSubjects
    audits: tuple[BoardAudit, ...]
    days: int
    forgotten: int


def sweep(
    database: Database, *, now: datetime, policy: Policy, is_report: bool, progress: Progress
) -> SweepReport:
    """
    Test everybody who voted, and quarantine whom a test finds, unless it `is_report`: that changes no vote.

    Can be stopped anywhere and run again. Audits and day counts are of the votes that count afterwards. Keys of
    networks are forgotten only after a sweep that has used them.
    """
    subjects = (
        report(database, now=now) if is_report else watch(database, now=now, policy=policy, progress=progress)
    )
    progress("auditing the boards")
    audits = tuple(audit.audit_boards(database, now=now, in_batches=policy.limits_guesses))
    progress("counting votes by day")
    changed = vote_days.rebuild(database)
    return SweepReport(subjects, audits, changed, 0 if is_report else retention.forget(database, now=now))


def report(database: Database, *, now: datetime) -> SweptSubjects:
    """Report what a sweep would find now; it may name a network that only its flagged voters make look odd."""
    both = (*_find_signals(database, "voter", now), *_find_signals(database, "network", now))
    return SweptSubjects(both, (), 0, 0)


def watch(database: Database, *, now: datetime, policy: Policy, progress: Progress) -> SweptSubjects:
    """
    Quarantine until no test finds anybody: without the flagged votes the board is another.

    Networks are held against what is left of them when their flagged voters are gone.
    """
    progress("settling what was decided before")
    settled = settle(database, now=now, policy=policy)
    excluded, signals, flags = settled.excluded, list[FraudSignal](), list[int]()
    # Without the flagged votes the board is another, and may show what they hid: test again until none is found.
    again = True
    while again:
        again = False
        for kind in ("voter", "network"):
            progress(f"testing {kind}s")
            raised = _raise(database, _find_signals(database, kind, now), now)
            progress(f"{len(raised)} {kind}s found")
            signals += [finding for finding, _ in raised]
            flags += [number for _, number in raised]
            excluded += _settle_some(database, [finding.subject for finding, _ in raised], now, policy)
            again = again or bool(raised)
    return SweptSubjects(tuple(signals), tuple(flags), excluded, settled.restored)


def _find_signals(database: Database, kind: Kind, now: datetime) -> list[FraudSignal]:
    """Find the strongest signal about each subject, over the modes."""
    with database.reading() as session:
        found = [one for mode in list_modes(session) for one in find_signals(session, kind, mode, now=now)]
    strongest: dict[Subject, FraudSignal] = {}
    for finding in found:
        known = strongest.get(finding.subject)
        if known is None or finding.p_value < known.p_value:
            strongest[finding.subject] = finding
    return list(strongest.values())


def _raise(database: Database, signals: list[FraudSignal], now: datetime) -> list[tuple[FraudSignal, int]]:
    """Raise each flag in a write of its own: it stands from then on, whatever happens to the sweep."""
    raised = []
    for finding in signals:
        number = database.write(partial(raise_flag, finding=finding, now=now, by=BY, why=finding.test))
        if number is not None:
            raised.append((finding, number))
    return raised


def _settle_some(database: Database, subjects: list[Subject], now: datetime, policy: Policy) -> int:
    parts = (subjects[start : start + SUBJECTS] for start in range(0, len(subjects), SUBJECTS))
    return sum(settle(database, now=now, policy=policy, among=part).excluded for part in parts)
