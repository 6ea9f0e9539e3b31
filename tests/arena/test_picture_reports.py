"""Reported pictures: who is independent, what rests, what an admin decides, and that few can't rest many."""

from collections.abc import Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from app.arena import errors
from app.arena.entries import entries
from app.arena.entries.entries import EntryKey
from app.arena.people.policy import FREE, PUBLIC, Policy
from app.arena.tables import Counter, Entry, Flag, LedgerLine, Matchup, PictureReport, Voter
from app.arena.voting import report_queue
from app.arena.voting.picture_reports import (
    MOST_OVERRULED,
    MOST_RESTING,
    NETWORK_DAY,
    VOTER_DAY,
    TakenReport,
    read_reported,
    report_picture,
)
from app.arena.voting.report_queue import ReportDecided, UnknownReport
from app.database.doors import Database
from app.words import ReportReason
from tests.arena.test_policy import Public
from tests.factories import make_arena

WIDE = Policy(network_day=10_000)
"""Networks are known, and nothing is scarce."""
WHY = "looked at it"


class Reporting(Public):
    """An arena in which voters of chosen networks report chosen entries."""

    def meet(self, who: int, entry: int, network: int | None = None) -> tuple[bytes, bytes, str]:
        """Let a voter ask until the entry is shown; returns voter, matchup and the entry's side."""
        voter = who.to_bytes(16)
        for _ in range(60):
            self.now += timedelta(seconds=1)
            matchup = self.ask(voter, f"192.0.{who if network is None else network}.0/24").public_id
            with self.database.reading() as session:
                row = session.scalars(select(Matchup).where(Matchup.public_id == matchup)).one()
                shown = {row.left_entry_id: "a", row.right_entry_id: "b"}
            if entry in shown:
                return voter, matchup, shown[entry]
            self.vote(voter, matchup, "skip")
        raise AssertionError("the entry was never drawn")

    def report(
        self, who: int, entry: int, reason: str = "offensive", network: int | None = None, *, skip: bool = False
    ) -> TakenReport:
        voter, matchup, side = self.meet(who, entry, network)
        if skip:
            self.vote(voter, matchup, "skip")
        return self.say(voter, matchup, side, reason)

    def say(self, voter: bytes, matchup: bytes, side: str, reason: str = "offensive") -> TakenReport:
        return self.database.write(
            lambda s: report_picture(
                s, voter, matchup, side, ReportReason(reason), now=self.now, policy=self.rules, network="n"
            )
        )

    def rests(self, entry: int) -> bool:
        with self.database.reading() as session:
            return session.get_one(Entry, entry).rested_at is not None

    def keep(self, number: int) -> int:
        return self.database.write(lambda s: report_queue.keep(s, number, reason=WHY, now=self.now, actor="ada"))

    def withdraw(self, number: int) -> bool:
        return self.database.write(
            lambda s: report_queue.withdraw(s, number, reason=WHY, now=self.now, actor="ada")
        )

    @property
    def queue(self) -> list[report_queue.ReportedPicture]:
        with self.database.reading() as session:
            return report_queue.list_reported(session)


@pytest.fixture
def small(database: Database, tmp_path: Path) -> Iterator[Database]:
    make_arena(database, tmp_path, competitions=1, models=5)
    return database


@pytest.fixture
def arena(small: Database) -> Reporting:
    return Reporting(small, WIDE)


def test_the_third_independent_report_lets_a_picture_rest(arena: Reporting) -> None:
    assert [arena.report(who, 1).pair for who in (1, 2)] == ["open", "open"]
    assert not arena.rests(1)
    _, watching, _ = arena.meet(9, 1)
    assert arena.report(3, 1, "broken").pair == "closed"
    assert arena.rests(1)
    (waiting,) = arena.queue
    assert (waiting.reporters, waiting.networks) == (3, 3)
    assert waiting.reasons == (("offensive", 2), ("broken", 1))
    with arena.database.reading() as session:
        still_open = select(Matchup.left_entry_id, Matchup.right_entry_id).where(Matchup.closed_at.is_(None))
        assert [row for row in session.execute(still_open) if 1 in row] == []
        line = session.scalars(select(LedgerLine).where(LedgerLine.action == "entry.rested")).one()
    assert (line.actor, line.subject, line.detail) == (
        "voters",
        f"report:{waiting.number}",
        {"competition": waiting.competition, "reporters": 3},
    )
    with pytest.raises(errors.MatchupClosed):
        arena.vote((9).to_bytes(16), watching)


def test_what_rests_is_drawn_no_more_and_drawn_again_once_kept(arena: Reporting) -> None:
    for who in (1, 2, 3):
        arena.report(who, 1)
    with pytest.raises((AssertionError, errors.NothingLeft)):
        arena.meet(20, 1)
    assert arena.keep(arena.queue[0].number) == 3
    assert not arena.rests(1)
    assert arena.meet(21, 1)
    assert arena.queue == []
    with arena.database.reading() as session:
        line = session.scalars(select(LedgerLine).where(LedgerLine.action == "entry.kept")).one()
    assert (line.actor, line.reason, line.detail["reporters"]) == ("ada", WHY, 3)


def test_who_was_overruled_cannot_let_it_rest_again(arena: Reporting) -> None:
    reported = [arena.meet(who, 1) for who in (1, 2, 3)]
    for one in reported:
        arena.say(*one)
    arena.keep(arena.queue[0].number)
    for one in reported:
        arena.say(*one, "broken")
    for who in (4, 5, 6):  # fresh cookies of the same networks
        arena.report(who, 1, network=who - 3)
    assert not arena.rests(1)
    assert arena.queue[0].reporters == 3
    for who in (7, 8, 9):
        arena.report(who, 1)
    assert arena.rests(1)


def test_one_network_is_one_voice_however_many_cookies(arena: Reporting) -> None:
    for who in range(1, 7):
        arena.report(who, 1, network=50 + who % 2)
    assert not arena.rests(1)
    assert (arena.queue[0].reporters, arena.queue[0].networks) == (6, 2)
    arena.report(8, 1, network=60)
    assert arena.rests(1)


def test_where_networks_are_not_known_three_voters_do(small: Database) -> None:
    arena = Reporting(small, FREE)
    for who in (1, 2):
        arena.report(who, 1, network=5)
    assert not arena.rests(1)
    arena.report(3, 1, network=5)
    assert arena.rests(1)


def test_one_voter_has_one_report_and_may_change_the_reason(arena: Reporting) -> None:
    one = arena.meet(1, 1)
    for reason in ("offensive", "broken", "broken", "shows_maker"):
        assert arena.say(*one, reason).reason == reason
    assert arena.queue[0].reasons == (("shows_maker", 1),)
    with arena.database.reading() as session:
        assert read_reported(session, one[0], one[1]) == {one[2]: "shows_maker"}
        assert read_reported(session, b"?" * 16, one[1]) == {}


def test_only_ones_own_pair_and_after_the_vote_too(arena: Reporting) -> None:
    voter, matchup, side = arena.meet(1, 1)
    with pytest.raises(errors.MatchupNotFound):
        arena.say((2).to_bytes(16), matchup, side)
    arena.vote(voter, matchup)
    assert arena.say(voter, matchup, side).pair == "judged"
    assert arena.report(2, 1, skip=True).pair == "judged"
    assert arena.queue[0].reporters == 2


def distrust(arena: Reporting, kind: str) -> None:
    def work(session) -> None:
        one = session.scalars(select(Matchup).join(PictureReport, PictureReport.matchup_id == Matchup.id)).first()
        if kind == "quarantined voter":
            session.execute(update(Voter).where(Voter.id == one.voter_id).values(quarantine="quarantined"))
        elif kind == "flagged network":
            flag = Flag(network_key=one.network_key, test="manual", p_value=1.0, found_at=arena.now)
            session.add(flag)
        elif kind == "beyond the cap":
            one.cap = "voter_cap"
        else:
            session.execute(update(Matchup).values(issued_at=arena.now - timedelta(days=31)))

    arena.database.write(work)


@pytest.mark.parametrize("kind", ["quarantined voter", "flagged network", "beyond the cap", "month ago"])
def test_who_is_not_trusted_with_a_vote_is_not_trusted_here(arena: Reporting, kind: str) -> None:
    arena.report(1, 1)
    distrust(arena, kind)
    arena.report(2, 1)
    assert arena.report(3, 1).pair == "open"
    assert not arena.rests(1)
    assert arena.report(4, 1).pair == "closed"


def test_three_voices_cannot_rest_every_picture(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=1, models=14)
    arena = Reporting(database, WIDE)

    def gang_up_on(entry: int) -> bool:
        for who in (1, 2, 3):
            arena.report(who, entry)
        return arena.rests(entry)

    assert [gang_up_on(entry) for entry in range(1, MOST_RESTING + 2)] == [True] * MOST_RESTING + [False]
    for picture in arena.queue[:MOST_OVERRULED]:
        assert picture.rested_at is not None
        arena.keep(picture.number)
    assert not gang_up_on(MOST_RESTING + 2)
    for who in (4, 5, 6):
        arena.report(who, MOST_RESTING + 2)
    assert arena.rests(MOST_RESTING + 2)


def test_withdrawn_is_for_good_and_closes_the_reports(arena: Reporting) -> None:
    late = arena.meet(9, 1)
    for who in (1, 2, 3):
        arena.report(who, 1)
    (waiting,) = arena.queue
    assert arena.withdraw(waiting.number)
    assert not arena.withdraw(waiting.number)
    with pytest.raises(ReportDecided):
        arena.keep(waiting.number)
    assert arena.queue == []
    assert arena.say(*late).pair == "closed"
    assert arena.queue == []
    with arena.database.reading() as session:
        assert session.get_one(Entry, 1).withdrawn_at == arena.now
        assert set(session.scalars(select(PictureReport.status))) == {"withdrawn"}


def test_an_entry_withdrawn_by_name_leaves_the_queue(arena: Reporting) -> None:
    arena.report(1, 1)
    with arena.database.reading() as session:
        entry = session.get_one(Entry, 1)
        place = EntryKey(entry.competition.slug, entry.model.slug)
    arena.database.write(lambda s: entries.withdraw(s, place, reason=WHY, now=arena.now))
    assert arena.queue == []


def test_what_is_kept_cannot_be_withdrawn_by_the_old_number(arena: Reporting) -> None:
    arena.report(1, 1)
    number = arena.queue[0].number
    assert [arena.keep(number), arena.keep(number)] == [1, 0]
    with pytest.raises(ReportDecided):
        arena.withdraw(number)
    for deed in (arena.keep, arena.withdraw):
        with pytest.raises(UnknownReport):
            deed(99)


def test_reports_are_few_a_day_and_charged_like_an_answer(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=6, models=8)
    arena = Reporting(database, PUBLIC)

    def report_until_refused(who: int) -> tuple[int, str]:
        """Report picture after picture; returns how many were taken, and why no more."""
        taken: set[tuple[bytes, str]] = set()
        while True:
            arena.now += timedelta(seconds=4)
            voter = who.to_bytes(16)
            matchup = arena.ask(voter).public_id
            try:
                arena.say(voter, matchup, "a")
            except errors.TooMany as refused:
                return len(taken), str(refused)
            taken.add((matchup, "a"))
            arena.vote(voter, matchup, "skip")

    pairs, why = report_until_refused(1)
    assert pairs >= VOTER_DAY
    assert why == f"{VOTER_DAY} reports a day is the limit here."
    with database.reading() as session:
        charged = select(func.sum(Counter.count)).where(Counter.scope.like("charged/voter/%"))
        assert session.scalar(charged) == pairs
        assert session.scalar(select(func.count()).select_from(PictureReport)) == VOTER_DAY
    refused = [report_until_refused(2 + number)[1] for number in range(NETWORK_DAY // VOTER_DAY)]
    assert refused[-1] == f"{NETWORK_DAY} reports a day from one network is the limit here."


def test_the_migration_goes_down_and_up_with_data(arena: Reporting) -> None:
    for who in (1, 2, 3):
        arena.report(who, 1)
    down = import_module("migrations.versions.0017_picture_reports").down_revision
    arena.database.migrate(down)
    arena.database.migrate()
    assert arena.queue == []
    assert not arena.rests(1)
    assert arena.report(4, 1).pair == "open"
