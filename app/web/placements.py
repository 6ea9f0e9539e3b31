"""Where a model stands, in the order its page tells: by mode, by category, competition by competition."""

from collections.abc import Container
from dataclasses import dataclass

from app.leaderboards.views.boards import Heading
from app.leaderboards.views.results import CompetitionResult, ModelResults, Place

SHOWN = 6
"""Competitions of a category that are shown before the fold."""


@dataclass(frozen=True)
class CategoryGroup:
    """A category's competitions; `heading` and `place` are None for those without a category."""

    mode: str
    heading: Heading | None
    place: Place | None
    first: tuple[CompetitionResult, ...]
    more: tuple[CompetitionResult, ...]

    @property
    def size(self) -> int:
        """All its competitions."""
        return len(self.first) + len(self.more)


def groups(results: ModelResults) -> tuple[CategoryGroup, ...]:
    """By mode and category, uncategorized last; a competition stands under each of its categories."""
    found = []
    for mode in dict.fromkeys(board.mode for board in results.boards):
        here = [result for result in results.competitions if result.mode == mode]
        for board in results.boards:
            if board.mode == mode and board.category is not None:
                members = [result for result in here if board.category in result.categories]
                found.append(_group(mode, board.category, board.place, members))
        rest = [result for result in here if not result.categories]
        if rest:
            found.append(_group(mode, None, None, rest))
    return tuple(found)


def votable(results: ModelResults, contested: Container[str]) -> tuple[CompetitionResult, ...]:
    """Of the contested competitions those it stands in, those with its fewest votes first."""
    found = [result for result in results.competitions if result.slug in contested]
    return tuple(sorted(found, key=lambda result: (result.place.votes, result.title)))


def _group(
    mode: str, heading: Heading | None, place: Place | None, members: list[CompetitionResult]
) -> CategoryGroup:
    members.sort(key=lambda r: (r.place.rank is None, -r.place.votes if r.place.rank is None else 0, r.title))
    members.sort(key=lambda r: (r.place.rank is None, (r.place.rank or 0) / max(r.place.of, 1)))
    cut = len(members) if len(members) <= SHOWN + 2 else SHOWN
    return CategoryGroup(mode, heading, place, tuple(members[:cut]), tuple(members[cut:]))
