"""Bytes from outside to pixels, under limits, and back. Nothing else in the product decodes an image."""

import threading
import warnings
from io import BytesIO

from PIL import Image, ImageCms, ImageOps

from app.gateway.formats import sniff

Size = tuple[int, int]

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF")
MAX_BYTES = 20 * 2**20
MAX_SIDE = 8192
MAX_PIXELS = 20_000_000
LOSSLESS_PIXELS = 2048 * 2048
"""A PNG of more takes longer to send than an edit is worth, and providers refuse it."""
# Chosen on two cores at 1024 x 1024: the slowest settings of PNG and AVIF take seconds and save little.
ENCODING: dict[str, dict[str, int]] = {
    "png": {"compress_level": 4},
    "jpeg": {"quality": 92},
    "gif": {},
    "webp": {"quality": 90, "method": 4},
    "avif": {"quality": 80, "speed": 8},
}
SRGB = ImageCms.createProfile("sRGB")

# An image of 20 megapixels costs about 160 MiB while it is decoded.
_few_at_a_time = threading.BoundedSemaphore(2)


class InvalidImage(Exception):
    """The bytes are no image we take."""

    code = "invalid_image"


def decode(data: bytes, *, alpha: bool = False) -> Image.Image:
    """
    The first frame as upright RGB in sRGB, transparency over white; with `alpha` RGBA where there is transparency.

    Takes PNG, JPEG, WebP, GIF and AVIF of at most 20 MiB, 8192 pixels a side and 20 megapixels.
    The result shares no metadata with the file. Raises InvalidImage.
    """
    if len(data) > MAX_BYTES:
        raise InvalidImage(f"The image has {len(data):,} bytes; the limit is {MAX_BYTES:,}.")
    with _few_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(BytesIO(data), formats=FORMATS) as image:
                _check_size(image)
                image.load()
                return _plain(image, alpha=alpha)
        except InvalidImage:
            raise
        # Pillow raises eight kinds of exception on damaged files, SyntaxError and struct.error among them.
        except Exception as error:
            raise InvalidImage("The file is not a whole PNG, JPEG, WebP, GIF or AVIF image.") from error


def clean(data: bytes, *, lossless: bool = False) -> tuple[bytes, Size]:
    """
    An input image without its metadata, and its size: a photograph as JPEG, anything else as PNG.

    `lossless` makes PNG of photographs as well, up to 4 megapixels. Raises InvalidImage.
    """
    image = decode(data, alpha=True)
    is_small = image.width * image.height <= LOSSLESS_PIXELS
    is_photograph = sniff(data) == "jpeg" and image.mode == "RGB" and not (lossless and is_small)
    return encode(image, "jpeg", 95) if is_photograph else encode(image, "png"), image.size


def render(
    data: bytes, format_: str, *, quality: int | None = None, size: Size | None = None
) -> tuple[bytes, Size]:
    """
    The image in a format, cropped and scaled to `size` where one is given, and its size.

    A file that is that already comes back as it came, once it has proved to be whole. Raises InvalidImage.
    """
    image = decode(data, alpha=format_ != "jpeg")
    resized = size is not None and image.size != size
    if size is not None and resized:
        with _few_at_a_time:
            image = ImageOps.fit(image, size, Image.Resampling.LANCZOS)
    if sniff(data) == format_ and quality is None and not resized:
        return data, image.size
    return encode(image, format_, quality), image.size


def encode(image: Image.Image, format_: str, quality: int | None = None) -> bytes:
    """As `png`, `jpeg`, `gif`, `webp` or `avif`; `quality` 0 to 100 counts for JPEG, WebP and AVIF."""
    options = dict(ENCODING[format_])
    if quality is not None and "quality" in options:
        options["quality"] = max(1, quality)
    buffer = BytesIO()
    with _few_at_a_time:
        image.save(buffer, format_.upper(), **options)
    return buffer.getvalue()


def encode_webp(image: Image.Image, *, quality: int = 90, method: int = 4) -> bytes:
    """With fixed settings, so that the file tells of nothing but its pixels."""
    buffer = BytesIO()
    with _few_at_a_time:
        image.save(buffer, "WEBP", quality=quality, method=method)
    return buffer.getvalue()


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if width > MAX_SIDE or height > MAX_SIDE or width * height > MAX_PIXELS:
        raise InvalidImage(
            f"The image is {width} x {height} pixels; at most {MAX_SIDE} a side and {MAX_PIXELS:,} in all."
        )


def _plain(image: Image.Image, *, alpha: bool) -> Image.Image:
    """Pixels alone, in a new image: saving what was opened keeps comments and profiles in some formats."""
    upright = ImageOps.exif_transpose(image)
    coloured = _to_srgb(upright, upright.info.get("icc_profile") or image.info.get("icc_profile"))
    if alpha and coloured.has_transparency_data:
        with_alpha = Image.new("RGBA", coloured.size)
        with_alpha.paste(coloured.convert("RGBA"))
        return with_alpha
    plain = Image.new("RGB", coloured.size, "white")
    if coloured.has_transparency_data:
        with_alpha = coloured.convert("RGBA")
        plain.paste(with_alpha.convert("RGB"), mask=with_alpha.getchannel("A"))
    else:
        plain.paste(coloured.convert("RGB"))
    return plain


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Dropping a wide-gamut profile unconverted would change colours, an unfair vote."""
    if not profile or image.mode not in {"RGB", "RGBA", "L", "CMYK"}:
        return image
    mode = "RGBA" if image.mode == "RGBA" else "RGB"
    try:
        converted = ImageCms.profileToProfile(image, BytesIO(profile), SRGB, outputMode=mode)
    except ImageCms.PyCMSError:
        return image  # a damaged profile says nothing about the colours
    return converted or image
