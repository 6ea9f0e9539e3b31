"""Further input images of an edit: their colours where the prompt speaks of a look, else their subjects."""

import re

import numpy as np
from PIL import Image, ImageOps

from app.painter.editing.matting import find_subject, shrink
from app.painter.editing.placing import extent
from app.painter.noise import Field

LOOK = re.compile(r"\b(style|colou?rs?|palette|mood|look|tones?|light|lighting|atmosphere)\b")
LARGEST = 768
"""Pixels a side of a reference as it is used."""
SHARE = 0.46
"""Of the picture's shorter side that a subject takes."""
CUT_OUT = (
    0.03,
    0.72,
)  # shares of the reference a subject may cover to be cut out; else the whole is shown as a print
PLACES = ((0.76, 0.66), (0.24, 0.66), (0.76, 0.3), (0.24, 0.3), (0.5, 0.3))


def use_references(picture: Field, references: tuple[Image.Image, ...], prompt: str) -> Field:
    """Lend a picture the colours or subjects of its `references`, which are RGB or RGBA, of any size."""
    for number, reference in enumerate(references):
        small = shrink(reference, LARGEST)
        if LOOK.search(prompt.casefold()):
            picture = lend_colours(picture, np.asarray(small.convert("RGB"), dtype=np.float32))
        else:
            picture = lend_subject(picture, small, PLACES[number % len(PLACES)])
    return picture


def lend_colours(picture: Field, reference: Field) -> Field:
    """Move mean and spread of each channel three quarters of the way to the reference's (Reinhard et al. 2001)."""
    flat, other = picture.reshape(-1, 3), reference.reshape(-1, 3)
    gain = np.clip((other.std(axis=0) + 8) / (flat.std(axis=0) + 8), 0.6, 1.7)
    lent = (picture - flat.mean(axis=0)) * gain + other.mean(axis=0)
    return np.asarray(np.clip(picture + 0.75 * (lent - picture), 0, 255), dtype=np.float32)


def lend_subject(picture: Field, reference: Image.Image, place: tuple[float, float]) -> Field:
    """Lay the reference's subject, or a print of it where none stands out, over the picture."""
    layer = _cut_out(reference)
    height, width = picture.shape[:2]
    factor = SHARE * min(width, height) / max(layer.size)
    layer = layer.resize((max(1, round(layer.width * factor)), max(1, round(layer.height * factor))))
    left = round(min(max(place[0] * width - layer.width / 2, 0), width - layer.width))
    top = round(min(max(place[1] * height - layer.height / 2, 0), height - layer.height))
    out = picture.copy()
    under = out[top : top + layer.height, left : left + layer.width]
    pixels = np.asarray(layer, dtype=np.float32)
    out[top : top + layer.height, left : left + layer.width] = (
        under + (pixels[:, :, :3] - under) * pixels[:, :, 3:] / 255
    )
    return out


def _cut_out(reference: Image.Image) -> Image.Image:
    """Cut the subject out as RGBA, cropped to what shows."""
    if reference.mode == "RGBA" and (np.asarray(reference.getchannel("A")) < 255).any():
        return reference.crop(reference.getchannel("A").getbbox())
    plain = reference.convert("RGB")
    share = find_subject(plain)
    if not CUT_OUT[0] < float(share.mean()) < CUT_OUT[1]:
        return ImageOps.expand(plain, max(2, max(plain.size) // 28), (250, 248, 242)).convert("RGBA")
    plain.putalpha(Image.fromarray((255 * share).astype(np.uint8)))
    left, top, right, bottom = extent(share > 0.1)
    return plain.crop((round(left), round(top), round(right), round(bottom)))
