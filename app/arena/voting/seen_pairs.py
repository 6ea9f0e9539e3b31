"""Finding what a voter must not see now: the pairs issued to them before, names they know, models they look at."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ScalarSelect, String, and_, bindparam, cast, func, literal_column, select
from sqlalchemy.orm import Session

from app.arena.people.policy import CLOCK_LEEWAY
from app.arena.tables import Entry, Matchup, Vote, Voter
from app.arena.voting.field import LOW_BITS, LOW_MASK
from app.arena.voting.matchmaking import Exclusions
from app.database.aliases import alias
from app.database.columns import milliseconds
from app.database.doors import read_last
from app.database.statements import PackedStatement

NAMES_LINGER = 50
"""Votes for which an entry whose name was seen stays away."""

_LEFT, _RIGHT = alias(Entry), alias(Entry)
_ISSUED, _UNLOADABLE, _LATEST = alias(Matchup), alias(Matchup), alias(Matchup)
# Literal columns: a bound LIMIT makes SQLite plan the statement anew each time it runs, and a literal string would
# be filled in at execution only.
_KEY = cast(_ISSUED.low_entry_id, BigInteger) * literal_column(str(1 << LOW_BITS)) + _ISSUED.high_entry_id
_KEYS = func.aggregate_strings(cast(_KEY, String), literal_column("','"))  # type: ignore[arg-type]


def _waiting(*also: Any) -> Any:
    """Select a row for each open matchup of a voter, one at least, with these columns besides."""
    return (
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
            *also,
        )
        .select_from(Voter)
        .outerjoin(Matchup, and_(Matchup.voter_id == _find_voter(), Matchup.closed_at.is_(None)))
        .outerjoin(_LEFT, _LEFT.id == Matchup.left_entry_id)
        .outerjoin(_RIGHT, _RIGHT.id == Matchup.right_entry_id)
        .where(Voter.token == bindparam("voter"))
        .order_by(Matchup.id)
    )


def _issued() -> ScalarSelect[str]:
    """Select the pairs ever issued, from an index alone; as one text, as many rows take five times as long."""
    return select(_KEYS).where(_ISSUED.voter_id == Voter.id).correlate(Voter).scalar_subquery()


def _named(linger: int | None) -> ScalarSelect[str]:
    """
    Select the pairs whose names this voter has seen in their last `linger` votes, or ever; a skip names nobody.

    It is counted in votes, which come in the order in which names were seen.
    """
    own = select(Vote.matchup_id, Vote.outcome).where(Vote.voter_id == _find_voter())
    lately = own.order_by(Vote.id.desc()).limit(literal_column(str(linger))).offset(literal_column("0"))
    latest = (own if linger is None else lately).subquery()
    # A look-up for each vote, and no join: PostgreSQL would read every matchup there is to join fifty of them.
    key = select(_KEY).where(_ISSUED.id == latest.c.matchup_id).correlate(latest).scalar_subquery()
    named = select(func.aggregate_strings(cast(key, String), literal_column("','")))  # type: ignore[arg-type]
    return named.select_from(latest).where(latest.c.outcome != literal_column("'skip'")).scalar_subquery()


def _find_voter() -> ScalarSelect[int]:
    """
    Select the voter's id by the token once more.

    What stands in FROM sees nothing of the row outside; and by an id that it has, PostgreSQL looks rows up, where
    for one still to be joined it may read all open matchups.
    """
    return select(Voter.id).where(Voter.token == bindparam("voter")).scalar_subquery()


def _owed() -> ScalarSelect[int]:
    """Select the competition of the pair that could not be loaded, where none was issued since."""
    since = select(func.max(_LATEST.issued_at)).where(_LATEST.voter_id == Voter.id).correlate(Voter)
    return (
        select(_UNLOADABLE.competition_id)
        .where(_UNLOADABLE.voter_id == Voter.id, _UNLOADABLE.unloadable_at.is_not(None))
        .where(_UNLOADABLE.unloadable_at >= since.scalar_subquery())
        .order_by(_UNLOADABLE.unloadable_at.desc())
        .limit(literal_column("1"))
        .offset(literal_column("0"))
        .correlate(Voter)
        .scalar_subquery()
    )


def _prepare_state(linger: int | None) -> PackedStatement:
    also = _issued().label("issued"), _named(linger).label("named"), _owed().label("owed")
    return PackedStatement(lambda _: _waiting(*also))


_WAITING = PackedStatement(lambda _: _waiting())
_STATE_LATELY, _STATE_EVER = _prepare_state(NAMES_LINGER), _prepare_state(None)


class VoterState(NamedTuple):
    """A voter who asks for a pair, and their open matchups."""

    voter_id: int | None = None
    """None for somebody the arena has never seen."""
    waiting: tuple[Any, ...] = ()
    """Rows of their open matchups, oldest first, with the models they show."""
    is_overdue: bool = False
    """True where a matchup of theirs has expired, or is of the future, and nobody has closed it."""
    issued: str | None = None
    """Keys, as `field.pair_keys` makes them, of the pairs ever issued to them, with commas between them."""
    named: str | None = None
    """Keys of the pairs whose names they have seen, of late or ever."""
    owed_competition: int | None = None
    """The competition that their next pair must come from, in the place of one that could not be loaded."""

    @property
    def slot(self) -> int:
        """Give the slot, 0 or 1, that the next matchup takes."""
        return 1 - self.waiting[0].slot if self.waiting else 0


NEWCOMER = VoterState()


def read_waiting(session: Session, voter: bytes, *, now: datetime) -> tuple[Any, ...]:
    """Read the open matchups of the voter with this token, oldest first, with the models they show."""
    rows = _WAITING.all(session, voter=voter)
    return _find_waiting(rows, now)


def read_voter_state(session: Session, voter: bytes, *, now: datetime, limits_guesses: bool = False) -> VoterState:
    """
    Read what the voter with this token has open and has seen, all of it where guesses are limited.

    On PostgreSQL the transaction ends with it: what is read afterwards in the same session is of another moment.
    """
    rows = read_last(session, _STATE_EVER if limits_guesses else _STATE_LATELY, voter=voter)
    if not rows:
        return NEWCOMER
    waiting, unclosed = _find_waiting(rows, now), sum(row.public_id is not None for row in rows)
    who = rows[0]
    return VoterState(who.voter_id, waiting, len(waiting) < unclosed, who.issued, who.named, who.owed)


def _find_waiting(rows: Iterable[Any], now: datetime) -> tuple[Any, ...]:
    """Leave out what has expired, and what is of the future."""
    at = milliseconds(now)
    # A pair that is issued in the future is of a clock that was ahead: it would be open for as long as it was.
    soon = milliseconds(now + CLOCK_LEEWAY)
    unclosed = (row for row in rows if row.public_id is not None)
    return tuple(row for row in unclosed if row.expires_at > at and row.issued_at <= soon)


def list_exclusions(who: VoterState, *, limits_guesses: bool = False) -> Exclusions:
    """
    List what a voter must not be shown, from everything ever issued to them.

    Where guesses are limited no name they have seen is forgotten. Their next pair then comes from another
    competition than their open one, and may share a model with it: were that ruled out, the names of one would
    tell of the other.
    """
    pairs, named = _parse_keys(who.issued), _parse_keys(who.named)
    names = frozenset([key >> LOW_BITS for key in named] + [key & LOW_MASK for key in named])
    if limits_guesses:
        busy = frozenset(row.competition_id for row in who.waiting)
        return Exclusions(pairs, entries=names, competitions=busy, limits_guesses=True)
    models = frozenset(model for row in who.waiting for model in (row.left_model_id, row.right_model_id))
    return Exclusions(pairs, models, names)


def _parse_keys(text: str | None) -> frozenset[int]:
    """Parse keys as `field.pair_keys` makes them."""
    return frozenset(map(int, text.split(","))) if text else frozenset()
