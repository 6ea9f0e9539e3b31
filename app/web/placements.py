"""The placements of a model, in the order its page tells them: by mode, by category, by competition."""

from collections.abc import Container
from dataclasses import dataclass

from app.leaderboards.views.boards import Heading
from app.leaderboards.views.results import BoardPlace, CompetitionResult, ModelResults

SHOWN = 6
"""Competitions of a category that are shown before the fold."""


@dataclass(frozen=True)
class CategoryGroup:
    """A category's competitions; `heading` and `place` are None for those without a category."""

    mode: str
    heading: Heading | None
    place: BoardPlace | None
    first: tuple[CompetitionResult, ...]
    more: tuple[CompetitionResult, ...]

    @property
    def size(self) -> int:
        """Count the competitions of the group."""
        return len(self.first) + len(self.more)


def groups(results: ModelResults) -> tuple[CategoryGroup, ...]:
    """Group by mode and category, uncategorized last; a competition stands under each of its categories."""
    rows = []
    for mode in dict.fromkeys(board.mode for board in results.boards):
        here = [result for result in results.competitions if result.mode == mode]
        for board in results.boards:
            if board.mode == mode and board.category is not None:
                members = [result for result in here if board.category in result.categories]
                rows.append(_group(mode, board.category, board.place, members))
        rest = [result for result in here if not result.categories]
        if rest:
            rows.append(_group(mode, None, None, rest))
    return tuple(rows)


def votable(results: ModelResults, contested: Container[str]) -> tuple[CompetitionResult, ...]:
    """List the contested competitions an image of the model stands in, those with its fewest votes first."""
    open_now = [result for result in results.competitions if result.has_image and result.slug in contested]
    return tuple(sorted(open_now, key=lambda result: (result.place.votes, result.title)))


def _group(
    mode: str, heading: Heading | None, place: BoardPlace | None, members: list[CompetitionResult]
) -> CategoryGroup:
    members.sort(key=lambda r: (r.place.rank is None, -r.place.votes if r.place.rank is None else 0, r.title))
    members.sort(key=lambda r: (r.place.rank is None, (r.place.rank or 0) / max(r.place.of, 1)))
    cut = len(members) if len(members) <= SHOWN + 2 else SHOWN
    return CategoryGroup(mode, heading, place, tuple(members[:cut]), tuple(members[cut:]))
