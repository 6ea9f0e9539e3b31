"""What the feeds tell: what the votes have made sure, and nothing that they leave open."""

import shutil
from datetime import date, datetime, timedelta
from pathlib import Path

from app.database.doors import Database
from app.leaderboards.runs.refresh import refresh
from app.leaderboards.views.head_to_head import Battles, share_interval
from app.leaderboards.views.news import (
    NewsBoard,
    NewsItem,
    Place,
    read_board_news,
    read_model_news,
    read_news,
    tell_news,
)
from tests.leaderboards.factories import MODE, START, add_competition, add_entry, add_models, tally
from tests.leaderboards.news_world import SHORT, play, told_late
from tests.leaderboards.reading import rest_over

BOARD = NewsBoard(MODE, MODE, None)
DAY = timedelta(days=1)


def told(database: Database, now: datetime) -> list[tuple[str, str]]:
    with database.reading() as session:
        return [(item.kind, item.place.slug if item.place else "") for item in read_news(session, now)]


def vote(database: Database, competition: int, left: int, right: int, wins: int, now: datetime) -> None:
    database.write(lambda session: tally(session, competition, left, right, wins))
    rest_over(database)
    refresh(database, MODE, now=now, refresh_seconds=0)


def two_models(database: Database) -> tuple[int, int, int]:
    first, second = database.write(lambda session: add_models(session, 2))
    return database.write(lambda session: add_competition(session, "c", [first, second])), first, second


def place(slug: str, low: int, high: int, rating: float, within: float = 20) -> Place:
    return Place(slug, slug.title(), low, low, high, 9, 100, rating, rating - within, rating + within)


def walk(*runs: list[Place], is_new: bool = False) -> list[tuple[int, str, str]]:
    """News as (day of the month, kind, model)."""
    days = ((date(2026, 3, number), places) for number, places in enumerate(runs, 1))
    return [_short(item) for item in tell_news(days, BOARD, is_new=is_new)]


def _short(item: NewsItem) -> tuple[int, str, str]:
    assert item.place is not None
    return item.day.day, item.kind, item.place.slug


def test_planted_changes_are_told_when_sure_and_noise_is_not(sqlite_template: Path, tmp_path: Path) -> None:
    """One world of many: `scripts/bench/news.py --short` plays others."""
    shutil.copy(sqlite_template, tmp_path / "news.sqlite3")
    database = Database(f"sqlite:///{tmp_path / 'news.sqlite3'}")
    world = play(database, SHORT, seed=1)
    database.close()
    assert set(world.sure) == {"left", "new", "decided", "closed"}
    assert told_late(world) == {}
    assert 50 * len(world.noise()) <= len(world.first_told), world.noise()


def test_a_swap_inside_the_ranges_is_no_news() -> None:
    before = [place("a", 1, 4, 1030), place("b", 1, 4, 1020)]
    assert walk(before, [place("b", 1, 4, 1030), place("a", 1, 4, 1010)]) == []


def test_ranks_that_moved_because_others_came_are_no_news() -> None:
    pushed = [place("c", 1, 1, 1300), place("a", 3, 3, 1100), place("b", 4, 4, 1000)]
    news = walk([place("a", 1, 2, 1100), place("b", 3, 3, 1000)], pushed)
    assert news == [(2, "new", "c"), (2, "decided", "c")]


def test_a_slow_drift_is_told_once() -> None:
    drift = [[place("x", 9 - n, 11 - n, 1000 + 12 * n)] for n in range(6)]
    assert walk(*drift) == [(5, "left", "x")]
    assert walk(*([*drift[0], place("b", 1, 1, 2000)], [place("x", 1, 1, 1030)])) == []


def test_a_first_place_is_decided_once_though_it_flickers() -> None:
    sure = [place("a", 1, 1, 1200), place("b", 2, 2, 1000)]
    open_again = [place("a", 1, 2, 1100), place("b", 1, 2, 1050)]
    touching = [place("b", 1, 1, 1100), place("a", 2, 2, 1065)]
    decided = [news for news in walk(open_again, sure, open_again, sure, touching) if news[1] == "decided"]
    assert decided == [(2, "decided", "a")]
    assert walk(sure, sure) == []
    assert walk(sure, is_new=True) == [(1, "opened", "a"), (1, "decided", "a")]


def test_a_board_opens_once_and_newcomers_follow(database: Database) -> None:
    competition, first, second = two_models(database)
    vote(database, competition, first, second, 5, START)
    assert told(database, START) == [("opened", "model-1")]
    (third,) = database.write(lambda session: add_models(session, 1))
    database.write(lambda session: add_entry(session, competition, third))
    vote(database, competition, first, third, 5, START + DAY)
    assert told(database, START + DAY)[0] == ("new", "model-3")
    with database.reading() as session:
        assert [item.kind for item in read_model_news(session, "model-3", START + DAY)] == ["new"]
        assert "opened" in {item.kind for item in read_board_news(session, "competition:c", START + DAY)}
        assert read_board_news(session, "competition:none", START) == ()
    much_later = START + timedelta(days=60)
    vote(database, competition, first, second, 1, much_later)
    assert told(database, much_later) == []


def test_the_interval_of_a_record() -> None:
    assert share_interval(Battles()) is None
    low, high = share_interval(Battles(a_wins=10)) or (0, 0)
    assert (round(low, 3), high) == (0.722, 1.0)
    low, high = share_interval(Battles(50, 30, 10, 10)) or (0, 0)
    assert low < 0.6 < high
    assert high - low < 0.2
