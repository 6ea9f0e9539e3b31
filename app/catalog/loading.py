"""Catalogue files into the database: by natural key, again and again, with every old price kept."""

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal, TypeVar

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.catalog.limits import LIMITS, Limits
from app.catalog.parameters import seed_rows
from app.catalog.seeds import CatalogError, ModelSeed, OfferingSeed, PriceSeed, Seeds, Slug
from app.catalog.tables import CatalogState, ImageModel, ModelAlias, Offering, Parameter, Price, Provider
from app.database.doors import Base, insert

Kind = Literal["created", "changed", "unchanged", "removed"]
Row = TypeVar("Row", bound=Base)
SLUG = TypeAdapter(Slug)


@dataclass(frozen=True)
class Change:
    """What a load did to one row; `removed` for a closed price, an ended offering or a dropped parameter."""

    kind: Kind
    table: str
    key: str


class _Load:
    """One load: its session and day, and the changes it has made so far."""

    def __init__(self, session: Session, today: date) -> None:
        self.session = session
        self.today = today
        self.changes: list[Change] = []

    def note(self, kind: Kind, table: type[Base], key: str) -> None:
        self.changes.append(Change(kind, table.__tablename__, key))

    def put(self, found: Row | None, table: type[Row], key: str, wanted: dict[str, Any]) -> Row:
        """Make the row, or bring it to the wanted values."""
        if found is None:
            found = table(**wanted)
            self.session.add(found)
            self.session.flush()
            self.note("created", table, key)
            return found
        different = {name: value for name, value in wanted.items() if getattr(found, name) != value}
        for name, value in different.items():
            setattr(found, name, value)
        self.note("changed" if different else "unchanged", table, key)
        return found


def load(session: Session, seeds: Seeds, *, now: datetime) -> list[Change]:
    """
    Bring the catalogue to what the files say; models without a file stay as they are.

    Prices take effect on the UTC day of `now`. Raises CatalogError when an alias is another model's slug.
    """
    # One load at a time: without this lock two of them could both open the same price.
    session.execute(select(CatalogState).with_for_update())
    run = _Load(session, now.astimezone(UTC).date())
    providers = _load_providers(run, seeds)
    models = {row.slug: row for row in session.scalars(select(ImageModel))}
    for model in seeds.models:
        row = run.put(models.get(model.slug), ImageModel, model.slug, _model_values(model, seeds))
        models[model.slug] = row
        _load_aliases(run, model, row.id, models)
        _load_offerings(run, model, row.id, providers)
        _load_parameters(run, model, row.id, seeds, providers)
    if any(change.kind != "unchanged" for change in run.changes):
        _raise_version(session)
    return run.changes


def stub(session: Session, slug: str, name: str | None = None) -> int:
    """The id of the model with this slug or alias; an unknown one is entered, marked as a stub."""
    try:
        SLUG.validate_python(slug)
    except ValidationError as error:
        raise CatalogError(f"slug: {slug!r} is not lower case letters, digits, dots and dashes") from error
    alias = session.scalar(select(ModelAlias.model_id).where(ModelAlias.alias == slug))
    if alias is not None:
        return alias
    empty: dict[str, Any] = {"tags": [], "modes": [], "limits": {}, "prose": {}, "sources": []}
    values = empty | {"slug": slug, "name": (name or slug)[:120], "demo": False, "stub": True}
    adding = insert(session, ImageModel).values(values).on_conflict_do_nothing().returning(ImageModel.id)
    made: int | None = session.scalar(adding)
    if made is None:
        return session.scalars(select(ImageModel.id).where(ImageModel.slug == slug)).one()
    _raise_version(session)
    return made


def _raise_version(session: Session) -> None:
    session.execute(update(CatalogState).values(version=CatalogState.version + 1))


def _load_providers(run: _Load, seeds: Seeds) -> dict[str, int]:
    """Slug to id of every provider the models name."""
    named = {offering.provider for model in seeds.models for offering in model.offerings}
    named |= {row.provider for model in seeds.models for row in model.parameters if row.provider}
    found = {row.slug: row for row in run.session.scalars(select(Provider))}
    values = {slug: {"slug": slug, "name": seeds.providers[slug]} for slug in sorted(named)}
    return {slug: run.put(found.get(slug), Provider, slug, wanted).id for slug, wanted in values.items()}


def _model_values(model: ModelSeed, seeds: Seeds) -> dict[str, Any]:
    same = ("slug", "name", "creator", "family", "tagline", "released", "deprecated_on", "sunset", "demo")
    return {name: getattr(model, name) for name in same} | {
        "tags": list(model.tags),
        "modes": list(model.modes),
        "limits": _limits_json(model.limits),
        "prose": model.prose.model_dump(mode="json", exclude_defaults=True),
        "sources": _sources(model, seeds),
        "stub": False,
    }


def _limits_json(limits: Limits) -> dict[str, Any]:
    stated: dict[str, Any] = LIMITS.dump_python(limits, mode="json", exclude_defaults=True)
    return stated


def _sources(model: ModelSeed, seeds: Seeds) -> list[dict[str, Any]]:
    """Each source a file uses, with the facts taken from it."""
    facts = [(fact, source) for fact, source in model.facts().items() if source]
    for offering in model.offerings:
        facts += [(f"offerings.{offering.provider}", key) for key in offering.sources()]
    used = dict.fromkeys(source for _, source in facts)
    return [
        {
            "key": key,
            **seeds.sources[key].model_dump(),
            "facts": [fact for fact, source in facts if source == key],
        }
        for key in used
    ]


def _load_aliases(run: _Load, model: ModelSeed, model_id: int, models: dict[str, ImageModel]) -> None:
    for alias in model.aliases:
        if alias in models:
            raise CatalogError(f"{model.slug}.toml: aliases: {alias!r} is a model's slug already")
    found = {
        row.alias: row for row in run.session.scalars(select(ModelAlias).where(ModelAlias.model_id == model_id))
    }
    for alias in model.aliases:
        taken = found.pop(alias, None) or run.session.get(ModelAlias, alias)
        run.put(taken, ModelAlias, alias, {"alias": alias, "model_id": model_id})
    for alias, row in found.items():
        run.session.delete(row)
        run.note("removed", ModelAlias, alias)


def _load_offerings(run: _Load, model: ModelSeed, model_id: int, providers: dict[str, int]) -> None:
    found = {row.key: row for row in run.session.scalars(select(Offering).where(Offering.model_id == model_id))}
    prices = _open_prices(run.session, model_id)
    for position, offering in enumerate(model.offerings):
        key = f"{offering.provider}/{model.slug}"
        known = found.pop(key, None)
        values = {"model_id": model_id, "provider_id": providers[offering.provider], "key": key}
        row = run.put(known, Offering, key, values | _offering_values(offering, position))
        # The first prices of an offering were in force before we knew it; later ones start today.
        _load_prices(run, row, offering, prices.get(row.id, {}), since=run.today if known else None)
    for key, row in found.items():
        if row.ended_on is None:
            row.ended_on = run.today
            run.note("removed", Offering, key)
        _close(run, key, prices.get(row.id, {}))


def _offering_values(offering: OfferingSeed, position: int) -> dict[str, Any]:
    same = ("provider_model_id", "variations", "ended_on", "source")
    return {name: getattr(offering, name) for name in same} | {
        "modes": list(offering.modes),
        "limits": _limits_json(offering.limits),
        "notes": list(offering.notes),
        "position": position,
    }


def _open_prices(session: Session, model_id: int) -> dict[int, dict[str, Price]]:
    """Prices without an end, by offering and by what they are for."""
    of_model = select(Offering.id).where(Offering.model_id == model_id)
    rows = session.scalars(select(Price).where(Price.offering_id.in_(of_model), Price.effective_to.is_(None)))
    found: dict[int, dict[str, Price]] = {}
    for row in rows:
        found.setdefault(row.offering_id, {})[_price_key(row)] = row
    return found


def _price_key(price: Price | PriceSeed) -> str:
    """What a price is for: two open prices of an offering never share it."""
    conditions = " ".join(f"{name}={value}" for name, value in sorted(price.conditions.items()))
    return " ".join(part for part in (price.metric, price.direction, conditions) if part)


def _load_prices(
    run: _Load, offering: Offering, seed: OfferingSeed, found: dict[str, Price], *, since: date | None
) -> None:
    left = dict(found)
    for position, price in enumerate(seed.prices):
        known = left.pop(_price_key(price), None)
        key = f"{offering.key} {_price_key(price)}"
        details = {"source": price.source or seed.source, "position": position}
        if known is not None and (known.price_micros, known.units) == (price.micros, price.per):
            run.put(known, Price, key, details)
            continue
        if known is not None:
            known.effective_to = run.today
        run.session.add(_price(offering, price, details, run.today if known else since))
        run.note("changed" if known else "created", Price, key)
    _close(run, offering.key, left)


def _price(offering: Offering, seed: PriceSeed, details: dict[str, Any], since: date | None) -> Price:
    return Price(
        offering_id=offering.id,
        metric=seed.metric,
        price_micros=seed.micros,
        units=seed.per,
        direction=seed.direction,
        conditions=dict(seed.conditions),
        effective_from=since,
        **details,
    )


def _close(run: _Load, offering: str, prices: dict[str, Price]) -> None:
    for key, row in prices.items():
        row.effective_to = run.today
        run.note("removed", Price, f"{offering} {key}")


def _load_parameters(run: _Load, model: ModelSeed, model_id: int, seeds: Seeds, providers: dict[str, int]) -> None:
    rows = run.session.scalars(select(Parameter).where(Parameter.model_id == model_id))
    found = {(row.name, row.provider_id): row for row in rows}
    for position, row in enumerate(seed_rows(model, seeds.shared)):
        values = asdict(row) | {"values": list(row.values), "model_id": model_id, "position": position}
        provider_id = providers[row.provider] if row.provider else None
        values["provider_id"] = provider_id
        del values["provider"]
        run.put(found.pop((row.name, provider_id), None), Parameter, f"{model.slug} {row.name}", values)
    for (name, _), gone in found.items():
        run.session.delete(gone)
        run.note("removed", Parameter, f"{model.slug} {name}")
