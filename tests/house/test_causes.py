"""Every way a database can fail has a name, a sentence and a remedy, and neither tells SQL or a secret."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from app.database.causes import CAUSES, DatabaseBusy, explain
from app.database.doors import Database
from app.database.schema import OtherEncoding
from app.settings import with_driver

TURNED_AWAY = 'connection failed: connection to server at "10.0.0.1", port 5432 failed: FATAL:  '


def cause_of(database: Database, statement: str = "SELECT 1") -> str:
    try:
        database.write(lambda session: session.execute(text(statement)).close())
    except DatabaseBusy as error:
        return error.cause.name
    finally:
        database.close()
    return "none"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ('connection failed: FATAL:  password authentication failed for user "arena"', "wrong_password"),
        ("connection failed: fe_sendauth: no password supplied", "wrong_password"),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.1", user "a", database "b", no encryption', "no_access"),
        ("connection failed: server does not support SSL, but SSL was required", "tls"),
        ("FATAL:  sorry, too many clients already", "too_many"),
        ("connection timeout expired", "timeout"),
        ("the connection is lost", "gone"),
        ("server closed the connection unexpectedly", "gone"),
        ("attempt to write a readonly database", "read_only"),
        ("database or disk is full", "full"),
        ("database disk image is malformed", "damaged"),
        ("disk I/O error", "io_error"),
        ("table competitions already exists", "other_tables"),
        ("duplicate column name: share", "other_tables"),
        ('invalid connection option "foo"', "bad_option"),
        ('invalid sslmode value: "bogus"', "bad_option"),
        ("session is read-only", "read_only"),
        # In the languages of their servers, as PostgreSQL 15 says them.
        (TURNED_AWAY + "Passwort-Authentifizierung für Benutzer »arena« fehlgeschlagen", "turned_away"),
        (TURNED_AWAY + 'データベース"arena"は存在しません', "turned_away"),
    ],
)
def test_what_drivers_say(said: str, name: str) -> None:
    found = explain(Exception(said))
    assert found == CAUSES[name]


def test_a_mistake_of_ours_has_no_cause() -> None:
    assert explain(ValueError("invalid literal for int()")) is None


def test_tables_that_no_migration_made_are_no_lost_connection(database: Database) -> None:
    database.write(lambda session: session.execute(text("DROP TABLE alembic_version")).close())
    with pytest.raises(DatabaseBusy) as caught:
        database.migrate()
    assert caught.value.cause.name == "other_tables"


def test_nobody_there() -> None:
    assert cause_of(Database("postgresql://u:secret-word@127.0.0.1:1/a")) == "refused"
    assert (
        cause_of(Database("postgresql://u:secret-word@127.0.0.1:1,127.0.0.1:2/a?connect_timeout=2")) == "refused"
    )
    with pytest.raises(DatabaseBusy) as caught:
        Database("postgresql://u:secret-word@127.0.0.1:1/a").pending()
    assert "secret-word" not in str(caught.value.cause)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "a.sqlite3").write_bytes(b"no database" * 1000)
    assert cause_of(Database(f"sqlite:///{tmp_path / 'a.sqlite3'}")) == "damaged"


def test_a_schema_that_is_missing(database: Database) -> None:
    assert cause_of(database, "SELECT * FROM tables_of_tomorrow") == "no_schema"


def test_a_postgresql_that_refuses(database_url: str) -> None:
    if database_url.startswith("sqlite"):
        return
    url = make_url(database_url)
    missing = url.set(database="nowhere").render_as_string(hide_password=False)
    assert cause_of(Database(missing)) == "no_database"
    assert cause_of(Database(database_url), "SET TRANSACTION READ ONLY; DELETE FROM votes") == "read_only"
    standby = url.update_query_dict({"options": "-cdefault_transaction_read_only=on"})
    assert cause_of(Database(standby.render_as_string(hide_password=False)), "DELETE FROM votes") == "read_only"
    assert cause_of(Database(database_url), "SET LOCAL statement_timeout = 20; SELECT pg_sleep(5)") == "busy"
    assert cause_of(Database(database_url), "SELECT pg_terminate_backend(pg_backend_pid())") == "gone"


@pytest.fixture(params=["LATIN1", "SQL_ASCII"])
def other_encoding(request: pytest.FixtureRequest, database_url: str) -> Iterator[tuple[str, Database]]:
    """An empty database of another encoding, where the kind knows encodings; also told which."""
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite stores every text.")
    server, name = Database(database_url), f"other_{uuid.uuid4().hex[:12]}"
    admin = create_engine(server.url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        made = f"CREATE DATABASE {name} ENCODING {request.param} LOCALE 'C' TEMPLATE template0"
        connection.execute(text(made))
        found = Database(make_url(database_url).set(database=name).render_as_string(hide_password=False))
        yield request.param, found
        found.close()
        server.close()
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


def test_a_database_that_does_not_hold_every_text_is_not_filled(other_encoding: tuple[str, Database]) -> None:
    encoding, database = other_encoding
    with pytest.raises(OtherEncoding, match=f"encoded in {encoding}"):
        database.migrate()
    assert database.is_empty()


def test_a_text_that_the_encoding_does_not_hold(other_encoding: tuple[str, Database]) -> None:
    encoding, database = other_encoding
    assert cause_of(database, "SELECT 'a fox'") == "none"
    assert cause_of(database, "SELECT '\N{FOX FACE}'") == ("encoding" if encoding == "LATIN1" else "none")


def test_keys_have_64_bits(database: Database) -> None:
    if database.is_sqlite:
        return
    database.write(lambda session: session.execute(text("SELECT setval('votes_id_seq', 2147483647)")).close())
    with database.reading() as session:
        kinds = session.execute(
            text(
                "SELECT data_type FROM information_schema.columns WHERE (table_name, column_name) IN "
                "(('votes', 'id'), ('votes', 'matchup_id'), ('matchups', 'id'), ('audits', 'last_vote_id'))"
            )
        ).scalars()
        assert list(kinds) == ["bigint"] * 4
    database.write(lambda session: session.execute(text("SELECT nextval('votes_id_seq')")).close())
    for revision in ("0009", "head"):
        database.write(lambda session: session.execute(text("SELECT setval('votes_id_seq', 7)")).close())
        database.migrate(revision)


@pytest.mark.parametrize(
    ("given", "made"),
    [
        ("postgres://u@h/a", "postgresql+psycopg://u@h/a"),
        ("postgresql://u:p@h1:1,h2:2/a", "postgresql+psycopg://u:p@/a?host=h1:1&host=h2:2"),
        (
            "postgresql://h1,h2/a?target_session_attrs=read-write",
            "postgresql+psycopg:///a?host=h1&host=h2&target_session_attrs=read-write",
        ),
        ("sqlite:///a,b.sqlite3", "sqlite:///a,b.sqlite3"),
    ],
)
def test_addresses(given: str, made: str) -> None:
    assert with_driver(given) == made


@pytest.mark.parametrize(
    ("default", "query"),
    [
        ("standard_conforming_strings=off", "SELECT CAST(:given AS bytea[])"),
        ("extra_float_digits=0", "SELECT ARRAY[CAST(0.1 AS float8) + CAST(0.2 AS float8)]"),
        ("default_transaction_isolation=serializable", "SELECT current_setting('transaction_isolation')"),
        ("quote_all_identifiers=on", "SELECT format_type(17, NULL)"),
    ],
)
def test_defaults_of_a_server_that_are_not_postgresqls(database_url: str, default: str, query: str) -> None:
    if database_url.startswith("sqlite"):
        return
    other = make_url(database_url).update_query_dict({"options": f"-c{default}"})
    values = []
    for url in (database_url, other.render_as_string(hide_password=False)):
        database = Database(url)
        with database.reading() as session:
            values.append(session.execute(text(query), {"given": [b"\\\0'", b"\xff"]}).scalar())
        database.close()
    assert values[0] == values[1]


@pytest.mark.parametrize("threshold", ["0", "none", "5"])
def test_prepared_statements_by_the_address(database_url: str, threshold: str) -> None:
    if database_url.startswith("sqlite"):
        return
    url = make_url(database_url).update_query_dict({"prepare_threshold": threshold})
    database = Database(url.render_as_string(hide_password=False))
    with database.reading() as session:
        driver = session.connection().connection.dbapi_connection
        assert driver.prepare_threshold == (5 if threshold == "5" else None)  # type: ignore[union-attr]
    database.close()
