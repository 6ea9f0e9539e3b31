"""The figures of the judged images: the seconds and the dollars that making one took."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, ColumnElement, Select, bindparam, case, func, select
from sqlalchemy.orm import Session

from app.arena.tables import Competition, Entry
from app.catalog.lookup import ModelSummary
from app.catalog.pricing import PriceFrom, lowest, per_image

TIMED_FROM = 5
"""Images; a median time of fewer is not shown."""
MICROS = 1_000_000


class GenerationFigures(NamedTuple):
    """
    Medians over a model's images in one mode: `seconds` of `timed` images, `usd` of `priced` ones.

    `size` is (width, height) in pixels where all its images have one, else None.
    """

    timed: int
    seconds: float | None
    priced: int
    usd: float | None
    size: tuple[int, int] | None

    @property
    def shown_seconds(self) -> float | None:
        """Return the median time once there are enough images."""
        return self.seconds if self.timed >= TIMED_FROM else None


class ImageCost(NamedTuple):
    """US dollars an image: the median of so many judged `images`, or with 0 of them a price of the list."""

    usd: float
    images: int
    basis: str
    """What a price of the list holds for, such as `1024 x 1024, low quality`; empty if for any image."""


NO_FIGURES = GenerationFigures(0, None, 0, None, None)


def read_figures(session: Session, mode: str) -> Mapping[int, GenerationFigures]:
    """Read the figures of each model id over every entry of the mode; withdrawn ones were made too."""
    return {row.model_id: _figures(row) for row in session.execute(_FIGURES, {"mode": mode})}


def image_cost(model: ModelSummary, figures: GenerationFigures) -> ImageCost | None:
    """
    Tell what an image costs at the settings that were judged; None where nobody states a price.

    What the judged images cost, where that is stored; else the lowest list price for their size, else for any.
    """
    if figures.usd is not None:
        return ImageCost(figures.usd, figures.priced, "")
    price = _price_at(model, figures.size) or model.price_from
    return ImageCost(price.usd, 0, price.basis) if price else None


def _price_at(model: ModelSummary, size: tuple[int, int] | None) -> PriceFrom | None:
    """Find the lowest price that is stated for images of this size."""
    wanted = f"{size[0]}x{size[1]}" if size else None
    offered = ((o, price) for o in model.offerings for price in o.prices if price.conditions.get("size") == wanted)
    return lowest(
        PriceFrom(micros, offering.provider, offering.provider_name, price.conditions, price.metric)
        for offering, price in offered
        if wanted and (micros := per_image(price, None)) is not None
    )


def _figures(row: Any) -> GenerationFigures:
    size = (row.width, row.height) if (row.width, row.height) == (row.least_width, row.least_height) else None
    usd = None if row.micros is None else float(row.micros) / MICROS
    return GenerationFigures(row.timed, row.seconds, row.priced, usd, size)


def _select_figures() -> Select[*tuple[Any, ...]]:
    mode: BindParameter[str] = bindparam("mode")
    made = (
        select(
            *(Entry.model_id, Entry.seconds, Entry.cost_micros, Entry.width, Entry.height),
            *_ordered(Entry.seconds, "seconds"),
            *_ordered(Entry.cost_micros, "cost"),
        )
        .join(Competition, Competition.id == Entry.competition_id)
        .where(Competition.mode == mode)
        .subquery()
    )
    return select(
        made.c.model_id,
        func.max(made.c.seconds_known).label("timed"),
        _median(made.c.seconds, made.c.seconds_place, made.c.seconds_known).label("seconds"),
        func.max(made.c.cost_known).label("priced"),
        _median(made.c.cost_micros, made.c.cost_place, made.c.cost_known).label("micros"),
        *(func.max(made.c[name]).label(name) for name in ("width", "height")),
        *(func.min(made.c[name]).label(f"least_{name}") for name in ("width", "height")),
    ).group_by(made.c.model_id)


def _ordered(column: Any, name: str) -> tuple[ColumnElement[int], ColumnElement[int]]:
    """Give each image of a model its place by a column, those without a value last, and count those with one."""
    place = func.row_number().over(partition_by=Entry.model_id, order_by=column.nulls_last())
    return place.label(f"{name}_place"), func.count(column).over(partition_by=Entry.model_id).label(
        f"{name}_known"
    )


def _median(value: Any, place: Any, known: Any) -> ColumnElement[Any]:
    """Average the middle one of an odd number of images, the two middle ones of an even number."""
    return func.avg(case(((2 * place).in_((known, known + 1, known + 2)), value)))


# Written once: building a statement costs several times what running it does.
_FIGURES = _select_figures()
