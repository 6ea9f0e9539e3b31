"""Named pictures for lists: of competitions, of models, and of one prompt, each in one query."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, String, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session

from app.arena.entries.named_pictures import IS_NAMED
from app.arena.tables import Category, Competition, Entry, competition_categories
from app.catalog.tables import ImageModel

_IS_SHOWN = (Entry.withdrawn_at.is_(None), Entry.rested_at.is_(None), Competition.status != "draft", IS_NAMED)


@dataclass(frozen=True)
class ModelPicture:
    """A picture with its model, and the competition and frame (pixels) it was made for; anybody may open `url`."""

    url: str
    model: str
    name: str
    competition: str
    title: str
    frame: tuple[int, int]


def _number(partition: Any, *order: Any) -> Any:
    return func.row_number().over(partition_by=partition, order_by=order).label("place")


def _select_first(place: Any, *columns: Any, where: Iterable[ColumnElement[bool]]) -> Select[Any]:
    """Select columns of shown entries, at most `most` for each partition of `place`."""
    placed = (
        select(*columns, place)
        .select_from(Entry)
        .join(Competition, Competition.id == Entry.competition_id)
        .where(*_IS_SHOWN, *where)
        .subquery()
    )
    return select(placed).where(placed.c.place <= bindparam("most")).order_by(placed.c.place)


CATEGORY: BindParameter[str | None] = bindparam("category", type_=String)
# Written once: building a statement costs several times what the query does.
_COVERS = _select_first(
    _number(Entry.competition_id, Entry.sample, Entry.media_key),
    *(Competition.slug, Entry.media_key),
    where=(Entry.role == "contestant", Competition.slug.in_(bindparam("slugs", expanding=True))),
)
_SAMPLES = _select_first(
    _number(Entry.model_id, Entry.sample, Competition.id.desc()),
    *(Entry.model_id, Entry.media_key),
    where=(Competition.mode == bindparam("mode"), Entry.model_id.in_(bindparam("models", expanding=True))),
)


def read_covers(session: Session, slugs: Iterable[str], most: int) -> dict[str, tuple[str, ...]]:
    """Read the addresses of at most so many pictures of each competition; none of one that is judged blind."""
    rows = session.execute(_COVERS, {"slugs": list(slugs), "most": most})
    return _gather((row.slug, f"/{row.media_key}") for row in rows)


def read_samples(session: Session, model_ids: Iterable[int], mode: str, most: int) -> dict[int, tuple[str, ...]]:
    """Read the addresses of so many smallest thumbnails of each model, the newest prompts first."""
    rows = session.execute(_SAMPLES, {"models": list(model_ids), "mode": mode, "most": most})
    return _gather((row.model_id, f"/{row.media_key.removesuffix('.webp')}-160.webp") for row in rows)


def _gather(rows: Iterable[tuple[Any, str]]) -> dict[Any, tuple[str, ...]]:
    by_key: defaultdict[Any, list[str]] = defaultdict(list)
    for key, url in rows:
        by_key[key].append(url)
    return {key: tuple(urls) for key, urls in by_key.items()}


def _select_exhibit() -> Select[*tuple[Any, ...]]:
    """Select what models made of one prompt: of a category's, or a mode's, the one that most of them answered."""
    filed = exists().where(
        competition_categories.c.competition_id == Competition.id,
        competition_categories.c.category_id == Category.id,
        Category.slug == CATEGORY,
    )
    widest = (
        select(Competition.id)
        .join(Entry, Entry.competition_id == Competition.id)
        .where(*_IS_SHOWN, Entry.role == "contestant", Competition.mode == bindparam("mode"))
        .where(or_(CATEGORY.is_(None), filed))
        .group_by(Competition.id)
        .having(func.count(Entry.model_id.distinct()) > 1)
        .order_by(func.count(Entry.model_id.distinct()).desc(), Competition.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    return _select_pictures().where(Entry.competition_id == widest)


def _select_pictures() -> Select[*tuple[Any, ...]]:
    frame = (Competition.frame_width, Competition.frame_height)
    return (
        select(Entry.media_key, ImageModel.slug, ImageModel.name, Competition.slug, Competition.title, *frame)
        .select_from(Entry)
        .join(Competition, Competition.id == Entry.competition_id)
        .join(ImageModel, ImageModel.id == Entry.model_id)
        .where(*_IS_SHOWN, Entry.role == "contestant")
        .order_by(Entry.sample, Entry.id)
    )


_EXHIBIT = _select_exhibit()
_ONE = _select_pictures().where(Competition.slug == bindparam("slug"))


def read_exhibit(session: Session, mode: str, category: str | None = None) -> dict[str, ModelPicture]:
    """Read a picture of each model, by its slug, from the named prompt of a board that most of them answered."""
    return _by_model(session.execute(_EXHIBIT, {"mode": mode, "category": category}))


def read_one_prompt(session: Session, slug: str) -> dict[str, ModelPicture]:
    """Read a picture of each model, by its slug, from one competition; none of one that is judged blind."""
    return _by_model(session.execute(_ONE, {"slug": slug}))


def _by_model(rows: Iterable[Any]) -> dict[str, ModelPicture]:
    found: dict[str, ModelPicture] = {}
    for key, model, name, competition, title, width, height in rows:
        found.setdefault(model, ModelPicture(f"/{key}", model, name, competition, title, (width, height)))
    return found
