"""
Makes pictures nameless: one frame, two sizes, one encoder, one length per size, no metadata.

A voter gets a small or a large rendition of both pictures of a pair. All renditions of a competition and size have
the same pixels and, padded, the same bytes, so that a file tells nothing of who made it.
"""

import hashlib
import math
import os
import random
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image

from app.arena import errors
from app.arena.entries import picture_flaws, traits
from app.arena.entries.framing import cut_size, fit, shape_alike
from app.arena.entries.likeness import Reference, likeness, luma, reference
from app.gateway import images
from app.gateway.storage import Storage

STEP_BYTES = 8 * 1024
"""Budgets are whole steps: the length of a competition's files says little about any one of them."""
CHUNK_HEADER = 8
NOISE_BYTES = 2**21
HASH_SIDE = 8
HASH_SOURCE_SIDE = 32
NEAR_BITS = 8
"""Bits of 64 that differ at most between the hashes of what a person would call the same picture."""
LIKENESS = 0.955
"""Structural similarity to the lossless picture that every rendition reaches, where the largest budget allows."""
QUALITIES = (1, 8, 20, 35, 50, 60, 70, 78, 84, 89, 93, 96, 98)
"""WebP qualities that are tried; the search begins at START, where most pictures end."""
START = 6
METHOD = 2
"""Effort of libwebp: a pass costs 40 % of the default's, for 5 % more bytes."""
LOSS_PER_STEP = 0.16
GAIN_PER_STEP = 0.3
"""How the logarithm of what is lost of the likeness changes with a step in QUALITIES: down, and up at the top."""

Hashes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Size:
    """
    A size of rendition: its long side in pixels at most, and the most bytes it may take.

    A file of `few_bytes` is not made smaller: the longest of its competition is hardly ever shorter.
    """

    side: int
    most_bytes: int
    few_bytes: int = 0


SMALL = Size(640, 96 * 1024, few_bytes=3 * STEP_BYTES)
LARGE = Size(1024, 224 * 1024, few_bytes=6 * STEP_BYTES)
LARGEST_BUDGETS = (LARGE.most_bytes, SMALL.most_bytes)
"""Bytes of the large and the small files of a competition that hold whatever picture comes."""
THUMBNAIL = Size(320, 15 * 1024)
TINY = Size(160, 4 * 1024)


@dataclass(frozen=True)
class Rendition:
    """An encoded picture, and how like its lossless self it is, from 0 to 1."""

    data: bytes
    likeness: float
    place: int
    """Index of its quality in QUALITIES."""


@dataclass(frozen=True)
class RenditionAttempt(Rendition):
    """Hold a rendition with the RGB pixels that it shows, which cost a pass of decoding."""

    shown: Image.Image

    def rendition(self) -> Rendition:
        """Return the rendition without its pixels, which many pictures at a time would fill memory with."""
        return Rendition(self.data, self.likeness, self.place)


@dataclass(frozen=True)
class Renditions:
    """
    Hold the files of one picture that voters and lists see; `side` is the long side of the large one in pixels.

    `traits` are what the small one shows of how the picture was made.
    """

    large: Rendition
    small: Rendition
    thumbnail: bytes
    tiny: bytes
    side: int
    traits: tuple[float, ...]


@dataclass(frozen=True)
class Picture:
    """A decoded original and its renditions."""

    original: bytes
    renditions: Renditions
    width: int
    height: int
    sha256: str
    perceptual_hash: int


def picture(
    original: bytes,
    frame: tuple[int, int],
    no_visible_mark: str | None = None,
    *,
    side: int = 0,
    is_edit: bool = False,
) -> Picture:
    """
    Decode an original, fit it into the frame (pixels) and encode its renditions.

    `no_visible_mark` is somebody's reason to enter what looks blank or marked; `side` is the long side that the
    competition's large renditions have already. An edit is shown whole, as its input is.
    Raises images.InvalidImage, EntryRefused.
    """
    decoded = images.decode(original)
    if no_visible_mark is None:
        _refuse_flawed(decoded)
    side = max(side, side_for(decoded.size, frame, is_edit=is_edit))
    return Picture(
        original=original,
        renditions=render(decoded, frame, side, is_edit=is_edit),
        width=decoded.width,
        height=decoded.height,
        sha256=hashlib.sha256(original).hexdigest(),
        perceptual_hash=perceptual_hash(decoded),
    )


def render_input(original: bytes, frame: tuple[int, int]) -> Renditions:
    """Render an input image, which both sides share: nothing is looked for on it. Raises images.InvalidImage."""
    decoded = images.decode(original)
    return render(decoded, frame, side_for(decoded.size, frame, is_edit=True), is_edit=True)


def render(decoded: Image.Image, frame: tuple[int, int], side: int, *, is_edit: bool = False) -> Renditions:
    """Render a decoded picture in a frame, the large rendition `side` pixels long at most."""
    shown = decoded if is_edit else shape_alike(decoded, frame)
    large = fit(shown, scale(frame, min(side, LARGE.side)))
    small = fit(shown, scale(frame, min(side, SMALL.side)))
    first = encode(small, SMALL)
    best = first if small.size == large.size else encode(large, LARGE, first.place)
    listed = shrink(shown, THUMBNAIL)
    thumbnail = encode_thumbnail(listed, THUMBNAIL)
    is_tiny = max(listed.size) <= TINY.side and len(thumbnail) <= TINY.most_bytes
    return Renditions(
        large=best.rendition(),
        small=first.rendition(),
        thumbnail=thumbnail,
        tiny=thumbnail if is_tiny else encode_thumbnail(listed, TINY),
        side=max(large.size),
        traits=traits.measure(first.shown),
    )


def side_for(size: tuple[int, int], frame: tuple[int, int], *, is_edit: bool = False) -> int:
    """Return the long side of the large rendition that shows a picture of this size without enlarging it."""
    width, height = size if is_edit else cut_size(size, frame)
    filled = max(width / frame[0], height / frame[1])
    return max(1, min(LARGE.side, max(frame), round(max(frame) * filled)))


def scale(frame: tuple[int, int], side: int) -> tuple[int, int]:
    """Return the frame with `side` pixels on its long side."""
    factor = side / max(frame)
    return max(1, round(frame[0] * factor)), max(1, round(frame[1] * factor))


def encode(image: Image.Image, size: Size, start: int = START) -> RenditionAttempt:
    """
    Encode with the lowest quality that looks like the picture itself, whatever the picture.

    Where the size's largest budget does not suffice for that, the best that fits is returned, and where a higher
    quality takes few bytes as well, that one. `start` is the place in QUALITIES to begin at. The search takes one
    pass for most pictures.
    """
    exact = reference(image)
    best = _encode(image, exact, start)
    if best.likeness >= LIKENESS:
        best = _lower(image, exact, best, size.few_bytes)
    return _higher(image, exact, best, most_content(size.most_bytes))


def _lower(image: Image.Image, exact: Reference, best: RenditionAttempt, few: int) -> RenditionAttempt:
    """Lower the quality as far as the likeness has room, until the file fits into a budget of `few` bytes."""
    while best.place > 0 and file_bytes(len(best.data)) > few:
        steps = int(math.log((1 - LIKENESS) / max(1 - best.likeness, 1e-6)) / LOSS_PER_STEP)
        if steps < 1:
            break
        tried = _encode(image, exact, max(0, best.place - steps))
        if tried.likeness < LIKENESS:
            return tried
        best = tried
    return best


def _higher(image: Image.Image, exact: Reference, best: RenditionAttempt, most: int) -> RenditionAttempt:
    """Raise the quality until the picture looks the same; step back to what fits into `most` bytes."""
    while best.likeness < LIKENESS and len(best.data) <= most and best.place < len(QUALITIES) - 1:
        steps = math.ceil(math.log((1 - best.likeness) / (1 - LIKENESS)) / GAIN_PER_STEP)
        best = _encode(image, exact, min(len(QUALITIES) - 1, best.place + steps))
        if steps > 1 and best.likeness >= LIKENESS:  # a jump may have gone too far
            lower = _encode(image, exact, best.place - 1)
            best = lower if lower.likeness >= LIKENESS else best
            break
    while len(best.data) > most and best.place > 0:
        best = _encode(image, exact, best.place - 1)
    return best


def _encode(image: Image.Image, exact: Reference, place: int) -> RenditionAttempt:
    data = images.encode_webp(image, quality=QUALITIES[place], method=METHOD)
    with Image.open(BytesIO(data)) as decoded:
        shown = decoded.convert("RGB")
    return RenditionAttempt(data, likeness(exact, luma(shown)), place, shown)


def encode_thumbnail(image: Image.Image, size: Size) -> bytes:
    """Encode a picture for lists: of this size at most, never enlarged."""
    small = shrink(image, size)
    for quality in (75, 55, 35, 15, 1):
        data = images.encode_webp(small, quality=quality, method=METHOD)
        if len(data) <= size.most_bytes:
            break
    return data


def shrink(image: Image.Image, size: Size) -> Image.Image:
    """Return a picture of this size at most, never enlarged."""
    small = image.copy()
    small.thumbnail((size.side, size.side), Image.Resampling.LANCZOS)
    return small


def small_key(key: str) -> str:
    """Return the storage key of the small rendition beside a large one."""
    return key.replace(".webp", "-small.webp")


def thumbnail_key(key: str) -> str:
    """Return the storage key of the thumbnail beside a large rendition."""
    return key.replace(".webp", "-thumb.webp")


def tiny_key(key: str) -> str:
    """Return the storage key of the thumbnail of 160 pixels; pictures of older versions have none."""
    return key.replace(".webp", "-tiny.webp")


def list_keys(key: str) -> tuple[str, ...]:
    """List the storage keys of all renditions of a picture, the large one's first."""
    return key, small_key(key), thumbnail_key(key), tiny_key(key)


def store(storage: Storage, key: str, made: Renditions) -> None:
    """Store all renditions of a picture, the large one under `key`."""
    contents = (made.large.data, made.small.data, made.thumbnail, made.tiny)
    for name, data in zip(list_keys(key), contents, strict=True):
        storage.put(name, data)


def delete(storage: Storage, key: str) -> None:
    """Delete all renditions of a picture."""
    for name in list_keys(key):
        storage.delete(name)


def _refuse_flawed(decoded: Image.Image) -> None:
    flaw = picture_flaws.flaw(decoded)
    if flaw is not None:
        raise errors.EntryRefused(
            f"the picture {flaw.found}: take another copy, or, where that is the picture itself, enter it with "
            'the reason as --no-visible-mark, in a manifest "no_visible_mark"'
        )


def file_bytes(rendition_bytes: int) -> int:
    """Return the budget of a competition whose largest rendition has this length: whole steps of 8 KiB."""
    return -(-(rendition_bytes + CHUNK_HEADER) // STEP_BYTES) * STEP_BYTES


def most_content(budget: int) -> int:
    """Return the longest rendition that fits into a budget."""
    return budget - CHUNK_HEADER


def padded(rendition: bytes, length: int) -> bytes:
    """
    Return the same WebP with exactly `length` bytes, filled up by a chunk that decoders skip.

    The filling is random: the same picture never has the same bytes twice.
    """
    filling = length - len(rendition) - CHUNK_HEADER
    # A RIFF chunk of odd length would need one more byte that its length does not count.
    if filling < 0 or filling % 2:
        raise ValueError(f"{len(rendition)} bytes cannot be padded to {length}")
    chunk = b"PADD" + filling.to_bytes(4, "little")
    # RIFF's length leaves out its own header of eight bytes.
    whole = (length - CHUNK_HEADER).to_bytes(4, "little")
    # Joined from views: every picture comes this way, and each copy would be a large block of memory.
    return b"".join((rendition[:4], whole, memoryview(rendition)[CHUNK_HEADER:], chunk, *_fill(filling)))


def _fill(length: int) -> tuple[bytes, bytes | memoryview]:
    """Return parts of so many bytes that no other picture was filled up with, and that nothing compresses."""
    # The system makes them a hundred times more slowly than memory is copied; a stretch from anywhere in enough of
    # them, behind a few of its own, is as unlike any other.
    first = random.randbytes(min(length, 16))  # noqa: S311 (no secret)
    if length > len(_noise()) // 2:
        return first, os.urandom(length - len(first))
    start = int.from_bytes(first, "little") % (len(_noise()) // 2)
    return first, memoryview(_noise())[start : start + length - len(first)]


@cache
def _noise() -> bytes:
    return os.urandom(NOISE_BYTES)


def perceptual_hash(image: Image.Image) -> int:
    """Return 64 bits, signed, near under re-encoding and scaling: which low DCT terms exceed their median."""
    grey = image.convert("L").resize((HASH_SOURCE_SIDE, HASH_SOURCE_SIDE), Image.Resampling.BOX)
    basis = _cosines()
    terms = (basis @ np.asarray(grey, dtype=np.float64) @ basis.T).ravel()
    # The first term is the mean brightness, which says nothing of shapes.
    bits = terms > np.median(terms[1:])
    return int(np.packbits(bits).view(">i8")[0])


def _cosines() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return the first rows of the DCT-II matrix."""
    frequencies = np.arange(HASH_SIDE)[:, None]
    positions = np.arange(HASH_SOURCE_SIDE)[None, :]
    return np.cos(np.pi * frequencies * (2 * positions + 1) / (2 * HASH_SOURCE_SIDE))


def hashes(of: Iterable[int]) -> Hashes:
    """Gather perceptual hashes to be compared with many at once."""
    return np.fromiter(of, dtype=np.int64)


def alike(one: int, others: Hashes) -> npt.NDArray[np.intp]:
    """Return the places of those among the others that are of the same picture as this one."""
    # As unsigned: of a negative number bitwise_count counts the bits of its absolute value.
    differing = np.bitwise_count((others ^ np.int64(one)).view(np.uint64))
    return np.flatnonzero(differing <= NEAR_BITS)
