"""
The questions that pairs ask: which there are, where each fits, and how often it is drawn.

Every pair asks exactly one: `better`, unless an arena or a competition asks others too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.arena import errors, ledger
from app.arena.tables import Category, Competition, QuestionVersion, Tally
from app.arena.tally_tables import PairQuestion
from app.database.statements import PreparedStatement, read_json
from app.files.text import find_unstorable
from app.files.toml import suggest
from app.words import BETTER, MODES

LARGEST_SHARE = 1_000.0
LONGEST_SLUG = 40
LONGEST_WORDS = 80
_ALL = PreparedStatement(lambda _: select(*PairQuestion.__table__.c).order_by(PairQuestion.id))
# Asked whenever boards are refreshed or pairs are made ready.
_VERSIONS = PreparedStatement(
    lambda _: (
        select(Competition.id, Competition.version)
        .where(Competition.mode == bindparam("mode"))
        .where(Competition.version > 0)
    )
)
_QUESTION_VERSIONS = PreparedStatement(
    lambda _: (
        select(Competition.id, QuestionVersion.version)
        .join(QuestionVersion, QuestionVersion.competition_id == Competition.id)
        .where(Competition.mode == bindparam("mode"), QuestionVersion.question == bindparam("question"))
    )
)


def _refuse_no_shares(shares: dict[str, float]) -> dict[str, float]:
    if not shares:
        raise ValueError("name one question at least, such as better = 1")
    return shares


Share = Annotated[float, Field(gt=0, le=LARGEST_SHARE, allow_inf_nan=False)]
QuestionShares = Annotated[
    dict[Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=LONGEST_SLUG)], Share],
    AfterValidator(_refuse_no_shares),
]
"""A competition's own questions, by slug, with their shares."""


@dataclass(frozen=True)
class QuestionDetails:
    """A question, where it fits (everywhere, where the tuple is empty), and its weight beside the others."""

    slug: str
    words: str
    modes: tuple[str, ...]
    categories: tuple[str, ...]
    share: float
    retired: bool

    def fits(self, mode: str, categories: Sequence[str] = ()) -> bool:
        """Tell whether it may be asked about a competition of this mode and these categories."""
        return mode in (self.modes or MODES) and (
            not self.categories or not set(self.categories).isdisjoint(categories)
        )


@dataclass(frozen=True)
class QuestionRetirement:
    """Tell whether retiring a question changed anything, and which open competitions (slugs) name it."""

    changed: bool
    named_by: tuple[str, ...]


def list_questions(session: Session) -> tuple[QuestionDetails, ...]:
    """List every question, retired ones too, `better` first."""
    return tuple(_details(row) for row in _ALL.all(session))


def read_question(session: Session, slug: str | None) -> QuestionDetails:
    """Read one question, `better` where none is named. Raises UnknownQuestion."""
    listed = {one.slug: one for one in list_questions(session)}
    found = listed.get(slug or BETTER)
    if found is None:
        raise errors.UnknownQuestion(f"The questions are {', '.join(listed)}{suggest(slug or BETTER, listed)}.")
    return found


def read_versions(session: Session, mode: str, question: str) -> dict[int, int]:
    """Read, by competition id, the versions of a question's votes in a mode, where it was ever voted on."""
    if question == BETTER:
        return dict(_VERSIONS.all(session, mode=mode))
    return dict(_QUESTION_VERSIONS.all(session, mode=mode, question=question))


def add_question(
    session: Session,
    slug: str,
    *,
    now: datetime,
    words: str | None = None,
    modes: Sequence[str] = (),
    categories: Sequence[str] = (),
    share: float | None = None,
    is_reworded: bool = False,
) -> QuestionDetails:
    """
    Ask a question from now on, with a ledger line; one that is there already changes in what is given.

    Other words for a question that has votes must ask the same as before: `is_reworded` says so. Raises
    InvalidQuestion where they don't, for a new one without words, for an unknown category, and where `better`
    would not be asked everywhere; UnknownMode.
    """
    row = session.scalars(select(PairQuestion).where(PairQuestion.slug == slug)).one_or_none()
    for mode in modes:
        errors.read_mode(mode)
    _refuse_unknown_categories(session, categories)
    words = words and words.strip(" ")
    _refuse_words(words)
    if slug == BETTER and (modes or categories):
        raise errors.InvalidQuestion(f"{BETTER} makes the overall boards and is asked everywhere.")
    if row is None:
        if words is None:
            known = suggest(slug, [one.slug for one in list_questions(session)])
            raise errors.InvalidQuestion(f"{slug} is new: say the words that a voter reads{known}.")
        row = PairQuestion(slug=slug, words=words, modes=[], categories=[], share=1.0)
        session.add(row)
    elif words is not None and words != row.words and not is_reworded:
        _refuse_other_words(session, row)
    row.words = words or row.words
    row.modes = list(modes) or row.modes
    row.categories = list(categories) or row.categories
    row.share = row.share if share is None else share
    row.retired = False
    session.flush()
    ledger.note(session, "question.asked", f"question:{slug}", now=now, words=row.words, share=row.share)
    return _details(row)


def retire_question(
    session: Session, slug: str, *, now: datetime, reason: str | None = None
) -> QuestionRetirement:
    """
    Ask a question no more; its votes and boards stay. Competitions that name it ask what else they name.

    Raises UnknownQuestion, and InvalidQuestion for `better`, which the overall boards are made of.
    """
    if slug == BETTER:
        raise errors.InvalidQuestion(f"{BETTER} makes the overall boards and can't be retired.")
    read_question(session, slug)
    row = session.scalars(select(PairQuestion).where(PairQuestion.slug == slug)).one()
    changed = not row.retired
    if changed:
        row.retired = True
        ledger.note(session, "question.retired", f"question:{slug}", now=now, reason=reason)
    return QuestionRetirement(changed, _list_named_by(session, slug))


def check_named(
    session: Session, place: str, named: Mapping[str, float] | None, before: Mapping[str, float] | None
) -> dict[str, float] | None:
    """
    Check the questions with shares that a competition's file names; None where it names none.

    One that is retired would not be asked. It is refused, but where the competition named it `before`. Errors
    begin with `place`. Raises InvalidCompetition.
    """
    if named is None:
        return None
    known = {one.slug: one for one in list_questions(session)}
    for slug in named:
        if slug not in known:
            there = f"{suggest(slug, known)}; there are {', '.join(known)}"
            raise errors.InvalidCompetition(f"{place}: questions: there is no question {slug}{there}")
        if known[slug].retired and slug not in (before or {}):
            to_do = f"`arena question add {slug}` asks it"
            raise errors.InvalidCompetition(f"{place}: questions: {slug} is not asked in this arena; {to_do}")
    return dict(named)


def divide_shares(
    listed: Sequence[QuestionDetails], mode: str, categories: Sequence[str], own: Mapping[str, float] | None
) -> dict[str, float]:
    """
    Divide one competition's pairs among the questions: shares by slug that sum to 1.

    `own` are the shares that its file names, which decide alone. Where no question is left, it asks `better`.
    """
    asked = {one.slug: one for one in listed if not one.retired}
    if own is None:
        weights = {slug: one.share for slug, one in asked.items() if one.fits(mode, categories)}
    else:
        weights = {slug: share for slug, share in own.items() if slug in asked}
    whole = sum(weights.values())
    return {slug: weight / whole for slug, weight in weights.items()} if whole else {BETTER: 1.0}


def _refuse_unknown_categories(session: Session, categories: Sequence[str]) -> None:
    known = set(session.scalars(select(Category.slug)))
    unknown = [slug for slug in categories if slug not in known]
    if unknown:
        raise errors.InvalidQuestion(f"There is no category {unknown[0]}{suggest(unknown[0], sorted(known))}.")


def _refuse_other_words(session: Session, row: PairQuestion) -> None:
    """Refuse to let votes stand for words that their voters never read."""
    if session.scalars(select(Tally.question).where(Tally.question == row.slug).limit(1)).first() is not None:
        raise errors.InvalidQuestion(
            f"{row.slug} has votes, on “{row.words}”: add the new words under another slug, "
            "or say that they ask the same (--reworded)."
        )


def _list_named_by(session: Session, slug: str) -> tuple[str, ...]:
    is_open = Competition.status == "open"
    rows = session.execute(
        select(Competition.slug, Competition.questions).where(is_open).order_by(Competition.slug)
    )
    return tuple(competition for competition, own in rows if slug in (own or {}))


def _refuse_words(words: str | None) -> None:
    if words is None:
        return
    if not words.strip() or len(words) > LONGEST_WORDS or find_unstorable(words):
        raise errors.InvalidQuestion(f"The words of a question are one line of 1 to {LONGEST_WORDS} characters.")
    if not words.isprintable():
        raise errors.InvalidQuestion("The words of a question are one line of text without control characters.")


def _details(row: Any) -> QuestionDetails:
    modes, categories = read_json(row.modes), read_json(row.categories)
    return QuestionDetails(row.slug, row.words, tuple(modes), tuple(categories), row.share, bool(row.retired))
