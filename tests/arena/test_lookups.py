"""PostgreSQL looks up the rows that a round of voting needs, reads no others to find them, and plans that once."""

from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from app.database.doors import Database
from tests.factories import cast, issue, make_arena

VOTERS = """INSERT INTO voters (token, first_seen, votes)
    SELECT decode(lpad(to_hex(n), 32, '0'), 'hex'), 0, 0 FROM generate_series({}, {}) AS n"""
OPEN_MATCHUPS = """INSERT INTO matchups (public_id, voter_id, competition_id, left_entry_id, right_entry_id,
        low_entry_id, high_entry_id, slot, issued_at, expires_at, probability, question_probability, question,
        seen_before, simulated)
    SELECT token, voters.id, one.competition_id, one.id, other.id, one.id, other.id, 0, 0, 1e13, 1, 1, 'better',
        false, false
    FROM voters, (SELECT * FROM entries ORDER BY id LIMIT 1) AS one,
        (SELECT * FROM entries ORDER BY id LIMIT 1 OFFSET 1) AS other
    WHERE voters.token != decode(lpad('', 32, '76'), 'hex')
    ON CONFLICT DO NOTHING"""
READ = """SELECT sum(seq_tup_read) + sum((SELECT sum(idx_tup_read) FROM pg_stat_user_indexes AS of_index
        WHERE of_index.relid = of_table.relid))
    FROM pg_stat_user_tables AS of_table WHERE relname = 'matchups'"""
PLANNED = """SELECT statement FROM pg_prepared_statements
    WHERE custom_plans + generic_plans > {} AND custom_plans > {}"""
FEW, MANY = 40, 1500
ROUNDS = 10
ROWS_A_ROUND = 100
PLANS = 5
"""How often PostgreSQL plans a prepared statement for given values, before it compares that with doing so once."""


def test_a_round_reads_few_matchups_however_many_are_open(database: Database, tmp_path: Path) -> None:
    """It is so even where PostgreSQL last counted the open matchups when there were few."""
    if database.is_sqlite:
        pytest.skip("SQLite keeps no such counts")
    make_arena(database, tmp_path, competitions=4, models=6)
    for _ in range(3):
        cast(database, issue(database).public_id, "a")
    few, many = VOTERS.format(1, FEW), VOTERS.format(FEW + 1, MANY)
    for statement in (few, OPEN_MATCHUPS, "ANALYZE", many, OPEN_MATCHUPS):
        database.write(lambda session, statement=statement: session.execute(text(statement)))
    before = count_rows_read(database.url)
    with closing(Database(database.url)) as busy:
        for _ in range(ROUNDS):
            cast(busy, issue(busy).public_id, "a")
    assert count_rows_read(database.url) - before < ROUNDS * ROWS_A_ROUND


def test_the_statements_of_a_round_are_planned_once(database: Database, tmp_path: Path) -> None:
    """PostgreSQL plans anew each time where it takes a plan for these values to be better than one for any."""
    if database.is_sqlite:
        pytest.skip("SQLite plans a statement when it is prepared")
    make_arena(database, tmp_path, competitions=4, models=6)
    for _ in range(4 * PLANS):
        cast(database, issue(database).public_id, "a")
    asked = text(PLANNED.format(2 * PLANS, PLANS))
    with database.reading() as session:
        read = list(session.scalars(asked))
    assert read + database.write(lambda session: list(session.scalars(asked))) == []


def count_rows_read(url: str) -> int:
    """Count the rows of matchups that connections which have ended read."""
    with closing(Database(url)) as database, database.reading() as session:
        return int(session.execute(text(READ)).scalar_one())
