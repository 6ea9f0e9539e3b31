"""Scopes: which boards a mode has, and which competitions each of them adds up."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from app.arena.tables import Category, Competition, QuestionVersion, competition_categories
from app.database.statements import PackedStatement
from app.leaderboards.tables import Board
from app.words import BETTER

KINDS = ("overall", "category", "competition")

# Part of the question whether a board is stale, which is asked at every request while votes come in.
_VOTED_ON = PackedStatement(
    lambda _: (
        select(
            Competition.id.label("competition"),
            Competition.slug,
            Competition.version,
            Category.id.label("category"),
            Category.slug.label("category_slug"),
            QuestionVersion.question,
            QuestionVersion.version.label("question_version"),
        )
        .outerjoin(QuestionVersion, QuestionVersion.competition_id == Competition.id)
        .outerjoin(competition_categories, competition_categories.c.competition_id == Competition.id)
        .outerjoin(Category, Category.id == competition_categories.c.category_id)
        .where(Competition.mode == bindparam("mode"))
        .where(or_(Competition.version > 0, QuestionVersion.version.is_not(None)))
    )
)
_KNOWN = PackedStatement(
    lambda _: select(Board.key, Board.category_id, Board.competition_id, Board.question).where(
        Board.mode == bindparam("mode")
    )
)


@dataclass(frozen=True)
class Scope:
    """A board as it should be now: `versions` maps its competitions' ids to today's versions."""

    key: str
    mode: str
    versions: Mapping[int, int]
    category_id: int | None = None
    competition_id: int | None = None
    question: str = BETTER

    @property
    def better_key(self) -> str:
        """Give the key of the same board for `better`."""
        return self.key.partition("?")[0]

    @property
    def kind(self) -> str:
        """Return which of KINDS this scope is."""
        if self.category_id is not None:
            return "category"
        return "overall" if self.competition_id is None else "competition"


def key(
    mode: str, *, category: str | None = None, competition: str | None = None, question: str | None = BETTER
) -> str:
    """Make a board's key in the database; a competition's board needs no mode, None stands for `better`."""
    asked = "" if question in {BETTER, None} else f"?question={question}"
    if competition is not None:
        return f"competition:{competition}{asked}"
    return f"{mode}{asked}" if category is None else f"{mode}/{category}{asked}"


def is_of_question(name: str) -> bool:
    """Tell whether a board's key is of another question than `better`."""
    return "?question=" in name


def list_modes(session: Session) -> list[str]:
    """List the modes that have competitions."""
    return list(session.scalars(select(Competition.mode).distinct().order_by(Competition.mode)))


def read_scopes(session: Session, mode: str, question: str | None = None) -> list[Scope]:
    """
    Read every board that any vote was ever counted for, of all questions or of one.

    Those of `better` come first; of each question overall first, then categories, then competitions. A board whose
    competitions went away stays, with no versions: it has to be emptied.
    """
    rows = _VOTED_ON.all(session, mode=mode)
    boards = _KNOWN.all(session, mode=mode)
    known = {scope.key: scope for scope in _voted_on(mode, rows)}
    known |= {row.key: _empty(mode, row) for row in boards if row.key not in known}
    wanted = (scope for scope in known.values() if question in {None, scope.question})
    return sorted(wanted, key=lambda scope: (scope.question != BETTER, scope.question, *_place(scope)))


def _empty(mode: str, row: Any) -> Scope:
    return Scope(row.key, mode, {}, row.category_id, row.competition_id, row.question)


def _place(scope: Scope) -> tuple[int, str]:
    return KINDS.index(scope.kind), scope.key


def _voted_on(mode: str, rows: Sequence[Any]) -> Iterator[Scope]:
    asked: dict[str, dict[int, int]] = {}
    for row in rows:
        if row.version:
            asked.setdefault(BETTER, {})[row.competition] = row.version
        if row.question is not None:
            asked.setdefault(row.question, {})[row.competition] = row.question_version
    for question, versions in asked.items():
        yield from _of_question(mode, question, versions, rows)


def _of_question(mode: str, question: str, versions: dict[int, int], rows: Sequence[Any]) -> Iterator[Scope]:
    slugs = {row.competition: row.slug for row in rows}
    categories = {row.category: row.category_slug for row in rows if row.category is not None}
    yield Scope(key(mode, question=question), mode, versions, question=question)
    for competition, version in versions.items():
        name = key(mode, competition=slugs[competition], question=question)
        yield Scope(name, mode, {competition: version}, competition_id=competition, question=question)
    for category, slug in categories.items():
        inside = {row.competition for row in rows if row.category == category}
        members = {competition: versions[competition] for competition in versions if competition in inside}
        if members:
            name = key(mode, category=slug, question=question)
            yield Scope(name, mode, members, category_id=category, question=question)
