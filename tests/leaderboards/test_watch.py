"""The sweep finds who was planted and nobody else, and everything it does can be taken back exactly."""

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.arena.people.policy import FREE, PUBLIC
from app.arena.tables import Flag, LedgerLine, Matchup, NetworkSalt, Tally, Vote, VoteDay, Voter
from app.arena.voting import vote_casting
from app.database.doors import Database
from app.leaderboards.integrity import audit
from app.leaderboards.integrity.certificates import read_certificates
from app.leaderboards.integrity.fraud import evidence, quarantine, retention, vote_days
from app.leaderboards.integrity.fraud.flags import flag, flags, record
from app.leaderboards.integrity.fraud.signals import FraudSignal, find_signals
from app.leaderboards.integrity.fraud.subjects import Subject, UnknownFlag, UnknownSubject
from app.leaderboards.integrity.fraud.sweep import SweptSubjects, report, sweep, watch
from app.leaderboards.runs import refresh, verify
from tests.leaderboards.factories import MODE, START, tally
from tests.leaderboards.watching import COMPETITIONS, NOW, StopsShort, World, against_all, lifts, waits_for


@pytest.fixture
def world(database: Database) -> World:
    made = World(database)
    made.crowd()
    return made


@pytest.fixture
def one(sqlite_template: Path, tmp_path: Path) -> Iterator[World]:
    """On SQLite alone."""
    shutil.copy(sqlite_template, tmp_path / "watch.sqlite3")
    database = Database(f"sqlite:///{tmp_path / 'watch.sqlite3'}")
    made = World(database)
    made.crowd()
    yield made
    database.close()


def swept(world: World, *, at: datetime = NOW, database: Any = None) -> SweptSubjects:
    """The part of a sweep that decides."""
    return watch(database or world.database, now=at, policy=PUBLIC, progress=lambda _: None)


def told(world: World) -> dict[str, list[tuple[Any, ...]]]:
    """Every row that a sweep may change, but for the audits and the ledger."""
    with world.database.reading() as session:
        return {
            table.__tablename__: sorted(
                (tuple(row) for row in session.execute(select(*table.__table__.columns))), key=repr
            )
            for table in (Vote, Voter, Flag, Tally, VoteDay, Matchup)
        }


def tallies(world: World) -> list[tuple[Any, ...]]:
    """What counts something."""
    return [row for row in told(world)["tallies"] if any(row[4:])]


def test_who_waits_for_one_model_is_found_and_nobody_else(world: World) -> None:
    before = tallies(world)
    abuser = world.judge(waits_for(5), 60)
    world.count()
    found = swept(world)
    (finding,) = found.findings
    assert finding.subject == Subject(voter_id=abuser)
    assert (finding.test, finding.evidence["model"], finding.evidence["direction"]) == (
        "exposure",
        "model-6",
        "favours",
    )
    assert finding.p_value < 1e-3
    assert finding.evidence["seen"] == finding.evidence["answered"] > finding.evidence["expected"]
    assert found.excluded == finding.evidence["answered"]
    assert tallies(world) == before
    with world.database.reading() as session:
        row = session.get(Voter, abuser)
        assert row is not None
        assert row.quarantine == "quarantined"
        reasons = session.scalars(select(Vote.reason).where(Vote.voter_id == abuser, Vote.outcome != "skip"))
        assert set(reasons) == {"quarantined"}
        (view,) = flags(session)
        assert view.votes == found.excluded
        assert record(session, view)[0].slug == "model-6"
    assert verify.verify(world.database).is_exact


def test_who_is_found_does_not_depend_on_how_many_are_read_at_once(
    one: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one.judge(waits_for(5), 60)
    one.count()
    with one.database.reading() as session:
        whole = list(find_signals(session, "voter", MODE, now=NOW))
        assert [signal.test for signal in whole] == ["exposure"]
        monkeypatch.setattr(evidence, "FETCHED", 20)
        for rows in (1, 70, 1_000):
            monkeypatch.setattr(evidence, "ROWS", rows)
            assert list(find_signals(session, "voter", MODE, now=NOW)) == whole


def test_quarantine_and_release_leave_the_board_as_it_was(one: World) -> None:
    abuser = one.judge(waits_for(5), 60)
    one.count()
    before = tallies(one)
    (number,) = swept(one).flags
    assert tallies(one) != before
    done = quarantine.release(one.database, number, now=NOW, by="me", why="known", policy=PUBLIC)
    assert done.votes > 0
    assert tallies(one) == before
    again = quarantine.release(one.database, number, now=NOW, by="me", why="known", policy=PUBLIC)
    assert again.votes == 0
    refresh.rebuild(one.database, MODE, now=NOW)
    assert verify.verify(one.database).is_exact
    with one.database.reading() as session:
        row = session.get(Voter, abuser)
        assert row is not None
        assert row.quarantine is None
        assert [line.action for line in session.scalars(select(LedgerLine)) if line.action[:4] == "flag"] == [
            "flag.quarantined",
            "flag.released",
        ]


def test_two_sweeps_in_a_row_change_nothing(world: World) -> None:
    world.judge(waits_for(5), 60)
    world.judge(against_all, 40, network=b"n" * 16)
    world.count()

    def whole() -> tuple[SweptSubjects, int, int]:
        done = sweep(world.database, now=NOW, policy=PUBLIC, is_report=False, progress=lambda _: None)
        assert len(done.audits) == 1
        return done.found, done.days, done.forgotten

    assert len(whole()[0].findings) == 2
    after = told(world)
    assert whole() == (SweptSubjects((), (), 0, 0), 0, 0)
    assert told(world) == after


def until_done(world: World, work: Callable[[Any], object]) -> int:
    """Switched off after every second write and begun again; returns how often."""
    for times in range(100):
        try:
            work(StopsShort(world.database, 2))
        except KeyboardInterrupt:
            assert not [gap for gap in verify.verify(world.database).differences if gap.kind == "tally"]
        else:
            return times
    raise AssertionError("it never ends")


def test_a_stopped_sweep_and_a_stopped_release_go_on(one: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quarantine, "VOTES", 6)
    before = tallies(one)
    one.judge(waits_for(5), 60)
    one.judge(waits_for(2), 60)
    one.count()
    with_both = tallies(one)
    assert until_done(one, lambda database: swept(one, database=database)) > 2
    assert tallies(one) == before
    with one.database.reading() as session:
        numbers = [view.id for view in flags(session)]
    assert len(numbers) == 2
    of: dict[str, Any] = {"now": NOW, "by": "me", "why": "known", "policy": PUBLIC}
    for number in numbers:
        assert until_done(one, lambda database: quarantine.release(database, number, **of)) >= 1  # noqa: B023
    assert tallies(one) == with_both


def test_a_report_changes_nothing(one: World) -> None:
    abuser = one.judge(waits_for(5), 60)
    one.count()

    def whole() -> SweptSubjects:
        return sweep(one.database, now=NOW, policy=PUBLIC, is_report=True, progress=lambda _: None).found

    whole()
    before = told(one)
    found = whole()
    assert found == report(one.database, now=NOW)
    assert [finding.subject.voter_id for finding in found.findings] == [abuser]
    assert (found.flags, found.excluded) == ((), 0)
    assert told(one) == before


def test_a_network_is_held_against_the_board_as_one(world: World) -> None:
    key, other = b"n" * 16, b"o" * 16

    def mostly_against(left: int, right: int) -> str:
        return against_all(left, right) if world.rng.random() < 0.8 else against_all(right, left)

    for _ in range(12):
        world.judge(mostly_against, 6, network=key)
        world.judge(world.honest, 6, network=other)
    world.count()
    before = tallies(world)
    found = swept(world)
    assert {finding.subject for finding in found.findings} == {Subject(network_key=key)}
    assert found.excluded == 72
    with world.database.reading() as session:
        assert session.scalars(select(Voter.id).where(Voter.quarantine.is_not(None))).all() == []
    world.judge(against_all, 6, network=key)
    world.count()
    assert swept(world).excluded == 6
    (number,) = found.flags
    assert quarantine.release(world.database, number, now=NOW, by="me", why="a school", policy=PUBLIC).votes == 78
    assert sum(map(sum, (row[4:] for row in tallies(world)))) == 6 + sum(map(sum, (row[4:] for row in before)))
    assert not [gap for gap in verify.verify(world.database).differences if gap.kind == "tally"]


def test_networks_with_one_plan_are_found_together(one: World) -> None:
    one.crowd(120)
    keys = [bytes([number]) * 16 for number in range(6)]
    for key in keys:
        for _ in range(4):
            one.judge(lifts(5, one.honest, one.rng), 20, network=key)
    for key in (b"h" * 16, b"i" * 16):
        for _ in range(4):
            one.judge(one.honest, 20, network=key)
    one.count()
    found = swept(one)
    ring = [finding for finding in found.findings if finding.test == "ring"]
    assert {finding.subject.network_key for finding in ring} <= set(keys)
    assert len(ring) >= 3
    said = ring[0].evidence
    assert (said["model"], said["direction"], said["ring"]) == ("model-6", "favours", len(ring))
    assert said["seen"] > said["expected"]
    assert len({finding.p_value for finding in ring}) == 1


def test_who_skips_most_does_not_count(one: World) -> None:
    picky = iter(range(1000))
    skipper = one.judge(lambda left, right: "skip" if next(picky) % 3 else one.honest(left, right), 30)
    one.count()
    found = swept(one)
    assert [(finding.subject.voter_id, finding.test) for finding in found.findings] == [(skipper, "skips")]


def test_simulated_voters_are_never_tested(one: World) -> None:
    one.judge(waits_for(5), 60, simulated=True)
    one.count()
    assert swept(one).findings == ()


def test_what_was_released_is_not_held_against_anybody_again(one: World) -> None:
    abuser = one.judge(waits_for(5), 40)
    one.count()
    (number,) = swept(one).flags
    quarantine.release(one.database, number, now=NOW, by="me", why="known", policy=PUBLIC)
    one.judge(one.honest, 5, voter=abuser, at=NOW + timedelta(hours=1))
    one.count()
    assert swept(one, at=NOW + timedelta(days=1)).findings == ()
    one.judge(waits_for(5), 35, voter=abuser, at=NOW + timedelta(days=2))
    one.count()
    (finding,) = swept(one, at=NOW + timedelta(days=3)).findings
    assert (finding.subject.voter_id, finding.evidence["issued"]) == (abuser, 40)


def test_a_release_counts_only_what_this_flag_kept_out(one: World) -> None:
    key = b"n" * 16
    voter = one.judge(one.honest, 10, network=key)
    one.judge(one.honest, 4, voter=voter, counted=False, reason="voter_cap")
    one.count()
    with one.database.reading() as session:
        own = session.scalars(select(Vote.id).where(Vote.voter_id == voter, Vote.counted).order_by(Vote.id)).all()
    of = {"by": "me", "why": "looks odd", "policy": PUBLIC}
    first = quarantine.quarantine(one.database, Subject(voter_id=voter), now=NOW, **of)
    assert first.votes == len(own)
    assert quarantine.quarantine(one.database, Subject(voter_id=voter), now=NOW, **of).flag == first.flag
    second = quarantine.quarantine(one.database, Subject(network_key=key), now=NOW, **of)
    assert second.votes == 0
    one.database.write(
        lambda s: vote_casting.annotate(s, own[0], now=NOW, reason="undone", undone=True, actor="voter")
    )
    during = NOW + timedelta(minutes=1)
    late = {"at": during, "counted": False, "reason": "quarantined"}
    one.judge(lambda *_: "a", 1, voter=voter, **late)
    one.judge(lambda *_: "a", 1, voter=voter, **late | {"dwell_ms": 200})
    later = NOW + timedelta(hours=1)
    assert quarantine.release(one.database, first.flag, now=later, **of).votes == 1
    assert quarantine.release(one.database, second.flag, now=later, **of).votes == len(own) - 1
    with one.database.reading() as session:
        said = session.scalars(
            select(Vote.reason).where(Vote.voter_id == voter, Vote.reason != "skip", ~Vote.counted)
        )
        assert sorted(said) == ["too_fast", "undone", *["voter_cap"] * session_count(one, voter, "voter_cap")]
    assert not [gap for gap in verify.verify(one.database).differences if gap.kind == "tally"]


def session_count(world: World, voter: int, reason: str) -> int:
    with world.database.reading() as session:
        return len(session.scalars(select(Vote.id).where(Vote.voter_id == voter, Vote.reason == reason)).all())


def test_a_cap_known_since_the_picture_was_seen_holds_after_a_release(one: World) -> None:
    voter = one.judge(one.honest, 5)
    of = {"by": "me", "why": "looks odd", "policy": FREE}
    number = quarantine.quarantine(one.database, Subject(voter_id=voter), now=NOW, **of).flag
    one.judge(lambda *_: "a", 1, voter=voter, at=NOW + timedelta(minutes=1), counted=False, reason="quarantined")
    one.database.write(
        lambda s: s.execute(update(Matchup).where(Matchup.issued_at > NOW).values(cap="voter_cap")) and None
    )
    quarantine.release(one.database, number, now=NOW + timedelta(hours=1), **of)
    assert session_count(one, voter, "voter_cap") == 1


def test_unknown_flags_and_subjects(one: World) -> None:
    of = {"by": "me", "why": "no reason", "policy": PUBLIC}
    with pytest.raises(UnknownFlag):
        quarantine.release(one.database, 999, now=NOW, **of)
    with one.database.reading() as session, pytest.raises(UnknownFlag):
        flag(session, 999)
    for nobody in (Subject(voter_id=999), Subject(network_key=b"x" * 16)):
        with pytest.raises(UnknownSubject):
            quarantine.quarantine(one.database, nobody, now=NOW, **of)
    for text in ("", "-1", "1.5", "9" * 20, "xy" * 16, "00" * 15, "0x10"):
        with pytest.raises(UnknownSubject):
            Subject.parse(text)
    assert Subject.parse("12") == Subject(voter_id=12)
    assert Subject.parse("ab" * 16) == Subject(network_key=b"\xab" * 16)


def test_days_are_counted_by_what_became_of_the_votes(world: World) -> None:
    abuser = world.judge(waits_for(5), 60, at=START + timedelta(days=1))
    world.count()
    swept(world)
    vote_days.rebuild(world.database)
    with world.database.reading() as session:
        rows = session.execute(select(VoteDay.mode, VoteDay.day, VoteDay.reason, VoteDay.votes)).all()
        counted = len(session.scalars(select(Vote.id).where(Vote.counted)).all())
        own = session.scalars(select(Vote.outcome).where(Vote.voter_id == abuser)).all()
    found = {(day, reason): votes for _, day, reason, votes in rows}
    first, second = START.date(), START.date() + timedelta(days=1)
    assert found[first, "counted"] == counted
    assert found[second, "quarantined"] == len([outcome for outcome in own if outcome != "skip"])
    assert found[second, "skip"] == own.count("skip")
    world.database.write(lambda s: s.execute(delete(Vote).where(Vote.voter_id == abuser)) and None)
    assert vote_days.rebuild(world.database) == 2
    assert vote_days.rebuild(world.database) == 0


def test_network_keys_go_with_their_salts_window(world: World) -> None:
    old, flagged, present = b"o" * 16, b"f" * 16, b"p" * 16
    today = retention.window_start(NOW) + timedelta(days=40)
    for key, at in ((old, NOW), (flagged, NOW), (present, today)):
        world.judge(world.honest, 3, network=key, at=at)
    world.database.write(lambda s: s.add_all(NetworkSalt(days=30, window=n, salt=b"s") for n in (1, 9999)))
    quarantine.quarantine(world.database, Subject(network_key=flagged), now=NOW, by="me", why="odd", policy=PUBLIC)
    assert retention.forget(world.database, now=today) == 3
    with world.database.reading() as session:
        kept = set(session.scalars(select(Matchup.network_key).where(Matchup.network_key.is_not(None))))
        salts = session.scalars(select(NetworkSalt.window)).all()
    assert kept == {flagged, present}
    assert salts == [9999]


def test_every_board_has_a_certificate_that_holds(one: World) -> None:
    refresh.rebuild(one.database, MODE, now=NOW)
    (found,) = audit.audit_boards(one.database, now=NOW)
    assert set(found.numbers["certificates"]) == {MODE, *(f"competition:c{n}" for n in range(COMPETITIONS))}
    with one.database.reading() as session:
        firm = read_certificates(session, MODE).get(MODE)
        assert "competition:c9" not in read_certificates(session, MODE)
    assert firm is not None
    assert firm.votes_to_gain_a_rank[firm.first] == 0
    numbers = {f"model-{n + 1}": model for n, model in enumerate(one.models)}
    added = firm.by_kind["added"]
    assert added["votes"] == firm.votes_to_change_first

    def cast_all(session: Session) -> None:
        for first, second, (won, lost, _), votes in added["changes"]:
            place = one.competitions[0], numbers[first], numbers[second]
            tally(session, *place, votes * won, votes * lost)

    one.database.write(cast_all)
    (after,) = audit.audit_boards(one.database, now=NOW)
    assert after.numbers["first"] == firm.challenger


def test_a_flag_raised_twice_stands_once(one: World) -> None:
    voter = one.judge(one.honest, 3)
    finding = FraudSignal(Subject(voter_id=voter), "exposure", 1e-6, {"model": None})

    def raised(session: Session) -> int | None:
        return quarantine.raise_flag(session, finding, now=NOW, by="sweep", why="exposure")

    assert one.database.write(raised) is not None
    assert one.database.write(raised) is None
