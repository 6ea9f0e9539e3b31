"""The catalogue as frozen values: what pages, the API and the gateway read."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Literal, Protocol, TypeVar, cast

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.catalog import tables
from app.catalog.limits import Limits, largest, limits
from app.catalog.parameters import ParameterRow, parameter_row
from app.catalog.pricing import OfferingPrice, PriceFrom, in_force, lowest, per_image, tiers
from app.database.statements import PreparedStatement
from app.errors import Refusal

Status = Literal["active", "deprecated", "retired"]
Result = TypeVar("Result")

# Written once, and of tables: building a statement and making objects cost several times what the query does.
_MODELS = tables.ImageModel.__table__.c
_ALIASED = tables.ModelAlias.__table__.c
_PARAMETERS = tables.Parameter.__table__.c
_PROVIDERS = tables.Provider.__table__.c
_BY_ALIAS = PreparedStatement(lambda _: select(_ALIASED.alias, _ALIASED.model_id))
_BY_SLUG = PreparedStatement(lambda _: select(_MODELS.slug, _MODELS.id))
_ALIASES = select(_ALIASED.alias).where(_ALIASED.model_id == bindparam("model")).order_by(_ALIASED.alias)
_PROSE = select(_MODELS.prose, _MODELS.sources).where(_MODELS.id == bindparam("model"))
_TAKEN = (
    select(tables.Parameter.__table__, _PROVIDERS.slug.label("provider"))
    .outerjoin(tables.Provider, _PROVIDERS.id == _PARAMETERS.provider_id)
    .where(_PARAMETERS.model_id == bindparam("model"))
    .order_by(_PARAMETERS.position, _PARAMETERS.id)
)
_VERSION = PreparedStatement(lambda _: select(tables.CatalogState.__table__.c.version))
_OFFERING = select(tables.Offering.provider_id)
_OFFERS = PreparedStatement(lambda _: select(_PROVIDERS.slug, _PROVIDERS.name).where(_PROVIDERS.id.in_(_OFFERING)))


class UnknownModel(Refusal, code="model_not_found"):
    """No model has this slug or alias."""


class Dated(Protocol):
    """Whatever carries the two dates a status follows from."""

    @property
    def deprecated_on(self) -> date | None: ...
    @property
    def sunset(self) -> date | None: ...


@dataclass(frozen=True)
class ModelOffering:
    """A model at a provider, with the prices in force; `modes` is empty where no source states them."""

    key: str
    provider: str
    provider_name: str
    provider_model_id: str | None
    modes: tuple[str, ...]
    variations: bool
    limits: Limits
    prices: tuple[OfferingPrice, ...]
    notes: tuple[str, ...]
    source: str


@dataclass(frozen=True)
class ModelSummary:
    """A model as lists show it; `price_tier` compares it within its first mode, demo models apart."""

    id: int
    slug: str
    name: str
    creator: str | None
    family: str | None
    tagline: str | None
    status: Status
    released: str | None
    deprecated_on: date | None
    sunset: date | None
    tags: tuple[str, ...]
    modes: tuple[str, ...]
    demo: bool
    stub: bool
    limits: Limits
    max_resolution: str | None
    max_images: int | None
    price_tier: str | None
    price_from: PriceFrom | None
    offerings: tuple[ModelOffering, ...]


@dataclass(frozen=True)
class Prose:
    """The written part of a model page; empty where nobody wrote it."""

    overview: str | None = None
    strengths: tuple[str, ...] = ()
    limitations: tuple[str, ...] = ()
    technical_background: str | None = None
    best_for: str | None = None


@dataclass(frozen=True)
class FactSource:
    """A source and the facts taken from it, such as `released`, `limits.sizes`, `offerings.openai`."""

    key: str
    title: str
    repository: str | None
    file: str | None
    date: str | None
    licence: str | None
    facts: tuple[str, ...]


@dataclass(frozen=True)
class ModelPage(ModelSummary):
    """Everything the catalogue knows about one model."""

    aliases: tuple[str, ...]
    parameters: tuple[ParameterRow, ...]
    prose: Prose
    sources: tuple[FactSource, ...]


_SUMMARY = tuple(field.name for field in fields(ModelSummary))


def status(model: Dated, today: date) -> Status:
    """Retired from the sunset on; deprecated from `deprecated_on` on, or as soon as a sunset is set."""
    if model.sunset is not None and model.sunset <= today:
        return "retired"
    if model.sunset is not None or (model.deprecated_on is not None and model.deprecated_on <= today):
        return "deprecated"
    return "active"


def models(session: Session, today: date) -> tuple[ModelSummary, ...]:
    """Every model by name, demo models and stubs included: callers hide those without entries."""
    return _kept(session, "models", today, lambda: _models(session, today))


def model(session: Session, slug: str, today: date) -> ModelPage:
    """The model of this slug or alias (its `slug` is the canonical one). Raises UnknownModel."""
    model_id = ids(session, [slug]).get(slug)
    if model_id is None:
        raise UnknownModel(f"There is no model {slug!r}.")
    return _kept(session, ("model", model_id), today, lambda: _page(session, model_id, today))


def _page(session: Session, model_id: int, today: date) -> ModelPage:
    summary = next(entry for entry in models(session, today) if entry.id == model_id)
    prose, sources = session.execute(_PROSE, {"model": model_id}).one()
    return ModelPage(
        **{name: getattr(summary, name) for name in _SUMMARY},
        aliases=tuple(session.scalars(_ALIASES, {"model": model_id})),
        parameters=_parameters(session, model_id),
        prose=Prose(**_tuples(prose)),
        sources=tuple(FactSource(**_tuples(source)) for source in sources),
    )


def ids(session: Session, slugs: Iterable[str]) -> dict[str, int]:
    """Slug or alias to model id, for those that exist."""
    known = _kept(session, "ids", None, lambda: dict(_BY_ALIAS.all(session)) | dict(_BY_SLUG.all(session)))
    return {slug: known[slug] for slug in slugs if slug in known}


def providers(session: Session) -> list[tuple[str, str]]:
    """(slug, name) of those that offer a model, by name."""
    return sorted(map(tuple, _OFFERS.all(session)), key=lambda row: row[1].casefold())


def version(session: Session) -> int:
    """The catalogue's version, raised by every write: part of the key of a cached page."""
    return int(_VERSION.first(session).version)


def _kept(session: Session, name: Hashable, today: date | None, read: Callable[[], Result]) -> Result:
    """What was read of this version of the catalogue on this day, else what is read now."""
    # A transaction that writes brings no memory: what it says of a version may never be committed.
    memory: dict[Hashable, tuple[object, Any]] | None = session.info.get("memory")
    if memory is None:
        return read()
    # One snapshot has one version.
    if "catalogue" not in session.info:
        session.info["catalogue"] = version(session)
    key = session.info["catalogue"], today
    known, found = memory.get(name, (None, None))
    if known != key:
        found = read()
        memory[name] = key, found
    return cast("Result", found)


def _models(session: Session, today: date) -> tuple[ModelSummary, ...]:
    offerings = _offerings(session, today)
    # Sorted here: databases disagree on the order of letters.
    rows = sorted(session.scalars(select(tables.ImageModel)), key=lambda row: (row.name.casefold(), row.slug))
    cheapest = {row.slug: _price_from(row, offerings.get(row.id, ())) for row in rows}
    tier = _price_tiers(rows, cheapest)
    return tuple(
        ModelSummary(
            **_summary_values(row, today),
            price_tier=tier.get(row.slug),
            price_from=cheapest[row.slug],
            offerings=offerings.get(row.id, ()),
        )
        for row in rows
    )


def _summary_values(row: tables.ImageModel, today: date) -> dict[str, Any]:
    known = limits(row.limits)
    same = ("id", "slug", "name", "creator", "family", "tagline", "released", "deprecated_on", "sunset")
    return {name: getattr(row, name) for name in (*same, "demo", "stub")} | {
        "status": status(row, today),
        "tags": tuple(row.tags),
        "modes": tuple(row.modes),
        "limits": known,
        "max_resolution": largest(known),
        "max_images": known.max_images,
    }


def _offerings(session: Session, today: date) -> dict[int, tuple[ModelOffering, ...]]:
    """Offerings that have not ended, by model id, with the prices in force."""
    prices = _prices(session, today)
    rows = session.execute(
        select(tables.Offering, tables.Provider)
        .join(tables.Provider, tables.Provider.id == tables.Offering.provider_id)
        .order_by(tables.Offering.model_id, tables.Offering.position, tables.Offering.id)
    )
    found: dict[int, tuple[ModelOffering, ...]] = {}
    for row, provider in rows:
        if row.ended_on is None or today < row.ended_on:
            made = _offering(row, provider, prices.get(row.id, ()))
            found[row.model_id] = (*found.get(row.model_id, ()), made)
    return found


def _offering(row: tables.Offering, provider: tables.Provider, prices: tuple[OfferingPrice, ...]) -> ModelOffering:
    return ModelOffering(
        key=row.key,
        provider=provider.slug,
        provider_name=provider.name,
        provider_model_id=row.provider_model_id,
        modes=tuple(row.modes),
        variations=row.variations,
        limits=limits(row.limits),
        prices=prices,
        notes=tuple(row.notes),
        source=row.source,
    )


def _prices(session: Session, today: date) -> dict[int, tuple[OfferingPrice, ...]]:
    rows = session.scalars(select(tables.Price).order_by(tables.Price.position, tables.Price.id))
    found: dict[int, tuple[OfferingPrice, ...]] = {}
    for row in rows:
        if in_force(row.effective_from, row.effective_to, today):
            made = OfferingPrice(
                row.metric, row.price_micros, row.units, row.direction, row.conditions, row.source
            )
            found[row.offering_id] = (*found.get(row.offering_id, ()), made)
    return found


def _price_from(row: tables.ImageModel, offerings: Iterable[ModelOffering]) -> PriceFrom | None:
    biggest = largest(limits(row.limits))
    priced = ((o, price, per_image(price, biggest)) for o in offerings for price in o.prices)
    return lowest(
        PriceFrom(micros, o.provider, o.provider_name, price.conditions)
        for o, price, micros in priced
        if micros is not None
    )


def _price_tiers(rows: Iterable[tables.ImageModel], cheapest: dict[str, PriceFrom | None]) -> dict[str, str]:
    """Tiers within each mode; a model takes the tier of its first mode."""
    pools: dict[tuple[str, bool], dict[str, int]] = {}
    first: dict[str, tuple[str, bool]] = {}
    for row in rows:
        price = cheapest[row.slug]
        if price is None:
            continue
        for mode in row.modes:
            pools.setdefault((mode, row.demo), {})[row.slug] = price.micros
            first.setdefault(row.slug, (mode, row.demo))
    tier = {pool: tiers(prices) for pool, prices in pools.items()}
    return {slug: tier[pool][slug] for slug, pool in first.items()}


def _parameters(session: Session, model_id: int) -> tuple[ParameterRow, ...]:
    return tuple(parameter_row(row) for row in session.execute(_TAKEN, {"model": model_id}).all())


def _tuples(stored: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()}
