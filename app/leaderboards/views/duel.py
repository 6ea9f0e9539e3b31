"""A pair that was judged: two named pictures of one prompt, and how the voters decided between them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, bindparam, or_, select
from sqlalchemy.orm import Session

from app.arena.entries.competitions import CompetitionSummary
from app.arena.entries.galleries import ModelPicture, read_one_prompt
from app.arena.tables import Competition, Tally
from app.arena.tally_tables import COUNTS, VOTES
from app.catalog.tables import ImageModel
from app.database.aliases import alias
from app.leaderboards.views.head_to_head import Battles
from app.words import BETTER, Mode

_LEFT, _RIGHT = alias(ImageModel), alias(ImageModel)


def _select_most_judged() -> Select[*tuple[Any, ...]]:
    """Select the tallies, both ways of showing it, of the pair that was judged most often one way around."""
    pair = (Tally.left_model_id, Tally.right_model_id)
    most = (
        select(*pair)
        .join(Competition, Competition.id == Tally.competition_id)
        .where(Competition.slug == bindparam("slug"), Tally.question == BETTER, VOTES > 0)
        .order_by(VOTES.desc(), *pair)
        .limit(1)
        .cte("most")
    )
    same = and_(pair[0] == most.c.left_model_id, pair[1] == most.c.right_model_id)
    turned = and_(pair[0] == most.c.right_model_id, pair[1] == most.c.left_model_id)
    return (
        select(_LEFT.slug, _RIGHT.slug, *COUNTS)
        .select_from(Tally)
        .join(Competition, Competition.id == Tally.competition_id)
        .join(most, or_(same, turned))
        .join(_LEFT, _LEFT.id == Tally.left_model_id)
        .join(_RIGHT, _RIGHT.id == Tally.right_model_id)
        .where(Competition.slug == bindparam("slug"), Tally.question == BETTER)
    )


# Written once: building a statement costs several times what the query does.
_MOST_JUDGED = _select_most_judged()


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


def choose_competition(listed: Iterable[CompetitionSummary]) -> CompetitionSummary | None:
    """
    Choose the newest competition whose pictures have names; None where there is none with two models.

    Closed ones that were judged come before showcases and open galleries, and text to image before edits.
    """
    named = (one for one in listed if one.is_named and one.models > 1)
    return min(
        named,
        key=lambda one: (one.mode != Mode.TEXT_TO_IMAGE, not one.votes, one.status != "closed"),
        default=None,
    )


def read_duel(session: Session, chosen: CompetitionSummary) -> Duel | None:
    """Read the pair of a named competition that voters compared most often; None without two pictures."""
    pictures = read_one_prompt(session, chosen.slug)
    if len(pictures) < 2:
        return None
    judged = _count_battles(session, chosen.slug)
    if judged is not None and judged[0] in pictures and judged[1] in pictures:
        return Duel(chosen, pictures[judged[0]], pictures[judged[1]], judged[2])
    left, right, *_ = pictures.values()
    return Duel(chosen, left, right, Battles())


def _count_battles(session: Session, slug: str) -> tuple[str, str, Battles] | None:
    """Count the battles of the pair that was judged most often in a competition; None before the first vote."""
    rows = session.execute(_MOST_JUDGED, {"slug": slug}).all()
    if not rows:
        return None
    left, right = min(tuple(row[:2]) for row in rows)
    battles = [Battles(*row[2:]) if row[0] == left else Battles(*row[2:]).turned() for row in rows]
    return left, right, sum(battles, start=Battles())
