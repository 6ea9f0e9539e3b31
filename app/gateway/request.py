"""One OpenAI-shaped request, read once: what it asks for, and what it passes through."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal, TypeVar, get_args

from app.gateway.errors import InvalidParameter
from app.gateway.sizes import BadSize, Size, SizeWish, parse_ratio, parse_size, parse_tier
from app.words import Mode

Operation = Literal["generation", "edit", "variation"]
OPERATIONS: tuple[Operation, ...] = get_args(Operation)
Read = TypeVar("Read")

MAX_IMAGES = 10
MAX_INPUTS = 16
MAX_PROMPT = 32_000
OUTPUT_FORMATS = ("png", "jpeg", "gif", "webp", "avif")
RESPONSE_FORMATS = ("url", "b64_json")
NOTHING = SizeWish()
OURS = frozenset(
    (
        *("prompt", "model", "n", "size", "aspect_ratio", "resolution", "response_format", "output_format"),
        *("output_compression", "image", "images", "mask", "stream", "partial_images", "strict", "fit", "dryRun"),
    )
)
"""Fields that the gateway reads itself; every other goes to the provider as it came."""
SHAPING: tuple[str, ...] = ("size", "aspect_ratio", "resolution")
WORDS = {
    "quality": frozenset({"auto", "low", "medium", "high", "xhigh", "max", "standard", "hd"}),
    "background": frozenset({"auto", "transparent", "opaque"}),
    "moderation": frozenset({"auto", "low"}),
    "style": frozenset({"vivid", "natural"}),
    "input_fidelity": frozenset({"low", "high"}),
}
"""OpenAI's own words, read whatever their case; other providers' words may need their capitals."""
PIXELS_SIGN = re.compile(r"^([0-9]+) *[x\u00d7*] *([0-9]+)$", re.IGNORECASE)
RATIO_SIGN = re.compile(r"^([0-9.]+) *[:/x\u00d7] *([0-9.]+)$", re.IGNORECASE)
TIER_AS_SIZE = re.compile(r"[0-9.]{1,5}K", re.IGNORECASE)
"""`size: "2K"`, as ByteDance's clients send; Ideogram's send `resolution: "1024x768"`."""
INPUT_SHAPE = frozenset({"match_input_image", "match_input", "adaptive"})
"""Words of other APIs for what an edit does here by itself."""
NESTED = re.compile(r"([^\[\]]+)\[([^\[\]]*)\]")


@dataclass(frozen=True)
class ImageRequest:
    """
    A request as a caller means it. `model` may name a provider as `provider/model`, or be None for the default.

    `images` and `mask` are files as bytes. `texts` holds size, aspect_ratio and resolution as they were written.
    """

    prompt: str = ""
    operation: Operation = "generation"
    model: str | None = None
    n: int = 1
    wish: SizeWish = NOTHING
    texts: Mapping[str, str] = field(default_factory=dict)
    response_format: str | None = None
    output_format: str | None = None
    output_compression: int | None = None
    images: tuple[bytes, ...] = ()
    mask: bytes | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)
    stream: bool = False
    partial_images: int = 0
    strict: bool = False
    dry_run: bool = False
    fit_exactly: bool = False
    """Whether an image of another size than the exact one asked for is cropped and scaled to it here."""

    @property
    def mode(self) -> str:
        return Mode.TEXT_TO_IMAGE if self.operation == "generation" else Mode.IMAGE_EDIT

    def summary(self) -> dict[str, Any]:
        """Summarize for the log: everything but the prompt, the files and the values passed through."""
        stated = {"output_format": self.output_format, "response_format": self.response_format, **self.texts}
        return {
            "operation": self.operation,
            "model": self.model,
            "n": self.n,
            "prompt_characters": len(self.prompt),
            "inputs": len(self.images),
            "mask": self.mask is not None,
            "passed_through": [name[:60] for name in sorted(self.extra)[:20]],
            **{name: value for name, value in stated.items() if value is not None},
        }


def read_request(
    operation: Operation,
    values: Mapping[str, Any],
    *,
    images: tuple[bytes, ...] = (),
    mask: bytes | None = None,
) -> ImageRequest:
    """
    Read a JSON object, or the text parts of a form. Raises InvalidParameter, naming the parameter.

    A null and an empty text are the same as no value: SDKs send the one, forms the other.
    """
    given = {name: _lower_word(name, value) for name, value in unfold(values).items() if value not in (None, "")}
    texts = _shape_texts(given)
    prompt = _text(given, "prompt") if "prompt" in given else ""
    if not prompt.strip() and operation != "variation":
        raise InvalidParameter("prompt", "A prompt is required.")
    if len(prompt) > MAX_PROMPT:
        raise InvalidParameter("prompt", f"The prompt has {len(prompt):,} characters; at most {MAX_PROMPT:,}.")
    _check_files(operation, images, mask)
    return ImageRequest(
        prompt=prompt,
        operation=operation,
        model=_text(given, "model") if given.get("model") else None,
        n=_integer(given, "n", 1, MAX_IMAGES) or 1,
        wish=read_wish(texts),
        texts=texts,
        response_format=_choice(given, "response_format", RESPONSE_FORMATS),
        output_format=_choice(given, "output_format", OUTPUT_FORMATS),
        output_compression=_integer(given, "output_compression", 0, 100),
        images=images,
        mask=mask,
        extra={name: value for name, value in given.items() if name not in OURS},
        stream=read_flag(given, "stream"),
        partial_images=_integer(given, "partial_images", 0, 3) or 0,
        strict=read_flag(given, "strict"),
        dry_run=read_flag(given, "dryRun"),
        fit_exactly=_choice(given, "fit", ("exact",)) is not None,
    )


def read_wish(texts: Mapping[str, str]) -> SizeWish:
    """Read the size asked for: pixels win over everything, a ratio as `size` over `aspect_ratio`."""
    size: Size | None = None
    ratio: Fraction | None = None
    pixels: int | None = None
    if "aspect_ratio" in texts and texts["aspect_ratio"] != "auto":
        ratio = _parse_shape("aspect_ratio", parse_ratio, texts)
    if "resolution" in texts and texts["resolution"] != "auto":
        pixels = _parse_shape("resolution", parse_tier, texts)
    if "size" in texts:
        asked = _parse_shape("size", parse_size, texts)
        size = asked if isinstance(asked, tuple) else None
        ratio = asked if isinstance(asked, Fraction) else ratio
    return SizeWish(size) if size else SizeWish(None, ratio, pixels)


def unfold(values: Mapping[str, Any]) -> dict[str, Any]:
    """Put nested form names, which SDKs write as `name[]` and `name[key]`, back into lists and objects."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        nested = NESTED.fullmatch(name)
        if not nested:
            found[name] = value
        elif nested[2]:
            inner = found.setdefault(nested[1], {})
            if isinstance(inner, dict):
                inner[nested[2]] = value
        else:
            found[nested[1]] = value if isinstance(value, list) else [value]
    return found


def _check_files(operation: Operation, images: tuple[bytes, ...], mask: bytes | None) -> None:
    if operation == "generation":
        if images or mask:
            raise InvalidParameter("image", "Generations take no image; send it to images/edits.")
        return
    if not images:
        raise InvalidParameter("image", "An image is required.")
    if operation == "variation" and mask:
        raise InvalidParameter("mask", "Variations take no mask; send it to images/edits, with a prompt.")
    limit = 1 if operation == "variation" else MAX_INPUTS
    if len(images) > limit:
        raise InvalidParameter("image", f"At most {limit} input image{'s' if limit > 1 else ''}.")


def _parse_shape(name: str, read: Callable[[str], Read], texts: Mapping[str, str]) -> Read:
    try:
        return read(texts[name])
    except BadSize as error:
        raise InvalidParameter(name, str(error)) from error


def _lower_word(name: str, value: Any) -> Any:
    """Put OpenAI's words, and `auto` as a shape, in lower case."""
    if not isinstance(value, str):
        return value
    lowered = value.strip().lower()
    is_word = lowered in WORDS.get(name, ()) or (name in SHAPING and lowered == "auto")
    return lowered if is_word else value


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given[name]
    if not isinstance(value, str):
        raise InvalidParameter(name, f"{name} must be text.")
    return value


def _shape_texts(given: Mapping[str, Any]) -> dict[str, str]:
    """Read what sets shape and scale, in the ways that clients of other APIs write it; a tier may be a number."""
    texts = {name: _plain_shape(name, _shape_text(given, name)) for name in SHAPING if name in given}
    if TIER_AS_SIZE.fullmatch(texts.get("size", "")) and "resolution" not in texts:
        texts["resolution"] = texts.pop("size")
    elif PIXELS_SIGN.match(texts.get("resolution", "")) and "size" not in texts:
        texts["size"] = _plain_shape("size", texts.pop("resolution"))
    return texts


def _shape_text(given: Mapping[str, Any], name: str) -> str:
    value = given[name]
    if name != "resolution" or isinstance(value, bool) or not isinstance(value, int | float):
        return _text(given, name)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _plain_shape(name: str, text: str) -> str:
    plain = text.strip()
    if name == "aspect_ratio":
        return "auto" if plain.lower() in INPUT_SHAPE else RATIO_SIGN.sub(r"\1:\2", plain)
    return PIXELS_SIGN.sub(r"\1x\2", plain) if name == "size" else plain


def _choice(given: Mapping[str, Any], name: str, choices: tuple[str, ...]) -> str | None:
    value = given.get(name)
    if value is None:
        return None
    word = value.strip().lower() if isinstance(value, str) else ""
    if name == "output_format":
        word = word.removeprefix("image/").replace("jpg", "jpeg")
    if word not in choices:
        raise InvalidParameter(name, f"{name} must be one of: {', '.join(choices)}.")
    return word


def _integer(given: Mapping[str, Any], name: str, low: int, high: int) -> int | None:
    """Read a JSON number, also written as 1.0, or the digits that a form sends."""
    value = given.get(name)
    if value is None:
        return None
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,4}(\.0{1,4})?", value):
        value = float(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise InvalidParameter(name, f"{name} must be a whole number from {low} to {high}.")
    return value


def read_flag(given: Mapping[str, Any], name: str) -> bool:
    """Read true or false, also as a form writes them. Raises InvalidParameter."""
    value = given.get(name, False)
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    if word not in {"true", "1", "false", "0"}:
        raise InvalidParameter(name, f"{name} must be true or false.")
    return word in {"true", "1"}
