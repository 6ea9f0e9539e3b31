"""
How light falls on a shape: small 8-bit maps stretched over a shape's box. 128 is the shape's own colour, 0 its
deepest shade, 255 the highlight. Light comes from the upper left; maps are mirrored for light from the right.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from PIL import Image

from app.painter.colour import RGB, darker, lighter, mix, vivid
from app.painter.noise import Field

SIDE = 96


def _grid() -> tuple[Field, Field]:
    axis = np.linspace(-1, 1, SIDE, dtype=np.float32)
    return np.broadcast_to(axis, (SIDE, SIDE)).copy(), np.broadcast_to(axis[:, None], (SIDE, SIDE)).copy()


def _lambert(x: Field, y: Field) -> tuple[Field, Field]:
    """Return diffuse and mirror-like light on a ball that fills the box."""
    r2 = np.minimum(x * x + y * y, 0.999)
    z = np.sqrt(1 - r2)
    diffuse = np.clip(-0.48 * x - 0.62 * y + 0.62 * z, 0, 1)
    shine = np.clip(-0.30 * x - 0.42 * y + 0.86 * z, 0, 1)
    return diffuse, shine


def _round(x: Field, y: Field) -> Field:
    diffuse, shine = _lambert(x, y)
    rim = np.clip(x * 0.5 + y * 0.62 - 0.45, 0, 1)
    return np.asarray(40 + 118 * diffuse**0.9 + 105 * shine**22 + 60 * rim)


def _fur(x: Field, y: Field) -> Field:
    diffuse, _ = _lambert(x, y)
    return np.asarray(62 + 96 * diffuse)


def _metal(x: Field, y: Field) -> Field:
    diffuse, shine = _lambert(x, y)
    bands = 34 * np.cos(7.0 * (y + 0.25 * x) + 0.6)
    return np.asarray(34 + 108 * diffuse + bands + 150 * shine**14 + 55 * np.clip(y - 0.72, 0, 1))


def _soft(x: Field, y: Field) -> Field:
    return 128 - 18 * x - 28 * y


def _side(x: Field, y: Field) -> Field:
    """Return the light map of a standing cylinder."""
    return np.asarray(
        66 + 92 * np.sqrt(np.clip(1 - (x + 0.35) ** 2 / 1.9, 0, 1)) + 60 * np.exp(-((x + 0.5) ** 2) / 0.02) + 0 * y
    )


def _sheen(x: Field, y: Field) -> Field:
    """Return the light map of a flat, polished face with two diagonal reflections."""
    slant = x + 0.55 * y
    return np.asarray(
        118 - 20 * y + 70 * np.exp(-((slant + 0.5) ** 2) / 0.03) + 34 * np.exp(-((slant + 0.12) ** 2) / 0.008)
    )


MAPS: dict[str, Callable[[Field, Field], Field]] = {
    "round": _round,
    "fur": _fur,
    "metal": _metal,
    "soft": _soft,
    "side": _side,
    "sheen": _sheen,
}


@lru_cache(maxsize=32)
def light_map(shade: str, *, mirrored: bool) -> Image.Image:
    plane = np.clip(MAPS[shade](*_grid()), 0, 255).astype(np.uint8)
    return Image.fromarray(plane[:, ::-1] if mirrored else plane)


@lru_cache(maxsize=1)
def down_map() -> Image.Image:
    """Return a light map that is 0 at the head of a box and 255 at its foot."""
    return Image.fromarray(np.arange(256, dtype=np.uint8)[:, None])


@lru_cache(maxsize=2)
def spot_map(*, hard: bool) -> Image.Image:
    x, y = _grid()
    r = np.sqrt(x * x + y * y)
    disc = np.clip((1 - r) * 12, 0, 1) * (0.62 + 0.38 * np.clip(r, 0, 1) ** 6)
    soft = np.clip(1 - r, 0, 1) ** 2 * (1 + 0.6 * np.clip(1 - r, 0, 1))
    plane = disc if hard else np.clip(soft, 0, 1)
    return Image.fromarray((255 * plane).astype(np.uint8))


def tones(colour: RGB, contrast: float, *, steps: bool) -> bytes:
    """Return 256 colours for a light map, as a palette; `steps` keeps three flat tones."""
    dark = vivid(darker(colour, 0.78), 0.3, 0.0)
    light = lighter(colour, 0.88)
    table = bytearray()
    for level in range(256):
        s = _step(level) if steps else 128 + contrast * (level - 128)
        table += bytes(
            mix(dark, colour, max(0.0, s) / 128) if s < 128 else mix(colour, light, min(1, (s - 128) / 127))
        )
    return bytes(table)


def _step(level: int) -> float:
    return 92 if level < 92 else 128 if level < 182 else 190


def run(colour: RGB, fade: RGB, *, steps: bool) -> bytes:
    """Return 256 colours from one to the other, or six flat bands."""
    bands = [round(5 * level / 255) / 5 if steps else level / 255 for level in range(256)]
    return b"".join(bytes(mix(colour, fade, share)) for share in bands)
