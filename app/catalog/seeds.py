"""The catalogue's TOML files, which admins edit by hand: read and checked before anything is stored."""

import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from app.catalog.limits import Limits
from app.errors import Refusal
from app.words import Mode

Support = Literal["required", "supported", "unavailable"]
Behaviour = Literal["passthrough", "renamed", "converted", "emulated"]
Group = Literal["core", "size", "media", "output", "additional"]
Metric = Literal["image", "megapixel", "image_token", "text_token"]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,79}$")]
Key = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}$")]
Line = Annotated[str, Field(min_length=1, max_length=120)]
Word = Annotated[str, Field(min_length=1, max_length=20)]
Usd = Annotated[Decimal, Field(ge=0, le=10_000, decimal_places=6)]
Scalar = str | int | bool

SHARED_FILES = ("sources.toml", "providers.toml", "parameters.toml")
FACTS = ("creator", "released", "deprecated_on", "sunset", "tags", "modes", "prose", "parameters")
Checked = TypeVar("Checked")


class CatalogError(Refusal, code="invalid_catalog"):
    """A catalogue file or a slug is wrong; the message names the file and the key."""


class _Toml(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Toml):
    """Where facts come from."""

    title: str
    repository: str | None = None
    file: str | None = None
    date: str | None = None
    licence: str | None = None


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
        """Millionths of a dollar."""
        return int(self.usd * 1_000_000)


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
    ended_on: date | None = None
    prices: tuple[PriceSeed, ...] = ()

    def sources(self) -> list[str]:
        """The keys of every source used, its own first."""
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


class Prose(_Toml):
    """The written part of a model page."""

    overview: str | None = None
    strengths: tuple[str, ...] = ()
    limitations: tuple[str, ...] = ()
    technical_background: str | None = None
    best_for: str | None = None


class FactSources(_Toml):
    """The source key of each fact of a model file; offerings carry their own."""

    creator: str | None = None
    released: str | None = None
    deprecated_on: str | None = None
    sunset: str | None = None
    tags: str | None = None
    modes: str | None = None
    prose: str | None = None
    parameters: str | None = None
    limits: dict[str, str] = {}


class ModelSeed(_Toml):
    """One model file."""

    slug: Slug
    name: Line
    aliases: tuple[Slug, ...] = ()
    creator: Line | None = None
    family: Annotated[str, Field(max_length=80)] | None = None
    tagline: str | None = None
    released: Annotated[str, Field(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")] | None = None
    deprecated_on: date | None = None
    sunset: date | None = None
    tags: tuple[str, ...] = ()
    modes: tuple[Mode, ...] = ()
    demo: bool = False
    limits: Limits = Limits()
    prose: Prose = Prose()
    sources: FactSources = FactSources()
    offerings: tuple[OfferingSeed, ...] = ()
    parameters: tuple[ParameterSeed, ...] = ()

    def facts(self) -> dict[str, str | None]:
        """Each stated fact with the source key given for it; only a creator may go without."""
        stated = self.model_fields_set - ({"creator"} if self.sources.creator is None else set())
        found = {name: getattr(self.sources, name) for name in FACTS if name in stated}
        given = LIMITS_DUMP.dump_python(self.limits, exclude_defaults=True)
        return found | {f"limits.{name}": self.sources.limits.get(name) for name in given}


@dataclass(frozen=True)
class Seeds:
    """Checked catalogue files."""

    sources: dict[str, Source]
    providers: dict[str, str]
    shared: tuple[SharedParameter, ...]
    models: tuple[ModelSeed, ...]


class _SharedParameters(_Toml):
    parameters: tuple[SharedParameter, ...]


LIMITS_DUMP = TypeAdapter(Limits)
SOURCES = TypeAdapter(dict[Key, Source])
PROVIDERS = TypeAdapter(dict[Key, Line])
MODEL = TypeAdapter(ModelSeed)
SHARED = TypeAdapter(_SharedParameters)


def read_seeds(path: Path) -> Seeds:
    """
    The model files of a folder, or one model file; sources, providers and shared parameters lie beside them.

    Raises CatalogError, naming file and key.
    """
    folder = path if path.is_dir() else path.parent
    files = sorted(set(folder.glob("*.toml")) - {folder / name for name in SHARED_FILES})
    files = files if path.is_dir() else [path]
    seeds = Seeds(
        sources=_read(folder / "sources.toml", SOURCES),
        providers=_read(folder / "providers.toml", PROVIDERS),
        shared=_read(folder / "parameters.toml", SHARED).parameters,
        models=tuple(_read(file, MODEL) for file in files),
    )
    for file, model in zip(files, seeds.models, strict=True):
        _check_model(file.name, model, seeds)
    _check_slugs(seeds.models)
    return seeds


def batches(seeds: Seeds, rows: int = 500) -> list[Seeds]:
    """The same seeds in parts of about `rows` rows, for one write each."""
    parts: list[list[ModelSeed]] = [[]]
    filled = 0
    for model in seeds.models:
        size = 1 + len(seeds.shared) + len(model.parameters) + sum(1 + len(o.prices) for o in model.offerings)
        if parts[-1] and filled + size > rows:
            parts.append([])
            filled = 0
        parts[-1].append(model)
        filled += size
    return [Seeds(seeds.sources, seeds.providers, seeds.shared, tuple(part)) for part in parts]


def _read(file: Path, shape: TypeAdapter[Checked]) -> Checked:
    try:
        return shape.validate_python(tomllib.loads(file.read_text("utf-8"), parse_float=Decimal))
    except FileNotFoundError as error:
        raise CatalogError(f"{file.name}: not found in {file.parent.name}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogError(f"{file.name}: not valid TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise CatalogError(f"{file.name}: {key}: {first['msg']}") from error


def _check_model(file: str, model: ModelSeed, seeds: Seeds) -> None:
    facts = model.facts()
    for fact, source in facts.items():
        if source not in seeds.sources:
            problem = f"unknown source {source!r}" if source else "has no source"
            raise CatalogError(f"{file}: sources.{fact}: {problem}")
    named = model.sources.model_dump(exclude_none=True, exclude={"limits"})
    for fact in [*named, *(f"limits.{name}" for name in model.sources.limits)]:
        if fact not in facts:
            raise CatalogError(f"{file}: sources.{fact}: the file states no such fact")
    _check_offerings(file, model, seeds)
    _check_parameters(file, model, seeds)


def _check_offerings(file: str, model: ModelSeed, seeds: Seeds) -> None:
    for offering in model.offerings:
        if offering.provider not in seeds.providers:
            raise CatalogError(f"{file}: offerings.{offering.provider}: unknown provider")
        if offering.limits != Limits() and offering.limits_source is None:
            raise CatalogError(f"{file}: offerings.{offering.provider}.limits_source: missing")
        for source in offering.sources():
            if source not in seeds.sources:
                raise CatalogError(f"{file}: offerings.{offering.provider}.source: unknown source {source!r}")
        prices = [(p.metric, p.direction, tuple(sorted(p.conditions.items()))) for p in offering.prices]
        for twice in _twice(prices):
            raise CatalogError(f"{file}: offerings.{offering.provider}.prices: two prices for {twice}")
    for provider in _twice(offering.provider for offering in model.offerings):
        raise CatalogError(f"{file}: offerings.{provider}: stated twice")


def _check_parameters(file: str, model: ModelSeed, seeds: Seeds) -> None:
    shared = {row.name for row in seeds.shared}
    needed = ("group", "type", "description", "behaviour")
    for row in model.parameters:
        if row.provider is not None and row.provider not in seeds.providers:
            raise CatalogError(f"{file}: parameters.{row.name}.provider: unknown provider {row.provider!r}")
        missing = [key for key in needed if getattr(row, key) is None]
        if missing and row.name not in shared:
            raise CatalogError(f"{file}: parameters.{row.name}: {missing[0]} is missing")
    for name, _provider in _twice((row.name, row.provider) for row in model.parameters):
        raise CatalogError(f"{file}: parameters.{name}: stated twice")


def _check_slugs(models: Iterable[ModelSeed]) -> None:
    for slug in _twice(name for model in models for name in (model.slug, *model.aliases)):
        raise CatalogError(f"slug: {slug!r} names two models")


def _twice(values: Iterable[Any]) -> list[Any]:
    return [value for value, count in Counter(values).items() if count > 1]
