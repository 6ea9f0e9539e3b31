"""The plan of an edit: what a painter will make of its prompt, mistakes included, before it draws."""

from dataclasses import dataclass

from app.painter.camera import generator
from app.painter.editing.instruction import Action, read_instruction, with_thing
from app.painter.editing.skills import SKILLS
from app.painter.things import THINGS

HALF = 0.45
"""Force that is left of a change of light or medium that a painter carries out badly."""


@dataclass(frozen=True, slots=True)
class EditStep:
    """
    An action as it will be carried out: `action` with the wrong thing where the painter mistook the word, `force`
    0 for left out, 1 for whole.
    """

    asked: Action
    action: Action
    force: float

    @property
    def is_mistaken(self) -> bool:
        return self.action != self.asked


@dataclass(frozen=True, slots=True)
class EditPlan:
    """The steps in order; `understood` is False where the prompt asked for nothing the painters know."""

    steps: tuple[EditStep, ...]
    understood: bool


def plan_edit(prompt: str, painter: str, seed: int, *, masked: bool) -> EditPlan:
    """
    Plan an edit, the same for the same arguments.

    With a mask, a prompt that is not understood removes what is under it; without one it plans no step.
    """
    actions = read_instruction(prompt, masked=masked).actions
    if not actions:
        own = (Action("remove"),) if masked else ()
        return EditPlan(tuple(EditStep(action, action, 1.0) for action in own), understood=False)
    return EditPlan(
        tuple(_step(action, prompt, painter, seed, i) for i, action in enumerate(actions)), understood=True
    )


def _step(action: Action, prompt: str, painter: str, seed: int, number: int) -> EditStep:
    skill, rng = SKILLS[painter], generator(prompt, seed, painter, number)
    if rng.random() >= skill.slip:
        return EditStep(action, action, skill.force if action.do in ("weather", "tone", "tint", "style") else 1.0)
    if action.do in ("add", "replace") and action.thing is not None:
        other = _mistaken_for(action.thing.noun, float(rng.random()))
        return EditStep(action, with_thing(action, other), 1.0)
    return EditStep(action, action, HALF)


def _mistaken_for(noun: str, share: float) -> str:
    """Choose another thing that is at home in the same place."""
    others = [name for name, thing in THINGS.items() if thing.place == THINGS[noun].place and name != noun]
    return others[min(len(others) - 1, int(share * len(others)))]
