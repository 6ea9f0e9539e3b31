"""Plans which pictures of the demo the painters draw, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.arena.entries import competitions
from app.arena.entries.competitions import CompetitionFile
from app.arena.entries.entries import EntryKey
from app.arena.entries.generation import GenerationTask
from app.arena.ledger import DEMO_CLEARED
from app.arena.tables import Competition, Entry, LedgerLine
from app.catalog.tables import ImageModel
from app.painter.painters import PAINTERS

PAINTERS_PER_ROUND = 2
FRAME = (640, 640)
"""Of showcases and image edits: smaller than the seeded competitions', since an edit costs more than a picture."""


@dataclass(frozen=True)
class DemoShowcase:
    """A prompt that the demo holds back, drawn by every painter."""

    slug: str
    title: str
    prompt: str


SHOWCASES = (
    DemoShowcase("horses-at-sunset", "Horses at sunset", "Two horses near a tree at sunset"),
    DemoShowcase("bus-and-bicycle", "A bus and a bicycle", "A red bus and a yellow bicycle in the city"),
)


def make_showcases(session: Session, *, now: datetime) -> list[str]:
    """
    Make the competitions that are not there and return the slugs of all that are the demo's own.

    A competition of the same name with another prompt is somebody's own, and left alone.
    """
    there = set(session.scalars(select(Competition.slug).where(Competition.slug.in_(_SLUGS))))
    for one in SHOWCASES:
        if one.slug not in there:
            spec = CompetitionFile(slug=one.slug, title=one.title, prompt=one.prompt, frame=FRAME, showcase=True)
            competitions.save(session, spec, now=now)
    return [row.slug for row in list_showcases(session)]


def list_showcases(session: Session) -> Sequence[Competition]:
    """List the demo's own showcases, in their order."""
    prompts = {one.slug: one.prompt for one in SHOWCASES}
    rows = session.scalars(select(Competition).where(Competition.slug.in_(prompts), Competition.showcase))
    return sorted((row for row in rows if row.prompt == prompts[row.slug]), key=lambda row: _SLUGS.index(row.slug))


_SLUGS = [one.slug for one in SHOWCASES]


def count_others(session: Session) -> int:
    """Count the images in competitions that no painter of the demo made."""
    query = select(func.count()).select_from(Entry).join(ImageModel, ImageModel.id == Entry.model_id)
    return session.scalars(query.where(Entry.withdrawn_at.is_(None), ~ImageModel.demo)).one()


def count_cleared_demos(session: Session) -> int:
    """Count how often a demo was cleared: what people judged stays, so each demo takes another sample number."""
    return session.scalars(select(func.count()).where(LedgerLine.action == DEMO_CLEARED)).one()


def plan_contestants(slugs: Sequence[str], edition: int) -> list[GenerationTask]:
    """
    Plan a picture by every painter for each of these competitions.

    Rounds of two painters go through all competitions: the first two pictures already make a pair to vote on, the
    first round makes one in each competition. The painters rotate, so that no two competitions begin alike.
    """
    painters = list(PAINTERS)
    return [
        GenerationTask(EntryKey(competition, painters[(3 * turn + place) % len(painters)], edition))
        for first in range(0, len(painters), PAINTERS_PER_ROUND)
        for turn, competition in enumerate(slugs)
        for place in range(first, first + PAINTERS_PER_ROUND)
    ]
