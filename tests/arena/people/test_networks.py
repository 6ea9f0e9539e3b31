"""Network keys: which addresses share one, and when nobody can tell any more whose it was."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.arena.people import networks
from app.arena.people.networks import NetworkKeys
from app.arena.tables import NetworkSalt
from app.database.doors import Database

START = datetime.fromtimestamp(20_400 * 24 * 3600, UTC)
"""The first instant of a day and of a window of thirty days."""


def keys(database: Database, network: str = "192.0.2.0/24", *, days: float = 0) -> NetworkKeys:
    now = START + timedelta(days=days)
    return database.write(lambda s: networks.keys(s, network, now=now))


@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("192.0.3.77", "192.0.3.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48"),
        ("2001:db8:2::4", "2001:db8:2::/48"),
        ("", "unknown"),
        (None, "unknown"),
        ("192.0.2.256", "unknown"),
        ("fe80::1%eth0", "fe80::/48"),
    ],
)
def test_the_prefix_of_an_address(address: str | None, prefix: str) -> None:
    assert networks.prefix(address) == prefix


@pytest.mark.parametrize(
    ("address", "one"),
    [
        ("192.0.2.77", "192.0.2.77"),
        ("::ffff:192.0.2.77", "192.0.2.77"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        (None, "unknown"),
    ],
)
def test_one_client_of_a_network(address: str | None, one: str) -> None:
    assert networks.single(address) == one


def test_two_addresses_of_a_network_have_two_keys_of_a_day(database: Database) -> None:
    def key(address: str, days: int) -> bytes:
        now = START + timedelta(days=days)
        return database.write(lambda s: networks.keys(s, "192.0.2.0/24", now=now, address=address)).address

    assert len({key("192.0.2.1", 0), key("192.0.2.2", 0), key("192.0.2.1", 1)}) == 3


def test_a_network_keeps_its_key_for_a_day_and_for_thirty(database: Database) -> None:
    first, evening = keys(database), keys(database, days=0.99)
    tomorrow, last, next_month = keys(database, days=1), keys(database, days=29.99), keys(database, days=30)
    assert first == evening
    assert (first.day == tomorrow.day, first.month == tomorrow.month) == (False, True)
    assert (first.month == last.month, first.month == next_month.month) == (True, False)


def test_networks_have_different_keys_of_sixteen_bytes(database: Database) -> None:
    mine, other = keys(database), keys(database, "198.51.100.0/24")
    assert len({mine.day, mine.month, other.day, other.month}) == 4
    assert {len(mine.day), len(mine.month)} == {16}


def test_the_salt_of_a_window_is_gone_with_it(database: Database) -> None:
    keys(database)
    with database.reading() as session:
        before = {row.days: row.salt for row in session.scalars(select(NetworkSalt))}
    keys(database, days=1)
    with database.reading() as session:
        after = {row.days: row.salt for row in session.scalars(select(NetworkSalt))}
    assert (len(before), len(after)) == (2, 2)
    assert (before[1] == after[1], before[30] == after[30]) == (False, True)
