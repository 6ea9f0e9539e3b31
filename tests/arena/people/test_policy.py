"""Counters of the policy: windows, limits and what is given back, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.arena import errors
from app.arena.people import policy
from app.arena.people.policy import DAY_SECONDS, MINUTE_SECONDS, MONTH_SECONDS, PUBLIC, Policy
from app.arena.tables import Counter
from app.database.doors import Database
from tests.factories import NOW


def count(database: Database, key: str = "ada", *, seconds: int = MINUTE_SECONDS, now=NOW) -> int:
    return database.write(lambda s: policy.count(s, "asked", key, seconds=seconds, now=now))


def check(database: Database, limit: int | None, *, now=NOW) -> None:
    database.write(
        lambda s: policy.check(s, "asked", "ada", limit, seconds=MINUTE_SECONDS, now=now, what="requests a minute")
    )


def take_back(database: Database, *, now=NOW) -> None:
    database.write(lambda s: policy.take_back(s, "asked", "ada", seconds=MINUTE_SECONDS, now=now))


def stored(database: Database) -> dict[str, int]:
    with database.reading() as session:
        return {row.scope: row.count for row in session.scalars(select(Counter))}


def test_uses_are_counted_by_key_and_window(database: Database) -> None:
    assert [count(database), count(database), count(database, "bob")] == [1, 2, 1]
    assert count(database, seconds=DAY_SECONDS) == 1
    assert count(database, now=NOW + timedelta(seconds=MINUTE_SECONDS)) == 1
    assert count(database) == 3


def test_the_limit_itself_is_allowed_and_no_use_beyond_it(database: Database) -> None:
    for _ in range(3):
        check(database, 3)
    with pytest.raises(errors.TooMany, match="3 requests a minute"):
        check(database, 3)
    assert stored(database) == {"asked/60": 3}, "the refused use is not counted"
    check(database, 3, now=NOW + timedelta(seconds=MINUTE_SECONDS))


@pytest.mark.parametrize(("after", "left"), [(0, 60), (1, 59), (59, 1), (60, 60)])
def test_a_refusal_says_when_the_window_ends(database: Database, after: int, left: int) -> None:
    start = NOW - timedelta(seconds=NOW.timestamp() % MINUTE_SECONDS)
    with pytest.raises(errors.TooMany) as refusal:
        check(database, 0, now=start + timedelta(seconds=after))
    assert refusal.value.retry_after == left


def test_no_limit_counts_nothing(database: Database) -> None:
    check(database, None)
    assert stored(database) == {}


@pytest.mark.parametrize(("times", "left"), [(1, 2), (3, 0), (5, 0)])
def test_what_is_taken_back_never_falls_below_zero(database: Database, times: int, left: int) -> None:
    for _ in range(3):
        count(database)
    for _ in range(times):
        take_back(database)
    assert stored(database) == {"asked/60": left}


def test_another_window_keeps_its_count(database: Database) -> None:
    count(database)
    take_back(database, now=NOW + timedelta(seconds=MINUTE_SECONDS))
    assert stored(database) == {"asked/60": 1}


@pytest.mark.parametrize("seconds", [MINUTE_SECONDS, 15 * MINUTE_SECONDS, DAY_SECONDS, MONTH_SECONDS])
def test_only_windows_that_are_over_are_forgotten(database: Database, seconds: int) -> None:
    start = NOW - timedelta(seconds=NOW.timestamp() % seconds)
    count(database, seconds=seconds, now=start)
    database.write(lambda s: policy.forget_counts(s, now=start + timedelta(seconds=seconds - 1)))
    assert stored(database) == {f"asked/{seconds}": 1}
    database.write(lambda s: policy.forget_counts(s, now=start + timedelta(seconds=seconds)))
    assert stored(database) == {}


@pytest.mark.parametrize(
    ("rules", "knows"),
    [
        (Policy(), False),
        (Policy(voter_day=5), False),
        (Policy(network_day=5), True),
        (Policy(network_counted=5), True),
        (PUBLIC, True),
    ],
)
def test_only_rules_about_networks_make_a_matchup_remember_one(rules: Policy, knows: bool) -> None:
    assert rules.knows_networks is knows
