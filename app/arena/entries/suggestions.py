"""Prompts that visitors would like to see judged: kept for an admin, shown to nobody before that."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from app.arena import errors, ledger
from app.arena.entries import competitions
from app.arena.entries.competitions import CompetitionFile
from app.arena.people import networks
from app.arena.people.policy import DAY, FREE, Policy, check
from app.arena.tables import Competition, Suggestion, Voter
from app.database.doors import insert

SHORTEST, LONGEST = 10, 2_000
VOTER_DAY = 5
NETWORK_DAY = 20
MOST_WAITING = 2_000
"""Beyond this somebody should read them first."""
MODE = "text-to-image"
NOBODY = "command line"
_BLANK = re.compile(r"(?:\s|[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069])+")
"""Spaces, and what could move a terminal's cursor or turn the order of a line."""


class InvalidSuggestion(Exception):
    """No prompt that could be judged."""

    code = "invalid_suggestion"
    param = "prompt"


class UnknownSuggestion(Exception):
    """There is none of this number."""

    code = "unknown_suggestion"


class SuggestionDecided(Exception):
    """It was decided otherwise before."""

    code = "suggestion_decided"


@dataclass(frozen=True)
class Suggested:
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
    Keep a prompt for review; returns it as it is kept. One that waits or is judged already is not kept twice.

    Raises InvalidSuggestion, and TooMany beyond what a voter and a network may suggest in a day.
    """
    text = tidied(prompt)
    if not SHORTEST <= len(text) <= LONGEST:
        raise InvalidSuggestion(f"A prompt has {SHORTEST} to {LONGEST:,} characters; this one has {len(text):,}.")
    who = _voter_id(session, voter, now)
    if policy.knows_networks:
        what = "suggestions a day"
        check(session, "suggested/voter", str(who), VOTER_DAY, seconds=DAY, now=now, what=what)
        day = networks.keys(session, network, now=now).day.hex()
        what = "suggestions a day from one network"
        check(session, "suggested/network", day, NETWORK_DAY, seconds=DAY, now=now, what=what)
    if not _is_known(session, text):
        waiting = select(func.count()).select_from(Suggestion).where(Suggestion.status == "new")
        if session.scalars(waiting).one() >= MOST_WAITING:
            raise errors.TooMany("Many suggestions wait to be read. Please come back later.", retry_after=DAY)
        session.add(Suggestion(at=now, voter_id=who, mode=MODE, prompt=text, status="new"))
    return text


def listing(session: Session, status: str | None = "new") -> list[Suggested]:
    """Of this status, or all; oldest first."""
    query = select(Suggestion).order_by(Suggestion.id)
    rows = session.scalars(query if status is None else query.where(Suggestion.status == status))
    return [_suggested(row) for row in rows]


def accept(
    session: Session,
    number: int,
    title: str,
    *,
    now: datetime,
    slug: str | None = None,
    actor: str = NOBODY,
    reason: str | None = None,
) -> Suggested:
    """
    Make a draft competition of a suggestion; again returns the one it became.

    Raises UnknownSuggestion, SuggestionDecided, InvalidSuggestion for a title without letters or a slug in use.
    """
    row = _waiting(session, number, "accepted")
    if row.status == "accepted":
        return _suggested(row)
    name = slug or slug_of(title)
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
    return _suggested(row)


def refuse(session: Session, number: int, *, reason: str, now: datetime, actor: str = NOBODY) -> Suggested:
    """
    Put a suggestion aside, with a reason for whoever asks; again changes nothing.

    Raises UnknownSuggestion, SuggestionDecided.
    """
    row = _waiting(session, number, "refused")
    if row.status == "new":
        row.status, row.decision, row.decided_at, row.decided_by = "refused", reason, now, actor
        ledger.note(session, "suggestion.refused", f"suggestion:{number}", now=now, actor=actor, reason=reason)
        session.flush()
    return _suggested(row)


def tidied(prompt: str) -> str:
    """Composed characters, lines without spaces around them, no control characters."""
    text = unicodedata.normalize("NFC", prompt.replace("\r\n", "\n").replace("\r", "\n"))
    lines = [_BLANK.sub(" ", line).strip() for line in text.split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def slug_of(title: str) -> str:
    """Letters without their accents, digits, and hyphens for everything else."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].strip("-")


def _is_known(session: Session, text: str) -> bool:
    """The same words wait here, whatever their case, or are a prompt people judge."""
    same = func.lower(Suggestion.prompt) == func.lower(text)
    waits = select(exists().where(Suggestion.status == "new", same))
    stands = select(exists().where(func.lower(Competition.prompt) == func.lower(text)))
    return session.scalars(waits).one() or session.scalars(stands).one()


def _waiting(session: Session, number: int, decision: str) -> Suggestion:
    """New, or already decided this way."""
    row = session.get(Suggestion, number, with_for_update=True)
    if row is None:
        raise UnknownSuggestion(f"There is no suggestion {number}.")
    if row.status not in {"new", decision}:
        raise SuggestionDecided(f"Suggestion {number} was {row.status} before.")
    return row


def _voter_id(session: Session, token: bytes, now: datetime) -> int:
    session.execute(insert(session, Voter).values(token=token, first_seen=now, votes=0).on_conflict_do_nothing())
    return session.scalars(select(Voter.id).where(Voter.token == token)).one()


def _suggested(row: Suggestion) -> Suggested:
    names = Suggested.__dataclass_fields__
    return Suggested(**{name: getattr(row, name) for name in names})
