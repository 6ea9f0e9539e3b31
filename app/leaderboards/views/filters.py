"""
Filters and sort order that a reader asks of a board, from query parameters and back into links.

A new filter is one field of `Filters`: parsing, links, the API's parameters and its documents follow from it.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields
from operator import itemgetter
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlencode

from app.catalog.lookup import ModelSummary
from app.catalog.search import search
from app.catalog.traits import Traits
from app.errors import Refusal
from app.words import BETTER

Row = TypeVar("Row")

ORDERS = ("asc", "desc")
SHOWN_STATUSES = ("preview", "active", "deprecated", "retired")
"""Statuses as pages call them: a preview counts as active."""
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
    "cost_usd": "asc",
    "seconds_median": "asc",
}
"""Columns a board can be sorted by, with the order each has unless told."""


class BadFilter(Refusal, code="invalid_request"):
    """A query parameter with a value that means nothing."""


def _is_by(model: ModelSummary, creator: str) -> bool:
    return (model.creator or "").casefold() == creator.casefold()


def _is_offered_by(model: ModelSummary, provider: str) -> bool:
    return any(offering.provider == provider for offering in model.offerings)


def _has_status(model: ModelSummary, status: str) -> bool:
    return status in {model.status, model.shown_status}


def _costs_at_most(model: ModelSummary, usd: float) -> bool:
    return model.price_from is not None and model.price_from.usd <= usd


def _is_licensed(model: ModelSummary, licence: str) -> bool:
    return Traits(licence=licence).fit(model)


def filter_field(
    admits: Callable[[ModelSummary, Any], bool] | None, parse: Callable[[str], Any] = str, **documentation: Any
) -> Any:
    """
    Make a field of Filters: how its parameter is parsed, which models it admits, what the API says of it.

    `admits` is None for the search, which compares all models with each other.
    """
    return field(default=None, metadata={"admits": admits, "parse": parse, "documentation": documentation})


def _parse_status(value: str) -> str:
    return _one_of("status", value, SHOWN_STATUSES)


def _parse_price(value: str) -> float:
    try:
        price = float(value)
    except ValueError:
        price = math.nan
    if not (0 <= price < math.inf):
        raise BadFilter("max_price is a number of US dollars, such as 0.02.", param="max_price")
    return price


@dataclass(frozen=True)
class Filters:
    """Checked query parameters; a filter is None where the reader did not ask for it."""

    SORTS: ClassVar[Mapping[str, str]] = SORTS

    sort: str = "rank"
    order: str = "asc"
    creator: str | None = filter_field(_is_by, description="Only models of this creator.")
    provider: str | None = filter_field(
        _is_offered_by, description="Only models that this provider serves, by slug."
    )
    status: str | None = filter_field(
        _has_status,
        _parse_status,
        enum=SHOWN_STATUSES,
        description="Only models of this status; a preview counts as active, too.",
    )
    max_price: float | None = filter_field(
        _costs_at_most,
        _parse_price,
        description="Only models with a price of so many US dollars an image at most.",
        pattern=r"^([0-9]+(\.[0-9]+)?)?$",
    )
    licence: str | None = filter_field(
        _is_licensed, description="Only models of this licence, such as `Apache-2.0`."
    )
    q: str | None = filter_field(
        None, description="Only models that a name, creator or family finds, or a part of one."
    )
    question: str | None = None
    """The question whose board it is; None for `better`."""

    def choose(self, models: Sequence[ModelSummary]) -> list[ModelSummary]:
        """
        Choose the models that pass all filters that were set, in their order; of `q`, the best answer first.

        A name is looked for among all of them: one that another filter hides is not taken for a slip of another.
        """
        answers = models if self.q is None else search(models, self.q)
        return [model for model in answers if self._admits(model)]

    def _admits(self, model: ModelSummary) -> bool:
        asked = ((one.metadata["admits"], getattr(self, one.name)) for one in filter_fields(self))
        return all(value is None or admits is None or admits(model, value) for admits, value in asked)

    @property
    def query(self) -> dict[str, str]:
        """Build the query parameters that lead here: what differs from a board nobody has filtered or sorted."""
        usual = {one.name: one.default for one in fields(self)} | {"order": self.SORTS[self.sort]}
        return {name: f"{getattr(self, name)}" for name in usual if getattr(self, name) != usual[name]}

    def link(self, column: str, more: Mapping[str, str] = MappingProxyType({})) -> str:
        """
        Build the query string that sorts by a column, or in reverse where the list is sorted by it already.

        `more` parameters are kept in it.
        """
        order = self.SORTS[column]
        if (self.sort, self.order) == (column, order):
            order = "asc" if order == "desc" else "desc"
        kept = {name: value for name, value in self.query.items() if name not in {"sort", "order"}}
        turned = {"order": order} if order != self.SORTS[column] else {}
        return "?" + urlencode({"sort": column} | turned | kept | dict(more))


ALL = Filters()
AnyFilters = TypeVar("AnyFilters", bound=Filters)


def filter_fields(kind: Filters | type[Filters]) -> list[Field[Any]]:
    """List the fields that choose models: all but the sort order."""
    return [one for one in fields(kind) if "admits" in one.metadata]


def parse_filters(given: Mapping[str, str], kind: type[AnyFilters]) -> AnyFilters:
    """Read query parameters into filters; other names and empty values are ignored. Raises BadFilter."""
    asked = {name: value.strip() for name, value in given.items() if value.strip()}
    sort = _one_of("sort", asked.get("sort", kind.sort), kind.SORTS)
    order = _one_of("order", asked.get("order", kind.SORTS[sort]), ORDERS)
    chosen = {one.name: one.metadata["parse"](asked[one.name]) for one in filter_fields(kind) if one.name in asked}
    question = asked.get("question", BETTER)
    return kind(sort=sort, order=order, question=None if question == BETTER else question, **chosen)


def sort_rows(rows: list[Row], filters: Filters, value: Callable[[Row, str], Any]) -> list[Row]:
    """Sort rows by the column asked for; rows without a value come last in either order."""
    valued = [(value(row, filters.sort), row) for row in rows]
    known = sorted(
        (one for one in valued if one[0] is not None), key=itemgetter(0), reverse=filters.order == "desc"
    )
    return [row for _, row in known] + [row for key, row in valued if key is None]


def _one_of(param: str, value: str, allowed: Any) -> str:
    if value not in allowed:
        raise BadFilter(f"{param} is one of {', '.join(allowed)}.", param=param)
    return value
