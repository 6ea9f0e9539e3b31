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
MOST_FRAMES = 2**31
PICTURE = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND", b"eXIf", b"fdAT", *FRAMES})
"""Chunks that say which pixels there are and which way is up."""
HEAD = 33
"""Bytes of the signature and the first chunk, which has depth and type of colours."""
PALETTE_TYPE = 3
ONCE = frozenset({b"tRNS", b"eXIf"})
"""Browsers take the first of these that is whole, and pass the others over."""
MOST_CHUNKS = 100_000
"""What follows so many is left to the decoder: no encoder writes a tenth of it."""
LARGEST_TEXT = 2**24
"""Bytes of an unpacked text; a large workflow of ComfyUI has one or two million."""
LARGEST_PROFILE = 2**22
"""Bytes of an unpacked profile; those of printing presses have two million at most."""
PROFILE_HEADER = 128


def is_png(data: bytes) -> bool:
    """Tell whether these bytes begin as a PNG does."""
    return data.startswith(SIGNATURE)


def keep_picture(png: bytes) -> bytes:
    """Return a PNG with the chunks alone that make its picture; what follows the last whole one stays."""
    if png[12:16] != b"IHDR" or len(png) < HEAD:
        return png
    parts, rest, is_animation = [SIGNATURE], len(SIGNATURE), _is_animation(png)
    seen: set[bytes] = set()
    for kind, start, end in _list_chunks(png):
        is_needed = kind in PICTURE or not kind[0] & 0x20
        is_frame = kind == b"fdAT" or kind in FRAMES
        is_whole = FRAMES.get(kind, end - start) == end - start
        if kind in ONCE:
            is_needed = kind not in seen and _has_its_place(png, kind, seen) and _is_intact(png, start, end)
        if is_needed and is_whole and (is_animation or not is_frame):
            seen.add(kind)
            parts.append(_fill_palette(png, start, end) if kind == b"PLTE" else png[start - 8 : end + 4])
        rest = end + 4
    return b"".join([*parts, png[rest:]])


def _has_its_place(png: bytes, kind: bytes, seen: set[bytes]) -> bool:
    """Tell whether transparency or EXIF stands where browsers look: before the pixels, behind any palette."""
    has_palette = png[25:26] != bytes([PALETTE_TYPE]) or b"PLTE" in seen
    return b"IDAT" not in seen and (kind != b"tRNS" or has_palette)


def _is_intact(png: bytes, start: int, end: int) -> bool:
    return zlib.crc32(png[start - 4 : end]) == int.from_bytes(png[end : end + 4])


def _fill_palette(png: bytes, start: int, end: int) -> bytes:
    """Return a palette with a colour for every index: browsers take its last for those that it lacks."""
    body = png[start:end]
    lacking, rest = divmod(3 * (1 << min(png[24], 8)) - len(body), 3)
    if png[25] != PALETTE_TYPE or lacking <= 0 or rest or not body or not _is_intact(png, start, end):
        return png[start - 8 : end + 4]
    return _write_chunk(b"PLTE", body + body[-3:] * lacking)


def _is_animation(png: bytes) -> bool:
    """Tell whether there are frames beside the picture, and a number of them that browsers play."""
    whole = [(kind, start) for kind, start, end in _list_chunks(png) if FRAMES.get(kind) == end - start]
    numbers = [int.from_bytes(png[start : start + 4]) for kind, start in whole if kind == b"acTL"]
    return any(kind == b"fcTL" for kind, _ in whole) and any(0 < number <= MOST_FRAMES for number in numbers[:1])


def read_colour_chunks(png: bytes) -> dict[bytes, bytes]:
    """
    Read the whole chunks before the pixels, by kind; of several of a kind the first counts.

    cICP counts before a palette only, as browsers have it.
    """
    found: dict[bytes, bytes] = {}
    for kind, start, end in _list_chunks(png):
        if kind == b"IDAT":
            break
        is_late = kind == b"cICP" and b"PLTE" in found
        if not is_late and _is_intact(png, start, end):
            found.setdefault(kind, png[start:end])
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


def read_texts(png: bytes) -> dict[str, str]:
    """Read the texts of a PNG by keyword, before and behind the pixels; a damaged or huge one is passed over."""
    texts: dict[str, str] = {}
    for kind, start, end in _list_chunks(png):
        if kind in {b"tEXt", b"zTXt", b"iTXt"}:
            keyword, _, rest = png[start:end].partition(b"\0")
            try:
                texts[keyword.decode("latin-1")] = _read_text(kind, rest)
            except (ValueError, zlib.error):
                continue
    return texts


def _read_text(kind: bytes, body: bytes) -> str:
    """Read what follows a text's keyword. Raises ValueError, zlib.error."""
    if kind == b"tEXt":
        return _decode_text(body)
    if kind == b"zTXt":
        return _decode_text(_unpack(body[1:]))
    is_packed = body[:1] == b"\1"
    _language, _keyword, text = body[2:].split(b"\0", 2)
    return (_unpack(text) if is_packed else text).decode()


def _decode_text(body: bytes) -> str:
    """Decode a text whose chunk knows Latin-1 only: several programs write UTF-8 into it all the same."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.decode("latin-1")


def _unpack(packed: bytes) -> bytes:
    """Unpack a text of at most LARGEST_TEXT bytes. Raises ValueError, zlib.error."""
    unpacking = zlib.decompressobj()
    text = unpacking.decompress(packed, LARGEST_TEXT)
    if unpacking.unconsumed_tail or not unpacking.eof:
        raise ValueError("a text is too long, or cut off")
    return text


def shows_first_frame(png: bytes) -> bool:
    """Tell whether the picture beside an animation is its first frame, or stands in for browsers without any."""
    is_animated = False
    for kind, start, end in _list_chunks(png):
        if kind == b"IDAT":
            return not is_animated
        if FRAMES.get(kind) == end - start:
            if kind == b"fcTL":
                return True
            is_animated = True
    return True


def cut_first_frame(png: bytes) -> tuple[bytes, tuple[int, int]]:
    """
    Make a PNG of the first frame of an animation that does not show its picture; return its place, left and top.

    `png` is as `keep_picture` leaves it. Raises ValueError where the frame does not lie within the picture, of
    which browsers show nothing.
    """
    parts, place, head = [], (0, 0), png[len(SIGNATURE) + 8 : HEAD - 4]
    controls = 0
    for kind, start, end in _list_chunks(png):
        if kind == b"fcTL":
            controls += 1
            if controls == 1:
                place = _read_place(png[start:end], head)
                head = png[start + 4 : start + 12] + head[8:]
        elif kind == b"fdAT" and controls == 1:
            parts.append(_write_chunk(b"IDAT", png[start + 4 : end]))
        elif kind not in {b"IHDR", b"IDAT", b"fdAT", *FRAMES}:
            parts.append(png[start - 8 : end + 4])
    return b"".join([SIGNATURE, _write_chunk(b"IHDR", head), *parts]), place


def _read_place(control: bytes, head: bytes) -> tuple[int, int]:
    """Read where a frame lies, left and top, from its fcTL chunk. Raises ValueError for one beyond the picture."""
    width, height, left, top = struct.unpack_from(">IIII", control, 4)
    most_width, most_height = struct.unpack_from(">II", head)
    if not (0 < width <= most_width - left and 0 < height <= most_height - top):
        raise ValueError("the first frame does not lie within the picture")
    return left, top


def _write_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _list_chunks(png: bytes) -> Iterator[tuple[bytes, int, int]]:
    """List the whole chunks: each one's kind, and where its body starts and ends."""
    place = len(SIGNATURE)
    for _ in range(MOST_CHUNKS):
        head = png[place : place + 8]
        end = place + 8 + int.from_bytes(head[:4])
        if len(head) < 8 or end + 4 > len(png):
            return
        yield head[4:], place + 8, end
        place = end + 4
