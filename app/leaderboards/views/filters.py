"""What a reader may ask of a board: which models, in which order."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, TypeVar

from app.catalog.lookup import ModelSummary

Row = TypeVar("Row")

ORDERS = ("asc", "desc")
STATUSES = ("active", "deprecated", "retired")
SORTS = {
    "rank": "asc",
    "name": "asc",
    "rating": "desc",
    "votes": "desc",
    "wins": "desc",
    "losses": "desc",
    "ties": "desc",
    "both_bad_rate": "desc",
    "win_rate": "desc",
    "change_24h": "desc",
    "price_usd": "asc",
    "seconds_median": "asc",
}
"""Columns a board can be sorted by, with the order each has unless told."""


class BadFilter(Exception):
    """A query parameter with a value that means nothing."""

    code = "invalid_request"

    def __init__(self, param: str, message: str) -> None:
        super().__init__(message)
        self.param = param


@dataclass(frozen=True)
class Filters:
    """Checked query parameters; None where a reader did not ask."""

    sort: str = "rank"
    order: str = "asc"
    creator: str | None = None
    provider: str | None = None
    status: str | None = None
    max_price: float | None = None
    q: str | None = None

    def admits(self, model: ModelSummary) -> bool:
        """Whether a model is to be shown."""
        return (
            (self.creator is None or (model.creator or "").casefold() == self.creator.casefold())
            and (self.provider is None or any(o.provider == self.provider for o in model.offerings))
            and (self.status is None or model.status == self.status)
            and (self.max_price is None or _costs_at_most(model, self.max_price))
            and (self.q is None or self.q.casefold() in _searched(model))
        )


ALL = Filters()


def filters(given: Mapping[str, str]) -> Filters:
    """Read query parameters; unknown names are ignored, empty values are not asked. Raises BadFilter."""
    asked = {name: value.strip() for name, value in given.items() if value.strip()}
    sort = _one_of("sort", asked.get("sort", "rank"), SORTS)
    return Filters(
        sort=sort,
        order=_one_of("order", asked.get("order", SORTS[sort]), ORDERS),
        creator=asked.get("creator"),
        provider=asked.get("provider"),
        status=_one_of("status", asked["status"], STATUSES) if "status" in asked else None,
        max_price=_price(asked["max_price"]) if "max_price" in asked else None,
        q=asked.get("q"),
    )


def ordered(rows: list[Row], filters: Filters, value: Callable[[Row, str], Any]) -> list[Row]:
    """Rows by the column asked for; rows without a value come last in either order."""
    valued = [(value(row, filters.sort), row) for row in rows]
    known = sorted(
        (one for one in valued if one[0] is not None), key=itemgetter(0), reverse=filters.order == "desc"
    )
    return [row for _, row in known] + [row for found, row in valued if found is None]


def _one_of(param: str, value: str, allowed: Any) -> str:
    if value not in allowed:
        raise BadFilter(param, f"{param} is one of {', '.join(allowed)}.")
    return value


def _price(value: str) -> float:
    try:
        price = float(value)
    except ValueError:
        price = math.nan
    if not (0 <= price < math.inf):
        raise BadFilter("max_price", "max_price is a number of US dollars, such as 0.02.")
    return price


def _costs_at_most(model: ModelSummary, usd: float) -> bool:
    return model.price_from is not None and model.price_from.usd <= usd


def _searched(model: ModelSummary) -> str:
    return " ".join(filter(None, (model.slug, model.name, model.creator, model.family))).casefold()
