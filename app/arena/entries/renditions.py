"""Makes pictures nameless: one frame, one encoding, one length, no metadata."""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from app.arena import errors
from app.arena.entries import picture_flaws
from app.gateway import images

FILE_STEP = 64 * 1024
CHUNK_HEADER = 8
SURROUND = (128, 127, 123)
HASH_SIDE = 8
HASH_SOURCE_SIDE = 32
NEAR_BITS = 8
"""Of 64 that differ at most between the hashes of what a person would call the same picture."""

Hashes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Picture:
    """A decoded original and what voters get to see of it."""

    original: bytes
    rendition: bytes
    width: int
    height: int
    sha256: str
    perceptual_hash: int


def picture(original: bytes, frame: tuple[int, int], no_visible_mark: str | None = None) -> Picture:
    """
    Decode, fit into the frame (pixels) and encode.

    `no_visible_mark` is somebody's reason to enter what looks blank or marked.
    Raises images.InvalidImage, EntryRefused.
    """
    decoded = images.decode(original)
    if no_visible_mark is None:
        _refuse_flawed(decoded)
    framed = fit(decoded, frame)
    return Picture(
        original=original,
        rendition=images.encode_webp(framed),
        width=decoded.width,
        height=decoded.height,
        sha256=hashlib.sha256(original).hexdigest(),
        perceptual_hash=perceptual_hash(decoded),
    )


def rendition(original: bytes, frame: tuple[int, int]) -> bytes:
    """Of an input image, which both sides share: nothing is looked for on it. Raises images.InvalidImage."""
    return images.encode_webp(fit(images.decode(original), frame))


def _refuse_flawed(decoded: Image.Image) -> None:
    flaw = picture_flaws.flaw(decoded)
    if flaw is not None:
        raise errors.EntryRefused(
            f"the picture {flaw.found}: take another copy, or, where that is the picture itself, enter it with "
            'the reason as --no-visible-mark, in a manifest "no_visible_mark"'
        )


def fit(image: Image.Image, frame: tuple[int, int]) -> Image.Image:
    """Scaled up or down to touch the frame, letterboxed, never cropped: a pair has one size."""
    scale = min(frame[0] / image.width, frame[1] / image.height)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    scaled = image if size == image.size else image.resize(size, Image.Resampling.LANCZOS)
    framed = Image.new("RGB", frame, SURROUND)
    framed.paste(scaled, ((frame[0] - size[0]) // 2, (frame[1] - size[1]) // 2))
    return framed


def file_bytes(rendition_bytes: int) -> int:
    """The length a rendition is served with if it is its competition's largest."""
    return -(-(rendition_bytes + CHUNK_HEADER) // FILE_STEP) * FILE_STEP


def padded(rendition: bytes, length: int) -> bytes:
    """
    The same WebP of exactly `length` bytes, filled up by a chunk that decoders skip.

    The filling is random: the same picture never has the same bytes twice.
    """
    filling = length - len(rendition) - CHUNK_HEADER
    if filling < 0 or filling % 2:
        raise ValueError(f"{len(rendition)} bytes cannot be padded to {length}")
    chunk = b"PADD" + filling.to_bytes(4, "little") + os.urandom(filling)
    return rendition[:4] + (length - CHUNK_HEADER).to_bytes(4, "little") + rendition[CHUNK_HEADER:] + chunk


def perceptual_hash(image: Image.Image) -> int:
    """64 bits, signed, near under re-encoding and scaling: which low DCT terms exceed their median."""
    grey = image.convert("L").resize((HASH_SOURCE_SIDE, HASH_SOURCE_SIDE), Image.Resampling.BOX)
    basis = _cosines()
    terms = (basis @ np.asarray(grey, dtype=np.float64) @ basis.T).ravel()
    bits = terms > np.median(terms[1:])
    return int(np.packbits(bits).view(">i8")[0])


def _cosines() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """The first rows of the DCT-II matrix."""
    frequencies = np.arange(HASH_SIDE)[:, None]
    positions = np.arange(HASH_SOURCE_SIDE)[None, :]
    return np.cos(np.pi * frequencies * (2 * positions + 1) / (2 * HASH_SOURCE_SIDE))


def hashes(of: Iterable[int]) -> Hashes:
    """Perceptual hashes to be compared with many at once."""
    return np.fromiter(of, dtype=np.int64)


def alike(one: int, others: Hashes) -> npt.NDArray[np.intp]:
    """Places of those among the others that are of the same picture as this one."""
    differing = np.bitwise_count((others ^ np.int64(one)).view(np.uint64))
    return np.flatnonzero(differing <= NEAR_BITS)
