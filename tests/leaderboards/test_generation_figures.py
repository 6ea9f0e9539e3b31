"""What an image costs at the settings that were judged, and which models may stand on the frontier."""

from datetime import date

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.arena.tables import Competition, Entry
from app.catalog.tables import ImageModel, Offering, Price
from app.database.doors import Database
from app.leaderboards.runs.refresh import refresh
from app.leaderboards.views.boards import BoardView, read_board
from app.leaderboards.views.charts import elo_vs_price
from app.leaderboards.views.generation_figures import ImageCost, read_figures
from tests.leaderboards import factories
from tests.leaderboards.factories import MODE, START


@pytest.fixture
def models(database: Database) -> list[int]:
    """Six models that met, all but the last with a list price of so many cents as their number."""
    ids, _ = factories.world(database)
    for number, model in enumerate(ids[:5], 1):
        database.write(lambda session: factories.add_price(session, model, number / 100))  # noqa: B023
    refresh(database, MODE, now=START)
    return ids


def board(database: Database) -> BoardView:
    with database.reading() as session:
        return read_board(session, MODE, now=START)


def costs(database: Database) -> list[ImageCost | None]:
    return [row.cost for row in board(database).standings]


def paid(database: Database, model: int, *micros: int | None) -> None:
    """State what the images of a model cost, in the order they were entered."""

    def work(session: Session) -> None:
        entries = session.scalars(select(Entry).where(Entry.model_id == model).order_by(Entry.id)).all()
        for entry, cost in zip(entries, micros, strict=True):
            entry.cost_micros = cost

    database.write(work)


def test_the_median_of_what_the_judged_images_cost_goes_before_the_list(
    database: Database, models: list[int]
) -> None:
    paid(database, models[0], 80_000, None, 20_000)
    paid(database, models[1], 80_000, 10_000, 20_000)
    found = costs(database)
    assert found[0] == ImageCost(0.05, 2, "")
    assert found[1] == ImageCost(0.02, 3, "")
    assert found[2] == ImageCost(0.03, 0, "")
    assert found[5] is None
    assert [row.price_usd for row in board(database).standings] == [0.01, 0.02, 0.03, 0.04, 0.05, None]


def test_a_list_price_is_that_of_the_size_that_was_judged(database: Database, models: list[int]) -> None:
    def work(session: Session) -> None:
        for model, size in ((models[0], "64x64"), (models[1], "512x512")):
            offering = session.scalars(select(Offering.id).where(Offering.model_id == model)).one()
            session.add(
                Price(
                    offering_id=offering,
                    metric="image",
                    price_micros=90_000,
                    units=1,
                    conditions={"size": size},
                    source="page",
                    position=1,
                )
            )
        factories.raise_version(session)

    database.write(work)
    found = costs(database)
    assert found[0] == ImageCost(0.09, 0, "64 x 64")
    assert found[1] == ImageCost(0.02, 0, "")


def test_times_count_every_image_of_the_mode_and_sizes_those_that_are_named(
    database: Database, models: list[int]
) -> None:
    def work(session: Session) -> None:
        entries = session.scalars(select(Entry).where(Entry.model_id == models[0]).order_by(Entry.id)).all()
        for entry, seconds in zip(entries, (9.0, 1.0, None), strict=True):
            entry.seconds = seconds
        entries[0].width = 32

    database.write(work)
    with database.reading() as session:
        figures = read_figures(session, MODE)
        assert read_figures(session, "image-edit") == {}
    assert (figures[models[0]].timed, figures[models[0]].seconds, figures[models[0]].size) == (2, 5.0, (64, 64))
    assert figures[models[0]].shown_seconds is None
    database.write(lambda session: session.execute(update(Competition).values(status="closed")) and None)
    with database.reading() as session:
        figures = read_figures(session, MODE)
    assert (figures[models[0]].timed, figures[models[0]].seconds, figures[models[0]].size) == (2, 5.0, None)
    assert (figures[models[1]].timed, figures[models[1]].seconds, figures[models[1]].size) == (0, None, (64, 64))


def test_a_retired_model_is_off_the_frontier_and_bars_nobody_from_it(
    database: Database, models: list[int]
) -> None:
    """The best and cheapest of all is retired: the second takes its place on the frontier."""
    before = elo_vs_price(board(database))
    assert [point.on_frontier for point in before.points] == [True, False, False, False, False]
    database.write(
        lambda session: session.execute(
            update(ImageModel).where(ImageModel.id == models[0]).values(sunset=date(2026, 1, 1))
        )
    )
    database.write(factories.raise_version)
    chart = elo_vs_price(board(database))
    assert [point.on_frontier for point in chart.points] == [False, True, False, False, False]
    assert [point.is_retired for point in chart.points] == [True, False, False, False, False]
    assert chart.points[0].frontier_chance == 0
    assert chart.points[1].frontier_chance == pytest.approx(1, abs=0.01)
    assert (chart.omitted, chart.listed) == (1, 5)


def test_where_a_price_comes_from_is_said(database: Database, models: list[int]) -> None:
    paid(database, models[4], 50_000, None, None)
    points = elo_vs_price(board(database)).points
    assert [point.basis for point in points] == [*["list price"] * 4, "median of 1 judged image"]
