"""The catalogue's TOML files, which admins edit by hand: read and checked before anything is stored."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from app.catalog.contract_files import (
    FILE,
    FOLDER,
    SOURCES_FILE,
    ContractError,
    contract_paths,
    expand,
    unknown_sources,
)
from app.catalog.contracts import Contract
from app.catalog.limits import Limits, SideRange
from app.catalog.shapes import (
    FactSources,
    Key,
    Line,
    ModelSeed,
    OfferingSeed,
    ParameterSeed,
    PriceSeed,
    Prose,
    SharedParameter,
    SharedParameters,
    Source,
)
from app.database.places import ROOT
from app.errors import Refusal
from app.files.text import InvalidFile, read_text
from app.files.toml import explain_fault, parse_toml, suggest
from app.files.toml_lines import TomlPath, line_of

SHARED_FILES = ("sources.toml", "providers.toml", "parameters.toml")
SHIPPED = ROOT / "scripts" / "seeds" / "catalog"
"""The folder from which a shared file is read when none lies beside a model's file."""
SOURCES = TypeAdapter(dict[Key, Source])
PROVIDERS = TypeAdapter(dict[Key, Line])
MODEL = TypeAdapter(ModelSeed)
SHARED = TypeAdapter(SharedParameters)
TABLES: dict[str, Any] = {
    "offerings": OfferingSeed,
    "prices": PriceSeed,
    "parameters": ParameterSeed,
    "prose": Prose,
    "sources": FactSources,
    "references": Source,
    "limits": Limits,
    "side_px": SideRange,
}
"""The shape of an entry in a table of a model file, by the table's name."""
Checked = TypeVar("Checked")


class CatalogError(Refusal, code="invalid_catalog"):
    """Catalogue files or a slug are wrong; each line of the message names file, key and, where known, the line."""


@dataclass(frozen=True)
class Seeds:
    """The catalogue's files, read and checked: all that `load` needs to fill the tables."""

    sources: dict[str, Source]
    providers: dict[str, str]
    shared: tuple[SharedParameter, ...]
    models: tuple[ModelSeed, ...]
    contracts: tuple[Contract, ...] = ()
    complete: bool = False
    """Whether these are the files that come with the product: contracts of its providers that they lack go."""


def read_seeds(path: Path) -> Seeds:
    """
    Read the model files of a folder, or one model file.

    Sources, providers and shared parameters lie beside them, or are those that come with the product.
    Raises CatalogError with every problem of every file.
    """
    folder = path if path.is_dir() else path.parent
    files = sorted(set(folder.glob("*.toml")) - {folder / name for name in SHARED_FILES})
    files = files if path.is_dir() else [path]
    problems: list[str] = []
    sources = _read(_find_shared(folder, "sources.toml"), SOURCES, problems) or {}
    providers = _read(_find_shared(folder, "providers.toml"), PROVIDERS, problems) or {}
    parameters = _read(_find_shared(folder, "parameters.toml"), SHARED, problems)
    pairs = [(file, model) for file in files if (model := _read(file, MODEL, problems))]
    for _, model in pairs:
        sources = model.references | sources
        providers = model.providers | providers
    shared = parameters.parameters if parameters else ()
    models = tuple(model for _, model in pairs)
    is_own = folder.resolve() != SHIPPED.resolve()
    contracts = tuple(replace(one, own=is_own) for one in _read_contracts(folder, problems))
    seeds = Seeds(sources, providers, shared, models, contracts, path.resolve() == SHIPPED.resolve())
    for file, model in pairs:
        problems += [_at(file, key, problem) for key, problem in _model_problems(model, seeds)]
    problems += _slug_problems(seeds.models)
    if problems:
        raise CatalogError("\n".join(problems))
    return seeds


def batches(seeds: Seeds, rows: int = 500) -> list[Seeds]:
    """Split seeds into parts of about `rows` rows, for one write each."""
    parts: list[list[ModelSeed]] = [[]]
    filled = 0
    for model in seeds.models:
        size = 1 + len(seeds.shared) + len(model.parameters) + sum(1 + len(o.prices) for o in model.offerings)
        if parts[-1] and filled + size > rows:
            parts.append([])
            filled = 0
        parts[-1].append(model)
        filled += size
    contracts = [seeds.contracts, *[()] * (len(parts) - 1)]
    return [
        Seeds(seeds.sources, seeds.providers, seeds.shared, tuple(part), own, seeds.complete)
        for part, own in zip(parts, contracts, strict=True)
    ]


def read_contract_files(folder: Path) -> tuple[Contract, ...]:
    """Read every wire contract beside the model files; none without such a folder. Raises CatalogError."""
    problems: list[str] = []
    contracts = _read_contracts(folder, problems)
    if problems:
        raise CatalogError("\n".join(problems))
    return contracts


def _read_contracts(folder: Path, problems: list[str]) -> tuple[Contract, ...]:
    found: list[Contract] = []
    for path in contract_paths(folder):
        file = _read(path, FILE, problems, number=float)
        try:
            found += expand(path.stem, file) if file else []
        except ContractError as error:
            problems.append(f"{path.name}: {error}")
    known = _read(folder / FOLDER / SOURCES_FILE, SOURCES, problems) if found else None
    problems += [f"{FOLDER}: unknown source {source!r}" for source in unknown_sources(found, known or {})]
    return tuple(found)


def _find_shared(folder: Path, name: str) -> Path:
    return folder / name if (folder / name).exists() else SHIPPED / name


def _read(
    file: Path, shape: TypeAdapter[Checked], problems: list[str], *, number: type[Decimal | float] = Decimal
) -> Checked | None:
    """Read and check a file, fractions as money is or as JSON's; None, with its problems, where it is wrong."""
    try:
        text = read_text(file)
        return shape.validate_python(parse_toml(text, file.name, parse_float=number))
    except FileNotFoundError:
        problems.append(f"{file.name}: not found in {file.parent.name}")
    except InvalidFile as error:
        problems.append(str(error))
    except ValidationError as error:
        problems += [_describe_error(file.name, text, one) for one in error.errors()]
    return None


def _describe_error(file: str, text: str, error: Any) -> str:
    path = error["loc"]
    message = explain_fault(error)
    if error["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        message = f"there is no such field{suggest(str(path[-1]), _fields(path))}"
    return f"{file}: {'.'.join(str(part) for part in path)}: {message}{_line(text, path)}"


def _at(file: Path, key: TomlPath, problem: str) -> str:
    return f"{file.name}: {problem}{_line(read_text(file), key)}"


def _line(text: str, path: TomlPath) -> str:
    line = line_of(text, path)
    return f" (line {line})" if line else ""


def _fields(path: TomlPath) -> Iterable[str]:
    """List the fields that the table at the end of a path may have."""
    table = next((part for part in reversed(path[:-1]) if part in TABLES), None)
    shape: Any = TABLES[str(table)] if table else ModelSeed
    return vars(shape).get("__pydantic_fields__", {}) or [field.name for field in fields(shape)]


def _model_problems(model: ModelSeed, seeds: Seeds) -> Iterator[tuple[TomlPath, str]]:
    """Find what no single field shows, with its key: names that lead nowhere, facts without a source, doubles."""
    facts = model.facts()
    for fact, source in facts.items():
        if source not in seeds.sources:
            problem = _unknown("source", source, seeds.sources) if source else "has no source"
            key = ("sources", *fact.split(".")) if source else tuple(fact.split("."))
            yield key, f"sources.{fact}: {problem}"
    named = model.sources.model_dump(exclude_none=True, exclude={"limits"})
    for fact in [*named, *(f"limits.{name}" for name in model.sources.limits)]:
        if fact not in facts:
            yield ("sources", *fact.split(".")), f"sources.{fact}: the file states no such fact"
    for place, offering in enumerate(model.offerings):
        yield from _offering_problems(offering, ("offerings", place), seeds)
    for provider in _twice(offering.provider for offering in model.offerings):
        yield ("offerings",), f"offerings.{provider}: stated twice"
    yield from _parameter_problems(model, seeds)


def _offering_problems(offering: OfferingSeed, key: TomlPath, seeds: Seeds) -> Iterator[tuple[TomlPath, str]]:
    at = f"offerings.{offering.provider}"
    if offering.provider not in seeds.providers:
        yield (*key, "provider"), f"{at}: {_unknown('provider', offering.provider, seeds.providers)}"
    if offering.limits != Limits() and offering.limits_source is None:
        yield (*key, "limits"), f"{at}.limits_source: missing"
    for source in offering.sources():
        if source not in seeds.sources:
            yield (*key, "source"), f"{at}.source: {_unknown('source', source, seeds.sources)}"
    prices = [(p.metric, p.direction, tuple(sorted(p.conditions.items()))) for p in offering.prices]
    for price in _twice(prices):
        yield (*key, "prices"), f"{at}.prices: two prices for {price}"


def _parameter_problems(model: ModelSeed, seeds: Seeds) -> Iterator[tuple[TomlPath, str]]:
    shared = {row.name for row in seeds.shared}
    needed = ("group", "type", "description", "behaviour")
    for place, row in enumerate(model.parameters):
        at = f"parameters.{row.name}"
        if row.provider is not None and row.provider not in seeds.providers:
            problem = _unknown("provider", row.provider, seeds.providers)
            yield ("parameters", place, "provider"), f"{at}.provider: {problem}"
        missing = [key for key in needed if getattr(row, key) is None]
        if missing and row.name not in shared:
            yield ("parameters", place), f"{at}: {missing[0]} is missing"
    for name, _provider in _twice((row.name, row.provider) for row in model.parameters):
        yield ("parameters",), f"parameters.{name}: stated twice"


def _unknown(kind: str, name: str, known: Iterable[str]) -> str:
    return f"unknown {kind} {name!r}{suggest(name, known)}"


def _slug_problems(models: Iterable[ModelSeed]) -> list[str]:
    twice = _twice(name for model in models for name in (model.slug, *model.aliases))
    return [f"slug: {slug!r} names two models" for slug in twice]


def _twice(values: Iterable[Any]) -> list[Any]:
    return [value for value, count in Counter(values).items() if count > 1]
