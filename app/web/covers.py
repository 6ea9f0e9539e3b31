"""A few pictures of each competition for lists: with names where readers may know them, else from its sheet."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from app.arena.entries import galleries, sheets
from app.arena.entries.competitions import CompetitionSummary
from app.edge.context import parts


def read_covers(session: Session, listed: Iterable[CompetitionSummary], most: int) -> dict[str, tuple[str, ...]]:
    """Read the addresses of at most so many pictures of each competition; two queries, and one in `public`."""
    named = [one.slug for one in listed if one.is_named]
    blind = [one.slug for one in listed if not one.is_named]
    covers = galleries.read_covers(session, named, most)
    return covers | sheets.read_sheets(session, blind, most) if parts().policy.shows_sheets else covers
