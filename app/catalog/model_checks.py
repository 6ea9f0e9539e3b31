"""What the catalogue's audit checks in each model by itself."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from difflib import get_close_matches
from typing import Literal

from app.catalog.limits import Limits, SideRange, describe_largest, listed_sizes, pixels
from app.catalog.lookup import ModelPage
from app.catalog.pricing import BOUND, BOUNDED, CONDITIONS, FURTHER
from app.catalog.status import is_served
from app.words import MODES

STALE_AFTER = timedelta(days=60)
NEAR = 0.7
"""Share of letters in common, as difflib counts it, from which a word is taken for another misspelt."""
FURTHER_WORDS = re.compile(r"further|additional|subsequent|extra|each", re.IGNORECASE)
"""What only a price of each further megapixel says."""
VERSION = re.compile(r"\d+\.\d+")
"""A version as names of models and of their weights say it."""
VALUES = {
    "size": (re.compile(r"[1-9]\d*x[1-9]\d*"), "it as 1024x1024"),
    "resolution": (re.compile(r"[^\s,/]+"), "one price for each"),
    **dict.fromkeys(BOUNDED, (BOUND, "it in pixels, as up to 1024 or above 1024")),
}
"""How the values of conditions look, and what to do about others."""
NO_ID = re.compile(r"[\s,()\[\]]")
"""What no provider's id of a model has: `flux-2 [klein] 4B` is a name."""
ID_MARKS = {
    "runware": ":@",
    **dict.fromkeys(
        ("deepinfra", "fal", "nscale", "openrouter", "replicate", "together", "vercel", "wavespeed"), "/"
    ),
}
"""What every id of a provider has, such as `bfl:5@1` and `owner/model`; an address of its pages has not."""
OWN_SERVICES = {
    "Adobe": {"adobe"},
    "Alibaba (Qwen)": {"dashscope"},
    "Alibaba (Wan)": {"dashscope"},
    "Amazon": {"bedrock"},
    "Baidu": {"qianfan"},
    "Black Forest Labs": {"bfl"},
    "ByteDance": {"byteplus"},
    "Google": {"gemini", "vertex"},
    "Ideogram": {"ideogram"},
    "Leonardo AI": {"leonardo"},
    "Luma AI": {"luma", "luma-agents"},
    "Meta": {"meta"},
    "Microsoft": {"azure-ai"},
    "MiniMax": {"minimax"},
    "OpenAI": {"openai"},
    "Recraft": {"recraft"},
    "Runway": {"runway"},
    "Stability AI": {"stability"},
    "Tencent": {"tencent"},
    "xAI": {"xai"},
    "Z.ai": {"zai"},
}
"""Creators that serve their models themselves, and as which providers."""

Finding = tuple[Literal["error", "warning"], str, str]
Check = Callable[[ModelPage, date], Iterator[Finding]]


def _check_limits(model: ModelPage, today: date) -> Iterator[Finding]:  # noqa: ARG001
    """Check that the maximum is one of the sizes, unless any may be asked for, and that sizes fit every limit."""
    limits = model.limits
    sizes = listed_sizes(limits)
    if limits.max_resolution and sizes and not limits.side_px and limits.max_resolution not in sizes:
        yield "error", "maximum", f"the maximum {limits.max_resolution} is not among the sizes it lists"
    for size in sizes:
        if problem := _size_problem(size, limits):
            yield "error", "sizes", f"{size} {problem}"
    for offering in model.offerings:
        for size in listed_sizes(offering.limits):
            if problem := _size_problem(size, limits):
                yield "error", "sizes", f"{size} at {offering.provider} {problem}"
        for name in ("max_images", "max_input_images", "prompt_max_chars"):
            here, own = getattr(offering.limits, name), getattr(limits, name)
            if here is not None and own is not None and here > own:
                yield "error", "provider_limit", f"{offering.provider} allows {name} {here}, the model {own}"


def _size_problem(size: str, limits: Limits) -> str | None:
    """Tell which limit a listed size breaks; None for none."""
    width, height = (int(side) for side in size.split("x"))
    largest = limits.max_pixels or (pixels(limits.max_resolution) if limits.max_resolution else None)
    if largest is not None and width * height > largest:
        return f"has more pixels than the maximum of {describe_largest(limits)}"
    if limits.min_pixels is not None and width * height < limits.min_pixels:
        return f"has fewer pixels than the minimum of {limits.min_pixels:,}"
    if limits.max_ratio is not None and max(width, height) > limits.max_ratio * min(width, height):
        return f"is longer than {limits.max_ratio} to 1"
    return _side_problem(width, height, limits.side_px)


def _side_problem(width: int, height: int, side: SideRange | None) -> str | None:
    """Tell which limit of its sides a size breaks; None for none."""
    if side is None:
        return None
    if side.max is not None and max(width, height) > side.max:
        return f"has a side above the largest of {side.max}"
    if side.min is not None and min(width, height) < side.min:
        return f"has a side below the smallest of {side.min}"
    if side.step is not None and (width % side.step or height % side.step):
        return f"has a side that is no multiple of {side.step}"
    return None


def _check_ratios(model: ModelPage, today: date) -> Iterator[Finding]:  # noqa: ARG001
    """Check that no listed ratio is longer than the longest allowed."""
    longest = model.limits.max_ratio
    if longest is None:
        return
    for ratio in model.limits.aspect_ratios:
        width, height = (float(side) for side in ratio.split(":"))
        if max(width, height) > longest * min(width, height):
            yield "error", "sizes", f"the ratio {ratio} is longer than {longest} to 1"


def _check_prices(model: ModelPage, today: date) -> Iterator[Finding]:  # noqa: ARG001
    """Check that each of several prices of one kind says what it is for, and that further ones have a first."""
    for offering in (*model.offerings, *model.past_offerings):
        if offering.prices and all(price.conditions.get("megapixels") == FURTHER for price in offering.prices):
            yield "error", "price_condition", f"{offering.provider} prices further megapixels and no first one"
        kinds: dict[tuple[str, str | None], list[dict[str, str]]] = defaultdict(list)
        for price in offering.prices:
            kinds[price.metric, price.direction].append(price.conditions)
        for (metric, _), conditions in kinds.items():
            if len(conditions) > 1 and {} in conditions:
                yield (
                    "error",
                    "price_condition",
                    f"{offering.provider} has several {metric} prices, one unconditioned",
                )


def _check_priced_cases(model: ModelPage, today: date) -> Iterator[Finding]:  # noqa: ARG001
    """Check that prices are for modes that the model has, and a maker's own for sizes that it makes."""
    own = OWN_SERVICES.get(model.creator or "", set())
    sizes = set(listed_sizes(model.limits)) if model.limits.side_px is None else set()
    for offering in (*model.offerings, *model.past_offerings):
        for price in offering.prices:
            mode, size = price.conditions.get("mode"), price.conditions.get("size")
            if mode is not None and (mode not in MODES or mode not in model.modes):
                yield (
                    "error",
                    "price_case",
                    f"{offering.provider} has a price for the mode {mode}, the model lacks it",
                )
            if size is not None and sizes and offering.provider in own and size not in sizes:
                yield (
                    "error",
                    "price_case",
                    f"{offering.provider} has a price for {size}, which is not among its sizes",
                )


def _check_conditions(model: ModelPage, today: date) -> Iterator[Finding]:  # noqa: ARG001
    """Check that what prices are for is spelled as it is read: what nobody knows holds in any case."""
    for offering in (*model.offerings, *model.past_offerings):
        for name, value in (item for price in offering.prices for item in price.conditions.items()):
            if problem := _condition_problem(name, value):
                yield "error", "condition_spelling", f"{offering.provider} has a price {problem}"
            elif name not in CONDITIONS:
                yield (
                    "warning",
                    "condition_unknown",
                    f"{offering.provider} has a price by {name}, which is not read",
                )


def _condition_problem(name: str, value: str) -> str | None:
    """Tell what a condition was meant to be, if it is nearly one that is known."""
    if name not in CONDITIONS:
        near = get_close_matches(name.lower(), CONDITIONS, n=1, cutoff=NEAR)
        return f"by {name}: did you mean {near[0]}?" if near else None
    shape, hint = VALUES.get(name, (None, ""))
    if shape and not shape.fullmatch(value):
        return f"for the {name} {value}; write {hint}"
    words = CONDITIONS[name]
    if name == "rounding" and value not in words:
        return f"with rounding {value}; only {words[0]} is read"
    if value in words or value.isdecimal():
        return None
    if name == "megapixels" and FURTHER_WORDS.search(value):
        return f"for the megapixels {value}; write {FURTHER}"
    near = get_close_matches(value.lower(), words, n=1, cutoff=NEAR)
    return f"for the {name} {value}: did you mean {near[0]}?" if near else None


def _check_status(model: ModelPage, today: date) -> Iterator[Finding]:
    """Check that the stated status agrees with the dates beside it and with the day."""
    stated, sunset, since = model.stated_status, model.sunset, model.deprecated_on
    is_on = stated in {"preview", "active"}
    has_passed = sunset is not None and sunset <= today
    lies_ahead = sunset is not None and today < sunset
    is_before = sunset is not None and since is not None and sunset < since
    is_deprecated = since is not None and since <= today
    passed = f"and its sunset of {sunset} has passed"
    findings: tuple[tuple[bool, Finding], ...] = (
        (stated is None, ("warning", "status_unstated", "no source states a status")),
        (is_on and has_passed, ("error", "sunset_passed", f"stated as {stated}, {passed}")),
        (
            stated == "deprecated" and has_passed,
            ("warning", "sunset_unconfirmed", f"stated as deprecated, {passed}"),
        ),
        (
            stated == "retired" and lies_ahead,
            ("error", "status_date", f"stated as retired, and its sunset of {sunset} lies ahead"),
        ),
        (is_on and is_deprecated, ("error", "status_date", f"stated as {stated}, and deprecated since {since}")),
        (
            is_before,
            ("error", "status_date", f"its sunset of {sunset} lies before its deprecation of {since}"),
        ),
    )
    yield from (finding for holds, finding in findings if holds)
    for offering in (*model.offerings, *model.past_offerings):
        ended = offering.ended_on
        if ended is not None and ended <= today and offering.status in {"preview", "active"}:
            told = f"{offering.provider} is stated as {offering.status} and ended on {ended}"
            yield "error", "sunset_passed", told


def _check_dates(model: ModelPage, today: date) -> Iterator[Finding]:
    """Check that a model came out on a day that has come, and before anybody deprecated or ended it."""
    released = model.released or ""
    if released > today.isoformat():
        yield "error", "released", f"stated as released on {released}, which lies ahead"
    for event, day in (("deprecation", model.deprecated_on), ("sunset", model.sunset)):
        if day is not None and day.isoformat()[: len(released)] < released:
            yield "error", "released", f"its {event} of {day} lies before its release of {released}"


def _check_openness(model: ModelPage, today: date) -> Iterator[Finding]:  # noqa: ARG001
    """Check that weights with an address have a licence under which they may be downloaded."""
    if model.weights is not None and model.licence == "proprietary":
        yield "error", "openness", "its weights have an address, and its licence is called proprietary"
    told = set(VERSION.findall((model.weights or "").rpartition("/")[2]))
    own = set(VERSION.findall(" ".join((model.slug, model.name, *model.aliases))))
    if told and own and not told & own:
        yield "error", "weights_version", f"its weights are those of version {' and '.join(sorted(told))}"


def _check_own_service(model: ModelPage, today: date) -> Iterator[Finding]:
    """Check that a creator who retired a model is not listed as serving it still."""
    own = OWN_SERVICES.get(model.creator or "", set())
    for offering in model.offerings if model.status == "retired" else ():
        if offering.provider in own and is_served(offering, today):
            yield "error", "own_service", f"is retired, and its creator's service {offering.provider} has no end"


def _check_sources(model: ModelPage, today: date) -> Iterator[Finding]:
    """Check that each source was read on a day that is known, has come, and is not long past."""
    for source in model.sources:
        if source.checked_on is None:
            yield "warning", "source_undated", f"nobody noted when the source {source.key} was read"
        elif date.fromisoformat(source.checked_on) > today + timedelta(days=1):  # it is tomorrow somewhere
            yield (
                "error",
                "source_ahead",
                f"the source {source.key} is read on {source.checked_on}, which lies ahead",
            )
        elif today - date.fromisoformat(source.checked_on) > STALE_AFTER:
            yield "warning", "source_old", f"the source {source.key} was last read on {source.checked_on}"


def _check_offerings(model: ModelPage, today: date) -> Iterator[Finding]:  # noqa: ARG001
    """Check that a creator that serves models itself offers this one too, where others do."""
    own = OWN_SERVICES.get(model.creator or "", set())
    offered = {offering.provider for offering in model.offerings}
    if offered and own and not own & offered and not model.open_weights:
        yield "warning", "first_party", f"{model.creator} serves models itself, and does not offer this one"


def _check_ids(model: ModelPage, today: date) -> Iterator[Finding]:  # noqa: ARG001
    """Check that what stands as a provider's id can be one, and is no name."""
    for offering in (*model.offerings, *model.past_offerings):
        name = offering.provider_model_id or ""
        lacks = [mark for mark in ID_MARKS.get(offering.provider, "") if mark not in name]
        if NO_ID.search(name) or (name and lacks):
            yield "error", "provider_id", f"{name!r} is a name, and no id at {offering.provider}"


def _check_modes(model: ModelPage, today: date) -> Iterator[Finding]:  # noqa: ARG001
    """Check that providers are said to serve, and to price, only what the model can do."""
    for offering in (*model.offerings, *model.past_offerings):
        if more := [mode for mode in offering.modes if mode not in model.modes]:
            yield (
                "error",
                "offering_modes",
                f"{offering.provider} is listed with {', '.join(more)}, the model without",
            )


CHECKS: tuple[Check, ...] = (
    *(_check_limits, _check_ratios, _check_modes, _check_prices, _check_priced_cases, _check_conditions),
    *(_check_status, _check_dates, _check_openness, _check_own_service, _check_sources, _check_offerings),
    _check_ids,
)
