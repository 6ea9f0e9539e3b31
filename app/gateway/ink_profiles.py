"""Reads from a colour profile of four inks its table of colours: of 8 or 16 bits, or of version 4's own kind."""

import struct

import numpy as np

from app.gateway.ink_tables import Floats, InkTable

HEADERS = {b"mft1": 48, b"mft2": 52}
"""Bytes before the curves of a table of 8 and of 16 bits (ICC.1:2022, 10.10 and 10.11)."""
INKS, COLOURS = 4, 3
STEPS = 4096
"""Values of a curve that version 4 gives as a formula or with another number of them."""
PARAMETERS = (1, 3, 4, 5, 7)
"""Numbers of the parametric curves of types 0 to 4 (ICC.1:2022, 10.18)."""


def read_ink_table(profile: bytes) -> InkTable | None:
    """
    Read the table that browsers take of a profile of four inks; None where it has none, which says nothing.

    Raises struct.error, IndexError, ValueError, ZeroDivisionError for a damaged table.
    """
    body = find_tag(profile, b"A2B0") or find_tag(profile, b"A2B1")
    if profile[20:24] not in {b"XYZ ", b"Lab "} or body[:4] not in {*HEADERS, b"mAB "}:
        return None
    if tuple(body[8:10]) != (INKS, COLOURS):
        raise ValueError("not a table from four inks to three colours")
    is_lab = profile[20:24] == b"Lab "
    return _read_by_offsets(body, is_lab) if body[:4] == b"mAB " else _read_in_order(body, is_lab)


def find_tag(profile: bytes, name: bytes) -> bytes:
    """Return a profile from where one of its tags begins; nothing where it lacks it."""
    count = min(int.from_bytes(profile[128:132]), 100)
    for entry in (profile[place : place + 12] for place in range(132, 132 + 12 * count, 12)):
        if entry.startswith(name):
            return profile[int.from_bytes(entry[4:8]) :]
    return b""


def _read_in_order(body: bytes, is_lab: bool) -> InkTable:
    """Read curves, a table and curves that follow each other."""
    is_deep = body[:4] == b"mft2"
    entries, last = struct.unpack(">HH", body[48:52]) if is_deep else (256, 256)
    sizes = (INKS * entries, body[10] ** INKS * COLOURS, COLOURS * last)
    curves, colours, ends = np.split(
        _read_numbers(body, HEADERS[body[:4]], sum(sizes), is_deep=is_deep), np.cumsum(sizes)[:-1]
    )
    inks = curves.reshape(INKS, entries)
    return InkTable(
        inks[:3], _without_black(colours, [body[10]] * INKS, inks), ends.reshape(COLOURS, last), is_lab
    )


def _read_by_offsets(body: bytes, is_lab: bool) -> InkTable | None:
    """Read version 4's kind: the table and its curves each stand where an offset says (ICC.1:2022, 10.12)."""
    ends, matrix, middle, table, inks = struct.unpack(">5I", body[12:32])
    if not table or not inks:
        return None
    grid = list(body[table : table + INKS])
    count = int(np.prod(grid)) * COLOURS
    curves = _read_curves(body, inks, INKS)
    colours = _read_numbers(body, table + 20, count, is_deep=body[table + 16] == 2)
    return InkTable(
        curves[:3],
        _without_black(colours, grid, curves),
        _read_curves(body, ends, COLOURS),
        is_lab,
        _read_curves(body, middle, COLOURS) if middle and matrix else None,
        _read_matrix(body, matrix) if middle and matrix else None,
    )


def _read_numbers(body: bytes, place: int, count: int, *, is_deep: bool) -> Floats:
    """Read numbers of 8 or 16 bits as 0 to 1."""
    width, most = (">u2", 65535) if is_deep else (">u1", 255)
    return np.frombuffer(body, width, count, place).astype(np.float32) / np.float32(most)


def _without_black(colours: Floats, grid: list[int], inks: Floats) -> Floats:
    """Return the colours of a table of four inks where there is no black."""
    if min(grid) < 2:
        raise ValueError("an axis of the table has one end")
    table = colours.reshape(*grid, COLOURS)
    black = float(inks[3, 0]) * (grid[3] - 1)
    low = min(int(black), grid[3] - 2)
    part = np.float32(black - low)
    return np.asarray((1 - part) * table[:, :, :, low] + part * table[:, :, :, low + 1])


def _read_matrix(body: bytes, place: int) -> Floats:
    """Read a matrix with what is added after it, (3, 4)."""
    numbers = np.frombuffer(body, ">i4", 12, place) / 65536
    return np.column_stack([numbers[:9].reshape(3, 3), numbers[9:]])


def _read_curves(body: bytes, place: int, count: int) -> Floats:
    """Read curves that follow each other, each from a multiple of four bytes."""
    curves = []
    for _ in range(count):
        curve, length = _read_curve(body[place:])
        curves.append(curve)
        place += length + -length % 4
    return np.stack(curves)


def _read_curve(body: bytes) -> tuple[Floats, int]:
    """Read a curve as STEPS values, and its length in bytes."""
    x = np.linspace(0, 1, STEPS)
    if body[:4] == b"curv":
        (count,) = struct.unpack(">I", body[8:12])
        if count < 2:  # none is a straight line, one an exponent
            return (x ** (int.from_bytes(body[12:14]) / 256) if count else x), 12 + 2 * count
        values = np.frombuffer(body, ">u2", count, 12) / 65535
        return np.interp(x, np.linspace(0, 1, count), values), 12 + 2 * count
    if body[:4] != b"para":
        raise ValueError("not a curve")
    (kind,) = struct.unpack(">H", body[8:10])
    numbers = struct.unpack(f">{PARAMETERS[kind]}i", body[12 : 12 + 4 * PARAMETERS[kind]])
    return _follow(x, kind, tuple(number / 65536 for number in numbers)), 12 + 4 * len(numbers)


def _follow(x: Floats, kind: int, numbers: tuple[float, ...]) -> Floats:
    """Return the values of a parametric curve at x: a power from `start` on, before it a line."""
    gamma, a, b = numbers[:3] if kind else (numbers[0], 1.0, 0.0)
    slope, start = numbers[3:5] if kind >= 3 else (0.0, -b / a)
    above, below = numbers[5:] if kind == 4 else (numbers[3],) * 2 if kind == 2 else (0.0, 0.0)
    with np.errstate(divide="ignore", over="ignore"):
        power = np.clip(a * x + b, 0, None) ** gamma
    return np.clip(np.where(x >= start, power + above, slope * x + below), 0, 1)
