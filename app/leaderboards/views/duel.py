"""A pair that was judged: two named pictures of one prompt, and how the voters decided between them."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, aliased

from app.arena.entries.competitions import CompetitionSummary
from app.arena.entries.galleries import ModelPicture, read_one_prompt
from app.arena.tables import Competition, Tally
from app.catalog.tables import ImageModel
from app.leaderboards.views.head_to_head import Battles
from app.words import Mode

_LEFT, _RIGHT = aliased(ImageModel), aliased(ImageModel)
_TALLIES = (
    select(_LEFT.slug, _RIGHT.slug, Tally.left_wins, Tally.right_wins, Tally.ties, Tally.both_bad)
    .join(Competition, Competition.id == Tally.competition_id)
    .join(_LEFT, _LEFT.id == Tally.left_model_id)
    .join(_RIGHT, _RIGHT.id == Tally.right_model_id)
    .where(Competition.slug == bindparam("slug"))
)


@dataclass(frozen=True)
class Duel:
    """Two pictures of one competition; `battles` counts the votes between their models, A being the left one."""

    competition: CompetitionSummary
    left: ModelPicture
    right: ModelPicture
    battles: Battles

    @property
    def winner(self) -> ModelPicture | None:
        """Return the picture that more voters picked; None where neither was."""
        ahead = self.battles.a_wins - self.battles.b_wins
        return None if not ahead else self.left if ahead > 0 else self.right


def read_duel(session: Session, listed: Iterable[CompetitionSummary]) -> Duel | None:
    """
    Read the pair that voters compared most often in the newest competition whose pictures have names.

    Closed ones come before showcases and open galleries, and text to image before edits. Two queries; None where
    no such competition has pictures of two models.
    """
    named = [one for one in listed if one.is_named and one.models > 1]
    if not named:
        return None
    chosen = min(named, key=lambda one: (one.mode != Mode.TEXT_TO_IMAGE, not one.votes, one.status != "closed"))
    pictures = read_one_prompt(session, chosen.slug)
    battles = _count_battles(session, chosen.slug)
    pairs = [pair for pair in battles if pair[0] in pictures and pair[1] in pictures]
    left, right = max(pairs, key=lambda pair: battles[pair].votes, default=tuple(pictures)[:2])
    return Duel(chosen, pictures[left], pictures[right], battles.get((left, right), Battles()))


def _count_battles(session: Session, slug: str) -> dict[tuple[str, str], Battles]:
    """Count the battles of each pair of models in a competition, both ways of showing it together."""
    battles: dict[tuple[str, str], Battles] = {}
    for left, right, *counts in session.execute(_TALLIES, {"slug": slug}):
        here = Battles(*counts)
        pair, here = ((left, right), here) if left < right else ((right, left), here.turned())
        battles[pair] = battles.get(pair, Battles()) + here
    return battles
