"""A voter's own votes, with the names of the models they judged."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func, select, update
from sqlalchemy.orm import Session

from app.arena import ledger
from app.arena.battles import LEFT, LEFT_MODEL, RIGHT, RIGHT_MODEL, join_models, select_battles
from app.arena.people import shared_tastes
from app.arena.tables import Competition, Entry, Matchup, Vote, Voter
from app.arena.tally_tables import PairQuestion
from app.catalog.tables import ImageModel
from app.database.doors import execute
from app.words import BETTER, Outcome


@dataclass(frozen=True)
class OwnSide:
    """One of the two pictures of a vote; its addresses are None once it was withdrawn."""

    model: str
    name: str
    creator: str | None
    url: str | None
    thumbnail_url: str | None
    """The same at 320 pixels or less."""


@dataclass(frozen=True)
class OwnVote:
    """A vote of the voter, with the names of both models."""

    matchup: bytes
    outcome: str
    counted: bool
    reason: str | None
    undone: bool
    can_undo: bool
    cast_at: datetime
    slug: str
    title: str
    question: str | None
    """What was asked, in words; None for `better`."""
    a: OwnSide
    b: OwnSide


def count_votes(session: Session, voter: bytes) -> int:
    """Count a voter's votes, without skips and undone ones."""
    return session.scalars(select(Voter.votes).where(Voter.token == voter)).one_or_none() or 0


def read_picture_urls(session: Session, voter: bytes, matchup: bytes) -> dict[str, str | None]:
    """Return the addresses of sides `a` and `b` of a judged matchup; None for a withdrawn picture."""
    row = session.execute(
        select_battles(LEFT.media_key, LEFT.withdrawn_at, RIGHT.media_key, RIGHT.withdrawn_at)
        .join(Voter, Voter.id == Vote.voter_id)
        .where(Matchup.public_id == matchup, Voter.token == voter, Vote.outcome != Outcome.SKIP)
    ).one_or_none()
    if row is None:
        return {}
    a, a_withdrawn, b, b_withdrawn = row
    return {"a": None if a_withdrawn else f"/{a}", "b": None if b_withdrawn else f"/{b}"}


def read_last_question(session: Session, voter: bytes) -> str | None:
    """Return the slug that the voter's last pair asked, answered, skipped or given back; None before the first."""
    answered = select(Vote.cast_at, Matchup.question).join(Matchup, Matchup.id == Vote.matchup_id)
    answered = answered.join(Voter, Voter.id == Vote.voter_id).order_by(Vote.id.desc())
    returned = select(Matchup.unloadable_at, Matchup.question).join(Voter, Voter.id == Matchup.voter_id)
    returned = returned.where(Matchup.unloadable_at.is_not(None)).order_by(Matchup.unloadable_at.desc())
    rows = (session.execute(each.where(Voter.token == voter).limit(1)).first() for each in (answered, returned))
    return max((row for row in rows if row is not None), default=(None, None))[1]


def list_own_votes(
    session: Session, voter: bytes, *, now: datetime, undo_seconds: int, first: int = 0, size: int = 20
) -> list[OwnVote]:
    """List `size` of a voter's votes from the `first` on, newest first, without skips; `first` counts from 0."""
    asked = case((Matchup.question != BETTER, func.coalesce(PairQuestion.words, Matchup.question)))
    columns = (Vote, Matchup.public_id, asked, Competition, LEFT, RIGHT, LEFT_MODEL, RIGHT_MODEL)
    rows = session.execute(
        join_models(select_battles(*columns))
        .join(Voter, Voter.id == Vote.voter_id)
        .outerjoin(PairQuestion, PairQuestion.slug == Matchup.question)
        .where(Voter.token == voter, Vote.outcome != Outcome.SKIP)
        .order_by(Vote.id.desc())
        .offset(first)
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
            question=question,
            a=_side(one, one_model),
            b=_side(other, other_model),
        )
        for vote, public_id, question, competition, one, other, one_model, other_model in rows
    ]


def delete_voter(session: Session, voter: bytes, *, now: datetime) -> bool:
    """
    Delete what ties a browser to its votes: the voter's row is emptied, and the votes stay without an owner.
    Their shared cards are gone.

    False when there is no such voter.
    """
    row = session.scalars(select(Voter).where(Voter.token == voter).with_for_update()).one_or_none()
    if row is None:
        return False
    waiting = update(Matchup).where(Matchup.voter_id == row.id, Matchup.closed_at.is_(None))
    execute(session, waiting.values(closed_at=now))
    execute(session, update(Matchup).where(Matchup.voter_id == row.id).values(network_key=None))
    shared_tastes.delete_all(session, row.id)
    row.token, row.login, row.deleted_at = None, None, now
    ledger.note(session, "voter.deleted", f"voter:{row.id}", now=now, actor="voter")
    return True


def _side(entry: Entry, model: ImageModel) -> OwnSide:
    url = None if entry.withdrawn_at else f"/{entry.media_key}"
    small = None if url is None else url.replace(".webp", "-320.webp")
    return OwnSide(model.slug, model.name, model.creator, url, small)
