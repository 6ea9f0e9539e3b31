"""One voter's own votes, with the names they uncovered."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session, aliased

from app.arena import ledger
from app.arena.tables import Competition, Entry, Matchup, Vote, Voter
from app.catalog.tables import ImageModel
from app.database.doors import execute


@dataclass(frozen=True)
class OwnSide:
    """One of the two pictures; `url` is None once it was withdrawn."""

    model: str
    name: str
    creator: str | None
    url: str | None


@dataclass(frozen=True)
class OwnVote:
    """A vote that named two models."""

    matchup: bytes
    outcome: str
    counted: bool
    reason: str | None
    undone: bool
    can_undo: bool
    cast_at: datetime
    slug: str
    title: str
    a: OwnSide
    b: OwnSide


def votes(session: Session, voter: bytes) -> int:
    """Standing votes: neither skips nor undone ones."""
    return session.scalars(select(Voter.votes).where(Voter.token == voter)).one_or_none() or 0


def pictures(session: Session, voter: bytes, matchup: bytes) -> dict[str, str | None]:
    """Address of each side, `a` and `b`, of an own matchup once judged; None for a withdrawn one."""
    left, right = aliased(Entry), aliased(Entry)
    row = session.execute(
        select(left.media_key, left.withdrawn_at, right.media_key, right.withdrawn_at)
        .select_from(Matchup)
        .join(left, left.id == Matchup.left_entry_id)
        .join(right, right.id == Matchup.right_entry_id)
        .join(Voter, Voter.id == Matchup.voter_id)
        .join(Vote, Vote.matchup_id == Matchup.id)
        .where(Matchup.public_id == matchup, Voter.token == voter, Vote.outcome != "skip")
    ).one_or_none()
    if row is None:
        return {}
    a, a_withdrawn, b, b_withdrawn = row
    return {"a": None if a_withdrawn else f"/{a}", "b": None if b_withdrawn else f"/{b}"}


def own_votes(
    session: Session, voter: bytes, *, now: datetime, undo_seconds: int, page: int = 1, size: int = 20
) -> list[OwnVote]:
    """The latest first, skips left out; `page` counts from 1."""
    left, right, left_model, right_model = _sides()
    rows = session.execute(
        select(Vote, Matchup.public_id, Competition, left, right, left_model, right_model)
        .join(Matchup, Matchup.id == Vote.matchup_id)
        .join(Competition, Competition.id == Matchup.competition_id)
        .join(left, left.id == Matchup.left_entry_id)
        .join(right, right.id == Matchup.right_entry_id)
        .join(left_model, left_model.id == left.model_id)
        .join(right_model, right_model.id == right.model_id)
        .join(Voter, Voter.id == Vote.voter_id)
        .where(Voter.token == voter, Vote.outcome != "skip")
        .order_by(Vote.id.desc())
        .offset((page - 1) * size)
        .limit(size)
    ).all()
    since = now - timedelta(seconds=undo_seconds)
    return [
        OwnVote(
            matchup=public_id,
            outcome=vote.outcome,
            counted=vote.counted,
            reason=vote.reason,
            undone=vote.undone_at is not None,
            can_undo=vote.undone_at is None and vote.cast_at >= since,
            cast_at=vote.cast_at,
            slug=competition.slug,
            title=competition.title,
            a=_side(one, one_model),
            b=_side(other, other_model),
        )
        for vote, public_id, competition, one, other, one_model, other_model in rows
    ]


def forget(session: Session, voter: bytes, *, now: datetime) -> bool:
    """
    Cut the tie between this browser and its votes: a tombstone stays, and the votes, which are nobody's now.

    False when there is no such voter.
    """
    row = session.scalars(select(Voter).where(Voter.token == voter).with_for_update()).one_or_none()
    if row is None:
        return False
    waiting = update(Matchup).where(Matchup.voter_id == row.id, Matchup.closed_at.is_(None))
    execute(session, waiting.values(closed_at=now))
    execute(session, update(Matchup).where(Matchup.voter_id == row.id).values(network_key=None))
    row.token, row.login, row.deleted_at = None, None, now
    ledger.note(session, "voter.deleted", f"voter:{row.id}", now=now, actor="voter")
    return True


def _sides() -> tuple[type[Entry], type[Entry], type[ImageModel], type[ImageModel]]:
    return aliased(Entry), aliased(Entry), aliased(ImageModel), aliased(ImageModel)


def _side(entry: Entry, model: ImageModel) -> OwnSide:
    url = None if entry.withdrawn_at else f"/{entry.media_key}"
    return OwnSide(model.slug, model.name, model.creator, url)
