"""How long a model takes for an image, by the entries whose making was timed."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from app.arena.tables import Competition, Entry
from app.database.statements import Prepared

TIMED_FROM = 10
"""Images; a median of fewer is not shown."""

# Written once: building a statement costs several times what running it does.
_ENTRIES = Entry.__table__.c
_COMPETITIONS = Competition.__table__.c
_TIMED = (
    select(
        _ENTRIES.model_id,
        _ENTRIES.seconds,
        func.row_number().over(partition_by=_ENTRIES.model_id, order_by=_ENTRIES.seconds).label("place"),
        func.count().over(partition_by=_ENTRIES.model_id).label("images"),
    )
    .join(Competition.__table__, _COMPETITIONS.id == _ENTRIES.competition_id)
    .where(_COMPETITIONS.mode == bindparam("mode"), _ENTRIES.seconds.is_not(None))
    .subquery()
)
_PACES = Prepared(
    lambda _: (
        select(_TIMED.c.model_id, func.max(_TIMED.c.images), func.avg(_TIMED.c.seconds))
        .where((2 * _TIMED.c.place).in_((_TIMED.c.images, _TIMED.c.images + 1, _TIMED.c.images + 2)))
        .group_by(_TIMED.c.model_id)
    )
)


@dataclass(frozen=True)
class Pace:
    """Timed images of a model in one mode, and their median."""

    images: int
    seconds: float

    @property
    def shown(self) -> float | None:
        """The median once there are enough images."""
        return self.seconds if self.images >= TIMED_FROM else None


def paces(session: Session, mode: str) -> Mapping[int, Pace]:
    """By model id, over every timed entry of the mode, withdrawn ones included: they were made too."""
    return {model: Pace(images, seconds) for model, images, seconds in _PACES.all(session, mode=mode)}
