"""Trips to PostgreSQL: statements that go there together, and their COMMIT with them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import cache, partial
from types import ModuleType
from typing import Any, NamedTuple

from sqlalchemy.engine import Dialect
from sqlalchemy.orm import Session

from app.database.statements import Call, CompiledStatement, DriverErrors, connect_driver

IDLE, FAILED = 0, 7
"""What libpq calls a connection without a transaction (PQTRANS_IDLE), and a failure (PGRES_FATAL_ERROR)."""


class _Request(NamedTuple):
    """Hold what libpq needs to run a statement that psycopg has prepared; `compiled` unpacks its rows."""

    name: bytes
    values: Sequence[Any]
    formats: Sequence[Any]
    compiled: CompiledStatement


def run_pipelined(session: Session, *calls: Call, ends: bool = False) -> list[list[Any]]:
    """
    Run statements with their values, in their order, and return the rows of each. For PostgreSQL only.

    All go to the server in one trip: while a vote waits for an answer, it may hold a competition's row, which
    every other vote there waits for. With `ends` they are the last of their transaction, or the whole of it.
    """
    driver, dialect, _ = calls[0][0].ready(session)
    is_begun = has_begun(session)
    is_whole, commits = ends and not is_begun, ends and is_begun
    try:
        with DriverErrors(dialect, "a pipeline of statements"):
            # psycopg would begin a transaction that goes on.
            if (is_whole or is_begun) and (requests := _list_requests(driver, dialect, calls)):
                return _run_requests(driver, requests, commits=commits, is_whole=is_whole)
            return _run_by_cursors(session, driver, calls, commits=commits, is_whole=is_whole)
    except BaseException:
        # psycopg believes that it has prepared what the server skipped after an error: on this connection those
        # statements would fail for good.
        session.invalidate()
        raise


def has_begun(session: Session) -> bool:
    """Tell whether the session is in a transaction for the server, too. For PostgreSQL only."""
    driver: Any = connect_driver(session)[0]
    return int(driver.pgconn.transaction_status) != IDLE


def _list_requests(driver: Any, dialect: Dialect, calls: Sequence[Call]) -> list[_Request]:
    """List what is to be sent; nothing unless psycopg has prepared each statement for values of these types."""
    names = _read_prepared(driver)
    if not names:
        return []
    psycopg, _ = _load_driver()
    dumped, requests = psycopg.adapt.Transformer(driver), []
    for statement, values in calls:
        compiled = statement.compiled(dialect)
        text, order = compiled.numbered
        given = compiled.arrange(values)
        formats = [psycopg.adapt.PyFormat.AUTO] * len(order)
        sent = dumped.dump_sequence([given[name] for name in order], formats)
        name = names.get((text, dumped.types or ()))
        if name is None:
            return []
        requests.append(_Request(name, sent, dumped.formats, compiled))
    return requests


def _read_prepared(driver: Any) -> Mapping[Any, bytes]:
    """Read by which names the server knows what psycopg has prepared on this connection."""
    # It tells nobody. A version that keeps them elsewhere would run everything by its cursors.
    return getattr(getattr(driver, "_prepared", None), "_names", {})


def _run_requests(driver: Any, requests: Sequence[_Request], *, commits: bool, is_whole: bool) -> list[list[Any]]:
    """
    Run prepared statements by libpq itself, and return the rows of each.

    A cursor of psycopg takes two thirds of the time of a statement that it has prepared already, and each one in a
    pipeline is sent by itself. A transaction that is one statement needs no pipeline.
    """
    psycopg, generators = _load_driver()
    pgconn, wait, alone = driver.pgconn, driver.wait, is_whole and len(requests) == 1
    if not alone:
        pgconn.enter_pipeline_mode()
    for one in requests:
        pgconn.send_query_prepared(one.name, one.values, one.formats)
    if commits:
        pgconn.send_query_params(b"COMMIT", None)
    if not alone:
        pgconn.pipeline_sync()
    wait(generators.send(pgconn))
    results = []
    for _ in range(len(requests) + commits):
        results += wait(generators.fetch_many(pgconn))
        if results[-1].status == FAILED:
            raise psycopg.errors.error_from_result(results[-1], encoding=driver.info.encoding)
    if not alone:
        wait(generators.fetch_many(pgconn))  # the end of the pipeline
        pgconn.exit_pipeline_mode()
    loaded = psycopg.adapt.Transformer(driver)
    rows: list[list[Any]] = []
    for one, result in zip(requests, results, strict=False):  # a COMMIT's result has no request
        loaded.set_pgresult(result)
        rows.append(_unpack(one.compiled, partial(loaded.load_rows, 0, result.ntuples, tuple)))
    return rows


def _run_by_cursors(
    session: Session, driver: Any, calls: Sequence[Call], *, commits: bool, is_whole: bool
) -> list[list[Any]]:
    """Run statements by psycopg, which prepares what comes often, and return the rows of each."""
    # What a pipeline holds is one transaction by itself. psycopg would wait for its own BEGIN and COMMIT.
    begin = _without_begin(driver) if is_whole else nullcontext()
    # One by itself is one trip without a pipeline, too, with which psycopg takes a third longer over it.
    together = nullcontext() if is_whole and len(calls) == 1 else driver.pipeline()
    with begin, together:
        results = [statement.run(session, values) for statement, values in calls]
        if commits:
            driver.execute("COMMIT", prepare=False)
    # Read after the pipeline has ended: within it, the first row that is asked for costs a trip of its own.
    return [_unpack(compiled, cursor.fetchall) for cursor, compiled in results]


def _unpack(compiled: CompiledStatement, fetch: Callable[[], list[Any]]) -> list[Any]:
    return compiled.unpack(fetch()) if compiled.gives_rows else []


@contextmanager
def _without_begin(driver: Any) -> Iterator[None]:
    """Have psycopg begin no transaction for what comes."""
    driver.autocommit = True
    try:
        yield
    finally:
        if not driver.closed:
            driver.autocommit = False


@cache
def _load_driver() -> tuple[ModuleType, ModuleType]:
    """Import the driver, which only those who use PostgreSQL install, and what moves its bytes."""
    import psycopg  # noqa: PLC0415 (optional)
    from psycopg import generators  # noqa: PLC0415 (optional)

    return psycopg, generators
