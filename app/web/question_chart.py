"""Another question against `better`: every model as a point, those that the votes tell apart filled."""

from collections.abc import Sequence
from typing import NamedTuple

from app.leaderboards.views.question_differences import QuestionDifference
from app.web.svg import Plot, Spot, scatter

TALL = 290
"""Pixels of what is drawn, without axes."""


def _quote(words: str) -> str:
    return f"\N{LEFT DOUBLE QUOTATION MARK}{words}\N{RIGHT DOUBLE QUOTATION MARK}"


BETTER_WORDS = _quote("Which is better?")


class QuestionChart(NamedTuple):
    """A drawing and the same as rows of a table; `axis` names what is across."""

    question: str
    title: str
    axis: str
    plot: Plot
    rows: tuple[QuestionDifference, ...]


def draw_questions(rows: Sequence[QuestionDifference]) -> tuple[QuestionChart, ...]:
    """Draw a chart for each question of one mode."""
    by_question: dict[str, list[QuestionDifference]] = {}
    for row in rows:
        by_question.setdefault(row.question, []).append(row)
    return tuple(
        QuestionChart(
            question,
            f"{_quote(some[0].words)} against {BETTER_WORDS}",
            f"Elo for {BETTER_WORDS}",
            scatter([_spot(row) for row in some], TALL, lambda value: f"{value:.0f}", is_log=False),
            tuple(some),
        )
        for question, some in by_question.items()
    )


def _spot(row: QuestionDifference) -> Spot:
    said = (
        f"{row.rating:.0f} against {row.better:.0f} Elo, {row.difference:+.0f} \N{PLUS-MINUS SIGN}{row.half:.0f}"
    )
    low, high = row.rating - row.half, row.rating + row.half
    return Spot(
        row.better, row.rating, low, high, row.name, f"{row.name}: {said}", f"/models/{row.slug}", row.is_sure
    )
