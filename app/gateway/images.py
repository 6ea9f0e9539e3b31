"""Decode, scale and encode images under limits. Nothing else in the product decodes an image."""

import threading
import warnings
from dataclasses import dataclass
from io import BytesIO
from math import sqrt

import numpy as np
from PIL import Image, ImageOps

from app.gateway.colours import describe_colours, to_8_bit, to_srgb
from app.gateway.first_frames import surround, without_surround
from app.gateway.foreign_formats import describe_format, name_format, register_heic, takes_heic
from app.gateway.formats import sniff
from app.gateway.orientation import turn_upright
from app.gateway.png_chunks import cut_first_frame, is_png, keep_picture, shows_first_frame

Size = tuple[int, int]

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF")
HEIC = ("HEIF",)
"""What Pillow calls the format that telephones write; taken where the extra `heic` is installed."""


@dataclass(frozen=True)
class ImageLimits:
    """The largest file that is decoded, in bytes, pixels a side and pixels in all."""

    max_bytes: int
    max_side: int
    max_pixels: int


IMPORTED = ImageLimits(20 * 2**20, 8192, 20_000_000)
"""For files that an admin imports."""
INPUT = ImageLimits(50 * 2**20, 16_384, 64_000_000)
"""For a caller's photographs: 50 MB is what OpenAI takes, and telephones make 50 megapixels."""
RESULT = ImageLimits(64 * 2**20, 16_384, 64_000_000)
"""For what a provider made and was paid for."""
MOST_INPUT_PIXELS = 16_777_216
"""A larger input is scaled to this, 4096 x 4096: no model looks at more, and some providers refuse more."""
LOSSLESS_PIXELS = 2048 * 2048
"""A PNG of more takes longer to send than an edit is worth, and providers refuse it."""
# Chosen on two cores at 1024 x 1024: the slowest settings of PNG and AVIF take seconds and save little.
ENCODING: dict[str, dict[str, int]] = {
    "png": {"compress_level": 2},
    "jpeg": {"quality": 92},
    "gif": {},
    "webp": {"quality": 90, "method": 4},
    "avif": {"quality": 80, "speed": 8},
}
DEEP = b"\x10"
"""Depth of a PNG with 16 bits a channel."""
GREY_WITH_ALPHA = b"\4"
"""Colour type of a PNG."""

# An image of 20 megapixels costs about 160 MiB while it is decoded.
_few_at_a_time = threading.BoundedSemaphore(2)


class InvalidImage(Exception):
    """The bytes are no image that is taken here."""

    code = "invalid_image"


def decode(data: bytes, *, alpha: bool = False, limits: ImageLimits = IMPORTED) -> Image.Image:
    """
    Read the first frame as upright RGB in sRGB, transparency over white; with `alpha` RGBA where there is any.

    Takes PNG, JPEG, WebP, GIF, AVIF and with the extra `heic` HEIC, within the limits; 16 bits a channel become 8,
    palettes and CMYK RGB. The result shares no metadata with the file. Raises InvalidImage.
    """
    if len(data) > limits.max_bytes:
        raise InvalidImage(f"The image has {len(data):,} bytes; the limit is {limits.max_bytes:,}.")
    needed = _keep_needed(data)
    # Pillow warns from 89 megapixels on, and the limits are below that; it also warns of damaged notes.
    with _few_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(BytesIO(needed), formats=_formats_of(data)) as image:
                _check_size(image, limits)
                image.load()
                return _plain(image, data, alpha=alpha)
        except InvalidImage:
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            least, most = f"{Image.MAX_IMAGE_PIXELS:,}", _describe_largest(limits)
            raise InvalidImage(f"The image has more than {least} pixels; {most}.") from error
        # Pillow raises eight kinds of exception on damaged files, SyntaxError and struct.error among them.
        except Exception as error:
            told = f"The file is not a whole PNG, JPEG, WebP, GIF or AVIF image.{describe_format(data)}"
            raise InvalidImage(told) from error


def count_frames(data: bytes) -> int:
    """Count the frames of an image; browsers play an animation, and `decode` takes the first frame alone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(BytesIO(_keep_needed(data)), formats=_formats_of(data)) as image:
                return int(getattr(image, "n_frames", 1)) if image.format not in {"MPO", *HEIC} else 1
        except Exception:  # noqa: BLE001 (a damaged file has no frames; decoding it says what is wrong)
            return 0


def _keep_needed(data: bytes) -> bytes:
    """Return what decoders need of a file."""
    return keep_picture(data) if is_png(data) else data


def _formats_of(data: bytes) -> tuple[str, ...]:
    """List the formats in which a file is tried."""
    if name_format(data) != "HEIC" or not takes_heic():
        return FORMATS
    register_heic()
    return HEIC


@dataclass(frozen=True)
class InputImage:
    """A caller's image as it is sent to providers, its size, and the size it had before it was scaled down."""

    data: bytes
    size: Size
    original_size: Size


def clean(data: bytes, *, lossless: bool = False) -> InputImage:
    """
    Take an input's metadata away and scale it to `MOST_INPUT_PIXELS`: a photograph as JPEG, anything else as PNG.

    `lossless` makes PNG of photographs as well, up to 4 megapixels. Raises InvalidImage.
    """
    image = decode(data, alpha=True, limits=INPUT)
    original = image.size
    if original[0] * original[1] > MOST_INPUT_PIXELS:
        scale = sqrt(MOST_INPUT_PIXELS / (original[0] * original[1]))
        image = _resize(image, (max(1, int(original[0] * scale)), max(1, int(original[1] * scale))))
    is_small = image.width * image.height <= LOSSLESS_PIXELS
    is_photograph = sniff(data) == "jpeg" and image.mode == "RGB" and not (lossless and is_small)
    cleaned = encode(image, "jpeg", 95) if is_photograph else encode(image, "png")
    return InputImage(cleaned, image.size, original)


def render(
    data: bytes, format_: str, *, quality: int | None = None, size: Size | None = None
) -> tuple[bytes, Size]:
    """
    Convert a provider's image to a format, cropped and scaled to `size` where one is given; also return its size.

    A file that is that already comes back as it came, once it has proved to be whole. Raises InvalidImage.
    """
    image = decode(data, alpha=format_ != "jpeg", limits=RESULT)
    resized = size is not None and image.size != size
    if size is not None and resized:
        with _few_at_a_time:
            image = ImageOps.fit(image, size, Image.Resampling.LANCZOS)
    if sniff(data) == format_ and quality is None and not resized:
        return data, image.size
    return encode(image, format_, quality), image.size


def header_size(data: bytes) -> Size:
    """Read the size that a file states, without decoding its pixels. Raises InvalidImage."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(BytesIO(_keep_needed(data)), formats=_formats_of(data)) as image:
                return image.size
        except Exception as error:
            raise InvalidImage("The file is not a PNG, JPEG, WebP, GIF or AVIF image.") from error


def is_too_large(data: bytes) -> bool:
    """Tell whether these bytes are an image that is refused for its size alone."""
    try:
        width, height = header_size(data)
    except InvalidImage:
        return False
    is_large = max(width, height) > RESULT.max_side or width * height > RESULT.max_pixels
    return is_large or len(data) > RESULT.max_bytes


def is_transparent(data: bytes) -> bool:
    """Tell whether any pixel lets the background through; what can't be decoded counts as opaque."""
    try:
        image = decode(data, alpha=True, limits=RESULT)
    except InvalidImage:
        return False
    return image.mode == "RGBA" and any(image.getchannel("A").histogram()[:255])


def encode(image: Image.Image, format_: str, quality: int | None = None) -> bytes:
    """Write a `png`, `jpeg`, `gif`, `webp` or `avif`; `quality` 0 to 100 counts for JPEG, WebP and AVIF."""
    options = dict(ENCODING[format_])
    if quality is not None and "quality" in options:
        options["quality"] = max(1, quality)
    buffer = BytesIO()
    with _few_at_a_time:
        image.save(buffer, format_.upper(), **options)
    return buffer.getvalue()


def encode_webp(image: Image.Image, *, quality: int, method: int) -> bytes:
    """Write a WebP with fixed settings, so that the file tells of nothing but its pixels."""
    buffer = BytesIO()
    with _few_at_a_time:
        image.save(buffer, "WEBP", quality=quality, method=method)
    return buffer.getvalue()


def _check_size(image: Image.Image, limits: ImageLimits) -> None:
    width, height = image.size
    if max(width, height) > limits.max_side or width * height > limits.max_pixels:
        raise InvalidImage(f"The image is {width} x {height} pixels; {_describe_largest(limits)}.")


def _describe_largest(limits: ImageLimits) -> str:
    return f"at most {limits.max_side} a side and {limits.max_pixels:,} in all"


def _resize(image: Image.Image, size: Size) -> Image.Image:
    with _few_at_a_time:
        return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _plain(image: Image.Image, data: bytes, *, alpha: bool) -> Image.Image:
    """Copy the pixels alone into a new image: some formats save comments and profiles of what was opened."""
    described = describe_colours(data, image.format or "", image.info.get("icc_profile"))
    if described.hdr is not None:
        raise InvalidImage(
            f"The image is HDR ({described.hdr}), which no two screens show alike; save it as sRGB."
        )
    coloured = to_srgb(to_8_bit(turn_upright(_as_stored(image, data), data)), described)
    if alpha and coloured.mode == "RGBA":
        with_alpha = Image.new("RGBA", coloured.size)
        with_alpha.paste(coloured)
        return with_alpha
    plain = Image.new("RGB", coloured.size, "white")
    if coloured.mode == "RGBA":
        plain.paste(coloured.convert("RGB"), mask=coloured.getchannel("A"))
    else:
        plain.paste(coloured)
    return plain


def _as_stored(image: Image.Image, data: bytes) -> Image.Image:
    """Mend what Pillow reads otherwise than browsers: deep grey with alpha, a deep key, a first frame."""
    if not is_png(data):
        return without_surround(image, data)
    if not shows_first_frame(needed := keep_picture(data)):
        frame, place = cut_first_frame(needed)
        with Image.open(BytesIO(frame), formats=("PNG",)) as first:
            first.load()
            return surround(_as_stored(first, frame), image.size, place)
    if data[24:25] == DEEP and isinstance(image.info.get("transparency"), tuple):
        return _by_deep_key(image, data)
    if data[25:26] != GREY_WITH_ALPHA or image.mode != "RGBA":
        return image
    grey = image.convert("LA")
    grey.format = image.format
    return grey


def _by_deep_key(image: Image.Image, data: bytes) -> Image.Image:
    """Make one colour of 16 bits a channel transparent: of these Pillow keeps the upper eight alone."""
    key = np.array(image.info["transparency"])
    with Image.open(BytesIO(_keep_needed(data)), formats=("PNG",)) as lower:
        lower.tile = [tile._replace(args="RGB;16L") for tile in lower.tile]
        is_key = (np.asarray(image) == key >> 8) & (np.asarray(lower) == key & 255)
    keyed = image.convert("RGB")
    keyed.putalpha(Image.fromarray(np.where(is_key.all(axis=-1), 0, 255).astype(np.uint8)))
    keyed.format = image.format
    return keyed
