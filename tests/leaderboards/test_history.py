"""Hourly for two days, then daily; and what a vote changed since."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.database.doors import Database
from app.leaderboards.runs.history import ratings_at
from app.leaderboards.runs.refresh import rebuild, refresh
from app.leaderboards.tables import Board, RatingHistory, RatingRun
from app.leaderboards.views import charts
from app.leaderboards.views.boards import read_board
from app.leaderboards.views.charts import elo_vs_price, elo_vs_speed, read_win_matrix
from app.leaderboards.views.head_to_head import Battles
from app.leaderboards.views.reveal import names_and_standings
from tests.leaderboards import factories
from tests.leaderboards.factories import MODE, START
from tests.leaderboards.reading import current, standings

HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)


def vote(database: Database, now: datetime, winner: int, loser: int, competition: int) -> float:
    """Ten votes, then a refresh; the winner's rating."""
    database.write(lambda session: factories.tally(session, competition, winner, loser, 10))
    rebuild(database, MODE, now=now)
    return standings(database, MODE)[winner].rating


def moments(database: Database) -> list[datetime]:
    with database.reading() as session:
        rows = select(RatingHistory.at).join(Board, Board.id == RatingHistory.board_id)
        return sorted(set(session.scalars(rows.where(Board.key == MODE))))


def runs(database: Database) -> list[datetime]:
    with database.reading() as session:
        rows = select(RatingRun.computed_at).join(Board, Board.id == RatingRun.board_id)
        return list(session.scalars(rows.where(Board.key == MODE).order_by(RatingRun.computed_at)))


@pytest.fixture
def arena(database: Database) -> tuple[Database, int, int, int]:
    models, competitions = factories.world(database, models=3, competitions=1)
    return database, models[0], models[1], competitions[0]


def test_history_keeps_the_last_run_of_each_hour(arena: tuple[Database, int, int, int]) -> None:
    database, *seats = arena
    ratings = [vote(database, START + 20 * MINUTE * number, *seats) for number in range(7)]
    assert moments(database) == [START + 40 * MINUTE, START + 100 * MINUTE]
    with database.reading() as session:
        points = charts.read_history(session, "model-1", MODE)
    assert [point.at for point in points] == [START + 40 * MINUTE, START + 100 * MINUTE, START + 120 * MINUTE]
    assert [point.rating for point in points] == [ratings[2], ratings[5], ratings[6]]
    assert points[-1].rank == 1


def test_history_is_daily_after_two_days(arena: tuple[Database, int, int, int]) -> None:
    database, *seats = arena
    for number in range(18):
        vote(database, START + 6 * HOUR * number, *seats)
    newest = START + 102 * HOUR
    old = [moment for moment in moments(database) if moment < newest - 48 * HOUR]
    assert old == [START + 6 * HOUR, START + 30 * HOUR]
    assert len(moments(database)) == len(old) + 8


def test_runs_kept(arena: tuple[Database, int, int, int]) -> None:
    database, *seats = arena
    for after in (0 * DAY, 5 * MINUTE, 9 * MINUTE):
        vote(database, START + after, *seats)
    assert len(runs(database)) == 3
    vote(database, START + 30 * MINUTE, *seats)
    assert runs(database) == [START + 30 * MINUTE]
    for after in (DAY, DAY + HOUR, 2 * DAY):
        vote(database, START + after, *seats)
    assert runs(database) == [START + 30 * MINUTE, START + DAY + HOUR, START + 2 * DAY]
    assert current(database, MODE).computed_at == START + 2 * DAY


def test_the_change_of_a_day(arena: tuple[Database, int, int, int]) -> None:
    database, *seats = arena
    before = vote(database, START, *seats)

    def change(now: datetime) -> float | None:
        with database.reading() as session:
            return read_board(session, MODE, now=now).standings[0].change_24h

    assert change(START + HOUR) is None
    after = vote(database, START + 2 * HOUR, *seats)
    assert change(START + 3 * HOUR) is None
    assert change(START + 25 * HOUR) == pytest.approx(after - before)
    assert change(START + 27 * HOUR) == 0


def test_a_reveal_names_both_and_counts_from_the_vote(arena: tuple[Database, int, int, int]) -> None:
    database, one, two, competition = arena
    before = vote(database, START, one, two, competition)
    with database.reading() as session:
        told = names_and_standings(session, two, one, MODE)
    assert (told.a.slug, told.a.url, told.a.rank, told.a.change) == ("model-2", "/models/model-2", 2, None)
    assert (told.b.name, told.b.creator, told.b.rating) == ("Model 1", "Maker", before)
    cast_at = START + MINUTE
    after = vote(database, cast_at, one, two, competition)
    with database.reading() as session:
        now = names_and_standings(session, one, two, MODE, since=cast_at)
        assert now.a.change == pytest.approx(after - before)
        assert ratings_at(session, MODE, START) == {}
    later = vote(database, START + 3 * DAY, one, two, competition)
    with database.reading() as session:
        long_after = names_and_standings(session, one, two, MODE, since=cast_at + MINUTE)
    assert long_after.a.change == pytest.approx(later - after)


def test_a_reveal_without_a_board(database: Database) -> None:
    one, two = database.write(lambda session: factories.add_models(session, 2))
    with database.reading() as session:
        told = names_and_standings(session, one, two, MODE, since=START)
    assert (told.a.rating, told.a.rank, told.a.change) == (None, None, None)


def test_scatter_names_the_frontier_and_what_it_leaves_out(database: Database) -> None:
    models, competitions = factories.world(database, models=5)

    def work(session: Session) -> None:
        for model, usd in zip(models, (0.04, 0.02, 0.03, 0.01), strict=False):
            factories.add_price(session, model, usd)
        for sample in range(1, 11):
            factories.add_entry(session, competitions[0], models[4], sample=sample, seconds=2.0)

    database.write(work)
    refresh(database, MODE, now=START)
    with database.reading() as session:
        seen = read_board(session, MODE, now=START)
    prices, speeds = elo_vs_price(seen), elo_vs_speed(seen)
    assert [(point.model.slug, point.x, point.on_frontier) for point in prices.points] == [
        ("model-4", 0.01, True),
        ("model-2", 0.02, True),
        ("model-3", 0.03, False),
        ("model-1", 0.04, True),
    ]
    assert (prices.omitted, prices.reason) == (1, "without pricing omitted")
    assert [(point.model.slug, point.x, point.on_frontier) for point in speeds.points] == [("model-5", 2.0, True)]
    assert speeds.omitted == 4


def test_win_matrix(database: Database) -> None:
    def work(session: Session) -> None:
        one, two, three = factories.add_models(session, 3)
        made = factories.add_competition(session, "c1", [one, two, three])
        factories.tally(session, made, one, two, 5, 2, 1, 0)
        factories.tally(session, made, two, one, 0, 4, 0, 1)
        factories.tally(session, made, two, three, 9)

    database.write(work)
    refresh(database, MODE, now=START)
    with database.reading() as session:
        matrix = read_win_matrix(session, read_board(session, MODE, now=START))
        first_two = read_win_matrix(session, read_board(session, MODE, now=START), 2)
    assert [model.slug for model in matrix.models] == ["model-1", "model-2", "model-3"]
    assert (matrix.cells[0][1], matrix.cells[1][0]) == (Battles(9, 2, 1, 1), Battles(2, 9, 1, 1))
    assert matrix.cells[0][0] is None
    assert matrix.cells[0][2] == Battles()
    assert ([model.slug for model in first_two.models], first_two.of) == (["model-1", "model-2"], 3)
    assert first_two.cells == tuple(row[:2] for row in matrix.cells[:2])
