"""Claims decide who may refresh a board: one process at a time, timed by the database's own clock."""

from collections.abc import Iterable
from typing import Any, cast

from sqlalchemy import BigInteger, ColumnElement, Table, and_, bindparam, case, func, select, true, update
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import GenericFunction

from app.database.doors import execute, insert
from app.leaderboards.runs.scopes import Scope
from app.leaderboards.tables import Board

# Twice what a pass may take (refresh.BUDGET_SECONDS); after that a claim counts as left by a process that died.
CLAIM_MS = 10_000
LONGEST_REST_MS = 60_000
"""A board never rests longer: one that says so was told by a clock that was ahead, and may be claimed at once."""


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


def wait_ms() -> ColumnElement[int]:
    """Compute the milliseconds until a board may be claimed; negative where it may be claimed now."""
    # A claim whose process was killed ends by itself; nobody has to clean up after it.
    held = func.coalesce(Board.claim_until + 1, 0)
    wait = case((held > Board.next_refresh_at, held), else_=Board.next_refresh_at) - DatabaseClock()
    return case((wait > LONGEST_REST_MS, 0), else_=wait)


def due() -> ColumnElement[bool]:
    """Build the SQL condition that a board may be claimed now."""
    return wait_ms() <= 0


def is_held(session: Session, key: str, token: str) -> bool:
    """Tell whether a board is still claimed with this token."""
    return session.scalar(select(Board.id).where(_is_held(key, token))) is not None


def claim(session: Session, scopes: Iterable[Scope], token: str, *, by_force: bool = False) -> set[str]:
    """Claim those of these boards that are due, or by force all; returns the keys that are ours now."""
    wanted = list(scopes)
    _create(session, wanted)
    ours = (
        update(Board)
        .where(Board.key.in_([scope.key for scope in wanted]), true() if by_force else due())
        .values(claim=token, claim_until=DatabaseClock() + CLAIM_MS)
        .returning(Board.key)
        .execution_options(synchronize_session=False)
    )
    return set(session.scalars(ours))


def settle(session: Session, key: str, token: str, *, pause_ms: int) -> int | None:
    """Give a claim up and name the next refresh; the board's id, or None if the claim no longer stands."""
    values = {"board": key, "token": token, "pause_ms": min(pause_ms, LONGEST_REST_MS)}
    found: int | None = session.scalar(_SETTLE, values)
    return found


_BOARDS = cast("Table", Board.__table__)
_SETTLE = (
    update(_BOARDS)
    .where(_BOARDS.c.key == bindparam("board"), _BOARDS.c.claim == bindparam("token"))
    .where(_BOARDS.c.claim_until >= DatabaseClock())
    .values(
        claim=None, claim_until=None, next_refresh_at=DatabaseClock() + bindparam("pause_ms", type_=BigInteger)
    )
    .returning(_BOARDS.c.id)
)


def release(session: Session, token: str, question: str) -> None:
    """Give up a question's boards that are still claimed with this token, for the next reader to take."""
    ours = update(Board).where(Board.claim == token, Board.question == question)
    execute(session, ours.values(claim=None, claim_until=None))


def _is_held(key: str, token: str) -> ColumnElement[bool]:
    return and_(Board.key == key, Board.claim == token, Board.claim_until >= DatabaseClock())


def _create(session: Session, scopes: list[Scope]) -> None:
    """Store a row for each board that was never claimed before; another process may be doing so at this moment."""
    keys = [scope.key for scope in scopes]
    known = set(session.scalars(select(Board.key).where(Board.key.in_(keys))))
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
        if scope.key not in known
    ]
    if rows:
        execute(session, insert(session, Board).values(rows).on_conflict_do_nothing(index_elements=["key"]))
