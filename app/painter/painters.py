"""The eight painters, as plain values: nothing here imports numpy or Pillow."""

from dataclasses import dataclass

SMALLEST_SIDE = 256
LARGEST_SIDE = 2048
LARGEST_RATIO = 4.0


@dataclass(frozen=True, slots=True)
class Painter:
    """
    `style` is a key of `STYLES`. `quality` is in logits: the log-odds that a voter prefers this painter to
    an average one, before any effect of the prompt. Tests hold simulated votes and boards against it.
    """

    style: str
    quality: float


PAINTERS: dict[str, Painter] = {
    "studio-xl": Painter("studio", 1.1),
    "poster-pro": Painter("poster", 0.9),
    "aquarelle-2": Painter("aquarelle", 0.55),
    "lowpoly-3": Painter("lowpoly", -0.25),
    "neon-turbo": Painter("neon", 0.1),
    "halftone-1": Painter("halftone", -0.1),
    "pixel-mini": Painter("pixel", -0.7),
    "legacy-2": Painter("legacy", -1.6),
}
"""By the slug of their model in the catalogue, which describes them; the first is the default model."""
