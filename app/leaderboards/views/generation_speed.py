"""The time that a model takes for an image, by the entries whose making was timed."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.arena.tables import Competition, Entry

TIMED_FROM = 10
"""Images; a median of fewer is not shown."""


@dataclass(frozen=True)
class GenerationSpeed:
    """Timed images of a model in one mode, and their median."""

    images: int
    seconds: float

    @property
    def shown(self) -> float | None:
        """Return the median once there are enough images."""
        return self.seconds if self.images >= TIMED_FROM else None


def read_speeds(session: Session, mode: str) -> Mapping[int, GenerationSpeed]:
    """Read the speed of each model id over every timed entry of the mode; withdrawn ones were made too."""
    timed = (
        select(
            Entry.model_id,
            Entry.seconds,
            func.row_number().over(partition_by=Entry.model_id, order_by=Entry.seconds).label("place"),
            func.count().over(partition_by=Entry.model_id).label("images"),
        )
        .join(Competition, Competition.id == Entry.competition_id)
        .where(Competition.mode == mode, Entry.seconds.is_not(None))
        .subquery()
    )
    # The middle one of an odd number of images, the two middle ones of an even number.
    is_middle = (2 * timed.c.place).in_((timed.c.images, timed.c.images + 1, timed.c.images + 2))
    medians = select(timed.c.model_id, func.max(timed.c.images), func.avg(timed.c.seconds)).where(is_middle)
    rows = session.execute(medians.group_by(timed.c.model_id))
    return {model: GenerationSpeed(images, seconds) for model, images, seconds in rows}
