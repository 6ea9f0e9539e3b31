"""Lists what a request asked for and did not get: its caller is told each change, and `strict` refuses them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from json import dumps
from typing import Any, Protocol

from app.gateway.request import ImageRequest
from app.gateway.shapes import WireShape
from app.gateway.sizes import (
    SAME_SCALE,
    SAME_SHAPE,
    Size,
    parse_ratio,
    parse_size,
    parse_tier,
    stretch,
    write_size,
)

LOSSLESS = {"png", "gif"}
LONGEST_TOLD = 500
"""Characters of a value that was not used: some hold whole images."""
SAME_AREA = Fraction(11, 10)
"""Free sizes are rounded to steps: up to this they are the scale asked for."""


@dataclass(frozen=True)
class Adjustment:
    """A parameter that was not used as asked; `used` is None for one not used at all."""

    parameter: str
    requested: Any
    used: Any
    reason: str


class MadeImage(Protocol):
    """A finished image."""

    @property
    def format(self) -> str: ...
    @property
    def size(self) -> Size: ...


def unused(name: str, value: Any, provider: str) -> Adjustment:
    """Note a parameter that the provider has no use for."""
    return Adjustment(name, shorten(value), None, f"{provider} takes no {name} for this model.")


def shorten(value: Any) -> Any:
    """Return a value as it is told: the beginning of its JSON where it is long."""
    text = value if isinstance(value, str) else dumps(value, ensure_ascii=False, default=str)
    return f"{text[:LONGEST_TOLD]}…" if len(text) > LONGEST_TOLD else value


def shape_adjustments(request: ImageRequest, shape: WireShape, provider: str) -> list[Adjustment]:
    texts = {name: text for name, text in request.texts.items() if text != "auto"}
    wish = request.wish
    changed = _note_outranked(texts)
    if wish.size:
        if shape.sent_size != wish.size and not request.fit_exactly:
            changed.append(_note_change("size", texts["size"], shape, provider, "Nearest size of this model."))
        return changed
    if wish.ratio and not _has_ratio(wish.ratio, shape):
        name = "size" if "size" in texts else "aspect_ratio"
        changed.append(_note_change(name, texts[name], shape, provider, "Nearest shape of this model."))
    if wish.pixels and not _has_scale(wish.pixels, shape):
        changed.append(_scale_changed(texts["resolution"], shape, provider))
    return changed


def _has_ratio(wished: Fraction, shape: WireShape) -> bool:
    """Tell whether a shape is the one wished for: a ratio in words exactly, pixels as rounded."""
    if shape.sent_size:
        return stretch(wished, Fraction(*shape.sent_size)) <= SAME_SHAPE
    return shape.ratio == wished


def _has_scale(wished: int, shape: WireShape) -> bool:
    if shape.sent_size:
        apart = stretch(Fraction(wished), Fraction(shape.sent_size[0] * shape.sent_size[1]))
        return apart <= SAME_AREA if shape.is_free else apart < SAME_SCALE
    return shape.tier is not None and parse_tier(shape.tier) == wished


def _note_change(name: str, asked: str, shape: WireShape, provider: str, reason: str) -> Adjustment:
    used = words_of(shape)
    return Adjustment(name, asked, used, reason if used else f"{provider} takes no {name} for this model.")


def _scale_changed(asked: str, shape: WireShape, provider: str) -> Adjustment:
    used = shape.tier or (words_of(shape) if shape.sent_size else None)
    reason = "Nearest scale of this model." if used else f"{provider} has one scale for this model."
    return Adjustment("resolution", asked, used, reason)


def words_of(shape: WireShape) -> str | None:
    """Write the size that the provider is asked for as a caller would; None where none is."""
    if shape.sent_size:
        return write_size(shape.sent_size)
    ratio = f"{shape.ratio.numerator}:{shape.ratio.denominator}" if shape.ratio else None
    return " ".join(word for word in (ratio, shape.tier) if word) or None


def _note_outranked(texts: Mapping[str, str]) -> list[Adjustment]:
    """Note the parameters that a size contradicts: the size wins."""
    size = parse_size(texts["size"]) if "size" in texts else None
    if size is None:
        return []
    changed = []
    shape = Fraction(*size) if isinstance(size, tuple) else size
    if "aspect_ratio" in texts and stretch(parse_ratio(texts["aspect_ratio"]), shape) > SAME_SHAPE:
        changed.append(Adjustment("aspect_ratio", texts["aspect_ratio"], None, "size wins over aspect_ratio."))
    if "resolution" in texts and isinstance(size, tuple):
        area = Fraction(size[0] * size[1])
        if stretch(Fraction(parse_tier(texts["resolution"])), area) >= SAME_SCALE:
            changed.append(Adjustment("resolution", texts["resolution"], None, "size wins over resolution."))
    return changed


def compression_adjustments(request: ImageRequest) -> list[Adjustment]:
    if request.output_compression is None or request.output_format not in LOSSLESS:
        return []
    reason = f"{request.output_format} has no compression level."
    return [Adjustment("output_compression", request.output_compression, None, reason)]


def made_otherwise(
    request: ImageRequest, expected: Size | None, provider: str, pictures: Sequence[MadeImage]
) -> list[Adjustment]:
    """Note what only the finished images tell: another size than was asked for, a lossless format."""
    changed: list[Adjustment] = []
    size = pictures[0].size
    name = "size" if "size" in request.texts else "aspect_ratio"
    if expected and name in request.texts and not request.fit_exactly:
        apart = stretch(Fraction(*size), Fraction(*expected)) > SAME_SHAPE
        if apart or (request.wish.size and size != expected):
            changed.append(Adjustment(name, request.texts[name], write_size(size), f"{provider} made this size."))
    kinds = {picture.format for picture in pictures} & LOSSLESS
    if request.output_compression is not None and request.output_format is None and kinds:
        reason = f"{min(kinds)} has no compression level."
        changed.append(Adjustment("output_compression", request.output_compression, None, reason))
    return changed
