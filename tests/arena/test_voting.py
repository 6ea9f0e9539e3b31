"""A vote is stored once, counted once, and can be taken back as if it had never been."""

import random
import threading
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.arena import errors
from app.arena.entries import competitions, entries
from app.arena.tables import Competition, Entry, LedgerLine, Matchup, Tally, Vote, Voter
from app.arena.voting import vote_casting
from app.catalog.tables import ImageModel
from app.database.doors import Database
from app.words import OUTCOMES
from tests.factories import NOW, cast, issue, later, make_arena, undo

ALICE, BOB = b"a" * 16, b"b" * 16


def tallies(database: Database) -> dict[tuple[int, int, int], tuple[int, int, int, int]]:
    with database.reading() as session:
        return {
            (t.competition_id, t.left_model_id, t.right_model_id): (t.left_wins, t.right_wins, t.ties, t.both_bad)
            for t in session.scalars(select(Tally))
            if t.left_wins or t.right_wins or t.ties or t.both_bad
        }


def from_log(database: Database) -> dict[tuple[int, int, int], tuple[int, int, int, int]]:
    """The tallies as the votes themselves say."""
    counts: dict[tuple[int, int, int], list[int]] = {}
    with database.reading() as session:
        models = {entry.id: entry.model_id for entry in session.scalars(select(Entry))}
        for vote, matchup in session.execute(select(Vote, Matchup).join(Matchup, Matchup.id == Vote.matchup_id)):
            if vote.counted:
                pair = (matchup.competition_id, models[matchup.left_entry_id], models[matchup.right_entry_id])
                cell = counts.setdefault(pair, [0, 0, 0, 0])
                cell[["a", "b", "tie", "both_bad"].index(vote.outcome)] += 1
    return {pair: (c[0], c[1], c[2], c[3]) for pair, c in counts.items()}


@pytest.mark.parametrize(
    ("outcome", "cell"),
    [("a", (1, 0, 0, 0)), ("b", (0, 1, 0, 0)), ("tie", (0, 0, 1, 0)), ("both_bad", (0, 0, 0, 1))],
)
def test_each_outcome_has_its_cell(
    database: Database, tmp_path: Path, outcome: str, cell: tuple[int, ...]
) -> None:
    make_arena(database, tmp_path)
    answer = cast(database, issue(database).public_id, outcome)
    assert (answer.outcome, answer.counted, answer.reason, answer.voter_votes) == (outcome, True, None, 1)
    assert tallies(database) == {(answer.competition_id, answer.left_model_id, answer.right_model_id): cell}


def test_a_skip_counts_nothing_and_is_no_vote(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    answer = cast(database, issue(database).public_id, "skip")
    assert (answer.counted, answer.reason, answer.voter_votes) == (False, "skip", 0)
    assert tallies(database) == {}


def test_the_same_outcome_again_is_the_same_vote(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    matchup = issue(database).public_id
    assert cast(database, matchup, "a") == cast(database, matchup, "a", now=later(seconds=9))
    assert sum(map(sum, tallies(database).values())) == 1


def test_another_outcome_is_refused_and_changes_nothing(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    matchup = issue(database).public_id
    cast(database, matchup, "a")
    before = tallies(database)
    with pytest.raises(errors.OutcomeStands):
        cast(database, matchup, "b")
    assert tallies(database) == before == from_log(database)


def test_somebody_elses_matchup_is_as_good_as_none(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    matchup = issue(database, ALICE).public_id
    issue(database, BOB)
    for stranger, asked in ((BOB, matchup), (b"c" * 16, matchup), (ALICE, b"?" * 16)):
        with pytest.raises(errors.MatchupNotFound):
            cast(database, asked, "a", stranger)
    assert tallies(database) == {}


def test_an_expired_matchup_takes_no_vote(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    matchup = issue(database).public_id
    with pytest.raises(errors.MatchupExpired):
        cast(database, matchup, "a", now=later(minutes=30))
    assert tallies(database) == {}


def test_a_prefetched_matchup_ages_from_the_vote_before_it(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, models=4)
    first, second = issue(database).public_id, issue(database).public_id
    cast(database, first, "a", now=later(minutes=29))
    assert cast(database, second, "b", now=later(minutes=58)).counted


def test_a_closed_competition_takes_no_vote(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    matchup = issue(database)
    database.write(lambda session: competitions.set_status(session, matchup.slug, "closed", now=NOW))
    with pytest.raises(errors.MatchupClosed):
        cast(database, matchup.public_id, "a")
    with database.reading() as session:
        assert session.scalars(select(Matchup).where(Matchup.closed_at.is_(None))).all() == []


def test_a_withdrawn_entry_takes_no_vote(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=1, models=2)
    matchup = issue(database)
    place = entries.EntryKey("c0", "m0")
    assert database.write(lambda session: entries.withdraw(session, place, reason="logo", now=NOW))
    with pytest.raises(errors.MatchupClosed):
        cast(database, matchup.public_id, "a")
    assert not database.write(lambda session: entries.withdraw(session, place, reason="logo", now=NOW))


def test_undo_leaves_the_tallies_exactly(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    kept = cast(database, issue(database).public_id, "b")
    before = tallies(database)
    matchup = issue(database).public_id
    cast(database, matchup, "tie")
    undo(database, matchup, now=later(minutes=9))
    undo(database, matchup, now=later(minutes=11))
    assert tallies(database) == before == from_log(database)
    with pytest.raises(errors.VoteUndone):
        cast(database, matchup, "tie")
    with database.reading() as session:
        assert vote_casting.read_vote(session, b"v" * 16, kept.matchup).voter_votes == 1
        assert [line.action for line in session.scalars(select(LedgerLine)) if "vote" in line.action] == [
            "vote.undone"
        ]


def test_undo_has_its_time_and_its_owner(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    matchup = issue(database).public_id
    with pytest.raises(errors.NotVoted):
        undo(database, matchup)
    cast(database, matchup, "a")
    with pytest.raises(errors.UndoTooLate, match="for 10 minutes"):
        undo(database, matchup, now=later(minutes=10, seconds=1))
    with pytest.raises(errors.MatchupNotFound):
        undo(database, matchup, BOB)
    assert sum(map(sum, tallies(database).values())) == 1


def test_undo_has_its_daily_limit(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)

    def undo_one(now: datetime) -> None:
        matchup = issue(database, now=now).public_id
        cast(database, matchup, "a", now=now)
        database.write(
            lambda s: vote_casting.undo(s, b"v" * 16, matchup, now=now, undo_seconds=600, daily_limit=2)
        )

    undo_one(NOW)
    undo_one(later(hours=1))
    with pytest.raises(errors.UndoLimit) as refused:
        undo_one(later(hours=2))
    assert refused.value.retry_after == 22 * 3600
    undo_one(later(hours=24, seconds=1))
    with pytest.raises(errors.UndoLimit) as refused:
        undo_one(later(hours=24, seconds=2))
    assert refused.value.retry_after == 3600 - 2


def test_dwell_counts_from_the_second_image(database: Database, tmp_path: Path) -> None:
    from app.arena.voting.pictures import mark_served

    make_arena(database, tmp_path)
    matchup = issue(database).public_id
    database.write(lambda s: mark_served(s, matchup, "b", now=later(seconds=1)))
    database.write(lambda s: mark_served(s, matchup, "a", now=later(seconds=3)))
    database.write(lambda s: mark_served(s, matchup, "a", now=later(seconds=4)))
    cast(database, matchup, "a", now=later(seconds=5))
    unseen = issue(database).public_id
    cast(database, unseen, "a", now=later(seconds=6))
    with database.reading() as session:
        assert session.scalars(select(Vote.dwell_ms).order_by(Vote.id)).all() == [2000, None]


def test_after_a_clock_stepped_back_dwell_is_counted_from_the_pictures(database: Database, tmp_path: Path) -> None:
    """The previous vote is the one before in the log, and says nothing where its time is still to come."""
    from app.arena.voting.pictures import mark_served

    make_arena(database, tmp_path)
    for seconds in (86_400, 10, 20):
        matchup = issue(database, now=later(seconds=seconds)).public_id
        for side in ("a", "b"):
            database.write(partial(mark_served, matchup=matchup, side=side, now=later(seconds=seconds)))
        cast(database, matchup, "a", now=later(seconds=seconds + 3))
    with database.reading() as session:
        assert session.scalars(select(Vote.dwell_ms).order_by(Vote.id)).all() == [3000, 3000, 3000]


def test_eight_simultaneous_posts_count_one_vote(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    for _ in range(5):
        matchup = issue(database).public_id
        outcomes = _race_all([partial(cast, database, matchup, "a")] * 8)
        assert all(isinstance(outcome, vote_casting.VoteRecord) for outcome in outcomes), outcomes
    assert sum(map(sum, tallies(database).values())) == 5
    assert tallies(database) == from_log(database)


def test_a_vote_races_its_undo_and_its_closing(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=3, models=4)
    for n in range(6):
        voter = bytes([n]) * 16
        matchup = issue(database, voter)

        def close(slug: str = matchup.slug) -> object:
            return database.write(lambda s: competitions.set_status(s, slug, "closed", now=NOW))

        def vote(who: bytes = voter, asked: bytes = matchup.public_id) -> object:
            return cast(database, asked, "b", who)

        def take_back(who: bytes = voter, asked: bytes = matchup.public_id) -> object:
            return undo(database, asked, who)

        _race_all([vote, take_back, close, vote, take_back])
        database.write(lambda s, slug=matchup.slug: competitions.set_status(s, slug, "open", now=NOW))
    assert tallies(database) == from_log(database)


@pytest.mark.parametrize("ended", ["closed", "withdrawn"])
def test_a_vote_that_waited_for_the_end_of_its_matchup_is_refused(
    database: Database, tmp_path: Path, ended: str
) -> None:
    """It read an open matchup, then waited for the lock of whoever closed it."""
    if database.is_sqlite:
        pytest.skip("nobody reads before a writer's lock and writes after it")
    make_arena(database, tmp_path)
    issued = issue(database)
    holding, go = threading.Event(), threading.Event()

    def end(session: Session) -> None:
        if ended == "closed":
            competitions.set_status(session, issued.slug, "closed", now=NOW)
        else:
            place = entries.EntryKey(issued.slug, left_model(session, issued.public_id))
            entries.withdraw(session, place, reason="a hand has six fingers", now=NOW)
        session.flush()
        holding.set()
        go.wait(10)

    failed: list[Exception] = []

    def vote() -> None:
        try:
            cast(database, issued.public_id, "a")
        except errors.MatchupClosed as error:
            failed.append(error)

    ending, voting_thread = threading.Thread(target=database.write, args=(end,)), threading.Thread(target=vote)
    ending.start()
    holding.wait(10)
    voting_thread.start()
    wait_until_somebody_waits(database)
    go.set()
    ending.join()
    voting_thread.join()
    assert len(failed) == 1
    assert tallies(database) == from_log(database) == {}
    with database.reading() as session:
        assert session.scalars(select(Vote)).all() == []


def left_model(session: Session, public_id: bytes) -> str:
    shown = Matchup.left_entry_id == Entry.id
    row = select(ImageModel.slug).join(Entry, Entry.model_id == ImageModel.id).join(Matchup, shown)
    return session.scalars(row.where(Matchup.public_id == public_id)).one()


def wait_until_somebody_waits(database: Database) -> None:
    for _ in range(1000):
        with database.reading() as session:
            if session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                return
        threading.Event().wait(0.005)
    raise AssertionError("nobody waits for a lock")


def test_a_random_history_equals_its_log(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=3, models=4)
    rng = random.Random(7)
    for step in range(60):
        voter = bytes([rng.randrange(6)]) * 16
        try:
            matchup = issue(database, voter, rng=rng, now=later(seconds=step)).public_id
        except errors.NothingLeft:
            continue
        cast(database, matchup, rng.choice(OUTCOMES), voter, now=later(seconds=step))
        if rng.random() < 0.3:
            try:
                undo(database, matchup, voter, now=later(seconds=step))
            except errors.NotVoted:
                continue
    assert tallies(database) == from_log(database)
    with database.reading() as session:
        standing = select(Vote).where(Vote.counted)
        assert sum(session.scalars(select(Voter.votes))) == len(session.scalars(standing).all())
        assert sum(session.scalars(select(Competition.version))) >= len(session.scalars(standing).all())


def test_an_excluded_vote_can_be_counted_again(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    cast(database, issue(database).public_id, "a")
    before = tallies(database)

    def annotate(session: Session, reason: str | None) -> bool:
        vote_id = session.scalars(select(Vote.id)).one()
        return vote_casting.annotate(session, vote_id, now=NOW, reason=reason, actor="sweep")

    assert database.write(lambda s: annotate(s, "network"))
    assert not database.write(lambda s: annotate(s, "network"))
    assert tallies(database) == {}
    assert database.write(lambda s: annotate(s, None))
    assert tallies(database) == before == from_log(database)


def _race_all(calls: list[object]) -> list[object]:
    barrier = threading.Barrier(len(calls))
    results: list[object] = []

    def run(call: object) -> None:
        barrier.wait()
        try:
            results.append(call())  # type: ignore[operator]
        except errors.ArenaError as error:
            results.append(error)

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_a_withdrawal_ends_every_open_pair_of_its_competition(database: Database, tmp_path: Path) -> None:
    """Whose pair lived on would know a model that it does not show."""
    make_arena(database, tmp_path, competitions=2, models=4)
    voters, rng = [bytes([n]) * 16 for n in range(8)], random.Random(1)
    pairs = {voter: issue(database, voter, rng=rng) for voter in voters}
    place = entries.EntryKey("c0", "m0")
    database.write(lambda session: entries.withdraw(session, place, reason="logo", now=NOW))
    assert {pair.slug for pair in pairs.values()} == {"c0", "c1"}
    refusals = set()
    for voter, pair in pairs.items():
        if pair.slug == "c1":
            cast(database, pair.public_id, "a", voter)
        else:
            with pytest.raises(errors.MatchupClosed) as refused:
                cast(database, pair.public_id, "a", voter)
            refusals.add(str(refused.value))
    assert len(refusals) == 1, "whether a pair showed the withdrawn picture is told to nobody"
