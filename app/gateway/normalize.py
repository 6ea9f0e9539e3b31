"""
Plans one request for one offering: what to send, what has to be changed, and what it will cost.

The offering's wire contract decides. Shape and scale are put into its words (`shapes`), other values are sent if
it lists them (`values`), and the mask is drawn as it wants masks (`masks`). What the provider can't do is done
here: several images, formats, base64 and links. Each change of what the caller asked for is an adjustment.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from math import ceil
from typing import Any

from app.catalog.contracts import Contract
from app.catalog.limits import Limits
from app.catalog.lookup import ModelOffering, ModelPage
from app.gateway.adjustments import (
    Adjustment,
    compression_adjustments,
    shape_adjustments,
)
from app.gateway.costs import Cost, estimate
from app.gateway.errors import InvalidParameter
from app.gateway.images import header_size
from app.gateway.input_limits import fit_images
from app.gateway.masks import convert_mask
from app.gateway.providers.base import ImageProvider, ProviderRequest
from app.gateway.providers.painter import LocalPainter
from app.gateway.request import ImageRequest
from app.gateway.shapes import WireShape, shape_of
from app.gateway.sizes import ONE_K, SQUARE, nearest_tier, write_size
from app.gateway.values import PassedValues, pass_values

CHOSEN_HERE = "blindvote"


@dataclass(frozen=True)
class ChosenDefault:
    """
    A value that decides over the price and that the caller left open: `chosen_by` a provider, or `blindvote`.

    `image_cost_micros` is what one image is expected to cost with it, in millionths of a dollar.
    """

    parameter: str
    value: Any
    chosen_by: str
    image_cost_micros: int | None = None


@dataclass(frozen=True)
class RequestPlan:
    """The plan by which an offering would serve a request; one call may be asked for at most `job.n` images."""

    offering: ModelOffering
    provider: ImageProvider
    job: ProviderRequest
    adjustments: tuple[Adjustment, ...]
    cost: Cost | None
    """Of all images of the request."""
    choices: tuple[ChosenDefault, ...] = ()


def plan(
    request: ImageRequest,
    model: ModelPage,
    offering: ModelOffering,
    provider: ImageProvider,
    contract: Contract,
    *,
    natural: Fraction = SQUARE,
) -> RequestPlan:
    """Plan a request for one offering; `natural` is the shape of an edit's input. Raises InvalidParameter."""
    limits = merge_limits(model.limits, offering.limits)
    _check(request, limits, contract)
    if isinstance(provider, LocalPainter):
        provider.check(request, offering.provider_model_id or model.slug)
    passed = pass_values(request.extra, contract)
    # Where nothing is known of the server, the maker's list of sizes is no limit of it.
    shape = shape_of(request.wish, contract, Limits() if contract.open else limits, natural)
    images, scaled = fit_images(request.images, contract.image)
    mask, masked = _mask(request.mask, images, contract)
    native = _native(request, contract)
    changed = [
        *passed.adjustments,
        *_prompt_adjustments(request, contract, provider),
        *shape_adjustments(request, shape, provider.slug),
        *masked,
        *scaled,
        *compression_adjustments(request),
    ]
    most = contract.n.max or limits.max_images or 1 if contract.n else 1
    job = ProviderRequest(
        model_id=offering.provider_model_id or model.slug,
        operation=request.operation,
        prompt=request.prompt,
        n=min(request.n, most),
        limits=limits,
        contract=contract,
        values=_values(passed, shape, contract, native),
        size=shape.size,
        sized=not request.wish.is_empty and bool(shape.values),
        output_format=native,
        images=images,
        mask=mask,
        extra=passed.accepted,
    )
    choices = _choices(contract, passed, shape)
    cost = _cost(request, offering, job, shape, choices)
    return RequestPlan(
        offering, provider, job, tuple(changed), cost, tuple(_add_price(one, cost, request.n) for one in choices)
    )


def merge_limits(model: Limits, offering: Limits) -> Limits:
    """Merge two sets of limits: those that the offering states replace the model's."""
    empty = Limits()
    stated = {
        field.name: getattr(offering, field.name)
        for field in fields(Limits)
        if getattr(offering, field.name) != getattr(empty, field.name)
    }
    return replace(model, **stated)


def _check(request: ImageRequest, limits: Limits, contract: Contract) -> None:
    longest = contract.prompt.max_chars or limits.prompt_max_chars
    if longest is not None and len(request.prompt) > longest:
        message = f"The prompt has {len(request.prompt):,} characters; this model takes {longest:,}."
        raise InvalidParameter("prompt", message)
    for text in contract.prompt.refused:
        if text in request.prompt:
            raise InvalidParameter("prompt", f"{contract.provider} would read {text!r} in a prompt as a command.")
    most = (contract.image.max if contract.image else None) or limits.max_input_images
    if most is not None and len(request.images) > most:
        raise InvalidParameter("image", f"This model takes {most} input image(s), not {len(request.images)}.")
    if request.mask is not None and (contract.mask is None or limits.mask is False):
        message = f"{contract.provider} takes no mask for this model, or does not say what one means."
        raise InvalidParameter("mask", message)
    if request.mask is None and contract.mask is not None and contract.mask.required:
        raise InvalidParameter("mask", f"{contract.provider} edits with this model only inside of a mask.")


def _mask(
    given: bytes | None, images: Sequence[bytes], contract: Contract
) -> tuple[bytes | None, list[Adjustment]]:
    """Draw the mask as the provider reads it, at the size of the image that is sent; scaling is told."""
    if given is None or contract.mask is None:
        return None, []
    mask = convert_mask(given, images[0], contract.mask)
    if mask.scaled_from is None:
        return mask.data, []
    asked, used = write_size(mask.scaled_from), write_size(mask.size)
    return mask.data, [Adjustment("mask", asked, used, "Scaled to the size of the image.")]


def _values(passed: PassedValues, shape: WireShape, contract: Contract, native: str | None) -> dict[str, Any]:
    """Collect what is sent beside prompt, number and files, by its path in the provider's request."""
    values = {**passed.wire, **shape.values}
    if native is not None and contract.output_format is not None:
        values[contract.output_format.field] = format_word(native, contract)
    return values


def format_word(kind: str, contract: Contract) -> str | None:
    """Find the provider's word for a format, `jpg`, `JPG` or `image/jpeg`; None where it has none."""
    words = contract.output_format.words if contract.output_format else ()
    return next((word for word in words if kind_of(word) == kind), None)


def kind_of(word: str) -> str:
    """Return the format that a provider's word names, such as `jpeg` for `image/jpg`."""
    kind = word.lower().removeprefix("image/")
    return "jpeg" if kind == "jpg" else kind


def _native(request: ImageRequest, contract: Contract) -> str | None:
    """
    Choose the format to ask the provider for; None where it may choose and we convert.

    A compression level is applied here, to the best the provider gives, and once.
    """
    wanted = request.output_format
    if request.output_compression is not None or wanted is None:
        return None
    return wanted if format_word(wanted, contract) else None


def _prompt_adjustments(request: ImageRequest, contract: Contract, provider: ImageProvider) -> list[Adjustment]:
    if not request.prompt:
        return []
    if contract.prompt.field:
        return provider.read_prompt(request) if isinstance(provider, LocalPainter) else []
    # Adjustments are kept for a replay, and the prompt is not.
    count = len(request.prompt)
    told = f"{count:,} character{'s' if count > 1 else ''}"
    return [Adjustment("prompt", told, None, f"{contract.provider} takes no prompt for this operation.")]


def read_defaults(request: ImageRequest, plan: RequestPlan) -> tuple[ChosenDefault, ...]:
    """List what the caller left open and who chose it: the model here, its settings at the provider."""
    if request.model:
        return plan.choices
    model = ChosenDefault("model", plan.offering.key.partition("/")[2], CHOSEN_HERE)
    return _add_price(model, plan.cost, request.n), *plan.choices


def _add_price(choice: ChosenDefault, cost: Cost | None, n: int) -> ChosenDefault:
    return replace(choice, image_cost_micros=ceil(cost.micros / n) if cost else None)


def _choices(contract: Contract, passed: PassedValues, shape: WireShape) -> tuple[ChosenDefault, ...]:
    """List what the provider's own defaults decide: its quality, its tier."""
    found: list[ChosenDefault] = []
    quality = contract.accepts.get("quality")
    if quality and quality.default not in {None, "auto"} and "quality" not in passed.accepted:
        found.append(ChosenDefault("quality", quality.default, contract.provider))
    if contract.tier and contract.tier.default and shape.tier is None and shape.sent_size is None:
        found.append(ChosenDefault("resolution", contract.tier.default, contract.provider))
    return tuple(found)


def _cost(
    request: ImageRequest,
    offering: ModelOffering,
    job: ProviderRequest,
    shape: WireShape,
    choices: Sequence[ChosenDefault],
) -> Cost | None:
    chosen = {choice.parameter: str(choice.value) for choice in choices}
    quality = job.extra.get("quality")
    steps = job.extra.get("steps")
    area = job.size[0] * job.size[1] if job.size else ONE_K
    asked = job.size if shape.sent_size or shape.tier else None
    known: dict[str, str | None] = {
        "mode": request.mode,
        "quality": quality if isinstance(quality, str) else chosen.get("quality"),
        "resolution": shape.tier or chosen.get("resolution") or nearest_tier(area, job.limits.resolutions),
        "output_format": job.output_format,
        "steps": str(steps) if isinstance(steps, int | str) else None,
        "area": str(area) if asked else None,
        "longest_side": str(max(asked)) if asked else None,
    }
    inputs = tuple(map(header_size, job.images))
    return estimate(
        offering, n=request.n, size=job.size, known=known, characters=len(request.prompt), inputs=inputs
    )
