"""Passes on the values of a request that the contract lists, in the provider's words, and notes the others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from app.catalog.contracts import Contract, ValueField
from app.gateway.adjustments import Adjustment, shorten, unused
from app.gateway.errors import InvalidParameter

TRUE, FALSE = {"true", "1", "yes", "on"}, {"false", "0", "no", "off"}


@dataclass
class PassedValues:
    """
    Values after a contract's checks: `wire` by the provider's path, `accepted` by the caller's name.

    `adjustments` tell of the values that were changed or dropped.
    """

    wire: dict[str, Any] = field(default_factory=dict)
    accepted: dict[str, Any] = field(default_factory=dict)
    adjustments: list[Adjustment] = field(default_factory=list)


def pass_values(given: Mapping[str, Any], contract: Contract) -> PassedValues:
    """
    Pass on every value of the request that the gateway does not read itself.

    Of two names for one field the provider's own is sent. Raises InvalidParameter for a value that cannot be read
    as the type the provider wants.
    """
    passed = PassedValues()
    for name, value in sorted(given.items(), key=lambda item: not _is_native(item[0], contract)):
        known = accepted_field(name, contract)
        if known is not None:
            _pass_known(passed, name, value, known, contract)
        elif contract.open:
            passed.wire[name] = passed.accepted[name] = value
        else:
            passed.adjustments.append(unused(name, value, contract.provider))
    order = list(given)
    passed.adjustments.sort(key=lambda change: order.index(change.parameter))
    return passed


def _is_native(name: str, contract: Contract) -> bool:
    """Tell whether a caller's name is what the provider calls the field."""
    known = accepted_field(name, contract)
    return known is not None and known[0].rpartition(".")[2] == name


def accepted_field(name: str, contract: Contract) -> tuple[str, ValueField] | None:
    """Find the wire path and the field for a caller's name: the contract's name for it, or the provider's own."""
    known = contract.accepts.get(name)
    if known is not None:
        return known.field or name, known
    for field_ in contract.accepts.values():
        if field_.field and name in {field_.field, field_.field.rpartition(".")[2]}:
            return field_.field, field_
    return None


def _pass_known(
    passed: PassedValues, name: str, value: Any, known: tuple[str, ValueField], contract: Contract
) -> None:
    path, field_ = known
    used = _word(value, field_) if field_.words else _within(_convert(name, value, field_), field_)
    if used is None:
        listed = ", ".join(dict.fromkeys(field_.words.values()))
        reason = f"{contract.provider} knows these words for {name}: {listed}."
        passed.adjustments.append(Adjustment(name, shorten(value), None, reason))
        return
    if passed.wire.get(path, used) != used:
        reason = f"{contract.provider} takes one value for it, and another parameter says {passed.wire[path]}."
        passed.adjustments.append(Adjustment(name, shorten(value), shorten(passed.wire[path]), reason))
        return
    passed.wire[path] = used
    passed.accepted[name] = value
    if not field_.words and used != _convert(name, value, field_):
        reason = f"{contract.provider} takes {name} {_describe_bounds(field_)}."
        passed.adjustments.append(Adjustment(name, value, used, reason))


def _word(value: Any, field_: ValueField) -> str | None:
    """Find the provider's word for a value, whatever its case; None where it has none."""
    text = str(value)
    if text in field_.words.values():
        return text
    folded = {mine.lower(): word for mine, word in field_.words.items()}
    return field_.words.get(text) or folded.get(text.lower())


def _convert(name: str, value: Any, field_: ValueField) -> Any:
    """Convert what forms send as text to the type that the provider wants. Raises InvalidParameter."""
    try:
        return READERS[field_.type](value)
    except (TypeError, ValueError, OverflowError) as error:
        message = f"{name} must be {'an' if field_.type[0] in 'aio' else 'a'} {field_.type}."
        raise InvalidParameter(name, message) from error


def _within(value: Any, field_: ValueField) -> Any:
    """Draw a number to the nearer bound; whole numbers stay whole where the bound is one."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    low = field_.min if field_.min is not None else value
    high = field_.max if field_.max is not None else value
    drawn = min(max(value, low), high)
    return _plain(drawn) if isinstance(value, int) else drawn


def _describe_bounds(field_: ValueField) -> str:
    low, high = (_plain(bound) if bound is not None else None for bound in (field_.min, field_.max))
    if low is None or high is None:
        return f"of at most {high}" if low is None else f"of at least {low}"
    return f"from {low} to {high}"


def _plain(number: float) -> float | int:
    """Write a whole number without its `.0`; an integer may be too large for a float."""
    return int(number) if isinstance(number, int) or number.is_integer() else number


def _integer(value: Any) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError("no integer")
    return int(value)


def _number(value: Any) -> float | int:
    if isinstance(value, bool):
        raise TypeError("no number")
    found = float(value)
    if not isfinite(found):
        raise ValueError("no number")
    return int(found) if found.is_integer() else found


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).lower()
    if text not in TRUE | FALSE:
        raise ValueError("no boolean")
    return text in TRUE


def _instance_of(kind: type) -> Any:
    def read(value: Any) -> Any:
        if not isinstance(value, kind):
            raise TypeError("another type")
        return value

    return read


READERS: dict[str, Any] = {
    "any": lambda value: value,
    "string": _instance_of(str),
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "list": _instance_of(list),
    "object": _instance_of(dict),
}
