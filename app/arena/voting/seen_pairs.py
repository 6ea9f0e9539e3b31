"""Finding what a voter must not see now: the pairs issued to them before, names they know, models they look at."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import BigInteger, ScalarSelect, String, and_, bindparam, cast, func, literal_column, select
from sqlalchemy.orm import Session, aliased

from app.arena.people.policy import CLOCK_LEEWAY
from app.arena.tables import Entry, Matchup, Vote, Voter
from app.arena.voting.lanes import Ints
from app.arena.voting.matchmaking import Exclusions
from app.database.doors import milliseconds
from app.database.statements import PreparedStatement

NAMES_LINGER = 50
"""Votes for which an entry whose name was seen stays away."""
LOW_BITS = 32

_LEFT, _RIGHT = aliased(Entry), aliased(Entry)
_UNCLOSED = PreparedStatement(
    lambda _: (
        select(
            Voter.id.label("voter_id"),
            Matchup.public_id,
            Matchup.competition_id,
            Matchup.question,
            Matchup.slot,
            Matchup.issued_at,
            Matchup.expires_at,
            _LEFT.model_id.label("left_model_id"),
            _RIGHT.model_id.label("right_model_id"),
        )
        .select_from(Voter)
        .outerjoin(Matchup, and_(Matchup.voter_id == Voter.id, Matchup.closed_at.is_(None)))
        .outerjoin(_LEFT, _LEFT.id == Matchup.left_entry_id)
        .outerjoin(_RIGHT, _RIGHT.id == Matchup.right_entry_id)
        .where(Voter.token == bindparam("voter"))
        .order_by(Matchup.id)
    )
)
# Literal columns: a bound LIMIT makes SQLite plan the statement anew each time it runs, and a literal string would
# be filled in at execution only.
_KEY = cast(Matchup.low_entry_id, BigInteger) * literal_column(str(1 << LOW_BITS)) + Matchup.high_entry_id
_KEYS = func.aggregate_strings(cast(_KEY, String), literal_column("','"))  # type: ignore[arg-type]


def _issued() -> ScalarSelect[str]:
    """Select the pairs ever issued, from an index alone; as one text, as many rows take five times as long."""
    return select(_KEYS).where(Matchup.voter_id == bindparam("voter")).scalar_subquery()


def _named(linger: int | None) -> ScalarSelect[str]:
    """
    Select the pairs whose names this voter has seen in their last `linger` votes, or ever; a skip names nobody.

    It is counted in votes, which come in the order in which names were seen.
    """
    own = select(Vote.matchup_id, Vote.outcome).where(Vote.voter_id == bindparam("voter"))
    lately = own.order_by(Vote.id.desc()).limit(literal_column(str(linger))).offset(literal_column("0"))
    latest = (own if linger is None else lately).subquery()
    named = select(_KEYS).join(latest, latest.c.matchup_id == Matchup.id)
    return named.where(latest.c.outcome != literal_column("'skip'")).scalar_subquery()


def _prepare_seen(linger: int | None) -> PreparedStatement:
    return PreparedStatement(lambda _: select(_issued().label("issued"), _named(linger).label("named")))


_SEEN_LATELY, _SEEN_EVER = _prepare_seen(NAMES_LINGER), _prepare_seen(None)


@dataclass(frozen=True)
class VoterState:
    """A voter who asks for a pair, and their open matchups."""

    voter_id: int | None = None
    """None for somebody the arena has never seen."""
    waiting: tuple[Any, ...] = ()
    """Rows of their open matchups, oldest first, with the models they show."""
    is_overdue: bool = False
    """True where a matchup of theirs has expired, or is of the future, and nobody has closed it."""

    @property
    def slot(self) -> int:
        """Give the slot, 0 or 1, that the next matchup takes."""
        return 1 - self.waiting[0].slot if self.waiting else 0


NEWCOMER = VoterState()


def read_voter_state(session: Session, voter: bytes, *, now: datetime) -> VoterState:
    """Read which matchups the voter with this token has open."""
    rows = _UNCLOSED.all(session, voter=voter)
    if not rows:
        return NEWCOMER
    unclosed = [row for row in rows if row.public_id is not None]
    # A pair that is issued in the future is of a clock that was ahead: it would be open for as long as it was.
    soon = milliseconds(now + CLOCK_LEEWAY)
    waiting = tuple(row for row in unclosed if row.expires_at > milliseconds(now) and row.issued_at <= soon)
    return VoterState(rows[0].voter_id, waiting, len(waiting) < len(unclosed))


def read_exclusions(session: Session, who: VoterState, *, limits_guesses: bool = False) -> Exclusions:
    """
    Read what a voter must not be shown, from everything ever issued to them.

    Where guesses are limited no name they have seen is forgotten. Their next pair then comes from another
    competition than their open one, and may share a model with it: were that ruled out, the names of one would
    tell of the other.
    """
    if who.voter_id is None:
        return Exclusions(limits_guesses=limits_guesses)
    seen = (_SEEN_EVER if limits_guesses else _SEEN_LATELY).first(session, voter=who.voter_id)
    pairs, names = _parse_keys(seen.issued), _entries(_parse_keys(seen.named))
    if limits_guesses:
        busy = frozenset(row.competition_id for row in who.waiting)
        return Exclusions(pairs, entries=names, competitions=busy, limits_guesses=True)
    models = frozenset(model for row in who.waiting for model in (row.left_model_id, row.right_model_id))
    return Exclusions(pairs, models, names)


def _parse_keys(text: str | None) -> Ints:
    """Parse keys as `lanes.pair_keys` makes them."""
    return np.fromstring(text or "", np.int64, sep=",")


def _entries(keys: Ints) -> frozenset[int]:
    low, high = keys >> LOW_BITS, keys & ((1 << LOW_BITS) - 1)
    return frozenset(low.tolist() + high.tolist())
