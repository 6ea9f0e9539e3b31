"""Result cards at an address of their own: made when their voter asks for it, gone when that voter says so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.arena.errors import MatchupNotFound, ShareLimit, TasteNotFound
from app.arena.tables import SharedTaste, Voter
from app.database.doors import execute

MOST = 20
"""Cards that one voter shares at a time."""


@dataclass(frozen=True)
class SharedCard:
    """A card as it was when it was shared; `content` is what the sharer stored."""

    token: bytes
    created_at: datetime
    content: Mapping[str, Any]


def share(
    session: Session, voter: bytes, content: Mapping[str, Any], *, token: bytes, now: datetime
) -> SharedCard:
    """
    Share a card under a new token; one that says the same already keeps its own.

    Raises MatchupNotFound for an unknown voter, ShareLimit from MOST cards on.
    """
    owner = session.scalars(select(Voter).where(Voter.token == voter).with_for_update()).one_or_none()
    if owner is None:
        raise MatchupNotFound("You have judged no pair.")
    shared = list_shared(session, voter)
    if (same := next((card for card in shared if card.content == content), None)) is not None:
        return same
    if len(shared) >= MOST:
        raise ShareLimit(f"You share {MOST} cards already. Take one of them back first, under Your votes.")
    row = SharedTaste(token=token, voter_id=owner.id, created_at=now, content=dict(content))
    session.add(row)
    session.flush()
    session.refresh(row)  # to the millisecond, as it is read later
    return _card(row)


def list_shared(session: Session, voter: bytes) -> list[SharedCard]:
    """List a voter's shared cards, newest first."""
    rows = select(SharedTaste).join(Voter, Voter.id == SharedTaste.voter_id).where(Voter.token == voter)
    return [_card(row) for row in session.scalars(rows.order_by(SharedTaste.id.desc()))]


def read_shared(session: Session, token: bytes) -> SharedCard:
    """Read the card at an address. Raises TasteNotFound."""
    row = session.scalars(select(SharedTaste).where(SharedTaste.token == token)).one_or_none()
    if row is None:
        raise TasteNotFound("Nobody shares a card here, or it was taken back.")
    return _card(row)


def revoke(session: Session, voter: bytes, token: bytes) -> None:
    """Take a card of one's own back. Raises TasteNotFound for somebody else's, and for one that is gone."""
    owner = select(Voter.id).where(Voter.token == voter).scalar_subquery()
    gone = delete(SharedTaste).where(SharedTaste.token == token, SharedTaste.voter_id == owner)
    if execute(session, gone) == 0:
        raise TasteNotFound("You share no such card.")


def delete_all(session: Session, voter_id: int) -> None:
    """Delete what a voter shares."""
    execute(session, delete(SharedTaste).where(SharedTaste.voter_id == voter_id))


def _card(row: SharedTaste) -> SharedCard:
    return SharedCard(row.token, row.created_at, row.content)
