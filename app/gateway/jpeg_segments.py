"""Finds the colour profile and the EXIF among the segments of a JPEG, as browsers do."""

from collections.abc import Iterator

FILL = 0xFF
PIXELS = 0xDA
APP1, APP2 = 0xE1, 0xE2
EXIF = b"Exif\0"
"""What EXIF begins with; a sixth byte of any value follows."""
PROFILE = b"ICC_PROFILE\0"


def read_exif(jpeg: bytes) -> bytes:
    """Return the first EXIF of a JPEG; nothing where it has none."""
    found = (
        body[len(EXIF) + 1 :] for kind, body in _list_segments(jpeg) if kind == APP1 and body.startswith(EXIF)
    )
    return next(found, b"")


def join_profile(jpeg: bytes) -> bytes | None:
    """Join the parts of a profile; None where one is missing, stands twice or disagrees on how many there are."""
    parts: dict[int, bytes] = {}
    count = 0
    for kind, body in _list_segments(jpeg):
        if kind != APP2 or not body.startswith(PROFILE) or len(body) < len(PROFILE) + 2:
            continue
        number, told = body[len(PROFILE) : len(PROFILE) + 2]
        count = count or told
        if told != count or number in parts or not 1 <= number <= count:
            return None
        parts[number] = body[len(PROFILE) + 2 :]
        if len(parts) == count:
            return b"".join(parts[number] for number in sorted(parts))
    return None


def _list_segments(jpeg: bytes) -> Iterator[tuple[int, bytes]]:
    """List the whole segments before the pixels: each one's marker and body."""
    place = 2
    while jpeg[place : place + 1] == b"\xff":
        kind = jpeg[place + 1] if place + 1 < len(jpeg) else PIXELS
        if kind == FILL:
            place += 1
            continue
        length = int.from_bytes(jpeg[place + 2 : place + 4])
        if kind == PIXELS or length < 2:
            return
        yield kind, jpeg[place + 4 : place + 2 + length]
        place += 2 + length
