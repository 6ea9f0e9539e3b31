"""The parameter reference: what a model page prints and the gateway normalises by."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Row

from app.catalog.limits import Limits
from app.catalog.shapes import ModelSeed, ParameterSeed, Scalar, SharedParameter

GROUPS = {
    "core": "Core parameters",
    "size": "Size and layout",
    "media": "Media inputs",
    "output": "Output and format",
    "additional": "Additional parameters",
}


@dataclass(frozen=True)
class ParameterRow:
    """One parameter of one model; `provider` is the only provider that takes it, or None for all."""

    group: str
    name: str
    type: str
    description: str
    note: str | None
    values: tuple[Scalar, ...]
    default: Scalar | float | None
    modes: dict[str, str]
    """Mode to `required`, `supported` or `unavailable`."""
    behaviour: str
    provider: str | None
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True)
class SharedRow:
    """A row and the providers that alone take it as it says; none where all do."""

    row: ParameterRow
    providers: tuple[str, ...]


@dataclass(frozen=True)
class ParameterGroup:
    """The rows under one heading of the reference."""

    slug: str
    title: str
    rows: tuple[SharedRow, ...]


def group_rows(rows: Iterable[ParameterRow]) -> tuple[ParameterGroup, ...]:
    """
    Put rows under their headings, in the order of the reference; a heading without rows is left out.

    Rows that differ in their provider alone become one.
    """
    kept = _group_alike(rows)
    found = (
        ParameterGroup(g, title, tuple(one for one in kept if one.row.group == g)) for g, title in GROUPS.items()
    )
    return tuple(group for group in found if group.rows)


def _group_alike(rows: Iterable[ParameterRow]) -> list[SharedRow]:
    alike: dict[tuple[object, ...], list[ParameterRow]] = {}
    for row in rows:
        key = (row.name, row.type, row.description, row.note, row.values, row.default, row.minimum, row.maximum)
        alike.setdefault((*key, *row.modes.values()), []).append(row)
    return [SharedRow(same[0], tuple(row.provider for row in same if row.provider)) for same in alike.values()]


def parameter_row(row: Row[*tuple[Any, ...]]) -> ParameterRow:
    """Make the frozen value of a row of the table, with `provider` as its slug."""
    return ParameterRow(
        group=row.group,
        name=row.name,
        type=row.type,
        description=row.description,
        note=row.note,
        values=tuple(row.values),
        default=row.default,
        modes=dict(row.modes),
        behaviour=row.behaviour,
        provider=row.provider,
    )


def seed_rows(model: ModelSeed, shared: Iterable[SharedParameter]) -> list[ParameterRow]:
    """Make the rows of a model file: shared ones its limits call for, overridden and followed by its own."""
    base = {row.name: _from_shared(row, model.limits) for row in shared}
    stated = asdict(model.limits)
    wanted = {row.name for row in shared if _applies(row, model, stated)}
    own = {row.name: row for row in model.parameters if row.provider is None}
    rows = [
        _override(base[name], own[name]) if name in own else base[name]
        for name in base
        if name in wanted or name in own
    ]
    for row in model.parameters:
        if row.name not in base:
            rows.append(_complete(row))
        elif row.provider is not None:
            rows.append(_override(base[row.name], row))
    return [replace(row, modes=_in_modes(row.modes, model)) for row in rows]


def _applies(row: SharedParameter, model: ModelSeed, stated: dict[str, object]) -> bool:
    usable = any(row.modes.get(mode, "unavailable") != "unavailable" for mode in model.modes)
    return usable and (not row.when or any(stated[name] for name in row.when))


def _from_shared(row: SharedParameter, limits: Limits) -> ParameterRow:
    values = tuple(getattr(limits, row.values_from)) if row.values_from else row.values
    return replace(_complete(row), values=values)


def _complete(seed: ParameterSeed) -> ParameterRow:
    """Make the value of a row that says everything itself; `seeds` has checked that it does."""
    return ParameterRow(
        group=seed.group or "",
        name=seed.name,
        type=seed.type or "",
        description=seed.description or "",
        note=seed.note,
        values=seed.values,
        default=seed.default,
        modes={str(mode): str(support) for mode, support in (seed.modes or {}).items()},
        behaviour=seed.behaviour or "",
        provider=seed.provider,
    )


def _override(base: ParameterRow, own: ParameterSeed) -> ParameterRow:
    """Lay the file's row over the shared one."""
    return replace(base, **own.model_dump(exclude_unset=True))


def _in_modes(modes: dict[str, str], model: ModelSeed) -> dict[str, str]:
    """Keep the model's own modes alone; a row that names none is supported in each."""
    return {mode: modes.get(mode, "unavailable" if modes else "supported") for mode in model.modes}
