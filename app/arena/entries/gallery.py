"""Galleries: entries with the names of their models, where readers may see them."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.arena import errors
from app.arena.entries import competitions
from app.arena.entries.inputs import outline_key
from app.arena.entries.sheets import read_sheets
from app.arena.tables import Competition, Entry
from app.catalog.tables import ImageModel


@dataclass(frozen=True)
class NamedPicture:
    """A picture and the model that made it; `url` answers for as long as readers may know."""

    url: str
    model: str
    name: str
    creator: str | None
    sample: int


@dataclass(frozen=True)
class CompetitionGallery:
    """A competition with its pictures: none while it is open, unless its gallery is open too."""

    competition: competitions.CompetitionSummary
    frame: tuple[int, int]
    input_url: str | None
    outline_url: str | None
    """The outline of the input's mask, to be laid over the input; None without a mask."""
    pictures: tuple[NamedPicture, ...]
    sheet: tuple[str, ...] = ()
    """Addresses of the field without names, in an order of chance; of an open blind contest alone."""


def read_gallery(session: Session, slug: str, *, shows_sheet: bool = False) -> CompetitionGallery:
    """
    Read a competition that is open or closed, with the pictures readers may see, and its sheet where asked for.

    Raises UnknownCompetition.
    """
    row = _competition(session, slug)
    summary = next(entry for entry in competitions.list_competitions(session) if entry.slug == slug)
    return CompetitionGallery(
        competition=summary,
        frame=(row.frame_width, row.frame_height),
        input_url=f"/competitions/{slug}/input.webp" if row.input_key else None,
        outline_url=f"/competitions/{slug}/mask-outline.png" if outline_key(row.input_key) else None,
        pictures=_pictures(session, row.id) if row.status == "closed" or row.open_gallery else (),
        sheet=read_sheets(session, [slug]).get(slug, ()) if shows_sheet else (),
    )


def read_input_key(session: Session, slug: str) -> str:
    """Read the storage key of a competition's input image. Raises UnknownCompetition where there is none."""
    key = _competition(session, slug).input_key
    if key is None:
        raise errors.UnknownCompetition("This competition has no input image.")
    return key


def read_outline_key(session: Session, slug: str) -> str:
    """Read the storage key of a mask's outline. Raises UnknownCompetition where there is none."""
    key = outline_key(_competition(session, slug).input_key)
    if key is None:
        raise errors.UnknownCompetition("This competition has no mask.")
    return key


def _competition(session: Session, slug: str) -> Competition:
    query = select(Competition).where(Competition.slug == slug, Competition.status != "draft")
    row = session.scalars(query).one_or_none()
    if row is None:
        raise errors.UnknownCompetition("There is no such competition.")
    return row


def _pictures(session: Session, competition_id: int) -> tuple[NamedPicture, ...]:
    rows = session.execute(
        select(Entry.media_key, Entry.sample, ImageModel.slug, ImageModel.name, ImageModel.creator)
        .join(ImageModel, ImageModel.id == Entry.model_id)
        .where(Entry.competition_id == competition_id)
        .where(Entry.role == "contestant", Entry.withdrawn_at.is_(None), Entry.rested_at.is_(None))
        .order_by(ImageModel.name, ImageModel.slug, Entry.sample)
    )
    return tuple(
        NamedPicture(f"/{media_key}", slug, name, creator, sample)
        for media_key, sample, slug, name, creator in rows
    )
