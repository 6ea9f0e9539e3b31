"""How well each painter edits, as plain values, without numpy or Pillow."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EditingSkill:
    """
    All from 0 to 1. `own` is how much of the painter's medium what it changes is made of, `spill` how much of it
    reaches what nobody asked to change. `seam` is how plainly a mask's border shows, `slip` how often an action
    goes wrong, `force` how much of a wished change of light comes through.
    """

    own: float
    spill: float
    seam: float
    slip: float
    force: float


SKILLS: dict[str, EditingSkill] = {
    "studio-xl": EditingSkill(own=0.0, spill=0.0, seam=0.0, slip=0.02, force=1.0),
    "poster-pro": EditingSkill(own=0.45, spill=0.08, seam=0.04, slip=0.05, force=1.0),
    "aquarelle-2": EditingSkill(own=0.7, spill=0.22, seam=0.1, slip=0.08, force=0.92),
    "neon-turbo": EditingSkill(own=0.5, spill=0.34, seam=0.25, slip=0.12, force=0.95),
    "halftone-1": EditingSkill(own=0.85, spill=0.42, seam=0.3, slip=0.15, force=0.9),
    "lowpoly-3": EditingSkill(own=0.9, spill=0.5, seam=0.4, slip=0.16, force=0.9),
    "pixel-mini": EditingSkill(own=1.0, spill=0.75, seam=0.55, slip=0.2, force=0.85),
    "legacy-2": EditingSkill(own=0.9, spill=0.8, seam=0.9, slip=0.5, force=0.7),
}
