"""What the tests look at: stored runs and standings of one board."""

from collections.abc import Mapping

from sqlalchemy import select, update

from app.database.doors import Database
from app.leaderboards.runs.refresh import find_stale
from app.leaderboards.tables import Board, RatingRun, Standing
from tests.leaderboards.factories import MODE

KEYS = [MODE, f"{MODE}/portrait", "competition:c1", "competition:c2", "competition:c3"]
"""The boards of `factories.world`."""


def stale_keys(database: Database) -> list[str]:
    with database.reading() as session:
        return [board.scope.key for board in find_stale(session, MODE)]


def rest_over(database: Database) -> None:
    """The database's clock cannot be turned; what waits for it can."""
    database.write(lambda session: session.execute(update(Board).values(next_refresh_at=0)) and None)


def current(database: Database, key: str) -> RatingRun:
    with database.reading() as session:
        joined = select(RatingRun).join(Board, Board.current_run_id == RatingRun.id)
        return session.scalars(joined.where(Board.key == key)).one()


def standings(database: Database, key: str) -> Mapping[int, Standing]:
    with database.reading() as session:
        joined = select(Standing).join(Board, Board.current_run_id == Standing.run_id)
        return {row.model_id: row for row in session.scalars(joined.where(Board.key == key))}
