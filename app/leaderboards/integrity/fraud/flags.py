"""Flags as a person reads them, with what their subject was shown and said."""

from dataclasses import dataclass

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from app.arena.people.moderation import FlagDetails, describe_flag
from app.arena.tables import Entry, Flag, Matchup, Vote, Voter
from app.catalog.tables import ImageModel
from app.leaderboards.integrity.fraud.subjects import Subject, UnknownFlag
from app.words import Outcome, Reason


@dataclass(frozen=True)
class FlagView(FlagDetails):
    """A flag with the number of its subject's votes that are kept out now, by any flag."""

    votes: int


@dataclass(frozen=True)
class ModelRecord:
    """One model in the subject's matchups: issued, answered, and won by counted or quarantined votes."""

    slug: str
    issued: int
    answered: int
    wins: int


def flags(session: Session) -> list[FlagView]:
    """List all flags, the newest first."""
    rows = session.scalars(select(Flag).order_by(Flag.id.desc())).all()
    return [_view(session, row) for row in rows]


def flag(session: Session, number: int) -> FlagView:
    """Read one flag. Raises UnknownFlag."""
    row = session.get(Flag, number)
    if row is None:
        raise UnknownFlag(f"There is no flag {number}.")
    return _view(session, row)


def record(session: Session, view: FlagView) -> list[ModelRecord]:
    """Count everything a flag's subject was ever issued, by model, the most answered first."""
    subject = Subject(view.voter, None if view.network is None else bytes.fromhex(view.network))
    counts: dict[str, list[int]] = {}
    for side, won in ((Matchup.left_entry_id, "a"), (Matchup.right_entry_id, "b")):
        answered = and_(Vote.outcome != Outcome.SKIP, Vote.undone_at.is_(None))
        weighs = or_(Vote.counted, Vote.reason == Reason.QUARANTINED)
        rows = session.execute(
            select(
                ImageModel.slug,
                func.count(),
                func.sum(case((answered, 1), else_=0)),
                func.sum(case((and_(answered, weighs, Vote.outcome == won), 1), else_=0)),
            )
            .select_from(Matchup)
            .join(Entry, side == Entry.id)
            .join(ImageModel, ImageModel.id == Entry.model_id)
            .outerjoin(Vote, Vote.matchup_id == Matchup.id)
            .where(subject.matchups)
            .group_by(ImageModel.slug)
        )
        for slug, *added in rows:
            known = counts.setdefault(slug, [0, 0, 0])
            counts[slug] = [a + b for a, b in zip(known, added, strict=True)]
    records = [ModelRecord(slug, *added) for slug, added in counts.items()]
    return sorted(records, key=lambda one: (-one.answered, -one.issued, one.slug))


def _view(session: Session, row: Flag) -> FlagView:
    subject = Subject(row.voter_id, row.network_key)
    kept_out = (
        select(func.count())
        .select_from(Vote)
        .join(Matchup, Matchup.id == Vote.matchup_id)
        .join(Voter, Voter.id == Vote.voter_id)
        .where(subject.votes, Vote.reason == Reason.QUARANTINED, Vote.undone_at.is_(None))
    )
    return FlagView(**vars(describe_flag(row)), votes=session.scalars(kept_out).one())
