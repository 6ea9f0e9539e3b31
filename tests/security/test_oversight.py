"""What admins read, on both databases: counts of today, voters by number, money by day."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.arena import ledger
from app.arena.people import moderation
from app.arena.tables import Flag, Voter
from app.catalog import loading
from app.database.doors import Database
from app.gateway import health, keys, log, operator_report
from app.gateway.log import Attempt
from tests.factories import NOW, cast, issue, later, make_arena, undo

YESTERDAY = NOW - timedelta(days=1)


def test_votes_of_today_and_of_one_voter(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    for moment, outcome in ((YESTERDAY, "a"), (NOW, "b"), (later(seconds=9), "skip"), (later(seconds=20), "tie")):
        one = issue(database, now=moment)
        cast(database, one.public_id, outcome, now=moment)
    undo(database, one.public_id, now=later(seconds=30))
    with database.reading() as session:
        today = moderation.count_votes_today(session, now=NOW)
        person = moderation.read_voter(session, 1)
        votes = moderation.list_votes_of_voter(session, 1)
        latest = moderation.list_latest_votes(session)
        with pytest.raises(moderation.UnknownVoter):
            moderation.read_voter(session, 2)
    assert (today.votes, today.counted, today.is_more) == (2, 1, False)
    assert (person.votes, person.matchups, dict(person.reasons)) == (2, 4, {None: 2, "skip": 1, "undone": 1})
    assert [vote.outcome for vote in votes] == ["tie", "skip", "b", "a"] == [vote.outcome for vote in latest]
    assert (votes[0].undone, votes[2].counted, votes[2].network) == (True, True, None)


def test_flags_wait_until_somebody_decides(database: Database) -> None:
    def flagged(session: Session) -> None:
        session.add(Voter(token=b"v" * 16, first_seen=NOW))
        session.flush()
        common = {"test": "likelihood", "p_value": 1e-6, "evidence": {"model": "m1"}, "found_at": NOW}
        session.add_all(
            [
                Flag(voter_id=1, status="quarantined", **common),
                Flag(network_key=b"n" * 16, status="released", decided_at=NOW, decided_by="admin ada", **common),
            ]
        )

    database.write(flagged)
    with database.reading() as session:
        assert moderation.count_undecided_flags(session) == 1
        assert [one.voter for one in moderation.list_flags(session)] == [1]
        assert [one.network for one in moderation.list_flags(session, decided=True)] == [(b"n" * 16).hex()]
        assert [one.id for one in moderation.list_flags(session, voter_id=1)] == [1]
        assert moderation.list_flags(session, page=2) == []


def test_the_ledger_is_read_from_its_end(database: Database) -> None:
    for number in range(moderation.PAGE + 2):
        action = "backup.made" if number == 1 else "vote_x" if number == 2 else "vote.excluded"
        moment = later(seconds=number)
        database.write(lambda s: ledger.note(s, action, f"vote:{number}", now=moment, reason="x"))  # noqa: B023
    with database.reading() as session:
        first, second = moderation.list_ledger(session), moderation.list_ledger(session, page=2)
        assert [line.subject for line in second] == ["vote:1", "vote:0"]
        assert (len(first), first[0].subject) == (moderation.PAGE, f"vote:{moderation.PAGE + 1}")
        assert [line.action for line in moderation.list_ledger(session, action="vote_")] == ["vote_x"]
        assert moderation.find_last_action(session, "backup.made") == later(seconds=1)
        assert moderation.find_last_action(session, "nothing.such") is None


def generated(session: Session, day, provider: str | None, *, cost: int, key_id: int | None = None) -> None:
    model_id = loading.stub(session, "m1")
    payer = f"key/{key_id}" if key_id else "playground"
    row = log.begin(
        session,
        request_id=f"r{day}{provider}{cost}",
        payer=payer,
        key_id=key_id,
        model_id=model_id,
        request={},
        now=day,
        reserved_micros=0,
    )
    made = [Attempt(f"{provider}/m1", provider, "x", "ok", 2, 1.5, cost)] if provider else []
    failed = [Attempt("replicate/m1", "replicate", "x", "timeout", 0, 9.0, 0)]
    log.finish(session, row, outcome="ok" if made else "all_failed", attempts=[*failed, *made], seconds=1.5)


def test_money_by_day_provider_and_payer(database: Database) -> None:
    late = NOW.replace(hour=23, minute=59, second=59)

    def work(session: Session) -> None:
        key, _ = keys.create_key(session, "studio", now=NOW)
        generated(session, NOW, "openai", cost=40_000, key_id=key.id)
        generated(session, late, "openai", cost=2_000, key_id=key.id)
        generated(session, NOW, "painter", cost=500)
        generated(session, NOW, None, cost=0)
        generated(session, YESTERDAY, "openai", cost=7, key_id=key.id)
        generated(session, NOW - timedelta(days=40), "openai", cost=1_000_000)

    database.write(work)
    with database.reading() as session:
        spent = operator_report.spend(session, now=NOW, days=14)
        only_today = operator_report.spend(session, now=NOW, days=1)
    told = [(row.day.day, row.provider, row.payer, row.requests, row.images, row.micros) for row in spent]
    assert told == [
        (22, "openai", "key studio", 2, 4, 42_000),
        (22, "painter", "playground", 1, 2, 500),
        (22, "none", "playground", 1, 0, 0),
        (21, "openai", "key studio", 1, 2, 7),
    ]
    assert [row.is_paid for row in only_today] == [True, False, True]


def test_how_providers_are(database: Database) -> None:
    def work(session: Session) -> None:
        generated(session, NOW, "openai", cost=1)
        for _ in range(health.FAILURES):
            health.record_failure(session, "replicate/m1", "timeout", now=NOW)
        health.record_failure(session, "fal", "account", now=YESTERDAY)

    database.write(work)
    with database.reading() as session:
        rests = operator_report.rests(session, now=NOW)
        records = operator_report.records(session, ("openai", "replicate", "fal"), ("openai",))
    assert [(rest.name, rest.failures, rest.is_resting) for rest in rests] == [
        ("replicate/m1", 3, True),
        ("fal", 1, False),
    ]
    assert [(r.provider, r.is_set_up, r.calls, r.good, r.last_code) for r in records] == [
        ("openai", True, 1, 1, None),
        ("replicate", False, 1, 0, "timeout"),
        ("fal", False, 0, 0, None),
    ]
