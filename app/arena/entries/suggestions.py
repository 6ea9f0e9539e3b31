"""Suggestions: prompts that visitors would like to see judged, shown to nobody before an admin accepts them."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from app.arena import errors, ledger
from app.arena.entries import competitions
from app.arena.entries.competitions import CompetitionFile
from app.arena.entries.slugs import make_slug
from app.arena.ledger import COMMAND_LINE
from app.arena.people import networks
from app.arena.people.policy import DAY_SECONDS, FREE, Policy, check
from app.arena.tables import Competition, Suggestion, Voter
from app.database.doors import insert
from app.errors import Refusal
from app.words import Mode

SHORTEST, LONGEST = 10, 2_000
VOTER_DAY = 5
NETWORK_DAY = 20
MOST_WAITING = 2_000
"""Beyond this somebody should read them first."""
MODE = Mode.TEXT_TO_IMAGE
_BLANK = re.compile(r"(?:\s|[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069])+")
"""Spaces, and what could move a terminal's cursor or turn the order of a line."""


class InvalidSuggestion(Refusal, code="invalid_suggestion"):
    """No prompt that could be judged."""

    param = "prompt"


class UnknownSuggestion(Refusal, code="unknown_suggestion"):
    """There is none of this number."""


class SuggestionDecided(Refusal, code="suggestion_decided"):
    """It was decided otherwise before."""


@dataclass(frozen=True)
class SuggestionDetails:
    """A suggestion as an admin reads it."""

    id: int
    at: datetime
    mode: str
    prompt: str
    status: str
    competition: str | None
    decision: str | None


def suggest(
    session: Session, voter: bytes, prompt: str, *, now: datetime, network: str = "", policy: Policy = FREE
) -> str:
    """
    Store a prompt for review and return it as stored; one that waits or is judged already is not stored again.

    Raises InvalidSuggestion, and TooMany beyond what a voter and a network may suggest in a day.
    """
    text = normalize_prompt(prompt)
    if not SHORTEST <= len(text) <= LONGEST:
        raise InvalidSuggestion(f"A prompt has {SHORTEST} to {LONGEST:,} characters; this one has {len(text):,}.")
    who = _voter_id(session, voter, now)
    if policy.knows_networks:
        what = "suggestions a day"
        check(session, "suggested/voter", str(who), VOTER_DAY, seconds=DAY_SECONDS, now=now, what=what)
        day = networks.keys(session, network, now=now).day.hex()
        what = "suggestions a day from one network"
        check(session, "suggested/network", day, NETWORK_DAY, seconds=DAY_SECONDS, now=now, what=what)
    if not _is_known(session, text):
        waiting = select(func.count()).select_from(Suggestion).where(Suggestion.status == "new")
        if session.scalars(waiting).one() >= MOST_WAITING:
            raise errors.TooMany(
                "Many suggestions wait to be read. Please come back later.", retry_after=DAY_SECONDS
            )
        session.add(Suggestion(at=now, voter_id=who, mode=MODE, prompt=text, status="new"))
    return text


def list_suggestions(session: Session, status: str | None = "new") -> list[SuggestionDetails]:
    """List suggestions of this status, or all of them, oldest first."""
    query = select(Suggestion).order_by(Suggestion.id)
    rows = session.scalars(query if status is None else query.where(Suggestion.status == status))
    return [_details(row) for row in rows]


def accept(
    session: Session,
    number: int,
    title: str,
    *,
    now: datetime,
    slug: str | None = None,
    actor: str = COMMAND_LINE,
    reason: str | None = None,
) -> SuggestionDetails:
    """
    Create a draft competition from a suggestion. Accepting it again returns the competition it became.

    Raises UnknownSuggestion, SuggestionDecided, InvalidSuggestion for a title without letters or a slug in use.
    """
    row = _lock_undecided(session, number, "accepted")
    if row.status == "accepted":
        return _details(row)
    name = slug or make_slug(title)
    if session.scalars(select(exists().where(Competition.slug == name))).one():
        raise InvalidSuggestion(f"There is a competition {name} already; give another title or slug.")
    try:
        spec = CompetitionFile.model_validate({"slug": name, "title": title, "mode": MODE, "prompt": row.prompt})
    except ValueError as error:
        raise InvalidSuggestion(f"No competition can be named {title!r} at {name!r}.") from error
    competitions.save(session, spec, now=now)
    row.status, row.competition, row.decided_at, row.decided_by = "accepted", name, now, actor
    subject = f"suggestion:{number}"
    ledger.note(session, "suggestion.accepted", subject, now=now, actor=actor, reason=reason, competition=name)
    session.flush()
    return _details(row)


def refuse(
    session: Session, number: int, *, reason: str, now: datetime, actor: str = COMMAND_LINE
) -> SuggestionDetails:
    """
    Refuse a suggestion, giving the reason for it. Refusing it again changes nothing.

    Raises UnknownSuggestion, SuggestionDecided.
    """
    row = _lock_undecided(session, number, "refused")
    if row.status == "new":
        row.status, row.decision, row.decided_at, row.decided_by = "refused", reason, now, actor
        ledger.note(session, "suggestion.refused", f"suggestion:{number}", now=now, actor=actor, reason=reason)
        session.flush()
    return _details(row)


def normalize_prompt(prompt: str) -> str:
    """Compose characters, strip the spaces around lines and drop control characters."""
    text = unicodedata.normalize("NFC", prompt.replace("\r\n", "\n").replace("\r", "\n"))
    lines = [_BLANK.sub(" ", line).strip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _is_known(session: Session, text: str) -> bool:
    """Return whether the same words wait here, whatever their case, or are the prompt of a competition."""
    same = func.lower(Suggestion.prompt) == func.lower(text)
    is_waiting = select(exists().where(Suggestion.status == "new", same))
    is_judged = select(exists().where(func.lower(Competition.prompt) == func.lower(text)))
    return session.scalars(is_waiting).one() or session.scalars(is_judged).one()


def _lock_undecided(session: Session, number: int, decision: str) -> Suggestion:
    """Lock a suggestion that is new, or already decided this way."""
    row = session.get(Suggestion, number, with_for_update=True)
    if row is None:
        raise UnknownSuggestion(f"There is no suggestion {number}.")
    if row.status not in {"new", decision}:
        raise SuggestionDecided(f"Suggestion {number} was {row.status} before.")
    return row


def _voter_id(session: Session, token: bytes, now: datetime) -> int:
    session.execute(insert(session, Voter).values(token=token, first_seen=now, votes=0).on_conflict_do_nothing())
    return session.scalars(select(Voter.id).where(Voter.token == token)).one()


def _details(row: Suggestion) -> SuggestionDetails:
    names = SuggestionDetails.__dataclass_fields__
    return SuggestionDetails(**{name: getattr(row, name) for name in names})
