"""Chooses which prompts of a pack are held back as showcases: shown with names, and never judged."""

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.arena import errors
from app.arena.entries.pack_format import PackCompetition
from app.arena.tables import Competition

LARGEST_SHARE = 0.5


@dataclass(frozen=True)
class ShowcaseRule:
    """A rule that says how many prompts are held back: a share of them, above 0, or one of each category."""

    share: float | None = None


def parse_rule(text: str) -> ShowcaseRule:
    """Parse `category` or a share as `10%`. Raises InvalidPack."""
    if text == "category":
        return ShowcaseRule()
    number = text.removesuffix("%")
    share = float(number) / 100 if text.endswith("%") and number.replace(".", "", 1).isdecimal() else 0.0
    if not 0 < share <= LARGEST_SHARE:
        raise errors.InvalidPack(
            f"{text!r} is no rule for showcases: write `category` for one prompt of each, or a share up to 50%"
        )
    return ShowcaseRule(share)


def choose_showcases(session: Session, packs: Sequence[PackCompetition], rule: ShowcaseRule) -> frozenset[str]:
    """
    Choose the slugs of new competitions that are held back. A second import of the same pack chooses none anew.

    What is in the arena already stays what it is, and showcases there and in the manifest count towards the rule.
    """
    query = select(Competition.slug, Competition.showcase)
    known = dict(session.execute(query.where(Competition.slug.in_([pack.slug for pack in packs]))).all())
    safe = [pack for pack in packs if pack.blind_safe]
    if rule.share is None:
        return frozenset(_choose_by_category(safe, known))
    shown = sum(_is_shown(pack, known) for pack in safe)
    new = sorted((pack for pack in safe if not pack.showcase and pack.slug not in known), key=_draw_lot)
    return frozenset(pack.slug for pack in new[: max(0, math.ceil(rule.share * len(safe)) - shown)])


def _choose_by_category(packs: Sequence[PackCompetition], known: Mapping[str, bool]) -> Iterable[str]:
    """Choose for each category the prompt that most models answered; none where it is the only one."""
    chosen: set[str] = set()
    for category in sorted({category for pack in packs for category in pack.filed_under}):
        members = [pack for pack in packs if category in pack.filed_under]
        new = [pack for pack in members if pack.slug not in known]
        is_shown = any(pack.slug in chosen or _is_shown(pack, known) for pack in members)
        if new and len(members) > 1 and not is_shown:
            chosen.add(min(new, key=lambda pack: (-_count_models(pack), _draw_lot(pack))).slug)
    return chosen


def _is_shown(pack: PackCompetition, known: Mapping[str, bool]) -> bool:
    return known.get(pack.slug, pack.showcase)


def _count_models(pack: PackCompetition) -> int:
    return len({str(image.get("model")) for image in pack.images})


def _draw_lot(pack: PackCompetition) -> str:
    """Give each prompt a place by chance that is the same at every import."""
    return hashlib.sha256(pack.slug.encode()).hexdigest()
