"""
The chunks of a PNG that make its picture; the others never reach a decoder.

Browsers skip a damaged note, a profile too large or a workflow of megabytes, and show the picture; Pillow refuses
the whole file for each of them.
"""

import struct
import zlib
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"
FRAMES = {b"acTL": 8, b"fcTL": 26}
"""Chunks of an animation and their lengths."""
PICTURE = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"eXIf", b"fdAT", *FRAMES})
"""Chunks that say which pixels there are and which way is up."""
LARGEST_PROFILE = 2**22
"""Bytes of an unpacked profile; those of printing presses have two million at most."""
PROFILE_HEADER = 128


def is_png(data: bytes) -> bool:
    """Tell whether these bytes begin as a PNG does."""
    return data.startswith(SIGNATURE)


def keep_picture(png: bytes) -> bytes:
    """Return a PNG with the chunks alone that make its picture; what follows the last whole one stays."""
    parts, end = [SIGNATURE], len(SIGNATURE)
    for kind, body, end in _list_chunks(png):
        is_needed = kind in PICTURE or not kind[0] & 0x20
        if is_needed and FRAMES.get(kind, len(body)) == len(body):
            parts.append(png[end - len(body) - 12 : end])
    return b"".join(parts) + png[end:]


def read_colour_chunks(png: bytes) -> dict[bytes, bytes]:
    """Read the whole chunks before the pixels, by kind; of several of a kind the first counts."""
    found: dict[bytes, bytes] = {}
    for kind, body, end in _list_chunks(png):
        if kind == b"IDAT":
            break
        if zlib.crc32(kind + body) == int.from_bytes(png[end - 4 : end]):
            found.setdefault(kind, body)
    return found


def unpack_profile(chunk: bytes) -> bytes | None:
    """Return the profile in an iCCP chunk; None where it is none, or damaged: then other chunks count."""
    packed = chunk.partition(b"\0")[2][1:]
    try:
        profile = zlib.decompressobj().decompress(packed, LARGEST_PROFILE)
    except zlib.error:
        return None
    is_whole = PROFILE_HEADER < int.from_bytes(profile[:4]) <= len(profile) and profile[36:40] == b"acsp"
    return profile if is_whole else None


def shows_first_frame(png: bytes) -> bool:
    """Tell whether the picture beside an animation is its first frame, or stands in for browsers without any."""
    kinds = [kind for kind, body, _ in _list_chunks(png) if FRAMES.get(kind) == len(body) or kind == b"IDAT"]
    return b"acTL" not in kinds or kinds.index(b"IDAT") > (kinds.index(b"fcTL") if b"fcTL" in kinds else -1)


def _list_chunks(png: bytes) -> Iterator[tuple[bytes, bytes, int]]:
    """List every whole chunk's kind and body, and where the next one begins."""
    place = len(SIGNATURE)
    while place + 12 <= len(png):
        length, kind = struct.unpack(">I4s", png[place : place + 8])
        end = place + 12 + length
        if end > len(png):
            return
        yield kind, png[place + 8 : end - 4], end
        place = end
