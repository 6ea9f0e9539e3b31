"""The limits of a model: the sizes, counts and formats that it can be asked for."""

from dataclasses import dataclass, field
from typing import Any

from pydantic import ConfigDict, TypeAdapter


class Strict:
    """A shape that catalogue files are checked by: a field that it does not have is refused."""

    __pydantic_config__ = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class SideRange(Strict):
    """Bounds in pixels of each side of any image; `step`: each side is a multiple of it."""

    min: int | None = None
    max: int | None = None
    step: int | None = None


@dataclass(frozen=True)
class Limits(Strict):
    """Known limits of a model; None or empty where the sources say nothing."""

    # The API's documents describe the fields by the docstrings under them.
    __pydantic_config__ = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    max_resolution: str | None = None
    """Largest image as `WxH`."""
    sizes: tuple[str, ...] = ()
    """The sizes the model makes, as `WxH`, and `auto` where the model may choose."""
    aspect_ratios: tuple[str, ...] = ()
    resolutions: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Tier to the sizes in it, the tier's nominal size first; no sizes where only the tier is known."""
    side_px: SideRange | None = None
    """Given when any size within it may be asked for."""
    min_pixels: int | None = None
    """Fewest pixels of an image, width times height."""
    max_pixels: int | None = None
    """Most pixels of an image, where the limit is an area and not one size."""
    max_ratio: int | None = None
    """Longest side over shortest, at most."""
    max_images: int | None = None
    """Images in one request to the model."""
    max_input_images: int | None = None
    prompt_max_chars: int | None = None
    prompt_max_tokens: int | None = None
    mask: bool | None = None
    """True where an edit may be confined by a mask."""
    output_formats: tuple[str, ...] = ()
    """Formats that the model itself returns; the gateway converts to others."""
    parameters: tuple[str, ...] = ()
    """The only parameters a provider takes, where it takes fewer than the model."""


LIMITS = TypeAdapter(Limits)


def limits(stored: dict[str, Any]) -> Limits:
    """Read limits from their JSON form."""
    return LIMITS.validate_python(stored)


def pixels(size: str) -> int:
    """Count the pixels of a `WxH` size; 0 for `auto`."""
    width, _, height = size.partition("x")
    return int(width) * int(height) if height else 0


def largest(known: Limits) -> str | None:
    """
    Tell the largest image as `WxH`: as stated, else the largest listed size, else the largest square allowed.

    None where the limit is an area (`max_pixels`) or nobody states one.
    """
    if known.max_resolution or known.max_pixels:
        return known.max_resolution
    sizes = listed_sizes(known)
    if sizes:
        return max(sizes, key=pixels)
    side = known.side_px.max if known.side_px else None
    return f"{side}x{side}" if side else None


def listed_sizes(known: Limits) -> list[str]:
    """List every `WxH` of the limits, on its own or under a tier."""
    in_tiers = [size for sizes in known.resolutions.values() for size in sizes]
    return [size for size in dict.fromkeys((*known.sizes, *in_tiers)) if pixels(size)]


def largest_area(known: Limits) -> int | None:
    """Tell the most pixels of one image; None where nobody states a limit."""
    size = largest(known)
    return pixels(size) if size else known.max_pixels


def describe_largest(known: Limits) -> str | None:
    """Write `1792 x 1024 pixels` where a size is the limit, `2 megapixels` where an area is, None for neither."""
    size = largest(known)
    if size:
        return f"{size.replace('x', ' x ')} pixels"
    return f"{known.max_pixels / 1_000_000:.3g} megapixels" if known.max_pixels else None
