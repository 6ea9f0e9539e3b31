"""Input images as callers send them: files, data URLs, bare base64 and https links; made ready for providers."""

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from typing import Any, TypeVar
from urllib.parse import urljoin

from app.gateway.adjustments import Adjustment
from app.gateway.errors import InvalidParameter
from app.gateway.images import INPUT, InputImage, InvalidImage, clean
from app.gateway.request import MAX_INPUTS, ImageRequest
from app.gateway.sizes import SQUARE, write_size
from app.gateway.transport import REDIRECTS, Client, HttpSession, TransportError

Mask = TypeVar("Mask")

LINK_SECONDS = 20
"""For all linked images of a request together."""
LINKED_BYTES = 3 * INPUT.max_bytes
LINK_NAMES = ("image_url", "url", "b64_json", "base64", "data")
"""Where clients put an image inside of an object: OpenAI's edits, chat messages, and answers sent back."""
SPACE = re.compile(r"\s+")


def open_image_session(client: Client) -> HttpSession:
    """Open the session in which linked images are fetched: public https addresses alone, `LINK_SECONDS` in all."""
    return client.open_session(seconds=LINK_SECONDS, max_bytes=LINKED_BYTES)


def read_linked(values: Mapping[str, Any], http: HttpSession) -> tuple[tuple[bytes, ...], bytes | None]:
    """
    Read the images and the mask of a JSON body, from `image`, `images` and `mask`, also written as `image[]`.

    Raises InvalidParameter, which names `image` or `mask`.
    """
    sources, mask = _list_sources(values, "image", "images"), choose_mask(_list_sources(values, "mask"))
    if len(sources) > MAX_INPUTS:
        raise InvalidParameter("image", f"At most {MAX_INPUTS} input images.")
    images = tuple(read_source(source, "image", http) for source in sources)
    return images, read_source(mask, "mask", http) if mask else None


def choose_mask(masks: Sequence[Mask]) -> Mask | None:
    """Return the only mask, None where there is none. Raises InvalidParameter for more."""
    if len(masks) > 1:
        raise InvalidParameter("mask", f"Send one mask, not {len(masks)}; it is that of the first image.")
    return masks[0] if masks else None


def _list_sources(values: Mapping[str, Any], *names: str) -> list[Any]:
    """List what stands under these names, one or a list each, in the order of the body."""
    given = [value for name, value in values.items() if name.partition("[")[0] in names]
    return [source for one in given for source in (one if isinstance(one, list) else [one]) if source]


def read_source(source: Any, param: str, http: HttpSession) -> bytes:
    """Read one image: text that is a link, a data URL or base64, or an object with such text in it."""
    while isinstance(source, dict):
        source = next((source[name] for name in LINK_NAMES if source.get(name)), None)
    if not isinstance(source, str):
        raise InvalidParameter(param, "Send an image as a file, an https link, a data URL or base64.")
    text = source.strip()
    if text.lower().startswith(("https://", "http://")):
        return _fetch(text, param, http)
    return _decode(text.partition(",")[2] if text[:5].lower() == "data:" else text, param)


def clean_inputs(request: ImageRequest) -> tuple[ImageRequest, Fraction, tuple[Adjustment, ...]]:
    """
    Take the metadata from the input files and scale what is too large; also return the first one's shape.

    Raises InvalidParameter for a file that is no image, or, with `strict`, for one that has to be scaled.
    """
    # Outside a mask a result is to equal its input, which a second JPEG encoding would already change.
    is_exact = request.mask is not None
    cleaned = [_clean_image(data, "image", lossless=is_exact and not at) for at, data in enumerate(request.images)]
    mask = _clean_image(request.mask, "mask") if request.mask is not None else None
    scaled = [("image", one) for one in cleaned] + ([("mask", mask)] if mask else [])
    changed = tuple(_scaling(name, one) for name, one in scaled if one.size != one.original_size)
    if request.strict and changed:
        first = changed[0]
        message = f"With strict, an input must be used as it came; this one has {first.requested} pixels."
        raise InvalidParameter(first.parameter, message)
    natural = Fraction(*cleaned[0].size) if cleaned else SQUARE
    images = tuple(one.data for one in cleaned)
    return replace(request, images=images, mask=mask.data if mask else None), natural, changed


def _clean_image(data: bytes, param: str, *, lossless: bool = False) -> InputImage:
    try:
        return clean(data, lossless=lossless)
    except InvalidImage as error:
        raise InvalidParameter(param, str(error)) from error


def _scaling(param: str, image: InputImage) -> Adjustment:
    before, after = write_size(image.original_size), write_size(image.size)
    return Adjustment(param, before, after, "Scaled down: inputs are sent with at most 4096 x 4096 pixels.")


def _fetch(url: str, param: str, http: HttpSession) -> bytes:
    """Follow a link, and a few redirects; every step is held to the same rules."""
    for _ in range(1 + REDIRECTS):
        try:
            answer = http.fetch(url)
        except TransportError as failure:
            message = (
                f"The image could not be fetched: {failure}. Only https links to public addresses are followed."
            )
            raise InvalidParameter(param, message) from failure
        if answer.status == 200:
            return answer.content
        if answer.status not in {301, 302, 303, 307, 308}:
            raise InvalidParameter(param, f"The image could not be fetched: its server answered {answer.status}.")
        with suppress(ValueError):
            url = urljoin(url, answer.headers.get("location", ""))
    raise InvalidParameter(param, "The image could not be fetched: too many redirects.")


def _decode(text: str, param: str) -> bytes:
    if len(text) > INPUT.max_bytes * 3 // 2:
        raise InvalidParameter(param, f"An image may have at most {INPUT.max_bytes:,} bytes.")
    plain = SPACE.sub("", text).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidParameter(param, "This is neither base64, nor a data URL, nor an https link.") from error
