"""Scopes: which boards a mode has, and which competitions each of them adds up."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.arena.tables import Category, Competition, competition_categories
from app.database.statements import PreparedStatement
from app.leaderboards.tables import Board

KINDS = ("overall", "category", "competition")

# Part of the question whether a board is stale, which is asked at every request while votes come in.
_VOTED_ON = PreparedStatement(
    lambda _: (
        select(Competition.id, Competition.slug, Competition.version, Category.id, Category.slug)
        .outerjoin(competition_categories, competition_categories.c.competition_id == Competition.id)
        .outerjoin(Category, Category.id == competition_categories.c.category_id)
        .where(Competition.mode == bindparam("mode"), Competition.version > 0)
    )
)
_KNOWN = PreparedStatement(
    lambda _: select(Board.key, Board.category_id, Board.competition_id).where(Board.mode == bindparam("mode"))
)


@dataclass(frozen=True)
class Scope:
    """A board as it should be now: `versions` maps its competitions' ids to today's versions."""

    key: str
    mode: str
    versions: Mapping[int, int]
    category_id: int | None = None
    competition_id: int | None = None

    @property
    def kind(self) -> str:
        """Return which of KINDS this scope is."""
        if self.category_id is not None:
            return "category"
        return "overall" if self.competition_id is None else "competition"


def key(mode: str, *, category: str | None = None, competition: str | None = None) -> str:
    """Make a board's key in the database; a competition's board needs no mode."""
    if competition is not None:
        return f"competition:{competition}"
    return mode if category is None else f"{mode}/{category}"


def read_scopes(session: Session, mode: str) -> list[Scope]:
    """
    Read every board that any vote was ever counted for: overall first, then categories, then competitions.

    A board whose competitions went away stays, with no versions: it has to be emptied.
    """
    rows = _VOTED_ON.all(session, mode=mode)
    boards = _KNOWN.all(session, mode=mode)
    known = {key: Scope(key, mode, {}, category, competition) for key, category, competition in boards}
    known |= {scope.key: scope for scope in _voted_on(mode, rows)}
    return sorted(known.values(), key=lambda scope: (KINDS.index(scope.kind), scope.key))


def _voted_on(mode: str, rows: Sequence[Any]) -> Iterator[Scope]:
    versions = {competition: version for competition, _, version, _, _ in rows}
    if versions:
        yield Scope(mode, mode, versions)
    for competition, slug in {row[0]: row[1] for row in rows}.items():
        only = {competition: versions[competition]}
        yield Scope(key(mode, competition=slug), mode, only, competition_id=competition)
    for category, slug in {row[3]: row[4] for row in rows if row[3] is not None}.items():
        members = {row[0]: row[2] for row in rows if row[3] == category}
        yield Scope(key(mode, category=slug), mode, members, category_id=category)
