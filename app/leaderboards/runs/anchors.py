"""The models whose mean rating is the level of a mode (docs/ratings.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.arena import ledger
from app.catalog import lookup
from app.catalog.tables import ImageModel
from app.database.doors import execute, insert
from app.leaderboards.runs.scopes import key
from app.leaderboards.tables import Anchor, Board, Standing

SETTLED_MODELS = 5
LEVEL = 1000.0


class AnchorRefused(Exception):
    """These models cannot be the anchor."""

    code = "anchor_refused"


@dataclass(frozen=True)
class AnchorSet:
    """A stored list; version 0 stands for all models of a board, until five are no longer provisional."""

    version: int = 0
    model_ids: tuple[int, ...] = ()
    value: float = LEVEL


def anchor_set(session: Session, mode: str, version: int | None = None) -> AnchorSet:
    """The one of this version, by default the newest."""
    rows = select(Anchor).where(Anchor.mode == mode).order_by(Anchor.version.desc()).limit(1)
    row = session.scalar(rows if version is None else rows.where(Anchor.version == version))
    return AnchorSet() if row is None else AnchorSet(row.version, tuple(row.model_ids), row.value)


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
    added = insert(session, Anchor).values(values).on_conflict_do_nothing(index_elements=["mode", "version"])
    if not execute(session, added):
        return False
    ledger.note(session, "anchor.frozen", f"mode:{mode}", now=now, actor="refresh", models=list(anchor.model_ids))
    return True


def reanchor(
    session: Session,
    mode: str,
    models: Sequence[str],
    *,
    now: datetime,
    actor: str,
    reason: str,
    value: float | None = None,
) -> AnchorSet:
    """
    Make these models (slugs) the anchor from the next refresh on, with a ledger line.

    The level stays where it is: the new list's mean is what the current overall run rates it at, so that
    models common to both lists keep their mean. A single model with a `value` is put at that rating instead.
    Raises AnchorRefused when a model has no rank on the overall board.
    """
    if value is not None and len(models) != 1:
        raise AnchorRefused("Only a single model can be put at a fixed rating.")
    ratings = _ranked(session, mode, models)
    before = session.scalar(select(func.max(Anchor.version)).where(Anchor.mode == mode)) or 0
    level = fmean(ratings.values()) if value is None else value
    row = Anchor(
        mode=mode,
        version=before + 1,
        model_ids=sorted(ratings),
        value=level,
        created_at=now,
        detail={"actor": actor, "reason": reason},
    )
    session.add(row)
    detail = {"version": row.version, "models": list(models), "value": level}
    ledger.note(session, "anchor.changed", f"mode:{mode}", now=now, actor=actor, reason=reason, **detail)
    return AnchorSet(row.version, tuple(row.model_ids), level)


def _ranked(session: Session, mode: str, slugs: Sequence[str]) -> dict[int, float]:
    """Model id to rating on the current overall board."""
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
