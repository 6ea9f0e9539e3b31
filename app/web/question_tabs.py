"""The questions that readers can choose between on a page of results."""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.arena.questions import list_questions
from app.edge.page_cache import recall
from app.leaderboards.runs import scopes
from app.leaderboards.views import boards
from app.words import BETTER


class QuestionTab(NamedTuple):
    """A question that a page can show instead, with the words that voters read."""

    slug: str
    words: str


def asks_more() -> bool:
    """Tell whether a question beside `better` has a board."""
    return any(scopes.is_of_question(name) for name in recall(boards.read_current).runs)


def list_tabs(session: Session, mode: str, make_key: Callable[..., str] = scopes.key) -> tuple[QuestionTab, ...]:
    """List `better` and the questions whose board has a run; none where that is `better` alone."""
    if not asks_more():
        return ()
    runs = recall(boards.read_current).runs
    listed = list_questions(session)
    asked = [one for one in listed if one.slug == BETTER or make_key(mode, question=one.slug) in runs]
    return tuple(QuestionTab(one.slug, one.words) for one in asked) if len(asked) > 1 else ()
