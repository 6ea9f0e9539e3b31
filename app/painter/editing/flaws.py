"""The faults that a critical viewer finds in an edit, by its plan and its painter alone: nothing is drawn."""

from app.painter.brief import read
from app.painter.editing.plan import EditPlan, plan_edit
from app.painter.editing.skills import SKILLS
from app.painter.painters import PAINTERS
from app.painter.report import REACHES, TELLING_SHARE, Fault, Kind

BORDER_OF_A_LOOK = 0.4
"""Weight of a visible border where the whole picture was to change anyway."""


def faults(prompt: str, painter: str, seed: int, *, masked: bool) -> tuple[Fault, ...]:
    """
    List the faults of the picture that `edit` makes of the same prompt, painter and seed, the worst first.

    `masked` says whether a mask came with the prompt, or transparent parts in its stead.
    """
    plan = plan_edit(prompt, painter, seed, masked=masked)
    found: dict[Kind, float] = {
        "wrong object": _wrong(plan),
        "edit left out": _left_out(plan),
        "visible mask border": SKILLS[painter].seam if masked else 0.0,
        "whole picture changed": _spilled(plan, painter, masked=masked),
        "medium not as asked": _foreign_medium(plan, painter),
        "low detail": _coarse(prompt, painter),
    }
    told = [Fault(kind, round(min(1.0, share), 4)) for kind, share in found.items() if share >= TELLING_SHARE]
    return tuple(sorted(told, key=lambda fault: (-fault.severity, fault.kind)))


def _wrong(plan: EditPlan) -> float:
    """Return the share of the steps that drew another thing than asked for."""
    return sum(step.is_mistaken for step in plan.steps) / max(1, len(plan.steps))


def _left_out(plan: EditPlan) -> float:
    """Return the share of the plan that is missing; half where nothing was understood, as for all painters."""
    missing = sum(1 - step.force for step in plan.steps) / max(1, len(plan.steps))
    return missing if plan.understood else 0.5


def _spilled(plan: EditPlan, painter: str, *, masked: bool) -> float:
    """Return how far the painter's medium reaches what nobody asked to change; never outside a mask."""
    if masked or not plan.steps:
        return 0.0
    wanted_whole = all(step.action.do == "style" for step in plan.steps)
    return SKILLS[painter].spill * (BORDER_OF_A_LOOK if wanted_whole else 1.0)


def _foreign_medium(plan: EditPlan, painter: str) -> float:
    """Rate how far the wrong medium shows: another than was asked for, or than the picture's own."""
    asked = [step.action.name for step in plan.steps if step.action.do == "style"]
    own = SKILLS[painter].own
    if asked:
        return 0.0 if asked[-1] == PAINTERS[painter].style else 0.5 * own
    return 0.4 * own


def _coarse(prompt: str, painter: str) -> float:
    """Rate the small things that a coarse medium loses; the more of them were asked for, the more it counts."""
    reach = REACHES[PAINTERS[painter].style]
    return 6 * reach.detail * max(1, len(read(prompt).wanted))
