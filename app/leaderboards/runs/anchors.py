"""The models whose mean rating is the level of a mode (docs/ratings.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from typing import NamedTuple

from sqlalchemy import bindparam, func, literal_column, select
from sqlalchemy.orm import Session

from app.arena import ledger
from app.arena.errors import read_mode
from app.catalog import lookup
from app.catalog.tables import ImageModel
from app.database.doors import execute, insert
from app.database.statements import PreparedStatement, read_json
from app.errors import Refusal
from app.leaderboards.runs.scopes import key
from app.leaderboards.tables import Board, ModeAnchor, Standing

SETTLED_MODELS = 5
LEVEL = 1000.0
NEWEST = 2**31 - 1
"""A version that no list of anchors reaches."""
LOWEST, HIGHEST = 0.0, 4000.0
"""Elo points between which a model can be put."""


class AnchorRefused(Refusal, code="anchor_refused"):
    """These models cannot be the anchor."""


@dataclass(frozen=True)
class AnchorSet:
    """A stored list; version 0 stands for all models of a board, until five are no longer provisional."""

    version: int = 0
    model_ids: tuple[int, ...] = ()
    value: float = LEVEL


class NewAnchor(NamedTuple):
    """A new anchor: its mean rating in Elo points, and by how much every rating of the overall board moves."""

    version: int
    value: float
    shift: float


def read_anchor(session: Session, mode: str, version: int | None = None) -> AnchorSet:
    """Read a mode's anchor of this version, by default the newest."""
    row = _ANCHOR.first(session, mode=mode, version=NEWEST if version is None else version)
    return AnchorSet() if row is None else AnchorSet(row.version, tuple(read_json(row.model_ids)), row.value)


# Versions up to the one that is asked for; each that a run names is there, and 0 is before the first.
_ANCHOR = PreparedStatement(
    lambda _: (
        select(ModeAnchor.version, ModeAnchor.model_ids, ModeAnchor.value)
        .where(ModeAnchor.mode == bindparam("mode"), ModeAnchor.version <= bindparam("version"))
        .order_by(ModeAnchor.version.desc())
        .limit(literal_column("1"))
    )
)


def freeze(session: Session, mode: str, anchor: AnchorSet, now: datetime) -> bool:
    """Store version 1; False if somebody else was first."""
    values = {
        "mode": mode,
        "version": anchor.version,
        "model_ids": list(anchor.model_ids),
        "value": anchor.value,
        "created_at": now,
        "detail": {},
    }
    added = insert(session, ModeAnchor).values(values).on_conflict_do_nothing(index_elements=["mode", "version"])
    if not execute(session, added):
        return False
    ledger.note(session, "anchor.frozen", f"mode:{mode}", now=now, actor="refresh", models=list(anchor.model_ids))
    return True


def change_anchor(
    session: Session,
    mode: str,
    models: Sequence[str],
    *,
    now: datetime,
    actor: str,
    reason: str,
    value: float | None = None,
) -> NewAnchor:
    """
    Make these models (slugs) the anchor from the next refresh on, with a ledger line.

    The level stays where it is: the new list's mean is what the current overall run rates it at, so that
    models common to both lists keep their mean. A single model with a `value` is put at that rating instead.
    Raises UnknownMode, and AnchorRefused when a model has no rank on the overall board.
    """
    read_mode(mode)
    if value is not None and (len(models) != 1 or not LOWEST <= value <= HIGHEST):
        raise AnchorRefused(f"Only a single model can be put at a rating, from {LOWEST:.0f} to {HIGHEST:.0f}.")
    ratings = _read_ratings(session, mode, models)
    mean = fmean(ratings.values())
    before = session.scalar(select(func.max(ModeAnchor.version)).where(ModeAnchor.mode == mode)) or 0
    change = NewAnchor(before + 1, mean if value is None else value, 0.0 if value is None else value - mean)
    session.add(
        ModeAnchor(
            mode=mode,
            version=change.version,
            model_ids=sorted(ratings),
            value=change.value,
            created_at=now,
            detail={"actor": actor, "reason": reason},
        )
    )
    detail = {"models": list(models)} | change._asdict()
    ledger.note(session, "anchor.changed", f"mode:{mode}", now=now, actor=actor, reason=reason, **detail)
    return change


def _read_ratings(session: Session, mode: str, slugs: Sequence[str]) -> dict[int, float]:
    """Read the models' ratings on the current overall board, by model id. Raises AnchorRefused."""
    ids = lookup.ids(session, slugs)
    rows = session.execute(
        select(Standing.model_id, Standing.rating)
        .join(Board, Board.current_run_id == Standing.run_id)
        .join(ImageModel, ImageModel.id == Standing.model_id)
        .where(Board.key == key(mode), Standing.model_id.in_(ids.values()), Standing.rank.is_not(None))
    )
    ratings = dict(rows.all())
    missing = [slug for slug in slugs if ids.get(slug) not in ratings]
    if missing or not ratings:
        raise AnchorRefused(f"Not ranked on the overall board of {mode}: {', '.join(missing) or 'no model'}.")
    return ratings
