"""The choices that filters of boards and charts offer: what the board's own models have, and nothing else."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.catalog import lookup
from app.leaderboards.views.boards import BoardView
from app.leaderboards.views.filters import SHOWN_STATUSES

Choices = list[tuple[str, str]]
"""Values with their titles."""


@dataclass(frozen=True)
class FilterChoices:
    """The values a reader may choose for each filter of a board."""

    creators: Choices
    providers: Choices
    licences: Choices
    statuses: Choices


def read_choices(session: Session, whole: BoardView) -> FilterChoices:
    """Read the choices for a board from its rows, all of them; providers come from the catalogue."""
    return FilterChoices(
        creators=_by_name(row.model.creator for row in whole.standings),
        providers=lookup.providers(session),
        licences=_by_name(row.model.licence for row in whole.standings),
        statuses=[(status, status.capitalize()) for status in SHOWN_STATUSES],
    )


def _by_name(names: Iterable[str | None]) -> Choices:
    return [(name, name) for name in sorted({name for name in names if name}, key=str.casefold)]
