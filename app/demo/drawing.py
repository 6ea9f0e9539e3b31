"""The demo's plan: which pictures the painters draw, and in which order."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.arena.entries.entries import EntryKey
from app.arena.entries.generation import GenerationTask
from app.arena.ledger import DEMO_CLEARED
from app.arena.tables import LedgerLine
from app.painter.painters import PAINTERS

SHOWCASE_COMPETITIONS = ("geometric-composition", "fantasy-warrior", "vintage-cafe-logo")
"""An entry needs a competition, and a showcase is no part of its contest: these lend theirs, one picture each."""
PAINTERS_PER_ROUND = 2
SHOWCASES: dict[str, tuple[str, str, str]] = {
    "studio-xl": (
        "A crystal box on a table with a green marble inside, a yellow book on top and a fern behind it",
        "Studio portrait of a queen with long red hair, soft light from the right",
        "A teddy bear, two apples and a candle in a room",
    ),
    "poster-pro": (
        "A red bus and a yellow bicycle in the city",
        'Emblem of a bakery, "Petit Matin", a cloche with a ribbon reading "Est. 1904"',
        "Poster of the Apollo mission: 1. Liftoff 2. Orbit 3. Transfer 4. Moon 5. Descent 6. Landing",
    ),
    "aquarelle-2": (
        "A white sailing boat on the sea, two birds above",
        "A lamb, a rabbit, a puppy and a fawn play in a field of flowers",
        "Two horses near a tree at sunset",
    ),
    "neon-turbo": (
        'A motorcycle at night under a neon sign that says "OPEN LATE"',
        "A robot and a cat on a city street by night",
        "A rocket in space between two stars",
    ),
    "halftone-1": (
        "A red car in the city, a stop sign beside it",
        "Comic portrait of a woman with a scar",
        "A dog chasing a frisbee near a tree",
    ),
    "lowpoly-3": (
        "Two foxes in the forest",
        "Portrait of a bearded man with a red scarf",
        "A boat on the sea at sunrise, three birds above",
    ),
    "pixel-mini": (
        "A rocket and two stars in space",
        "A house with a tree and a cat at night",
        "A yellow fish and a boat on the sea",
    ),
    "legacy-2": (
        "An elephant on a field with two trees",
        "A green vase with flowers on a wooden table, a blue cup beside it",
        "A yellow bus in a street",
    ),
}
"""For each painter, prompts that no competition has."""


def count_cleared_demos(session: Session) -> int:
    """Count how often a demo was cleared: what people judged stays, so each demo takes another sample number."""
    return session.scalars(select(func.count()).where(LedgerLine.action == DEMO_CLEARED)).one()


def plan_contestants(competitions: Sequence[str], edition: int) -> list[GenerationTask]:
    """
    Plan a picture by every painter for each of these competitions.

    Rounds of two painters go through all competitions: the first two pictures already make a pair to vote on, the
    first round makes one in each competition. The painters rotate, so that no two competitions begin alike.
    """
    painters = list(PAINTERS)
    return [
        GenerationTask(EntryKey(competition, painters[(3 * turn + place) % len(painters)], edition))
        for first in range(0, len(painters), PAINTERS_PER_ROUND)
        for turn, competition in enumerate(competitions)
        for place in range(first, first + PAINTERS_PER_ROUND)
    ]


def plan_showcases(edition: int) -> list[GenerationTask]:
    """Plan three pictures of each painter that may be shown with its name at any time."""
    return [
        GenerationTask(EntryKey(competition, painter, edition, "showcase"), prompt)
        for number, competition in enumerate(SHOWCASE_COMPETITIONS)
        for painter, prompts in SHOWCASES.items()
        for prompt in prompts[number : number + 1]
    ]
