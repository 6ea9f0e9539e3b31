"""Checks of `arena doctor` on the database: that it stores, that it is whole, that it has room for more keys."""

import stat
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from app.arena.people import secret_key
from app.arena.people.policy import CLOCK_LEEWAY
from app.arena.tables import AdminSession, Matchup, Vote
from app.cli import rows
from app.cli.doctor_context import CheckResult, DoctorContext, Level
from app.database.causes import CAUSES
from app.database.doors import Database, DatabaseBusy, NewerDatabase
from app.database.engines import ENCODING, is_pooled
from app.database.replica import UnfitReplica, measure_lag
from app.database.schema import read_encoding
from app.leaderboards.runs.claims import LONGEST_REST_MS, DatabaseClock
from app.leaderboards.tables import Board
from app.words import plural

SOUND_SQLITE = (3, 51, 3)
CLOCK_SECONDS = 2
LOCK_SECONDS = 5
LATEST = 1000
"""How many of the newest votes and pairs are looked at: they were stored last, whatever their times say."""
FULL_SHARE, NEARLY_FULL_SHARE = 0.95, 0.7
"""Of the keys of a table that are used up: fail from the first, warn from the second."""
SEQUENCES = text(
    "SELECT sequencename, last_value::float / max_value FROM pg_sequences "
    "WHERE schemaname = current_schema() AND last_value IS NOT NULL ORDER BY 2 DESC LIMIT 1"
)


def database(context: DoctorContext) -> CheckResult:
    """Check that the database stores what it is given, is whole, and survives a power loss."""
    problem = context.database.find_problem(LOCK_SECONDS)
    if problem:
        return CheckResult("fail", str(CAUSES[problem]))
    if not context.database.is_sqlite:
        return _postgresql(context.database)
    found = _sqlite(context)
    foreign = _find_unstorable(context.database) if context.deep else None
    if foreign is None or found.level == "ok":
        return foreign or found
    return CheckResult(found.level, f"{found.says}; {foreign.says}")


def _find_unstorable(found: Database) -> CheckResult | None:
    """Find rows of older versions that SQLite took and PostgreSQL would not; None where there are none."""
    with found.reading() as session:
        tables = rows.read_tables(session)
        counts = {t.name: sum(rows.count_unstorable(t, p) for _, p in rows.read_parts(session, t)) for t in tables}
    bad = ", ".join(f"{plural(count, 'row')} of {name}" for name, count in counts.items() if count)
    told = f"{bad} with text or numbers that PostgreSQL does not take: a backup that is restored mends them"
    return CheckResult("warn", told) if bad else None


def _sqlite(context: DoctorContext) -> CheckResult:
    with context.database.reading() as session:
        mode, synchronous = (session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous"))
        version = str(session.scalar(text("SELECT sqlite_version()")))
        damage = _find_damage(session, deep=context.deep)
    if damage:
        return CheckResult("fail", f"{damage}: stop the server and restore a backup")
    if (mode, synchronous) != ("wal", 2):
        return CheckResult("fail", f"journal {mode}, synchronous {synchronous}: votes could be lost at power loss")
    if tuple(map(int, version.split("."))) < SOUND_SQLITE:
        return CheckResult("warn", f"SQLite {version} can corrupt its log: install pysqlite3")
    return CheckResult("ok", f"SQLite {version}, whole, WAL, synchronous FULL")


def _find_damage(session: Session, *, deep: bool) -> str | None:
    """Run SQLite's own check of the file; `deep` also of its indexes, of foreign keys, and of texts with a NUL."""
    found = str(session.scalar(text(f"PRAGMA {'integrity_check' if deep else 'quick_check'}(1)")))
    if found != "ok":
        return f"the file is damaged ({found.splitlines()[0][:100]})"
    if not deep:
        return None
    orphan = session.execute(text("PRAGMA foreign_key_check")).first()
    if orphan:
        return f"row {orphan[1]} of {orphan[0]} refers to a row of {orphan[2]} that is not there"
    return next(
        (
            f"{place} holds a NUL, which PostgreSQL refuses"
            for place in _text_columns(session)
            if _has_nul(session, place)
        ),
        None,
    )


def _text_columns(session: Session) -> list[str]:
    """List the columns that hold text as `table.column`."""
    tables = inspect(session.connection())
    return [
        f'"{name}"."{column["name"]}"'
        for name in tables.get_table_names()
        for column in tables.get_columns(name)
        if str(column["type"]) in {"VARCHAR", "TEXT", "JSON"}
    ]


def _has_nul(session: Session, place: str) -> bool:
    table = place.partition(".")[0]
    return bool(session.scalar(text(f"SELECT 1 FROM {table} WHERE instr({place}, char(0)) LIMIT 1")))  # noqa: S608


def _postgresql(found: Database) -> CheckResult:
    with found.reading() as session:
        told = [str(session.scalar(text(f"SHOW {name}"))) for name in ("fsync", "synchronous_commit")]
        version = str(session.scalar(text("SHOW server_version")))
        encoding = read_encoding(session.connection())
        driver: Any = session.connection().connection.dbapi_connection
        pooled = is_pooled(driver)
    if "off" in told:
        return CheckResult("fail", "fsync or synchronous_commit is off: votes could be lost at power loss")
    if encoding != ENCODING:
        return CheckResult(
            "fail", f"encoded in {encoding}, which does not hold every text: move to a database in {ENCODING}"
        )
    if pooled and driver.prepare_threshold is not None:
        return CheckResult(
            "warn", "a pooler may lose prepared statements: take prepare_threshold out of DATABASE_URL"
        )
    between = ", behind a pooler: statements are not prepared" if pooled else ""
    return CheckResult("ok", f"PostgreSQL {version}, stores, durable{between}")


def migrations(context: DoctorContext) -> CheckResult:
    """Check that the schema is the one this version was written for."""
    try:
        pending = context.database.pending()
    except NewerDatabase as error:
        return CheckResult("fail", f"{error} Install the version it was used with, or restore a backup.")
    if pending:
        return CheckResult(
            "fail", f"{', '.join(pending)} pending: make a backup, then run any command with --migrate"
        )
    return CheckResult("ok", "none pending")


def keys(context: DoctorContext) -> CheckResult:
    """Check that no table is about to run out of keys, after which nothing more could be stored in it."""
    if context.database.is_sqlite:
        return CheckResult("ok", "SQLite's keys have 64 bits")
    with context.database.reading() as session:
        fullest = session.execute(SEQUENCES).first()
    if fullest is None:
        return CheckResult("ok", "none used yet")
    says = f"{fullest[0]} has used {fullest[1]:.0%} of its keys"
    if fullest[1] >= NEARLY_FULL_SHARE:
        level: Level = "fail" if fullest[1] >= FULL_SHARE else "warn"
        return CheckResult(
            level, f"{says}: give its column 64 bits before it is full (ALTER COLUMN id TYPE bigint)"
        )
    return CheckResult("ok", says)


def clock(context: DoctorContext) -> CheckResult:
    """Compare this machine's clock with the database's, and look for times that are still to come."""
    if ahead := find_future_times(context.database, context.now):
        return CheckResult("warn", f"{ahead} bear times still to come: the clock was ahead, or is behind now")
    if context.database.is_sqlite:
        return CheckResult("ok", "the database has this machine's clock")
    with context.database.reading() as session:
        theirs = float(session.scalar(text("SELECT extract(epoch FROM clock_timestamp())")) or 0)
    apart = abs(theirs - datetime.now(context.now.tzinfo).timestamp())
    if apart > CLOCK_SECONDS:
        return CheckResult("warn", f"{apart:.1f} s apart from the database: let NTP set both clocks")
    return CheckResult("ok", f"{apart * 1000:.0f} ms apart from the database")


def find_future_times(database: Database, now: datetime) -> str:
    """
    Say how many votes, pairs, sign-ins and boards bear a time far ahead; empty where none does.

    Such times are traces of a clock that was ahead.
    """
    soon = now + CLOCK_LEEWAY
    rested = DatabaseClock() + LONGEST_REST_MS  # boards are timed by the database
    votes = select(Vote.cast_at.label("at")).order_by(Vote.id.desc()).limit(LATEST).subquery()
    pairs = select(Matchup.issued_at.label("at")).order_by(Matchup.id.desc()).limit(LATEST).subquery()
    counts = {
        "vote": select(func.count()).select_from(votes).where(votes.c.at > soon),
        "pair": select(func.count()).select_from(pairs).where(pairs.c.at > soon),
        "sign-in": select(func.count()).select_from(AdminSession).where(AdminSession.created_at > soon),
        "board": select(func.count()).select_from(Board).where(Board.next_refresh_at > rested),
    }
    with database.reading() as session:
        found = {name: session.scalar(query) for name, query in counts.items()}
    return ", ".join(plural(count, name) for name, count in found.items() if count)


def replica(context: DoctorContext) -> CheckResult:
    """Check that the read replica is a standby of this database, and how far it is behind."""
    url, patience = context.settings.read_database_url, context.settings.read_staleness_seconds
    if not url:
        return CheckResult("ok", "none is set: pages come from the database itself")
    try:
        with context.database.reading() as session:
            lag = measure_lag(url, session.connection(), patience)
    except UnfitReplica as error:
        return CheckResult("warn", f"{error}: pages come from the primary. Correct READ_DATABASE_URL, or mend it")
    except DatabaseBusy as error:
        return CheckResult(
            "warn", f"{error.cause.happened} That is READ_DATABASE_URL: pages come from the primary"
        )
    return CheckResult("ok", f"a standby of the database, {lag * 1000:.0f} ms behind")


def secret(context: DoctorContext) -> CheckResult:
    """Compare SECRET_KEY with the one that this arena was last served with."""
    with context.database.reading() as session:
        known = secret_key.read_fingerprint(session)
    if known is None:
        return CheckResult("ok", "never served yet")
    if known != secret_key.fingerprint(context.settings.secret_key.get_secret_value()):
        return CheckResult(
            "fail",
            "SECRET_KEY is not the one this arena was served with: set that one, or all voters get new cookies",
        )
    return CheckResult("ok", "the one this arena was served with")


def rights(context: DoctorContext) -> CheckResult:
    """Check that no other user of this machine can read the key, the database's file or the images."""
    folder = context.settings.data_dir
    if not folder.stat().st_mode & stat.S_IXOTH:
        return CheckResult("ok", "only this user and its group may enter DATA_DIR")
    inside = [folder / "secret_key", folder / "files"]
    if context.database.is_sqlite:
        inside.append(Path(make_url(context.database.url).database or ""))
    open_ones = [path.name for path in inside if path.exists() and path.stat().st_mode & stat.S_IROTH]
    if open_ones:
        return CheckResult(
            "warn", f"everybody on this machine may read {', '.join(open_ones)}: chmod o-rwx {folder}"
        )
    return CheckResult("ok", "others may read nothing")
