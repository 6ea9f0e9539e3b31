"""Voters by login: one in every browser, and nobody's to guess."""

from sqlalchemy import select

from app.arena.people import logins
from app.arena.tables import Voter
from app.database.doors import Database
from tests.factories import NOW


def test_a_login_is_one_voter_and_another_secret_another() -> None:
    token = logins.voter_token("secret", "ada@example.org")
    assert (len(token), token) == (16, logins.voter_token("secret", "ada@example.org"))
    others = {logins.voter_token("secret", "bob@example.org"), logins.voter_token("other", "ada@example.org")}
    assert token not in others
    assert len(others) == 2


def test_a_login_is_remembered_once(database: Database) -> None:
    token = logins.voter_token("secret", "ada")
    with database.reading() as session:
        assert not logins.is_known(session, token)
    for _ in range(2):
        database.write(lambda s: logins.remember(s, token, "ada", now=NOW))
    with database.reading() as session:
        assert logins.is_known(session, token)
        assert [(row.login, row.votes) for row in session.scalars(select(Voter))] == [("ada", 0)]


def test_a_browser_without_a_login_is_not_known(database: Database) -> None:
    database.write(lambda s: s.add(Voter(token=b"a" * 16, first_seen=NOW)))
    with database.reading() as session:
        assert not logins.is_known(session, b"a" * 16)
