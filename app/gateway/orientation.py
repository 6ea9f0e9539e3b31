"""Turns a picture by the orientation in its EXIF, where browsers do."""

import struct

from PIL import Image

from app.gateway.jpeg_segments import read_exif
from app.gateway.png_chunks import read_colour_chunks

ORIENTATION = 0x0112
SHORT = 3
"""The type that browsers want of the number; Pillow takes any."""
BYTE_ORDERS = {b"MM\0*": ">", b"II*\0": "<"}
EXIF_MARK = b"Exif\0\0"
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""By EXIF's orientation."""


def turn_upright(image: Image.Image, data: bytes) -> Image.Image:
    """Turn what browsers turn: by the EXIF of JPEG and PNG, and by the boxes of AVIF that Pillow tells as EXIF."""
    if image.format in {"JPEG", "MPO"}:
        exif = read_exif(data)
    elif image.format == "PNG":
        exif = read_colour_chunks(data).get(b"eXIf", b"")
    elif image.format == "AVIF":
        exif = image.info.get("exif", b"").removeprefix(EXIF_MARK)
    else:
        return image
    turn = TURNS.get(_read_orientation(exif))
    return image if turn is None else image.transpose(turn)


def _read_orientation(exif: bytes) -> int:
    """Read the orientation of the first directory; 1, upright, where it has none that counts."""
    order = BYTE_ORDERS.get(exif[:4])
    if order is None or len(exif) < 8:
        return 1
    place = struct.unpack(order + "I", exif[4:8])[0]
    (length,) = struct.unpack(order + "H", exif[place : place + 2].ljust(2, b"\0"))
    entries = exif[place + 2 : place + 2 + 12 * length]
    for tag, kind, count, value in struct.iter_unpack(order + "HHIHxx", entries[: len(entries) // 12 * 12]):
        if tag == ORIENTATION and kind == SHORT and count == 1:
            return int(value)
    return 1
