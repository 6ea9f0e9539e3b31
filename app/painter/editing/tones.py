"""Light and colour of a whole picture: bleached, tinted, warmed, brightened, or one thing in another colour."""

from collections.abc import Callable

import numpy as np
from PIL import ImageFilter

from app.painter.colour import RGB
from app.painter.editing.skies import spot
from app.painter.editing.weather import LUMA, Grade, as_image, regrade
from app.painter.noise import Field

BLUR = 70
"""The shorter side in radii of a blur."""
Tone = Callable[[Field], Field]


def _by(grade: Grade) -> Tone:
    def change(picture: Field) -> Field:
        return regrade(picture, grade)

    return change


def black_and_white(picture: Field) -> Field:
    """Turn the picture grey with a slight S-curve, as a print on hard paper."""
    grey = (picture @ LUMA) / 255
    curved = grey + 0.16 * np.sin(2 * np.pi * (grey - 0.5)) / 2
    return np.repeat(255 * np.clip(curved, 0, 1)[:, :, None], 3, axis=2)


def sepia(picture: Field) -> Field:
    """Print the picture in brown ink on a faded sheet with dark corners."""
    grey = black_and_white(picture)[:, :, 0]
    size = grey.shape[1], grey.shape[0]
    faded = duotone(grey, (48, 32, 20), (250, 236, 206))
    return faded * (0.72 + 0.3 * spot(size, 0.5, 0.5, 0.75))[:, :, None]


def duotone(grey: Field, dark: RGB, bright: RGB) -> Field:
    share = (grey / 255)[:, :, None]
    low, high = np.array(dark, dtype=np.float32), np.array(bright, dtype=np.float32)
    return np.asarray(low + (high - low) * share, dtype=np.float32)


def tinted(picture: Field, colour: RGB) -> Field:
    """Return the picture in shades of one colour, with a fifth of its own colours left."""
    grey = picture @ LUMA
    dark, bright = (
        tuple(round(0.16 * part) for part in colour),
        tuple(round(255 - 0.22 * (255 - part)) for part in colour),
    )
    middle = np.array(colour, dtype=np.float32)
    share = (grey / 255)[:, :, None]
    shades = np.where(
        share < 0.5, dark + (middle - dark) * share * 2, middle + (np.array(bright) - middle) * (share * 2 - 1)
    )
    return np.asarray(shades * 0.82 + picture * 0.18, dtype=np.float32)


def negative(picture: Field) -> Field:
    return 255 - picture


def contrasted(picture: Field) -> Field:
    curved = (picture - 128) * 1.32 + 126
    return regrade(np.clip(curved, 0, 255), Grade(colour=1.1))


def softened(picture: Field) -> Field:
    return 24 + picture * 0.84


def blurred(picture: Field) -> Field:
    """Put the picture out of focus, as a lens does behind what it is set on."""
    blur = ImageFilter.GaussianBlur(max(1.5, min(picture.shape[:2]) / BLUR))
    return np.asarray(as_image(picture).filter(blur), dtype=np.float32)


def sharpened(picture: Field) -> Field:
    mask = ImageFilter.UnsharpMask(radius=max(1.0, min(picture.shape[:2]) / 500), percent=120, threshold=2)
    return np.asarray(as_image(picture).filter(mask), dtype=np.float32)


def recoloured(picture: Field, where: Field, colour: RGB) -> Field:
    """Paint what lies at `where`, 0 to 1, in a colour; light and shade stay, and so do white and black."""
    grey = (picture @ LUMA)[:, :, None]
    level = float(np.average(grey[:, :, 0], weights=where + 1e-6))
    painted = np.array(colour, dtype=np.float32) * np.clip(0.35 + 0.65 * grey / max(40.0, level), 0, 1.5)
    extreme = np.clip((np.abs(grey - 128) - 84) / 30, 0, 0.85)
    share = where[:, :, None] * (1 - extreme) * 0.92
    return picture + (np.clip(painted, 0, 255) - picture) * share


TONES: dict[str, Tone] = {
    "black and white": black_and_white,
    "sepia": sepia,
    "warm": _by(Grade(1.03, (1.12, 1.0, 0.82), 1.05)),
    "cool": _by(Grade(0.98, (0.84, 0.98, 1.16), 1.0)),
    "bright": _by(Grade(1.14, (1.0, 1.0, 1.0), 1.05, 0.8)),
    "dark": _by(Grade(0.66, (0.96, 0.97, 1.02), 0.95, 1.12)),
    "vivid": _by(Grade(1.02, (1.0, 1.0, 1.0), 1.7)),
    "muted": _by(Grade(1.0, (1.0, 1.0, 1.0), 0.42)),
    "contrast": contrasted,
    "soft": softened,
    "negative": negative,
    "blurred": blurred,
    "sharp": sharpened,
}
