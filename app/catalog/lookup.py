"""The catalogue as frozen values: what pages, the API and the gateway read."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any, TypeVar, cast

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.catalog import tables
from app.catalog.limits import Limits, largest, largest_area, limits
from app.catalog.parameters import ParameterRow, parameter_row
from app.catalog.pricing import OfferingPrice, PriceFrom, in_force, lowest, per_image, tiers
from app.catalog.shapes import Prose
from app.catalog.spellings import list_spellings, reduce_query
from app.catalog.status import Status, is_served, status
from app.database.statements import PreparedStatement
from app.errors import Refusal

Result = TypeVar("Result")

# Written once, and of tables: building a statement and making objects cost several times what the query does.
_MODELS = tables.ImageModel.__table__.c
_ALIASED = tables.ModelAlias.__table__.c
_PARAMETERS = tables.Parameter.__table__.c
_PROVIDERS = tables.Provider.__table__.c
_BY_ALIAS = select(_ALIASED.alias, _ALIASED.model_id)
_BY_SLUG = select(_MODELS.slug, _MODELS.id)
_DETAILS = select(
    _MODELS.prose, _MODELS.sources, _MODELS.weights, _MODELS.paper, _MODELS.homepage, _MODELS.architecture
).where(_MODELS.id == bindparam("model"))
_TAKEN = (
    select(tables.Parameter.__table__, _PROVIDERS.slug.label("provider"))
    .outerjoin(tables.Provider, _PROVIDERS.id == _PARAMETERS.provider_id)
    .where(_PARAMETERS.model_id == bindparam("model"))
    .order_by(_PARAMETERS.position, _PARAMETERS.id)
)
_VERSION = PreparedStatement(lambda _: select(tables.CatalogState.__table__.c.version))
_OFFERING = select(tables.Offering.provider_id)
_OFFERS = select(_PROVIDERS.slug, _PROVIDERS.name).where(_PROVIDERS.id.in_(_OFFERING))


class UnknownModel(Refusal, code="model_not_found"):
    """No model has this slug or alias."""


@dataclass(frozen=True)
class ModelOffering:
    """
    A model at a provider, with the prices in force, or the last ones where `ended_on` has passed.

    `modes` is empty where no source states them; `status` is the provider's own word, None where it gives none.
    """

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
    status: str | None = None
    ended_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class ModelSummary:
    """
    A model as lists show it; `price_tier` compares it within its first mode, demo models apart.

    `offerings` are those served today, `past_offerings` those that ended; a retired model's are its last ones, and
    `price_from` is its last price. `stated_status` is the maker's word, `status` that word weighed on this day.
    """

    id: int
    slug: str
    name: str
    creator: str | None
    family: str | None
    tagline: str | None
    status: Status
    stated_status: str | None = None
    released: str | None
    deprecated_on: date | None
    sunset: date | None
    successor: str | None = None
    licence: str | None = None
    open_weights: bool | None = None
    parameter_count: int | None = None
    tags: tuple[str, ...]
    modes: tuple[str, ...]
    demo: bool
    stub: bool
    aliases: tuple[str, ...] = ()
    known_as: tuple[str, ...] = ()
    spellings: tuple[str, ...] = ()
    """Every name, compact, as `search` compares them."""
    limits: Limits
    max_resolution: str | None
    max_images: int | None
    price_tier: str | None
    price_from: PriceFrom | None
    offerings: tuple[ModelOffering, ...]
    past_offerings: tuple[ModelOffering, ...] = ()

    @property
    def max_pixels(self) -> int | None:
        """Return the most pixels of an image, where an area is the limit."""
        return self.limits.max_pixels

    @property
    def shown_status(self) -> str:
        """Return the status as readers are told it: `preview` for an active model that its maker calls one."""
        return "preview" if (self.status, self.stated_status) == ("active", "preview") else self.status


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
    url: str | None = None
    checked_on: str | None = None
    """ISO date on which somebody last read the source; None where nobody noted it."""


@dataclass(frozen=True, kw_only=True)
class ModelPage(ModelSummary):
    """A model with everything that the catalogue knows about it."""

    weights: str | None = None
    paper: str | None = None
    homepage: str | None = None
    architecture: str | None = None
    parameters: tuple[ParameterRow, ...]
    prose: Prose
    sources: tuple[FactSource, ...]


_SUMMARY = tuple(field.name for field in fields(ModelSummary))
_SAME = (
    *("id", "slug", "name", "creator", "family", "tagline", "released", "deprecated_on", "sunset", "successor"),
    *("licence", "open_weights", "parameter_count", "demo", "stub"),
)
"""Columns that a summary takes from its row as they are."""


def models(session: Session, today: date) -> tuple[ModelSummary, ...]:
    """List every model by name, demo models and stubs included: callers hide those without entries."""
    return recall(session, "models", today, lambda: _models(session, today))


def models_by_id(session: Session, today: date) -> Mapping[int, ModelSummary]:
    """Map the id of every model to it; the mapping is shared, and nobody may change it."""
    return recall(session, "models by id", today, lambda: {one.id: one for one in models(session, today)})


def model(session: Session, slug: str, today: date) -> ModelPage:
    """Read the model of this slug or alias (its `slug` is the canonical one). Raises UnknownModel."""
    model_id = find_id(session, slug)
    return recall(session, ("model", model_id), today, lambda: _page(session, model_id, today))


def _page(session: Session, model_id: int, today: date) -> ModelPage:
    summary = models_by_id(session, today)[model_id]
    row = session.execute(_DETAILS, {"model": model_id}).one()
    return ModelPage(
        **{name: getattr(summary, name) for name in _SUMMARY},
        weights=row.weights,
        paper=row.paper,
        homepage=row.homepage,
        architecture=row.architecture,
        parameters=tuple(map(parameter_row, session.execute(_TAKEN, {"model": model_id}))),
        prose=Prose(**_tuples(row.prose)),
        sources=tuple(FactSource(**_tuples(source)) for source in row.sources),
    )


def ids(session: Session, slugs: Iterable[str]) -> dict[str, int]:
    """Map slugs and aliases to model ids, those that exist."""
    read = session.execute
    known = recall(session, "ids", None, lambda: dict([*read(_BY_ALIAS), *read(_BY_SLUG)]))
    return {slug: known[slug] for slug in slugs if slug in known}


def find_id(session: Session, slug: str) -> int:
    """Find the id of the model of this slug or alias. Raises UnknownModel."""
    model_id = ids(session, [slug]).get(slug)
    if model_id is None:
        raise UnknownModel(f"There is no model {slug!r}.")
    return model_id


def slugs(session: Session) -> frozenset[str]:
    """List the slug of every model, aliases apart."""
    return recall(session, "slugs", None, lambda: frozenset(session.scalars(_BY_SLUG)))


def canonical_slug(session: Session, name: str, today: date) -> str | None:
    """
    Find the slug of the model that a name means: a slug, an alias, or a spelling that only one model has.

    None where the name means no model, or several.
    """
    if name in (known := ids(session, [name])):
        return models_by_id(session, today)[known[name]].slug
    by_spelling = recall(session, "spellings", today, lambda: _by_spelling(models(session, today)))
    return by_spelling.get(reduce_query(name))


def _by_spelling(everything: Iterable[ModelSummary]) -> dict[str, str | None]:
    """Map compact names to slugs; None where several models share one."""
    found: dict[str, str | None] = {}
    for entry in everything:
        for spelling in entry.spellings:
            found[spelling] = entry.slug if found.get(spelling, entry.slug) == entry.slug else None
    return found


def providers(session: Session) -> list[tuple[str, str]]:
    """List (slug, name) of those that offer a model, by name."""
    read = session.execute
    return recall(
        session, "providers", None, lambda: sorted(map(tuple, read(_OFFERS)), key=lambda row: row[1].casefold())
    )


def version(session: Session) -> int:
    """Read the catalogue's version, raised by every write: part of the key of a cached page."""
    return int(_VERSION.first(session).version)


def recall(session: Session, name: Hashable, today: date | None, read: Callable[[], Result]) -> Result:
    """Recall what was read of this version of the catalogue on this day, else read it now."""
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


def recall_equal(session: Session, name: Hashable, made_from: object, make: Callable[[], Result]) -> Result:
    """
    Recall what was made from an equal value, whatever the catalogue's version, else make it now.

    It is for what takes long to make of one model: most changes of the catalogue are about others.
    """
    memory: dict[Hashable, tuple[object, Any]] | None = session.info.get("memory")
    if memory is None:
        return make()
    known, found = memory.get(name, (None, None))
    if known != made_from:
        found = make()
    # Kept even if equal: what was read anew is compared by identity from now on, not part by part each time.
    memory[name] = made_from, found
    return cast("Result", found)


def _models(session: Session, today: date) -> tuple[ModelSummary, ...]:
    offerings = _offerings(session, today)
    aliases = _aliases(session)
    # Sorted here: databases disagree on the order of letters.
    rows = sorted(session.scalars(select(tables.ImageModel)), key=lambda row: (row.name.casefold(), row.slug))
    unpriced = [_summary(row, offerings.get(row.id, ()), aliases.get(row.id, ()), today) for row in rows]
    tier = _price_tiers(unpriced)
    return tuple(replace(entry, price_tier=tier.get(entry.slug)) for entry in unpriced)


def _aliases(session: Session) -> dict[int, tuple[str, ...]]:
    found: dict[int, tuple[str, ...]] = {}
    for alias, model_id in sorted(map(tuple, session.execute(_BY_ALIAS))):
        found[model_id] = (*found.get(model_id, ()), alias)
    return found


def _summary(
    row: tables.ImageModel, offerings: Iterable[ModelOffering], aliases: tuple[str, ...], today: date
) -> ModelSummary:
    """Make a summary without the price tier, which takes all other models to tell."""
    known = limits(row.limits)
    now = status(row, today)
    is_over = now == "retired"
    served = tuple(o for o in offerings if is_over or is_served(o, today))
    ended = tuple(o for o in offerings if o not in served)
    provider_ids = (offering.provider_model_id for offering in offerings)
    return ModelSummary(
        **{name: getattr(row, name) for name in _SAME},
        status=now,
        stated_status=row.status,
        tags=tuple(row.tags),
        modes=tuple(row.modes),
        aliases=aliases,
        known_as=tuple(row.known_as),
        spellings=list_spellings((row.slug, row.name, *aliases, *row.known_as, *provider_ids)),
        limits=known,
        max_resolution=largest(known),
        max_images=known.max_images,
        price_tier=None,
        price_from=_price_from(known, served),
        offerings=served,
        past_offerings=ended,
    )


def _offerings(session: Session, today: date) -> dict[int, tuple[ModelOffering, ...]]:
    """Read offerings by model id, ended ones too, with the prices in force on this day or on their last."""
    prices: dict[int, list[tables.Price]] = {}
    for price in session.scalars(select(tables.Price).order_by(tables.Price.position, tables.Price.id)):
        prices.setdefault(price.offering_id, []).append(price)
    rows = session.execute(
        select(tables.Offering, tables.Provider)
        .join(tables.Provider, tables.Provider.id == tables.Offering.provider_id)
        .order_by(tables.Offering.model_id, tables.Offering.position, tables.Offering.id)
    )
    found: dict[int, tuple[ModelOffering, ...]] = {}
    for row, provider in rows:
        made = _offering(row, provider, _in_force(prices.get(row.id, ()), row.ended_on, today))
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
        status=row.status,
        ended_on=row.ended_on,
    )


def _in_force(rows: Sequence[tables.Price], ended_on: date | None, today: date) -> tuple[OfferingPrice, ...]:
    """Pick today's prices; of an offering that ended, those its file still states, else those of its last day."""
    day = today
    if ended_on is not None and ended_on <= today and not any(row.effective_to is None for row in rows):
        day = ended_on - timedelta(days=1)
    return tuple(
        OfferingPrice(row.metric, row.price_micros, row.units, row.direction, row.conditions, row.source)
        for row in rows
        if in_force(row.effective_from, row.effective_to, day)
    )


def _price_from(known: Limits, offerings: Iterable[ModelOffering]) -> PriceFrom | None:
    area = largest_area(known)
    priced = ((o, price, per_image(price, area)) for o in offerings for price in o.prices)
    return lowest(
        PriceFrom(micros, o.provider, o.provider_name, price.conditions, price.metric)
        for o, price, micros in priced
        if micros is not None
    )


def _price_tiers(rows: Iterable[ModelSummary]) -> dict[str, str]:
    """Sort prices into tiers within each mode; a model takes the tier of its first mode."""
    pools: dict[tuple[str, bool], dict[str, int]] = {}
    first: dict[str, tuple[str, bool]] = {}
    for row in rows:
        if row.price_from is None:
            continue
        for mode in row.modes:
            pools.setdefault((mode, row.demo), {})[row.slug] = row.price_from.micros
            first.setdefault(row.slug, (mode, row.demo))
    tier = {pool: tiers(prices) for pool, prices in pools.items()}
    return {slug: tier[pool][slug] for slug, pool in first.items()}


def _tuples(stored: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()}
