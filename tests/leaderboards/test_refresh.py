"""Boards become fresh by whoever finds them stale, once, and only by what they add up."""

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from threading import Barrier
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.arena.tables import Competition, Tally
from app.catalog.tables import ImageModel
from app.database.doors import Database
from app.leaderboards.runs import claims, compute, publish, snapshot
from app.leaderboards.runs.anchors import AnchorSet
from app.leaderboards.runs.refresh import rebuild, refresh
from app.leaderboards.runs.scopes import read_scopes
from app.leaderboards.runs.shared import read_shared
from app.leaderboards.tables import Board, ModeAnchor, RatingRun
from app.ratings.board import rate
from app.ratings.scale import Anchor as Level
from app.ratings.tallies import Tallies
from tests.leaderboards import factories
from tests.leaderboards.factories import MODE, START
from tests.leaderboards.reading import KEYS, current, rest_over, stale_keys, standings


def refreshed(database: Database, after: timedelta = timedelta()) -> list[str]:
    return refresh(database, MODE, now=START + after, refresh_seconds=0)


def tallies(database: Database, models: list[int], competitions: list[int]) -> Tallies:
    with database.reading() as session:
        rows = session.scalars(select(Tally).where(Tally.competition_id.in_(competitions))).all()

    def column(name: str) -> Any:
        return np.array([getattr(row, name) for row in rows])

    return Tallies(
        len(models),
        np.array([competitions.index(row.competition_id) for row in rows]),
        np.array([models.index(row.left_model_id) for row in rows]),
        np.array([models.index(row.right_model_id) for row in rows]),
        *(column(name) for name in ("left_wins", "right_wins", "ties", "both_bad")),
    )


def test_a_board_equals_rate_of_its_tallies(database: Database) -> None:
    models, competitions = factories.world(database)
    assert refreshed(database) == KEYS
    of_mode = read_shared(current(database, MODE).parts)
    assert of_mode is not None
    within = of_mode.prompts_of(np.array(models), within=True)
    for key, used, prompts in ((MODE, competitions, None), (f"{MODE}/portrait", competitions[:2], within)):
        expected = rate(tallies(database, models, used), anchor=Level(tuple(range(6))), prompts=prompts)
        stored, run = standings(database, key), current(database, key)
        assert [stored[model].rating for model in models] == expected.rating.tolist()
        assert [stored[model].rating_low for model in models] == expected.low.tolist()
        assert [stored[model].rank for model in models] == expected.rank.tolist()
        assert [stored[model].rank_high for model in models] == expected.rank_high.tolist()
        assert (run.tau2, run.interval, run.ranked) == (expected.tau2, "prompt", 6)
        assert run.votes == 15 * 40 * len(used)
        assert all(row.wins + row.losses + row.ties == row.votes for row in stored.values())


def test_the_hash_is_of_sorted_lines_of_slugs(database: Database) -> None:
    def work(session: Session) -> None:
        one, two = factories.add_models(session, 2)
        made = factories.add_competition(session, "c1", [one, two])
        factories.tally(session, made, two, one, 3, 1, 0, 2)
        factories.tally(session, made, one, two, 5)
        factories.tally(session, made, one, two, -5, 4)

    database.write(work)
    refreshed(database)
    lines = b"c1,model-1,model-2,0,4,0,0\nc1,model-2,model-1,3,1,0,2\n"
    assert current(database, MODE).tallies_sha256 == hashlib.sha256(lines).hexdigest()


@given(
    st.lists(st.text("a-.0", min_size=1, max_size=4), min_size=3, max_size=6, unique=True),
    st.lists(st.tuples(*[st.integers(0, 2)] * 3, *[st.integers(0, 10**6)] * 4), unique_by=lambda row: row[:3]),
)
def test_the_hash_is_of_lines_in_the_order_of_bytes_whatever_the_slugs(
    slugs: list[str], rows: list[tuple[int, ...]]
) -> None:
    names = dict(enumerate(slugs))
    seen = snapshot.Snapshot(
        MODE, (), np.empty((0, 7), np.int64), names, names, AnchorSet(0, ()), None, None, None
    )
    lines = sorted(",".join([*(names[n] for n in row[:3]), *map(str, row[3:])]) + "\n" for row in rows)
    counts = np.array(rows, dtype=np.int64).reshape(-1, 7)
    assert seen.sha256(counts) == hashlib.sha256("".join(lines).encode()).hexdigest()


def test_stale_only_after_a_version_changed(database: Database) -> None:
    models, competitions = factories.world(database)
    assert stale_keys(database) == KEYS
    refreshed(database)
    assert stale_keys(database) == []
    rest_over(database)
    assert refreshed(database) == []
    database.write(lambda session: factories.tally(session, competitions[2], *models[:2], 1))
    assert stale_keys(database) == [MODE, "competition:c3"]
    before = standings(database, "competition:c1")[models[0]].rating
    assert refreshed(database) == [MODE, "competition:c3"]
    assert standings(database, "competition:c1")[models[0]].rating == before
    assert current(database, "competition:c3").overall_run_id == current(database, MODE).id


def test_a_refiled_competition_makes_its_categories_stale(database: Database) -> None:
    _, competitions = factories.world(database)
    refreshed(database)

    def work(session: Session) -> None:
        session.get_one(Competition, competitions[0]).categories = []

    database.write(work)
    assert stale_keys(database) == [f"{MODE}/portrait"]
    rest_over(database)
    refreshed(database)
    assert current(database, f"{MODE}/portrait").votes == 600


def test_a_category_without_competitions_is_emptied(database: Database) -> None:
    _, competitions = factories.world(database)
    refreshed(database)

    def work(session: Session) -> None:
        for number in competitions:
            session.get_one(Competition, number).categories = []

    database.write(work)
    rest_over(database)
    assert refreshed(database) == [f"{MODE}/portrait"]
    assert current(database, f"{MODE}/portrait").votes == 0
    assert standings(database, f"{MODE}/portrait") == {}
    assert stale_keys(database) == []


def test_a_board_whose_votes_were_all_undone_is_empty(database: Database) -> None:
    def work(session: Session) -> None:
        one, two = factories.add_models(session, 2)
        made = factories.add_competition(session, "c1", [one, two])
        factories.tally(session, made, one, two, 1)
        factories.tally(session, made, one, two, -1)

    database.write(work)
    assert refreshed(database) == [MODE, "competition:c1"]
    assert standings(database, MODE) == {}


def test_votes_taken_back_leave_no_trace(database: Database) -> None:
    models, competitions = factories.world(database)
    refreshed(database)
    before, run = standings(database, MODE), current(database, MODE)

    def work(session: Session) -> None:
        newcomer = factories.add_models(session, 1)[0]
        for sign in (1, -1):
            factories.tally(session, competitions[0], models[4], models[1], sign * 7, sign * 2, sign)
            factories.tally(session, competitions[1], newcomer, models[0], sign)

    database.write(work)
    rest_over(database)
    refreshed(database)
    after, again = standings(database, MODE), current(database, MODE)
    assert {model: (row.rating, row.rating_low, row.rank_low) for model, row in after.items()} == {
        model: (row.rating, row.rating_low, row.rank_low) for model, row in before.items()
    }
    assert (again.tallies_sha256, again.tau2) == (run.tallies_sha256, run.tau2)


def test_readers_do_not_load_numpy() -> None:
    rooms = ("views.boards", "views.charts", "views.head_to_head", "runs.refresh", "views.results", "views.reveal")
    imports = ", ".join(f"app.leaderboards.{name}" for name in rooms)
    program = f"import sys, {imports}; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_closed_competitions_count_as_before(database: Database) -> None:
    _, competitions = factories.world(database)
    refreshed(database)
    closed = update(Competition).where(Competition.id == competitions[0]).values(status="closed")
    database.write(lambda session: session.execute(closed) and None)
    assert stale_keys(database) == []
    rebuild(database, MODE, now=START)
    assert current(database, MODE).votes == 3 * 600


def test_of_two_refreshers_at_once_one_publishes(database: Database) -> None:
    factories.world(database)
    start = Barrier(2)

    def run(_: int) -> list[str]:
        start.wait()
        return refresh(database, MODE, now=START, refresh_seconds=60)

    with ThreadPoolExecutor(2) as pool:
        published = sorted(pool.map(run, range(2)))
    assert published == [[], KEYS]
    with database.reading() as session:
        assert len(session.scalars(select(RatingRun.id)).all()) == len(KEYS)


@pytest.mark.parametrize("fallen", [{"claim": "somebody else"}, {"claim_until": 1}])
def test_a_claim_that_fell_is_not_published(database: Database, fallen: dict[str, Any]) -> None:
    factories.world(database)
    with database.reading() as session:
        wanted = read_scopes(session, MODE)
    assert database.write(lambda session: claims.claim(session, wanted, "ours")) == set(KEYS)
    assert database.write(lambda session: claims.claim(session, wanted, "theirs")) == set()
    with database.reading() as session:
        seen = snapshot.read(session, MODE)
    board, _ = compute.rate_overall(seen)
    database.write(lambda session: session.execute(update(Board).values(fallen)) and None)
    late = database.write(lambda session: publish.publish(session, [board], "ours", borrowed_from=None, now=START))
    assert late == []
    with database.reading() as session:
        assert session.scalars(select(RatingRun.id)).all() == []


def test_an_older_board_does_not_replace_a_newer_one(database: Database) -> None:
    models, competitions = factories.world(database)
    with database.reading() as session:
        seen = snapshot.read(session, MODE)
    board, _ = compute.rate_overall(seen)
    database.write(lambda session: factories.tally(session, competitions[0], *models[:2], 1))
    refreshed(database)
    newest = current(database, MODE).id
    database.write(lambda session: claims.claim(session, seen.scopes, "late", by_force=True))
    late = database.write(lambda session: publish.publish(session, [board], "late", borrowed_from=None, now=START))
    assert (late, current(database, MODE).id) == ([], newest)


def test_two_competitions_show_the_vote_interval(database: Database) -> None:
    factories.world(database, competitions=2)
    refreshed(database)
    run = current(database, MODE)
    assert (run.interval, run.tau2) == ("vote", None)
    assert all(row.borrowed is None for row in standings(database, "competition:c1").values())


def test_a_competition_borrows_from_the_others(database: Database) -> None:
    models, competitions = factories.world(database)
    newcomer = database.write(lambda session: factories.add_models(session, 1))[0]
    database.write(lambda session: factories.tally(session, competitions[0], models[0], newcomer, 2, 2))
    refreshed(database)
    rows = standings(database, "competition:c1")
    assert all(row.borrowed is not None and 0 < row.borrowed < 1 for row in rows.values())
    assert (rows[newcomer].votes, rows[newcomer].rank is None) == (4, False)
    assert current(database, "competition:c1").interval == "vote"


def test_parts_that_never_met_are_named(database: Database) -> None:
    factories.world(database)

    def work(session: Session) -> list[int]:
        one, two = factories.add_models(session, 2)
        made = factories.add_competition(session, "island", [one, two])
        factories.tally(session, made, one, two, 600, 600)
        return [one, two]

    islanders = database.write(work)
    refreshed(database)
    assert current(database, MODE).components == [
        [f"model-{number}" for number in range(1, 7)],
        ["model-7", "model-8"],
    ]
    assert all(standings(database, MODE)[model].provisional for model in islanders)


def test_other_modes_are_left_alone(database: Database) -> None:
    models, _ = factories.world(database)

    def work(session: Session) -> None:
        made = factories.add_competition(session, "edit", models, mode="image-edit")
        factories.everybody_meets(session, made, models)

    database.write(work)
    assert refreshed(database) == KEYS
    assert refresh(database, "image-edit", now=START) == ["image-edit", "competition:edit"]
    with database.reading() as session:
        assert {row.mode for row in session.scalars(select(ModeAnchor))} <= {MODE, "image-edit"}


VOTE = st.tuples(st.integers(0, 2), st.permutations(range(6)), st.integers(0, 3))
"""A competition, of whose models the first two of an order meet, and the outcome."""
NUMBERS = ("rating", "rating_low", "rating_high", "vote_low", "vote_high", "known_mean", "known_variance")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(VOTE, min_size=1, max_size=4), min_size=1, max_size=3))
def test_passes_one_after_the_other_say_what_one_over_everything_says(
    database: Database, database_url: str, passes: list[list[tuple[int, list[int], int]]]
) -> None:
    """Pass after each few votes; then another process, which remembers nothing, computes every board anew."""
    with database.reading() as session:
        known = [list(session.scalars(select(of.id).order_by(of.id))) for of in (ImageModel, Competition)]
    models, competitions = known if all(known) else factories.world(database)
    for votes in passes:
        database.write(lambda session, votes=votes: cast_votes(session, votes, models, competitions))
        rest_over(database)
        last = refreshed(database)
        assert MODE in last
    # Boards without new votes keep what they borrowed when they were rated.
    found = {key: standings(database, key) for key in last}
    with closing(Database(database_url)) as another:
        rebuild(another, MODE, now=START)
    for key in last:
        anew = standings(database, key)
        assert anew.keys() == found[key].keys()
        for model, row in anew.items():
            before = found[key][model]
            assert (row.rank, row.rank_low, row.rank_high) == (before.rank, before.rank_low, before.rank_high)
            for name in NUMBERS:
                assert getattr(row, name) == pytest.approx(getattr(before, name), abs=1e-6), (key, name)


def cast_votes(
    session: Session, votes: list[tuple[int, list[int], int]], models: list[int], competitions: list[int]
) -> None:
    """Add votes to their tallies, as counted ones would."""
    for at, (left, right, *_), outcome in votes:
        factories.tally(
            session, competitions[at], models[left], models[right], *(int(outcome == n) for n in range(4))
        )
