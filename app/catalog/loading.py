"""Loads catalogue files into the database by their natural keys; may be run again, and keeps every old price."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal, TypeVar

from sqlalchemy import bindparam, select, union_all, update
from sqlalchemy.orm import Session

from app.catalog.contract_files import load_contracts
from app.catalog.limits import LIMITS
from app.catalog.parameters import seed_rows
from app.catalog.seeds import CatalogError, Seeds
from app.catalog.shapes import PROSE, ModelSeed, OfferingSeed, PriceSeed, is_slug
from app.catalog.tables import (
    CatalogState,
    ImageModel,
    ModelAlias,
    Offering,
    Parameter,
    Price,
    Provider,
    WireContract,
)
from app.database.columns import Base
from app.database.doors import insert
from app.database.statements import PreparedStatement

Kind = Literal["created", "changed", "unchanged", "removed", "kept"]
Row = TypeVar("Row", bound=Base)
SAME = (
    *("slug", "name", "creator", "family", "tagline", "released", "status", "deprecated_on", "sunset"),
    *("successor", "licence", "weights", "paper", "homepage", "parameter_count", "architecture", "demo"),
)
"""Columns that a model's row takes from its file as they are."""
_KNOWN = PreparedStatement(
    lambda _: union_all(
        select(ModelAlias.__table__.c.model_id.label("id")).where(ModelAlias.alias == bindparam("name")),
        select(ImageModel.__table__.c.id).where(ImageModel.slug == bindparam("name")),
    )
)


@dataclass(frozen=True)
class SeedChange:
    """
    A change that loading made to one row; `removed` is a closed price, or an ended offering or parameter.

    `kept` is a contract of an admin's own in the place of one that comes with the product.
    """

    kind: Kind
    table: str
    key: str


class _Load:
    """One load: its session and day, the rows of its models as they were, and the changes it has made so far."""

    def __init__(self, session: Session, today: date) -> None:
        self.session = session
        self.today = today
        self.changes: list[SeedChange] = []
        self.models = {row.slug: row for row in session.scalars(select(ImageModel))}
        self.aliases = {row.alias: row for row in session.scalars(select(ModelAlias))}
        self.offerings: dict[int, dict[str, Offering]] = {}
        self.prices: dict[int, dict[str, Price]] = {}
        self.parameters: dict[int, dict[tuple[str, int | None], Parameter]] = {}

    def read(self, models: Iterable[ModelSeed]) -> None:
        """Read the offerings, prices and parameters of these models, in one query each."""
        ids = [self.models[model.slug].id for model in models if model.slug in self.models]
        for offering in self.session.scalars(select(Offering).where(Offering.model_id.in_(ids))):
            self.offerings.setdefault(offering.model_id, {})[offering.key] = offering
        of_models = select(Offering.id).where(Offering.model_id.in_(ids))
        still_open = select(Price).where(Price.offering_id.in_(of_models), Price.effective_to.is_(None))
        for price in self.session.scalars(still_open):
            self.prices.setdefault(price.offering_id, {})[_price_key(price)] = price
        for row in self.session.scalars(select(Parameter).where(Parameter.model_id.in_(ids))):
            self.parameters.setdefault(row.model_id, {})[row.name, row.provider_id] = row

    def note(self, kind: Kind, table: type[Base], key: str) -> None:
        self.changes.append(SeedChange(kind, table.__tablename__, key))

    def put(self, known: Row | None, table: type[Row], key: str, wanted: dict[str, Any]) -> Row:
        """Make the row, or bring it to the wanted values; a new row has its id after the next flush."""
        if known is None:
            known = table(**wanted)
            self.session.add(known)
            self.note("created", table, key)
            return known
        different = {name: value for name, value in wanted.items() if getattr(known, name) != value}
        for name, value in different.items():
            setattr(known, name, value)
        self.note("changed" if different else "unchanged", table, key)
        return known


def load(session: Session, seeds: Seeds, *, now: datetime) -> list[SeedChange]:
    """
    Bring the catalogue to what the files say; models without a file stay as they are.

    Prices take effect on the UTC day of `now`. Raises CatalogError when an alias is another model's slug.
    """
    # One load at a time: without this lock two of them could both open the same price.
    session.execute(select(CatalogState).with_for_update())
    run = _Load(session, now.astimezone(UTC).date())
    # Rows are sent table by table: one by one they would take four times as long.
    with session.no_autoflush:
        run.read(seeds.models)
        providers = _load_providers(run, seeds)
        for model in seeds.models:
            values = _model_values(model, seeds)
            run.models[model.slug] = run.put(run.models.get(model.slug), ImageModel, model.slug, values)
        session.flush()
        _load_aliases(run, seeds.models)
        rows = [_load_offerings(run, model, providers) for model in seeds.models]
        session.flush()
        for model, offerings in zip(seeds.models, rows, strict=True):
            for row, offering, since in offerings:
                _load_prices(run, row, offering, since=since)
            _load_parameters(run, model, seeds, providers)
        session.flush()
    for key, kind in load_contracts(session, seeds.contracts, complete=seeds.complete).items():
        run.note(kind, WireContract, " ".join(key))
    if any(change.kind not in {"unchanged", "kept"} for change in run.changes):
        _raise_version(session)
    return run.changes


def stub(session: Session, slug: str, name: str | None = None) -> int:
    """Find the id of the model with this slug or alias; an unknown one is entered, marked as a stub."""
    if not is_slug(slug):
        raise CatalogError(f"slug: {slug!r} is not lower case letters, digits, dots and dashes")
    known = _KNOWN.first(session, name=slug)
    if known is not None:
        return int(known.id)
    empty: dict[str, Any] = {"tags": [], "modes": [], "limits": {}, "prose": {}, "sources": [], "known_as": []}
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
    """Load every provider that the models name; slug to id."""
    named = {offering.provider for model in seeds.models for offering in model.offerings}
    named |= {row.provider for model in seeds.models for row in model.parameters if row.provider}
    known = {row.slug: row for row in run.session.scalars(select(Provider))}
    values = {slug: {"slug": slug, "name": seeds.providers[slug]} for slug in sorted(named)}
    rows = {slug: run.put(known.get(slug), Provider, slug, wanted) for slug, wanted in values.items()}
    run.session.flush()
    return {slug: row.id for slug, row in rows.items()}


def _model_values(model: ModelSeed, seeds: Seeds) -> dict[str, Any]:
    return {name: getattr(model, name) for name in SAME} | {
        "open_weights": model.weights is not None or model.open_weights,
        "known_as": list(model.known_as),
        "tags": list(model.tags),
        "modes": list(model.modes),
        "limits": LIMITS.dump_python(model.limits, mode="json", exclude_defaults=True),
        "prose": PROSE.dump_python(model.prose, mode="json", exclude_defaults=True),
        "sources": _sources(model, seeds),
        "stub": False,
    }


def _sources(model: ModelSeed, seeds: Seeds) -> list[dict[str, Any]]:
    """List each source a file uses, with the facts taken from it."""
    facts = [(fact, source) for fact, source in model.facts().items() if source]
    for offering in model.offerings:
        facts += [(f"offerings.{offering.provider}", key) for key in offering.sources()]
    used = dict.fromkeys(source for _, source in facts)
    return [
        {
            "key": key,
            **seeds.sources[key].model_dump(mode="json"),
            "facts": [fact for fact, source in facts if source == key],
        }
        for key in used
    ]


def _load_aliases(run: _Load, models: Iterable[ModelSeed]) -> None:
    for model in models:
        model_id = run.models[model.slug].id
        for alias in model.aliases:
            if alias in run.models:
                raise CatalogError(f"{model.slug}.toml: aliases: {alias!r} is a model's slug already")
            values = {"alias": alias, "model_id": model_id}
            run.aliases[alias] = run.put(run.aliases.get(alias), ModelAlias, alias, values)
        gone = [a for a, row in run.aliases.items() if row.model_id == model_id and a not in model.aliases]
        for alias in gone:
            run.session.delete(run.aliases.pop(alias))
            run.note("removed", ModelAlias, alias)


def _load_offerings(
    run: _Load, model: ModelSeed, providers: dict[str, int]
) -> list[tuple[Offering, OfferingSeed, date | None]]:
    """Load a model's offerings; each row comes with the day from which its new prices hold."""
    model_id = run.models[model.slug].id
    gone = dict(run.offerings.get(model_id, {}))
    rows: list[tuple[Offering, OfferingSeed, date | None]] = []
    for position, offering in enumerate(model.offerings):
        key = f"{offering.provider}/{model.slug}"
        known = gone.pop(key, None)
        values = {"model_id": model_id, "provider_id": providers[offering.provider], "key": key}
        row = run.put(known, Offering, key, values | _offering_values(offering, position))
        # The first prices of an offering were in force before we knew it; later ones start today.
        rows.append((row, offering, run.today if known else None))
    for key, row in gone.items():
        if row.ended_on is None:
            row.ended_on = run.today
            run.note("removed", Offering, key)
        _close(run, key, run.prices.get(row.id, {}))
    return rows


def _offering_values(offering: OfferingSeed, position: int) -> dict[str, Any]:
    same = ("provider_model_id", "variations", "status", "ended_on", "source")
    return {name: getattr(offering, name) for name in same} | {
        "modes": list(offering.modes),
        "limits": LIMITS.dump_python(offering.limits, mode="json", exclude_defaults=True),
        "notes": list(offering.notes),
        "position": position,
    }


def _price_key(price: Price | PriceSeed) -> str:
    """Name what a price is for: two open prices of an offering never share it."""
    conditions = " ".join(f"{name}={value}" for name, value in sorted(price.conditions.items()))
    return " ".join(part for part in (price.metric, price.direction, conditions) if part)


def _load_prices(run: _Load, offering: Offering, seed: OfferingSeed, *, since: date | None) -> None:
    left = dict(run.prices.get(offering.id, {}))
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


def _load_parameters(run: _Load, model: ModelSeed, seeds: Seeds, providers: dict[str, int]) -> None:
    model_id = run.models[model.slug].id
    gone = dict(run.parameters.get(model_id, {}))
    for position, row in enumerate(seed_rows(model, seeds.shared)):
        values = asdict(row) | {"values": list(row.values), "model_id": model_id, "position": position}
        provider_id = providers[row.provider] if row.provider else None
        values["provider_id"] = provider_id
        for name in ("provider", "minimum", "maximum"):
            del values[name]
        run.put(gone.pop((row.name, provider_id), None), Parameter, f"{model.slug} {row.name}", values)
    for (name, _), row_gone in gone.items():
        run.session.delete(row_gone)
        run.note("removed", Parameter, f"{model.slug} {name}")
