"""The calculator in the basement: tallies in, ratings out. `board.rate` is the door."""

from collections.abc import Callable

from app.ratings.board import Ratings, rate, rate_log

METHOD_VERSION = 2

METHODS: dict[str, Callable[..., Ratings]] = {
    "bradley_terry": rate,  # of Tallies: the board
    "elo": rate_log,  # of a Log: for comparison
}
