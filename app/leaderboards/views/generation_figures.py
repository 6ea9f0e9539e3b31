"""The figures of the judged images: the seconds and the dollars that making one took."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.arena.entries.named_pictures import IS_NAMED
from app.arena.entries.showcases import arena_state
from app.arena.tables import Competition, Entry
from app.catalog import lookup
from app.catalog.lookup import ModelSummary
from app.catalog.pricing import MICROS, PriceFrom, lowest, per_image
from app.database.statements import PreparedStatement

TIMED_FROM = 5
"""Images; a median time of fewer is not shown."""


class GenerationFigures(NamedTuple):
    """
    Medians over a model's images in one mode: `seconds` of `timed` images, `usd` of `priced` ones.

    `size` is (width, height) in pixels where all its named images have one, or all its frames where none is named,
    else None: what follows from pictures of open fields would tell which are its own.
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
    # What making an image took never changes, so that the figures hold until an image comes or goes.
    state = arena_state(session)
    return lookup.recall_equal(session, ("figures", mode), state, lambda: _read_figures(session, mode))


def _read_figures(session: Session, mode: str) -> Mapping[int, GenerationFigures]:
    made: defaultdict[int, list[Any]] = defaultdict(list)
    for model_id, *image in _MADE.all(session, mode=mode):
        made[model_id].append(image)
    return {model_id: _figures(rows) for model_id, rows in made.items()}


def read_costs(session: Session, mode: str, today: date) -> Mapping[int, ImageCost | None]:
    """Tell what an image of each model that has made one costs, by model id: see `image_cost`."""
    figures, models = read_figures(session, mode), lookup.models_by_id(session, today)
    makers = [models[number] for number in figures]

    def read() -> dict[int, ImageCost | None]:
        return {model.id: image_cost(model, figures[model.id]) for model in makers}

    return lookup.recall_equal(session, ("costs", mode), (figures, makers), read)


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


def _figures(images: Iterable[Any]) -> GenerationFigures:
    """Sum up the images of one model."""
    took, paid, named, width, height, *frame = zip(*images, strict=True)
    seconds, micros = (sorted(value for value in known if value is not None) for known in (took, paid))
    of_named = {size for size, is_named in zip(zip(width, height, strict=True), named, strict=True) if is_named}
    sizes = of_named or set(zip(*frame, strict=True))
    usd = _median(micros) / MICROS if micros else None
    size = sizes.pop() if len(sizes) == 1 else None
    return GenerationFigures(len(seconds), _median(seconds) if seconds else None, len(micros), usd, size)


def _median(ascending: Sequence[float]) -> float:
    """Return the middle one of an odd number of values, the mean of the two middle ones of an even number."""
    middle = len(ascending) // 2
    return ascending[middle] if len(ascending) % 2 else (ascending[middle - 1] + ascending[middle]) / 2


_ENTRIES, _COMPETITIONS = Entry.__table__.c, Competition.__table__.c
# Medians are taken here: a database numbers all images in several orders for them, which takes four times as long.
_MADE = PreparedStatement(
    lambda _: (
        select(
            *(_ENTRIES[name] for name in ("model_id", "seconds", "cost_micros")),
            IS_NAMED.label("is_named"),
            *(_ENTRIES[name] for name in ("width", "height")),
            *(_COMPETITIONS[name] for name in ("frame_width", "frame_height")),
        )
        .join(Competition.__table__, _COMPETITIONS.id == _ENTRIES.competition_id)
        .where(_COMPETITIONS.mode == bindparam("mode"))
    )
)
