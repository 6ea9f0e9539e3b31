"""The public policy: limits on asking, caps on what counts, votes nobody can have thought about."""

import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.arena import errors
from app.arena.people import networks, policy
from app.arena.people.policy import PUBLIC, Policy
from app.arena.tables import Counter, Matchup, NetworkSalt, Tally, Vote
from app.arena.voting import matchups, pictures, vote_casting
from app.arena.voting.matchups import BlindMatchup, MatchupFilter
from app.arena.voting.pool import Pool
from app.arena.voting.vote_casting import Ballot, VoteRecord
from app.database.doors import Database
from tests.factories import NOW, make_arena

ALICE, BOB = b"a" * 16, b"b" * 16
HOME, CAFE = "192.0.2.0/24", "198.51.100.0/24"


class Public:
    """An arena under a policy, with one request after the other."""

    def __init__(self, database: Database, rules: Policy) -> None:
        self.database, self.rules, self.now = database, rules, NOW
        self.pool, self.rng, self.wish = Pool(), random.Random(7), MatchupFilter()

    def ask(self, voter: bytes = ALICE, network: str = HOME, address: str = "") -> BlindMatchup:
        return matchups.issue(
            self.database,
            self.pool,
            voter,
            self.wish,
            now=self.now,
            rng=self.rng,
            matchup_seconds=1800,
            network=network,
            address=address,
            policy=self.rules,
        )

    def look(self, matchup: bytes) -> None:
        for side in "ab":
            self.database.write(
                lambda s, side=side: pictures.mark_served(s, matchup, side, now=self.now, policy=self.rules)
            )

    def vote(self, voter: bytes, matchup: bytes, outcome: str = "a") -> VoteRecord:
        return self.database.write(
            lambda s: vote_casting.cast_vote(s, Ballot(voter, matchup, outcome, self.now, 1800, self.rules))
        )

    def judge(self, voter: bytes = ALICE, network: str = HOME, outcome: str = "a") -> VoteRecord:
        matchup = self.ask(voter, network).public_id
        self.look(matchup)
        self.now += timedelta(seconds=5)
        return self.vote(voter, matchup, outcome)


@pytest.fixture
def wide(database: Database, tmp_path: Path) -> Database:
    make_arena(database, tmp_path, competitions=2, models=8)
    return database


def battles(database: Database) -> int:
    with database.reading() as session:
        counts = Tally.left_wins + Tally.right_wins + Tally.ties + Tally.both_bad
        return session.scalar(select(func.sum(counts))) or 0


def test_votes_beyond_a_voters_cap_are_stored_and_not_counted(wide: Database) -> None:
    arena = Public(wide, Policy(voter_counted=3))
    answers = [arena.judge() for _ in range(5)]
    assert [(answer.counted, answer.reason) for answer in answers] == [(True, None)] * 3 + [
        (False, "voter_cap")
    ] * 2
    assert battles(wide) == 3
    assert answers[-1].voter_votes == 5


def test_a_skip_costs_what_a_vote_costs(wide: Database) -> None:
    arena = Public(wide, Policy(voter_counted=3))
    for _ in range(3):
        assert arena.judge(outcome="skip").reason == "skip"
    assert arena.judge().reason == "voter_cap"


def test_a_network_has_a_cap_of_its_own(wide: Database) -> None:
    arena = Public(wide, Policy(voter_counted=40, network_counted=2))
    voters = [bytes([n]) * 16 for n in range(1, 5)]
    assert [arena.judge(voter).reason for voter in voters] == [None, None, "network_cap", "network_cap"]
    assert arena.judge(BOB, CAFE).counted


def test_a_seen_matchup_is_charged_though_it_is_never_answered(wide: Database) -> None:
    """Else one could look at pairs, leave those without one's favourite, and come back as somebody new."""
    arena = Public(wide, Policy(voter_counted=40, network_counted=2))
    for n in range(1, 3):
        arena.look(arena.ask(bytes([n]) * 16).public_id)
    assert arena.judge(BOB).reason == "network_cap"


def test_a_matchup_never_seen_costs_nothing(wide: Database) -> None:
    arena = Public(wide, Policy(voter_counted=40, network_counted=1))
    arena.ask(ALICE)
    assert arena.judge(BOB).counted


def test_empty_requests_spend_the_askers_day_and_not_the_networks(wide: Database) -> None:
    """One client that fetches no picture must not close the arena to everybody in its network."""
    arena = Public(wide, Policy(voter_counted=40, network_day=3, address_day=5))
    for n in range(5):
        arena.ask(bytes([n]) * 16, address="192.0.2.66")
    with pytest.raises(errors.TooMany, match="from one address"):
        arena.ask(b"z" * 16, address="192.0.2.66")
    for n in range(10, 13):
        matchup = arena.ask(bytes([n]) * 16, address=f"192.0.2.{n}").public_id
        arena.look(matchup)
    with pytest.raises(errors.TooMany, match="from one network"):
        arena.ask(b"y" * 16, address="192.0.2.99")
    assert arena.ask(BOB, CAFE).is_new


def test_both_images_of_a_matchup_cost_it_once(wide: Database) -> None:
    arena = Public(wide, Policy(voter_counted=2))
    assert [arena.judge().counted for _ in range(2)] == [True, True]
    with wide.reading() as session:
        assert session.scalars(select(Counter.count).where(Counter.scope.like("charged/voter/%"))).one() == 2


def test_the_cap_ends_with_its_window(wide: Database) -> None:
    arena = Public(wide, Policy(voter_counted=1))
    assert [arena.judge().counted for _ in range(2)] == [True, False]
    arena.now += timedelta(days=31)
    assert arena.judge().counted


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (Policy(voter_minute=2), "2 pairs a minute"),
        (Policy(voter_day=2), "2 pairs a day"),
        (Policy(network_day=2, voter_counted=40), "2 pairs a day from one network"),
        (Policy(address_day=2), "2 pairs a day from one address"),
    ],
    ids=["minute", "day", "network", "address"],
)
def test_asking_too_often_is_refused_and_says_when_to_come_back(wide: Database, rules: Policy, words: str) -> None:
    arena = Public(wide, rules)
    for _ in range(2):
        arena.vote(ALICE, arena.ask().public_id, "skip")
    with pytest.raises(errors.TooMany, match=words) as refused:
        arena.ask()
    arena.now += timedelta(seconds=refused.value.retry_after)
    assert arena.ask().is_new


def test_an_open_matchup_can_be_had_again_without_end(wide: Database) -> None:
    arena = Public(wide, Policy(voter_minute=2))
    first = arena.ask()
    arena.ask()
    assert [arena.ask().public_id for _ in range(3)] == [first.public_id] * 3


@pytest.mark.parametrize(
    ("seconds", "reason"), [(0.9, "too_fast"), (1.0, None), (None, "unseen")], ids=["fast", "in time", "unseen"]
)
def test_a_vote_nobody_can_have_looked_for_is_not_counted(
    wide: Database, seconds: float | None, reason: str | None
) -> None:
    arena = Public(wide, Policy(shortest_dwell_ms=1000))
    matchup = arena.ask().public_id
    if seconds is not None:
        arena.look(matchup)
        arena.now += timedelta(seconds=seconds)
    answer = arena.vote(ALICE, matchup)
    assert (answer.counted, answer.reason) == (reason is None, reason)
    assert battles(wide) == (reason is None)


def test_a_local_arena_counts_everything_and_remembers_no_network(wide: Database) -> None:
    arena = Public(wide, policy.FREE)
    assert all(arena.judge().counted for _ in range(5))
    with wide.reading() as session:
        assert session.scalars(select(Counter)).all() == []
        assert set(session.scalars(select(Matchup.network_key))) == {None}


def test_network_keys_are_salted_and_the_salts_die(database: Database) -> None:
    def made(now: datetime) -> networks.NetworkKeys:
        return database.write(lambda s: networks.keys(s, HOME, now=now))

    today, tomorrow, next_month = (made(NOW + timedelta(days=days)) for days in (0, 1, 30))
    assert today.day != tomorrow.day
    assert today.month != next_month.month
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(NetworkSalt)) == 2


def test_the_salt_of_the_day_is_one(database: Database) -> None:
    first, again = (database.write(lambda s: networks.keys(s, HOME, now=NOW)) for _ in range(2))
    assert first == again
    assert database.write(lambda s: networks.keys(s, CAFE, now=NOW)) != first


@pytest.mark.parametrize(
    ("address", "prefix"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("", "unknown"),
        (None, "unknown"),
        ("<script>", "unknown"),
    ],
)
def test_prefixes(address: str | None, prefix: str) -> None:
    assert networks.prefix(address) == prefix


def test_counts_of_past_windows_are_dropped(wide: Database) -> None:
    arena = Public(wide, PUBLIC)
    arena.judge()
    wide.write(lambda s: policy.forget_counts(s, now=arena.now + timedelta(days=2)))
    with wide.reading() as session:
        scopes = set(session.scalars(select(Counter.scope)))
    assert scopes == {"charged/voter/2592000", "charged/network/2592000"}


def test_a_quarantined_voter_votes_for_nothing(wide: Database) -> None:
    arena = Public(wide, policy.FREE)
    arena.judge()
    from app.arena.tables import Voter

    wide.write(lambda s: setattr(s.scalars(select(Voter)).one(), "quarantine", "exposure"))
    answer = arena.judge()
    assert (answer.counted, answer.reason) == (False, "exposure")
    with wide.reading() as session:
        assert session.scalar(select(func.count()).select_from(Vote)) == 2
