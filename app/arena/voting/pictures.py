"""Finds which picture a viewer may see under which address."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, bindparam, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.arena import errors
from app.arena.entries import renditions
from app.arena.people.policy import FREE, Policy
from app.arena.tables import Competition, Entry, Matchup, Vote, Voter
from app.arena.voting.charges import charge
from app.arena.voting.expected_pictures import PaddedPicture
from app.database.aliases import alias
from app.database.columns import milliseconds
from app.database.doors import read_last, run_last
from app.database.pipelines import run_pipelined
from app.database.statements import Call, PackedStatement, PreparedStatement
from app.words import Outcome

SMALLER = {160: renditions.tiny_key, 320: renditions.thumbnail_key, 640: renditions.small_key}
"""How the smaller renditions of a named picture are stored, by their long side in pixels."""
_LEFT, _RIGHT = alias(Entry), alias(Entry)


def _mark(served_at: InstrumentedAttribute[datetime | None], *also: ColumnElement[bool]) -> Any:
    """Build the statement that notes the time, unless the side was served before; it returns what it changed."""
    unseen = update(Matchup).where(Matchup.public_id == bindparam("matchup"), served_at.is_(None), *also)
    seen = unseen.values({served_at: bindparam("now")})
    return seen.returning(Matchup.id, Matchup.voter_id, Matchup.network_key)


def _mark_expected(
    served_at: InstrumentedAttribute[datetime | None], entry: InstrumentedAttribute[int], _insert: object
) -> Any:
    """Build the same under every rule of `_FILE`, for a picture that is still stored as it was."""
    as_expected = (
        select(Voter.id)
        .join(Competition, Competition.id == Matchup.competition_id)
        .join(Entry, Entry.id == entry)
        .where(Voter.id == Matchup.voter_id, Voter.token == bindparam("voter"), Competition.status == "open")
        .where(Entry.rendition_key == bindparam("key"))
        .where(Competition.file_bytes == bindparam("file_bytes"))
        .where(Competition.small_file_bytes == bindparam("small_file_bytes"))
        .correlate(Matchup)
    )
    return _mark(served_at, Matchup.expires_at > bindparam("now"), as_expected.exists())


_FILE = PackedStatement(
    lambda _: (
        select(
            Matchup.left_served_at.label("a_served_at"),
            Matchup.right_served_at.label("b_served_at"),
            _LEFT.rendition_key.label("a_key"),
            _RIGHT.rendition_key.label("b_key"),
            Competition.input_key,
            Competition.file_bytes,
            Competition.small_file_bytes,
        )
        .select_from(Matchup)
        .join(Competition, Competition.id == Matchup.competition_id)
        .join(Voter, Voter.id == Matchup.voter_id)
        .join(_LEFT, _LEFT.id == Matchup.left_entry_id)
        .join(_RIGHT, _RIGHT.id == Matchup.right_entry_id)
        .where(
            Matchup.public_id == bindparam("matchup"),
            Voter.token == bindparam("voter"),
            Matchup.expires_at > bindparam("now"),
            Competition.status == "open",
        )
    )
)
_MARK_SERVED = {
    "a": PreparedStatement(lambda _: _mark(Matchup.left_served_at)),
    "b": PreparedStatement(lambda _: _mark(Matchup.right_served_at)),
}
_MARK_EXPECTED = {
    "a": PreparedStatement(partial(_mark_expected, Matchup.left_served_at, Matchup.left_entry_id)),
    "b": PreparedStatement(partial(_mark_expected, Matchup.right_served_at, Matchup.right_entry_id)),
}


class ServedPicture(NamedTuple):
    """Name the side, `a` or `b`, of a matchup that leaves the server, to be marked and charged."""

    matchup: bytes
    side: str
    now: datetime
    policy: Policy = FREE
    voter: bytes | None = None
    """Whose matchup it must be, where it was not looked up before."""
    stored: PaddedPicture | None = None
    """What is sent, where it was not looked up before."""


@dataclass(frozen=True)
class BlindFile:
    """A nameless file: the stored rendition and the length it is sent with."""

    key: str
    length: int
    is_first_time: bool


@dataclass(frozen=True)
class MediaFile:
    """A picture whose maker readers may know; `larger` stands in where `key` was never made."""

    key: str
    is_public: bool
    larger: str


def blind_file(
    session: Session, voter: bytes, matchup: bytes, side: str, *, small: bool = False, now: datetime
) -> BlindFile:
    """
    Find side `a`, `b` or `input` of one's own matchup until it expires or its competition closes.

    The large one stands in for a small one in a competition that has none yet. Raises MatchupNotFound for
    everything else, without a word of what is wrong.
    """
    rows = read_last(session, _FILE, matchup=matchup, voter=voter, now=milliseconds(now))
    if not rows:
        raise errors.MatchupNotFound
    [row] = rows
    if side == "input":
        if row.input_key is None:
            raise errors.MatchupNotFound("This competition has no input image.")
        key, is_first_time = row.input_key, False
    elif side == "a":
        key, is_first_time = row.a_key, row.a_served_at is None
    else:
        key, is_first_time = row.b_key, row.b_served_at is None
    stored = PaddedPicture(key, row.file_bytes, row.small_file_bytes)
    return BlindFile(*stored.name_file(small=small), is_first_time)


def mark_all_served(session: Session, served: Sequence[ServedPicture]) -> list[bool]:
    """
    Note when each side first leaves the server: dwell counts from the later one, and the charge is due now.

    Returns which of them were noted: not one that was served before, nor one that was not looked up and is no
    picture of an open pair of this voter, or is stored otherwise by now.
    Every matchup is locked before the first count, and both in one order: no two batches wait in a circle. On
    PostgreSQL the transaction may end with it: nothing may follow.
    """
    ordered = sorted(served, key=lambda one: (one.matchup, one.side))
    if session.get_bind().dialect.name == "sqlite":
        marked = [statement.all(session, **values) for statement, values in map(_ask_mark, ordered)]
    elif any(one.policy.voter_counted is not None for one in ordered):
        marked = run_pipelined(session, *map(_ask_mark, ordered))
    else:
        marked = run_last(session, *map(_ask_mark, ordered))
    _charge_marked(session, ordered, marked)
    noted = {(one.matchup, one.side): bool(rows) for one, rows in zip(ordered, marked, strict=True)}
    return [noted[one.matchup, one.side] for one in served]


def mark_served(session: Session, matchup: bytes, side: str, *, now: datetime, policy: Policy = FREE) -> None:
    """Note that one side leaves the server, as `mark_all_served` does for many; the transaction goes on."""
    served = ServedPicture(matchup, side, now, policy)
    statement, values = _ask_mark(served)
    _charge_marked(session, [served], [statement.all(session, **values)])


def _ask_mark(served: ServedPicture) -> Call:
    """Name the statement that notes when a picture was served."""
    values: dict[str, Any] = {"matchup": served.matchup, "now": milliseconds(served.now)}
    if served.stored is None:
        return _MARK_SERVED[served.side], values
    return _MARK_EXPECTED[served.side], values | {"voter": served.voter} | served.stored._asdict()


def _charge_marked(session: Session, served: Sequence[ServedPicture], marked: Sequence[Sequence[Any]]) -> None:
    """Charge the matchups of which a side was marked, by the rows that were changed for each."""
    owed = [
        (row, one)
        for one, rows in zip(served, marked, strict=True)
        for row in rows
        if one.policy.voter_counted is not None
    ]
    for row, one in sorted(owed, key=lambda pair: pair[0].network_key or b""):
        charge(session, row.id, row.voter_id, row.network_key, one.policy, now=one.now)


def media_file(session: Session, media_key: str, voter: bytes | None, *, side: int = 0) -> MediaFile | None:
    """
    Find what a reader may see with its maker's name: showcases, entries of closed or open-gallery competitions.

    A voter also sees what they judged themselves. None for everything else. `side` is that of a smaller rendition,
    in pixels: 160, 320 or 640; the large one stands in for those that nobody has rendered yet.
    """
    query = (
        select(
            Entry.id,
            Entry.rendition_key,
            Entry.rendition_side,
            Entry.role,
            Competition.status,
            Competition.open_gallery,
        )
        .join(Competition, Competition.id == Entry.competition_id)
        .where(Entry.media_key == media_key, Entry.withdrawn_at.is_(None), Competition.status != "draft")
    )
    row = session.execute(query).one_or_none()
    if row is None:
        return None
    key = SMALLER[side](row.rendition_key) if side and row.rendition_side else row.rendition_key
    if row.role == "showcase" or row.status == "closed" or row.open_gallery:
        return MediaFile(key, is_public=True, larger=row.rendition_key)
    if voter is not None and _has_judged(session, voter, row.id):
        return MediaFile(key, is_public=False, larger=row.rendition_key)
    return None


def _has_judged(session: Session, voter: bytes, entry_id: int) -> bool:
    shown = or_(Matchup.left_entry_id == entry_id, Matchup.right_entry_id == entry_id)
    query = (
        select(Vote.id)
        .join(Matchup, Matchup.id == Vote.matchup_id)
        .join(Voter, Voter.id == Matchup.voter_id)
        .where(Voter.token == voter, shown, Vote.outcome != Outcome.SKIP)
        .limit(1)
    )
    return session.execute(query).first() is not None
