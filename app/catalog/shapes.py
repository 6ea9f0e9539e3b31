"""Shapes that catalogue files are checked by: model, offering, price, parameter, source."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

from app.catalog.limits import LIMITS, Limits, Strict
from app.catalog.pricing import MICROS
from app.words import Mode

StatedStatus = Literal["preview", "active", "deprecated", "retired"]
Support = Literal["required", "supported", "unavailable"]
Behaviour = Literal["passthrough", "renamed", "converted", "emulated"]
Group = Literal["core", "size", "media", "output", "additional"]
Metric = Literal["image", "megapixel", "image_token", "text_token"]
SLUG_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,79}$"
Slug = Annotated[str, Field(pattern=SLUG_PATTERN)]
Day = date
"""The type, where a field is named `date`."""
Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")]
Line = Annotated[str, Field(min_length=1, max_length=120)]
Word = Annotated[str, Field(min_length=1, max_length=20)]
Usd = Annotated[Decimal, Field(ge=0, le=10_000, decimal_places=6)]
Scalar = str | int | bool
Address = Annotated[str, Field(pattern=r"^https://[^\s\"<>]+$", max_length=300)]


def is_slug(text: str) -> bool:
    """Tell whether a text may name a model: at most 80 lower-case letters, digits, dots, dashes, underscores."""
    return re.fullmatch(SLUG_PATTERN, text) is not None


class _Toml(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Toml):
    """A source of facts: `date` is the source's own, `checked_on` the day somebody last read it."""

    title: str
    url: Address | None = None
    repository: str | None = None
    file: str | None = None
    date: str | None = None
    licence: str | None = None
    checked_on: Day | None = None


class PriceSeed(_Toml):
    """US dollars for `per` units of the metric: 1 image, 1 megapixel (1,000,000 pixels), 1,000,000 tokens."""

    usd: Usd
    metric: Metric = "image"
    per: int = Field(default=1, gt=0)
    direction: Literal["input", "output"] | None = None
    conditions: dict[str, str] = {}
    source: Key | None = None

    @property
    def micros(self) -> int:
        """Return the amount in millionths of a dollar."""
        return int(self.usd * MICROS)


class OfferingSeed(_Toml):
    """A model at a provider; `modes` empty where the source states none."""

    provider: Key
    source: Key
    provider_model_id: Annotated[str, Field(max_length=200)] | None = None
    modes: tuple[Mode, ...] = ()
    variations: bool = False
    limits: Limits = Limits()
    limits_source: str | None = None
    notes: tuple[str, ...] = ()
    status: StatedStatus | None = None
    ended_on: date | None = None
    prices: tuple[PriceSeed, ...] = ()

    def sources(self) -> list[str]:
        """List the keys of every source used, its own first."""
        others = (self.limits_source, *(price.source for price in self.prices))
        return list(dict.fromkeys([self.source, *(key for key in others if key)]))


class ParameterSeed(_Toml):
    """A row of the parameter reference; what is left out comes from the shared row of the same name."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    provider: Key | None = None
    group: Group | None = None
    type: Word | None = None
    description: str | None = None
    behaviour: Behaviour | None = None
    note: str | None = None
    values: tuple[Scalar, ...] = ()
    default: Scalar | None = None
    modes: dict[Mode, Support] | None = None


class SharedParameter(ParameterSeed):
    """
    A row every model gets when its limits name one of `when` (nothing: always).

    Its values are the limit `values_from`, where given.
    """

    group: Group
    type: Word
    description: str
    behaviour: Behaviour
    modes: dict[Mode, Support]
    when: tuple[str, ...] = ()
    values_from: str | None = None


@dataclass(frozen=True)
class Prose(Strict):
    """The written part of a model page; empty where nobody wrote it."""

    overview: str | None = None
    strengths: tuple[str, ...] = ()
    limitations: tuple[str, ...] = ()
    technical_background: str | None = None
    best_for: str | None = None


PROSE = TypeAdapter(Prose)


class FactSources(_Toml):
    """The source key of each fact of a model file; offerings carry their own."""

    creator: str | None = None
    known_as: str | None = None
    released: str | None = None
    status: str | None = None
    deprecated_on: str | None = None
    sunset: str | None = None
    successor: str | None = None
    licence: str | None = None
    open_weights: str | None = None
    weights: str | None = None
    paper: str | None = None
    homepage: str | None = None
    parameter_count: str | None = None
    architecture: str | None = None
    tags: str | None = None
    modes: str | None = None
    prose: str | None = None
    parameters: str | None = None
    limits: dict[str, str] = {}


FACTS = tuple(name for name in FactSources.model_fields if name != "limits")
"""Facts that a model file may state, each with a source; beside them is each limit."""


def _check_day(released: str) -> str:
    """Check that there is such a day, or such a month. Raises ValueError."""
    try:
        date.fromisoformat(f"{released}-01-01"[:10])
    except ValueError as error:
        raise ValueError("the calendar has no such day") from error
    return released


class ModelSeed(_Toml):
    """
    One model file.

    `source` is the source of every fact that `sources` gives no other; `references` and `providers` add to the
    shared files what only this file needs.
    """

    slug: Slug
    name: Line
    aliases: tuple[Slug, ...] = ()
    known_as: tuple[Line, ...] = ()
    source: Key | None = None
    references: dict[Key, Source] = {}
    providers: dict[Key, Line] = {}
    creator: Line | None = None
    family: Annotated[str, Field(max_length=80)] | None = None
    tagline: str | None = None
    released: Annotated[str, Field(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$"), AfterValidator(_check_day)] | None = None
    status: StatedStatus | None = None
    deprecated_on: date | None = None
    sunset: date | None = None
    successor: Slug | None = None
    licence: Line | None = None
    open_weights: bool | None = None
    weights: Address | None = None
    """The address to download the weights from, which also says that they are open."""
    paper: Address | None = None
    homepage: Address | None = None
    parameter_count: Annotated[int, Field(gt=0, lt=10**15)] | None = None
    architecture: str | None = None
    tags: tuple[str, ...] = ()
    modes: tuple[Mode, ...] = ()
    demo: bool = False
    limits: Limits = Limits()
    prose: Prose = Prose()
    sources: FactSources = FactSources()
    offerings: tuple[OfferingSeed, ...] = ()
    parameters: tuple[ParameterSeed, ...] = ()

    def facts(self) -> dict[str, str | None]:
        """Map each stated fact to the source key given for it; only a creator and other spellings go without."""
        stated = self.model_fields_set - ({"creator"} if self.sources.creator is self.source is None else set())
        stated -= {"known_as"} if self.sources.known_as is None else set()
        named = {name: getattr(self.sources, name) or self.source for name in FACTS if name in stated}
        limits = LIMITS.dump_python(self.limits, exclude_defaults=True)
        return named | {f"limits.{name}": self.sources.limits.get(name, self.source) for name in limits}


class SharedParameters(_Toml):
    """The file of shared parameters."""

    parameters: tuple[SharedParameter, ...]
