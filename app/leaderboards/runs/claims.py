"""Claims decide who may refresh boards: one process of all at a time, timed by the database's own clock."""

from collections.abc import Iterable
from typing import Any, cast

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Table,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    select,
    update,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import GenericFunction

from app.database.doors import execute, insert
from app.database.statements import PreparedStatement
from app.leaderboards.runs.scopes import Scope
from app.leaderboards.tables import Board
from app.words import BETTER

# Twice what a pass may take (refresh.BUDGET_SECONDS); after that a claim counts as left by a process that died.
CLAIM_MS = 10_000
LONGEST_REST_MS = 60_000
"""A mode never rests longer: one that says so was told by a clock that was ahead, and may be claimed at once."""


_BOARDS = cast("Table", Board.__table__)


class DatabaseClock(GenericFunction[int]):
    """Milliseconds since 1970; machines that share a database need not agree on the time."""

    type = BigInteger()
    inherit_cache = True


@compiles(DatabaseClock, "sqlite")
def _sqlite_clock(_element: DatabaseClock, _compiler: Any, **_options: Any) -> str:
    return "CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER)"


@compiles(DatabaseClock, "postgresql")
def _postgresql_clock(_element: DatabaseClock, _compiler: Any, **_options: Any) -> str:
    # now() would stand still at the start of the transaction.
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"


def held_ms() -> ColumnElement[int]:
    """Compute the milliseconds until no claim of any mode is in force any more; 0 or less where none is."""
    # A claim whose process was killed ends by itself; nobody has to clean up after it.
    ends = select(func.max(_BOARDS.c.claim_until)).where(_is_soon(_BOARDS.c.claim_until)).scalar_subquery()
    return func.coalesce(ends + 1 - DatabaseClock(), 0)


def rest_ms(mode: ColumnElement[str]) -> ColumnElement[int]:
    """Compute the milliseconds until a mode has rested from its last pass and from those of other modes."""
    rests = select(func.max(_BOARDS.c.next_refresh_at)).where(_BOARDS.c.mode == mode)
    until = rests.where(_is_soon(_BOARDS.c.next_refresh_at)).scalar_subquery()
    return func.coalesce(until - DatabaseClock(), 0)


def own_ms() -> ColumnElement[int]:
    """Compute the milliseconds until a board may be rated for the first time: it waits after errors alone."""
    moment = _BOARDS.c.next_refresh_at
    return case((_is_soon(moment), moment - DatabaseClock()), else_=0)


def _is_soon(moment: ColumnElement[int]) -> ColumnElement[bool]:
    """Tell whether a moment is not so far ahead that only a clock that was wrong can have named it."""
    return moment <= DatabaseClock() + LONGEST_REST_MS


def is_held(session: Session, key: str, token: str) -> bool:
    """Tell whether a board is still claimed with this token."""
    return session.scalar(select(Board.id).where(_is_held(key, token))) is not None


def claim(session: Session, scopes: Iterable[Scope], token: str, *, by_force: bool = False) -> set[str]:
    """
    Claim these boards of one mode unless anything is claimed, or by force; returns the keys that are ours now.

    One pass at a time in the whole database: that is what bounds the CPU of all processes together. While the mode
    rests, only boards that were never rated can be claimed.
    """
    wanted = {scope.key: scope for scope in scopes}
    mode = next(iter(wanted.values())).mode
    # On PostgreSQL two could otherwise claim at once, each before it sees the other's claim.
    hold(session)
    known = _KNOWN.all(session, mode=mode)
    if missing := wanted.keys() - {row.key for row in known}:
        _create(session, [wanted[name] for name in missing])
        known = _KNOWN.all(session, mode=mode)
    ours = {row.key for row in known if row.key in wanted and (by_force or _is_due(row))}
    _CLAIM.each(session, [{"board": name, "token": token} for name in sorted(ours)])
    return ours


def _is_due(row: Any) -> bool:
    """Tell whether a board may be claimed now."""
    return bool(row.held_ms <= 0 and (row.own_ms if row.current_run_id is None else row.rest_ms) <= 0)


def hold(session: Session) -> None:
    """Lock what claims and rests go by until the transaction ends; comes first, so that none wait in a circle."""
    _HOLD_RESTS.all(session)


def rest(session: Session, mode: str, *, own_ms: int, others_ms: int) -> None:
    """Have a mode rest for so long from now on, every other one at least for the other time; a minute at most."""
    own_ms, others_ms = (min(each, LONGEST_REST_MS) for each in (own_ms, others_ms))
    _REST.change(session, of=mode, own_ms=own_ms, others_ms=others_ms)


def settle(session: Session, key: str, token: str) -> int | None:
    """Give a claim up; returns the board's id, or None if the claim no longer stands."""
    row = _SETTLE.first(session, board=key, token=token)
    return None if row is None else int(row.id)


def release(session: Session, token: str, question: str) -> None:
    """Give up a question's boards that are still claimed with this token, for the next reader to take."""
    _RELEASE.change(session, token=token, asked=question)


def give_up(session: Session, token: str) -> None:
    """Give up all boards claimed with this token after an error: they rest for as long as a claim lasts."""
    ours = update(Board).where(Board.claim == token)
    execute(session, ours.values(claim=None, claim_until=None, next_refresh_at=DatabaseClock() + CLAIM_MS))


def _is_held(key: str, token: str) -> ColumnElement[bool]:
    return and_(Board.key == key, Board.claim == token, Board.claim_until >= DatabaseClock())


def _create(session: Session, scopes: list[Scope]) -> None:
    """Store a row for each board that was never claimed before; another process may be doing so at this moment."""
    rows = [
        {
            "key": scope.key,
            "mode": scope.mode,
            "category_id": scope.category_id,
            "competition_id": scope.competition_id,
            "question": scope.question,
            "next_refresh_at": 0,
        }
        for scope in scopes
    ]
    execute(session, insert(session, Board).values(rows).on_conflict_do_nothing(index_elements=["key"]))


_KNOWN = PreparedStatement(
    lambda _: select(
        _BOARDS.c.key,
        _BOARDS.c.current_run_id,
        held_ms().label("held_ms"),
        rest_ms(bindparam("mode")).label("rest_ms"),
        own_ms().label("own_ms"),
    ).where(_BOARDS.c.mode == bindparam("mode"))
)
_CLAIM = PreparedStatement(
    lambda _: (
        update(_BOARDS)
        .where(_BOARDS.c.key == bindparam("board"))
        .values(claim=bindparam("token"), claim_until=DatabaseClock() + CLAIM_MS)
    )
)
_SETTLE = PreparedStatement(
    lambda _: (
        update(_BOARDS)
        .where(_BOARDS.c.key == bindparam("board"), _BOARDS.c.claim == bindparam("token"))
        .where(_BOARDS.c.claim_until >= DatabaseClock())
        .values(claim=None, claim_until=None)
        .returning(_BOARDS.c.id)
    )
)
_RELEASE = PreparedStatement(
    lambda _: (
        update(_BOARDS)
        .where(_BOARDS.c.claim == bindparam("token"), _BOARDS.c.question == bindparam("asked"))
        .values(claim=None, claim_until=None)
    )
)
# A mode rests in the row of its overall board.
_IS_OVERALL = and_(
    _BOARDS.c.category_id.is_(None),
    _BOARDS.c.competition_id.is_(None),
    _BOARDS.c.question == literal_column(f"'{BETTER}'"),
)
_HOLD_RESTS = PreparedStatement(
    lambda _: select(_BOARDS.c.id).where(_IS_OVERALL).order_by(_BOARDS.c.id).with_for_update()
)
_UNTIL = DatabaseClock() + case(
    (_BOARDS.c.mode == bindparam("of"), bindparam("own_ms", type_=BigInteger)),
    else_=bindparam("others_ms", type_=BigInteger),
)
_RESTS_LONGER = and_(_BOARDS.c.next_refresh_at > _UNTIL, _is_soon(_BOARDS.c.next_refresh_at))
_REST = PreparedStatement(
    lambda _: update(_BOARDS).where(_IS_OVERALL, ~_RESTS_LONGER).values(next_refresh_at=_UNTIL)
)
