"""Matchups as voters get them: what is never shown, what a wish narrows, what a process keeps."""

import random
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import event, select, text, update
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from app.arena import errors
from app.arena.entries import competitions, entries
from app.arena.people.policy import Policy
from app.arena.tables import Competition, Entry, Matchup
from app.arena.voting import matchups
from app.arena.voting.matchup_storage import make_public_id
from app.arena.voting.matchups import BlindMatchup, MatchupFilter
from app.arena.voting.pool import Pool
from app.arena.voting.seen_pairs import NAMES_LINGER
from app.catalog.lookup import UnknownModel
from app.catalog.tables import ImageModel
from app.database.columns import milliseconds
from app.database.doors import Database
from app.database.statements import PreparedStatement
from app.gateway.storage import Storage
from tests.factories import NOW, cast, issue, later, make_arena, make_competition, make_entry

MODE = "text-to-image"


def shown(database: Database, issued: BlindMatchup) -> tuple[set[str], Matchup]:
    """Slugs of both models, and the row."""
    with database.reading() as session:
        row = session.scalars(select(Matchup).where(Matchup.public_id == issued.public_id)).one()
        pair = Entry.id.in_((row.left_entry_id, row.right_entry_id))
        return set(session.scalars(select(ImageModel.slug).join(Entry).where(pair))), row


def judged(
    database: Database,
    pool: Pool,
    voter: bytes = b"v" * 16,
    *,
    wish: MatchupFilter = MatchupFilter(),  # noqa: B008
    seconds: float = 5,
) -> Iterator[Matchup]:
    """Votes until nothing is left, one every so many seconds."""
    moment = NOW
    while True:
        moment += timedelta(seconds=seconds)
        try:
            issued = issue(database, voter, now=moment, wish=wish, pool=pool)
        except errors.NothingLeft:
            return
        cast(database, issued.public_id, "a", voter, now=moment)
        yield shown(database, issued)[1]


def test_every_pair_comes_once_and_then_nothing_is_left(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=2, models=3, samples=2)
    rows = list(judged(database, Pool()))
    assert len({(row.low_entry_id, row.high_entry_id) for row in rows}) == len(rows) == 2 * 3 * 4
    with database.reading() as session:
        model_of = dict(session.execute(select(Entry.id, Entry.model_id)).all())
    assert all(model_of[row.low_entry_id] != model_of[row.high_entry_id] for row in rows)
    assert all(0 < row.probability <= 1 for row in rows)


def test_an_id_tells_its_time_and_nothing_else() -> None:
    ids = [make_public_id(NOW + timedelta(milliseconds=n // 500), random.SystemRandom()) for n in range(2000)]
    assert {len(one) for one in ids} == {16}
    assert [int.from_bytes(one[:6]) for one in ids] == [milliseconds(NOW) + n // 500 for n in range(2000)]
    tails = [one[6:] for one in ids]
    assert len(set(tails)) == 2000
    # 2,000 sets of 80 fair bits: each place is set in half of them, give or take seven standard deviations.
    ones = [sum(int.from_bytes(tail) >> place & 1 for tail in tails) for place in range(80)]
    assert all(abs(count - 1000) < 7 * 22.4 for count in ones)


def test_ids_within_a_millisecond_have_no_order_of_issue() -> None:
    ids = [make_public_id(NOW, random.SystemRandom()) for _ in range(1000)]
    rising = sum(one < following for one, following in pairwise(ids))
    assert abs(rising - 500) < 7 * 9.2


@pytest.mark.parametrize("moment", [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)])
def test_a_clock_far_off_makes_an_id_all_the_same(moment: datetime) -> None:
    assert len(make_public_id(moment, random.SystemRandom())) == 16


def test_the_stored_probability_is_the_states(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=1, models=4)
    _, row = shown(database, issue(database))
    assert row.probability == pytest.approx(1 / 6)
    assert not row.seen_before


@pytest.mark.parametrize("seconds", [5, -5])
def test_an_entry_whose_name_was_seen_stays_away_while_others_are_left(
    database: Database, tmp_path: Path, seconds: float
) -> None:
    """Whichever way the clock goes."""
    make_arena(database, tmp_path, competitions=1, models=6)
    named: set[int] = set()
    for row in judged(database, Pool(), seconds=seconds):
        pair = {row.low_entry_id, row.high_entry_id}
        assert row.seen_before == bool(pair & named)
        assert row.seen_before == (len(named) == 6)
        named |= pair


@pytest.mark.parametrize("seconds", [5, -5])
def test_a_seen_entry_comes_back_after_fifty_votes(database: Database, tmp_path: Path, seconds: float) -> None:
    make_arena(database, tmp_path, competitions=20, models=4)
    rows, pool = [], Pool()
    for row in judged(database, pool, seconds=seconds):
        rows.append(row)
        if len(rows) == NAMES_LINGER + 40:
            break
    for n, row in enumerate(rows):
        lately = {e for one in rows[max(0, n - NAMES_LINGER) : n] for e in (one.low_entry_id, one.high_entry_id)}
        assert row.seen_before == bool({row.low_entry_id, row.high_entry_id} & lately)
    again = [row for n, row in enumerate(rows) if n > NAMES_LINGER and not row.seen_before]
    assert again


def test_a_skip_names_nobody(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=1, models=3)
    cast(database, issue(database).public_id, "skip")
    assert not shown(database, issue(database, now=later(seconds=1)))[1].seen_before


def test_two_open_matchups_share_no_model(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=3, models=4)
    for n in range(6):
        voter = bytes([n]) * 16
        one, other = (shown(database, issue(database, voter))[0] for _ in range(2))
        assert one.isdisjoint(other)


def test_two_requests_at_once_share_no_model_either(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=3, models=4)
    for n in range(6):
        voter, found, start = bytes([n + 50]) * 16, [], threading.Barrier(2)

        def ask(voter: bytes = voter, found: list[BlindMatchup] = found, start: threading.Barrier = start) -> None:
            start.wait()
            found.append(issue(database, voter))

        asking = [threading.Thread(target=ask) for _ in range(2)]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()
        one, other = (shown(database, issued)[0] for issued in found)
        assert one.isdisjoint(other)


def test_a_wish_narrows(database: Database, tmp_path: Path) -> None:
    storage = Storage(tmp_path / "files")

    def work(session: Session) -> None:
        for c, (category, models) in enumerate((("signs", "ab"), ("faces", "abc"), ("faces", "bcd"))):
            make_competition(session, f"c{c}", categories=(category,))
            for m in models:
                make_entry(session, storage, f"c{c}", f"m{m}", seed=10 * c + ord(m))

    database.write(work)

    def where(**wish: str) -> set[str]:
        with database.reading() as session:
            slugs = dict(session.execute(select(Competition.id, Competition.slug)).all())
        voter = repr(wish).encode()[:16].ljust(16)
        return {slugs[row.competition_id] for row in judged(database, Pool(), voter, wish=MatchupFilter(**wish))}

    assert where() == {"c0", "c1", "c2"}
    assert where(competition="c1") == {"c1"}
    assert where(category="faces") == {"c1", "c2"}
    assert where(model="md") == {"c2"}
    assert where(model="ma", category="faces") == {"c1"}
    with pytest.raises(UnknownModel):
        where(model="nobody")


def test_helping_a_model_does_not_force_it_into_the_pair(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=1, models=5)
    rows = [
        shown(database, issue(database, bytes([n]) * 16, wish=MatchupFilter(model="m0")))[0] for n in range(40)
    ]
    assert 0 < sum("m0" in pair for pair in rows) < 40


def test_strangers_ask_only_for_crowded_competitions(database: Database, tmp_path: Path) -> None:
    storage = make_arena(database, tmp_path, competitions=1, models=3)

    def ask(wish: MatchupFilter) -> BlindMatchup:
        policy = Policy(smallest_pool=4)
        return matchups.issue(
            database, Pool(), b"p" * 16, wish, now=NOW, rng=random.Random(1), matchup_seconds=60, policy=policy
        )

    for wish in (MatchupFilter(competition="c0"), MatchupFilter(model="m0")):
        with pytest.raises(errors.NothingLeft, match="4 models"):
            ask(wish)
    assert ask(MatchupFilter()).slug == "c0"
    database.write(lambda session: make_entry(session, storage, "c0", "one-more", seed=99))
    assert ask(MatchupFilter(competition="c0")).slug == "c0"


@pytest.mark.parametrize("withheld", [{"rested_at": NOW}, {"rendition_side": 1}])
def test_no_wish_tells_whose_picture_is_withheld(
    database: Database, tmp_path: Path, withheld: dict[str, object]
) -> None:
    """Let voters ask for each model of a field in which one picture, reported or not aligned yet, is not drawn."""
    make_arena(database, tmp_path, competitions=2, models=5)

    def withhold(session: Session) -> None:
        mine = select(Entry.id).join(Competition).join(ImageModel)
        mine = mine.where(Competition.slug == "c1", ImageModel.slug == "m2")
        session.execute(update(Entry).where(Entry.id.in_(mine)).values(withheld))

    database.write(withhold)
    for n in range(5):
        wish = MatchupFilter(competition="c1", model=f"m{n}")
        issued = issue(database, bytes([n]) * 16, wish=wish)
        assert issued.slug == "c1"
        assert "m2" not in shown(database, issued)[0]


@pytest.mark.parametrize("stated", [{"sunset": NOW.date()}, {"status": "retired"}])
@pytest.mark.parametrize("kept", [True, False])
def test_retired_models_stay_unless_the_competition_says_otherwise(
    database: Database, tmp_path: Path, kept: bool, stated: dict[str, object]
) -> None:
    make_arena(database, tmp_path, competitions=1, models=3)

    def retire(session: Session) -> None:
        session.execute(update(ImageModel).where(ImageModel.slug == "m0").values(stated))
        session.scalars(select(Competition)).one().retired_models = kept

    database.write(retire)
    assert len(list(judged(database, Pool()))) == (3 if kept else 1)
    wish = MatchupFilter(model="m0")
    assert len(list(judged(database, Pool(), b"w" * 16, wish=wish))) == (3 if kept else 0)


def test_a_withdrawn_entry_is_not_issued_from_a_state_that_still_has_it(
    database: Database, tmp_path: Path
) -> None:
    make_arena(database, tmp_path, competitions=1, models=3)
    pool = Pool(clock=lambda: 0.0)
    issue(database, b"x" * 16, pool=pool)
    place = entries.EntryKey("c0", "m0", 0)
    database.write(lambda session: entries.withdraw(session, place, now=NOW, reason="test"))
    for n in range(5):
        assert shown(database, issue(database, bytes([n]) * 16, pool=pool))[0] == {"m1", "m2"}


def test_a_new_competition_is_found_by_who_had_nothing_left(database: Database, tmp_path: Path) -> None:
    storage = make_arena(database, tmp_path, competitions=1, models=2)
    pool = Pool(clock=lambda: 0.0)
    assert len(list(judged(database, pool))) == 1

    def open_another(session: Session) -> None:
        make_competition(session, "late")
        for m in range(2):
            make_entry(session, storage, "late", f"m{m}", seed=70 + m)

    database.write(open_another)
    assert issue(database, pool=pool, now=later(minutes=1)).slug == "late"
    database.write(lambda session: competitions.set_status(session, "late", "closed", now=NOW))


def test_a_state_is_kept_for_a_second(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path)
    ticks = [0.0]
    pool = Pool(clock=lambda: ticks[0])

    def state(*, fresh: bool = False) -> object:
        with database.reading() as session:
            return pool.state(session, MODE, today=NOW.date(), fresh=fresh)

    first = state()
    ticks[0] = 0.9
    assert state() is first
    assert state(fresh=True) is first  # nothing came or went
    ticks[0] = 1.0
    assert state() is first  # nor was anything counted
    cast(database, issue(database).public_id, "a")
    assert state() is first
    ticks[0] = 2.0
    second = state()
    assert second is not first
    cast(database, issue(database).public_id, "b")
    ticks[0] = 3.5
    pool.renew(database, MODE, today=NOW.date())
    third = state()
    assert third is not second
    pool.renew(database, MODE, today=NOW.date())
    assert state() is third


def test_nobody_waits_for_a_rebuild(database: Database, tmp_path: Path) -> None:
    """While one thread rebuilds, held up inside, another gets what was kept."""
    make_arena(database, tmp_path)
    ticks, inside, go_on = [0.0], threading.Event(), threading.Event()

    def clock() -> float:
        if threading.current_thread() is rebuilding and pool_holds.locked():
            inside.set()
            go_on.wait(10)
        return ticks[0]

    pool = Pool(clock=clock)

    def state() -> object:
        with database.reading() as session:
            return pool.state(session, MODE, today=NOW.date())

    rebuilding = threading.Thread(target=state)
    pool_holds = pool._turns.setdefault(MODE, threading.Lock())
    kept = state()
    cast(database, issue(database).public_id, "a")
    ticks[0] = 5.0
    rebuilding.start()
    assert inside.wait(10)
    assert state() is kept
    go_on.set()
    rebuilding.join()
    assert state() is not kept


def test_a_state_read_in_parts_equals_one_read_whole(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=3, models=3)
    ticks = [0.0]
    pool = Pool(clock=lambda: ticks[0])
    for n in range(12):
        voter = bytes([n]) * 16
        cast(database, issue(database, voter, pool=pool).public_id, "abab"[n % 4], voter)
        ticks[0] += 2
        with database.reading() as session:
            parts = pool.state(session, MODE, today=NOW.date())
            whole = Pool().state(session, MODE, today=NOW.date())
        for one, other in zip(parts.lanes, whole.lanes, strict=True):
            assert (one.of_models == other.of_models).all()
            assert (one.of_competition == other.of_competition).all()


def test_a_pair_scans_neither_votes_nor_matchups(database: Database, tmp_path: Path) -> None:
    make_arena(database, tmp_path, competitions=4, models=4)
    pool = Pool(clock=lambda: 0.0)
    for n in range(3):
        cast(database, issue(database, pool=pool, now=later(seconds=n)).public_id, "a", now=later(seconds=n))
    statements: list[tuple[str, object]] = []
    prepared: list[PreparedStatement] = []
    run = PreparedStatement.run

    def noted(self: PreparedStatement, session: Session, values: dict[str, object]) -> object:
        prepared.append(self)
        return run(self, session, values)

    def note(_connection: object, _cursor: object, statement: str, given: object, *_: object) -> None:
        statements.append((statement, given))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(PreparedStatement, "run", noted)
            issue(database, pool=pool, now=later(seconds=9))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert len(prepared) == (3 if database.is_sqlite else 4)  # SQLite has one writer, and locks no voter
    assert not [statement for statement, _ in statements if statement.startswith(("SELECT", "INSERT", "UPDATE"))]
    if not database.is_sqlite:
        return  # its planner scans tables this small, and rightly
    with database.reading() as session:
        for one in prepared:
            compiled = one.ready(session)[2]
            blanks = (None,) * compiled.statement.count("?")
            plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled.statement}", blanks)
            assert not [row for row in plan if row[3].startswith(("SCAN votes", "SCAN matchups"))]
        history = text("EXPLAIN QUERY PLAN SELECT low_entry_id, high_entry_id FROM matchups WHERE voter_id = 1")
        assert "COVERING INDEX" in session.execute(history).all()[0][3]
