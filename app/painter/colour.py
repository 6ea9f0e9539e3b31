"""Colours as 8-bit RGB triples."""

import colorsys

RGB = tuple[int, int, int]

INK: RGB = (34, 32, 40)
WHITE: RGB = (250, 249, 245)

NAMED: dict[str, RGB] = {
    "red": (206, 44, 42),
    "crimson": (168, 24, 50),
    "scarlet": (222, 50, 36),
    "orange": (238, 128, 34),
    "amber": (240, 168, 40),
    "yellow": (246, 204, 48),
    "golden": (222, 168, 66),
    "gold": (214, 170, 74),
    "green": (62, 148, 76),
    "lime": (150, 204, 60),
    "olive": (120, 124, 58),
    "teal": (28, 136, 136),
    "turquoise": (64, 190, 190),
    "cyan": (62, 188, 214),
    "blue": (44, 102, 206),
    "navy": (24, 40, 92),
    "purple": (122, 70, 168),
    "violet": (132, 88, 200),
    "magenta": (206, 50, 140),
    "pink": (240, 140, 170),
    "brown": (128, 84, 52),
    "beige": (222, 204, 170),
    "cream": (246, 234, 208),
    "white": (244, 243, 238),
    "black": (40, 38, 44),
    "gray": (142, 144, 150),
    "grey": (142, 144, 150),
    "silver": (188, 192, 200),
}


def mix(one: RGB, other: RGB, share: float) -> RGB:
    """Mix two colours; `share` is how much of `other`, 0 to 1."""
    r, g, b = (round(a + (c - a) * share) for a, c in zip(one, other, strict=True))
    return r, g, b


def lighter(colour: RGB, share: float) -> RGB:
    return mix(colour, (255, 255, 255), share)


def darker(colour: RGB, share: float) -> RGB:
    return mix(colour, (12, 8, 20), share)


def luminance(colour: RGB) -> float:
    """Return the Rec. 601 luma, 0 to 255."""
    return 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2]


def vivid(colour: RGB, saturation: float, value: float) -> RGB:
    """Return the same hue at no less than this saturation (for hues that have one) and value, both 0 to 1."""
    hue, own, bright = colorsys.rgb_to_hsv(*(part / 255 for part in colour))
    wanted = max(own, saturation) if own > 0.12 else own
    r, g, b = colorsys.hsv_to_rgb(hue, wanted, max(bright, value))
    return round(r * 255), round(g * 255), round(b * 255)
