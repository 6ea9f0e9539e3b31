"""Two models against each other: what happened, and what their ratings expect."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from app.arena.tables import Category, Competition, Tally, competition_categories
from app.catalog import lookup
from app.elo_scale import expected_score, wilson_interval
from app.leaderboards.views.boards import BoardStanding, read_board


@dataclass(frozen=True)
class Battles:
    """Counted battles of A and B, whichever side each was shown on."""

    a_wins: int = 0
    b_wins: int = 0
    ties: int = 0
    both_bad: int = 0

    @property
    def votes(self) -> int:
        """Count all battles, ties and both-bad answers among them."""
        return self.a_wins + self.b_wins + self.ties + self.both_bad

    @property
    def a_score(self) -> float | None:
        """Return A's share of the points, a tie of either kind being half a point; None before the first."""
        return (self.a_wins + (self.ties + self.both_bad) / 2) / self.votes if self.votes else None

    def turned(self) -> "Battles":
        """Return the same battles with B as A."""
        return Battles(self.b_wins, self.a_wins, self.ties, self.both_bad)

    def __add__(self, other: "Battles") -> "Battles":
        return Battles(
            self.a_wins + other.a_wins,
            self.b_wins + other.b_wins,
            self.ties + other.ties,
            self.both_bad + other.both_bad,
        )


@dataclass(frozen=True)
class CompetitionBattles:
    """The battles of two models in one competition."""

    slug: str
    title: str
    prompt: str
    battles: Battles


@dataclass(frozen=True)
class CategoryBattles:
    """The battles of two models in the competitions of one category."""

    slug: str
    title: str
    battles: Battles


@dataclass(frozen=True)
class HeadToHead:
    """Two models in one mode. `expected` is the share of points, 0 to 1, that the ratings promise A."""

    mode: str
    a: BoardStanding | None
    b: BoardStanding | None
    expected: float | None
    total: Battles
    competitions: tuple[CompetitionBattles, ...]
    categories: tuple[CategoryBattles, ...]


def compare_models(
    session: Session, a: str, b: str, mode: str, *, now: datetime, question: str | None = None
) -> HeadToHead:
    """Compare two slugs or aliases on a question. Raises UnknownModel, UnknownMode, UnknownQuestion."""
    a_id, b_id = lookup.find_id(session, a), lookup.find_id(session, b)
    view = read_board(session, mode, now=now, question=question)
    standings = {row.model_id: row for row in view.standings}
    ours, theirs = standings.get(a_id), standings.get(b_id)
    met = _competitions(session, a_id, b_id, mode, view.question)
    return HeadToHead(
        mode=mode,
        a=ours,
        b=theirs,
        expected=expected_score(ours.rating, theirs.rating) if ours and theirs else None,
        total=sum((row.battles for row in met), start=Battles()),
        competitions=tuple(met),
        categories=_categories(session, {row.slug: row.battles for row in met}),
    )


def share_interval(battles: Battles) -> tuple[float, float] | None:
    """
    Compute the 95 % interval of A's share of the points, by Wilson's score; None before the first battle.

    A tie is half a point, which varies less than a win or a loss: with ties the interval is rather too wide.
    """
    return None if battles.a_score is None else wilson_interval(battles.a_score, battles.votes)


def _competitions(session: Session, a: int, b: int, mode: str, question: str) -> list[CompetitionBattles]:
    """Count their battles in each competition they met in."""
    a_left = and_(Tally.left_model_id == a, Tally.right_model_id == b)
    b_left = and_(Tally.left_model_id == b, Tally.right_model_id == a)
    rows = session.execute(
        select(
            Competition.slug,
            Competition.title,
            Competition.prompt,
            func.sum(case((a_left, Tally.left_wins), else_=Tally.right_wins)),
            func.sum(case((a_left, Tally.right_wins), else_=Tally.left_wins)),
            func.sum(Tally.ties),
            func.sum(Tally.both_bad),
        )
        .join(Competition, Competition.id == Tally.competition_id)
        .where(Competition.mode == mode, Tally.question == question, or_(a_left, b_left))
        .group_by(Competition.id)
        .order_by(Competition.id)
    )
    battles = [CompetitionBattles(slug, title, prompt, Battles(*counts)) for slug, title, prompt, *counts in rows]
    return [row for row in battles if row.battles.votes]


def _categories(session: Session, met: dict[str, Battles]) -> tuple[CategoryBattles, ...]:
    """Sum battles by category, in its position; a competition counts in each of its categories."""
    rows = session.execute(
        select(Category.slug, Category.title, Competition.slug)
        .join(competition_categories, competition_categories.c.category_id == Category.id)
        .join(Competition, Competition.id == competition_categories.c.competition_id)
        .where(Competition.slug.in_(met))
        .order_by(Category.position, Category.slug)
    )
    sums: dict[tuple[str, str], Battles] = {}
    for slug, title, competition in rows:
        sums[slug, title] = sums.get((slug, title), Battles()) + met[competition]
    return tuple(CategoryBattles(slug, title, battles) for (slug, title), battles in sums.items())
