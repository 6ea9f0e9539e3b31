"""The demo's image-edit competitions: what is asked, and how the painter draws their inputs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.arena.entries import competitions, inputs
from app.arena.entries.competitions import CategoryFile, CompetitionFile
from app.arena.entries.entries import EntryKey
from app.arena.entries.generation import GenerationTask
from app.arena.tables import Category, Competition
from app.catalog.tables import ImageModel
from app.database.doors import Database
from app.demo.drawing import FRAME, PAINTERS_PER_ROUND
from app.gateway.storage import Storage
from app.painter.painters import PAINTERS
from app.words import Mode

if TYPE_CHECKING:
    from PIL.Image import Image

Box = tuple[float, float, float, float]
CATEGORIES = (
    CategoryFile(slug="object", title="Object", position=20),
    CategoryFile(slug="scene", title="Scene", position=21),
)


@dataclass(frozen=True)
class DrawnInput:
    """
    The prompt, painter and seed that draw the picture to be edited.

    `mask` is the ellipse that may change: left, top, right and bottom as shares of the sides.
    """

    prompt: str
    painter: str
    seed: int
    mask: Box | None = None


HOUSE = DrawnInput("A house and a tree in a meadow", "studio-xl", 3)
FRIENDS = DrawnInput("A dog and a cat in a field of flowers", "poster-pro", 5)
CAT = DrawnInput("A cat on a meadow", "studio-xl", 7, mask=(0.16, 0.1, 0.84, 1.06))
CAR = DrawnInput("A red car in the city", "studio-xl", 11)
HORSE = DrawnInput("A horse in a field", "aquarelle-2", 13, mask=(0.02, 0.4, 0.36, 0.98))


@dataclass(frozen=True)
class DemoEdit:
    """A competition: its category's slug, what is asked of the models, and the picture they are given."""

    slug: str
    title: str
    category: str
    prompt: str
    drawn: DrawnInput


EDITS = (
    DemoEdit("starry-night-sky", "Starry night sky", "scene", "Add a starry night sky to this image", HOUSE),
    DemoEdit("red-balloon", "A red balloon", "object", "Add a red balloon at the top left", FRIENDS),
    DemoEdit("cat-becomes-fox", "The cat becomes a fox", "object", "Replace the cat with a fox", CAT),
    DemoEdit("first-snow", "First snow", "scene", "Make it a snowy winter day", CAR),
    DemoEdit("snowman-on-the-field", "A snowman on the field", "object", "Add a snowman", HORSE),
)
"""In the order in which they are filled."""


def make_competitions(database: Database, storage: Storage, *, now: Callable[[], datetime]) -> list[str]:
    """
    Make those that are not there, their inputs drawn now; return the slugs of all that are the demo's own.

    A competition of the same name with another prompt is somebody's own, and left alone.
    """
    ours: list[str] = []
    for edit in EDITS:
        with database.reading() as session:
            existing = _find(session, edit)
        if existing is None:
            key = inputs.store_images(storage, *draw_input(edit.drawn), FRAME)
            database.write(lambda session: _save(session, edit, key, now()))  # noqa: B023
        if existing is None or existing.prompt == edit.prompt:
            ours.append(edit.slug)
    return ours


def draw_input(drawn: DrawnInput) -> tuple[bytes, bytes | None]:
    """Draw the picture and its mask, both as PNG in FRAME's size."""
    from PIL import Image, ImageDraw  # noqa: PLC0415  (with numpy, only where something is drawn)

    from app.painter.paint import paint  # noqa: PLC0415

    picture = _png(paint(drawn.prompt, drawn.painter, drawn.seed, FRAME))
    if drawn.mask is None:
        return picture, None
    left, top, right, bottom = drawn.mask
    mask = Image.new("RGBA", FRAME, (0, 0, 0, 255))
    box = (left * FRAME[0], top * FRAME[1], right * FRAME[0], bottom * FRAME[1])
    ImageDraw.Draw(mask).ellipse(box, fill=(0, 0, 0, 0))
    return picture, _png(mask)


def plan_edits(session: Session, competitions: Sequence[str], edition: int) -> list[GenerationTask]:
    """
    Plan an edit by every painter for each of these competitions, where there is a mask by those who take one.

    Rounds go through all competitions, as those of the contestants do.
    """
    editors = _list_editors(session)
    return [
        GenerationTask(EntryKey(slug, painters[place], edition))
        for first in range(0, len(editors), PAINTERS_PER_ROUND)
        for turn, slug in enumerate(competitions)
        for painters in [_rotate(_list_suited(editors, slug), turn)]
        for place in range(first, min(first + PAINTERS_PER_ROUND, len(painters)))
    ]


def _list_editors(session: Session) -> dict[str, bool]:
    """List the demo models that edit, and whether they take a mask."""
    rows = session.scalars(select(ImageModel).where(ImageModel.demo))
    editors = {row.slug: bool(row.limits.get("mask")) for row in rows if Mode.IMAGE_EDIT in row.modes}
    return {slug: editors[slug] for slug in PAINTERS if slug in editors}


def _list_suited(editors: Mapping[str, bool], competition: str) -> list[str]:
    has_mask = any(edit.slug == competition and edit.drawn.mask is not None for edit in EDITS)
    return [slug for slug, takes_masks in editors.items() if takes_masks or not has_mask]


def _rotate(painters: Sequence[str], by: int) -> list[str]:
    """Begin with another pair in each competition."""
    start = PAINTERS_PER_ROUND * by % max(1, len(painters))
    return [*painters[start:], *painters[:start]]


def list_ours(session: Session) -> Sequence[Competition]:
    """List the demo's own image-edit competitions."""
    prompts = {edit.slug: edit.prompt for edit in EDITS}
    rows = session.scalars(select(Competition).where(Competition.slug.in_(prompts))).all()
    return [row for row in rows if row.prompt == prompts[row.slug] and row.mode == Mode.IMAGE_EDIT]


def _find(session: Session, edit: DemoEdit) -> Competition | None:
    row = session.scalars(select(Competition).where(Competition.slug == edit.slug)).one_or_none()
    if row is not None:
        session.expunge(row)
    return row


def _save(session: Session, edit: DemoEdit, key: str, now: datetime) -> None:
    categories = (category for category in CATEGORIES if category.slug == edit.category)
    _add_categories(session, categories)
    spec = CompetitionFile(
        slug=edit.slug,
        title=edit.title,
        mode=Mode.IMAGE_EDIT,
        categories=(edit.category,),
        prompt=edit.prompt,
        frame=FRAME,
        status="open",
        input="drawn",
        mask="drawn" if edit.drawn.mask else None,
    )
    competitions.save(session, spec, now=now, input_key=key)


def _add_categories(session: Session, wanted: Iterable[CategoryFile]) -> None:
    """Add categories that are not there; the titles of an arena's own stay as they are."""
    for category in wanted:
        if session.scalars(select(Category).where(Category.slug == category.slug)).one_or_none() is None:
            competitions.save_category(session, category)


def _png(picture: "Image") -> bytes:
    buffer = BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
