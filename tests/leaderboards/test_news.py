"""What the feed tells: ranks that changed, by what is remembered, and models that joined."""

from datetime import datetime, timedelta

from app.database.doors import Database
from app.leaderboards.runs.refresh import refresh
from app.leaderboards.views.head_to_head import Battles, share_interval
from app.leaderboards.views.news import read_arrivals, read_rank_changes
from tests.leaderboards.factories import MODE, START, add_competition, add_models, tally
from tests.leaderboards.reading import rest_over


def told(database: Database, now: datetime) -> list[tuple[str, int | None, int]]:
    with database.reading() as session:
        return [(change.slug, change.before, change.rank) for change in read_rank_changes(session, now)]


def vote(database: Database, competition: int, left: int, right: int, wins: int, now: datetime) -> None:
    database.write(lambda session: tally(session, competition, left, right, wins))
    rest_over(database)
    refresh(database, MODE, now=now, refresh_seconds=0)


def two_models(database: Database) -> tuple[int, int, int]:
    first, second = database.write(lambda session: add_models(session, 2))
    return database.write(lambda session: add_competition(session, "c", [first, second])), first, second


def test_first_ranks_and_a_swap(database: Database) -> None:
    competition, first, second = two_models(database)
    vote(database, competition, first, second, 5, START)
    assert told(database, START) == [("model-1", None, 1), ("model-2", None, 2)]
    later = START + timedelta(hours=2)
    vote(database, competition, second, first, 20, later)
    assert told(database, later)[:2] == [("model-2", 2, 1), ("model-1", 1, 2)]
    assert len(told(database, later)) == 4


def test_a_board_that_stays_says_nothing_new(database: Database) -> None:
    competition, first, second = two_models(database)
    vote(database, competition, first, second, 5, START)
    vote(database, competition, first, second, 1, START + timedelta(hours=2))
    assert len(told(database, START + timedelta(hours=2))) == 2
    assert told(database, START + timedelta(days=20)) == []


def test_a_board_that_wakes_up_does_not_enter_again(database: Database) -> None:
    competition, first, second = two_models(database)
    vote(database, competition, first, second, 5, START)
    vote(database, competition, first, second, 1, START + timedelta(hours=2))
    much_later = START + timedelta(days=60)
    vote(database, competition, first, second, 1, much_later)
    assert told(database, much_later) == []


def test_arrivals_are_models_with_images(database: Database) -> None:
    database.write(lambda session: add_models(session, 3))
    assert arrivals_of(database) == []
    database.write(lambda session: add_competition(session, "c", [1, 2]))
    database.write(lambda session: add_competition(session, "hidden", [3], status="draft"))
    assert arrivals_of(database) == ["model-1", "model-2"]


def arrivals_of(database: Database) -> list[str]:
    with database.reading() as session:
        return [arrival.slug for arrival in read_arrivals(session)]


def test_the_interval_of_a_record() -> None:
    assert share_interval(Battles()) is None
    low, high = share_interval(Battles(a_wins=10)) or (0, 0)
    assert (round(low, 3), high) == (0.722, 1.0)
    low, high = share_interval(Battles(50, 30, 10, 10)) or (0, 0)
    assert low < 0.6 < high
    assert high - low < 0.2
