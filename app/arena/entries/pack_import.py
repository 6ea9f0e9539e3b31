"""Imports packs: folders of images with a manifest.json, from anybody, so nothing in them is trusted."""

import hashlib
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import exists, select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from app.arena import errors
from app.arena.entries import competitions, entries, renditions
from app.arena.entries.alignment import align_renditions
from app.arena.entries.competitions import CategoryFile, CompetitionFile
from app.arena.entries.framing import Size, common_frame
from app.arena.entries.inputs import delete_unused, store_input
from app.arena.entries.pack_format import (
    ImageResult,
    PackCompetition,
    PackImage,
    PackReport,
    describe_frames,
    describe_invalid,
    read_manifest,
)
from app.arena.entries.pack_manifest import BESIDE
from app.arena.tables import Category, Competition
from app.catalog.pricing import MICROS
from app.catalog.seeds import CatalogError
from app.database.doors import Database
from app.files.folders import find_inside
from app.files.text import find_unstorable, normalize
from app.gateway.images import InvalidImage, decode
from app.gateway.storage import Storage
from app.words import Mode

FRAME_SIDE = 1024
DECODERS = 2
TITLE_LENGTH = 60


def import_pack(
    database: Database,
    storage: Storage,
    folder: Path,
    *,
    now: Callable[[], datetime],
    progress: Callable[[ImageResult], None] = lambda _: None,
    held_back: Container[str] = (),
) -> PackReport:
    """
    Import every acceptable image of a pack; a bad image is refused alone and does not end the import.

    New competitions whose slugs are `held_back` become showcases. Each image is one transaction, so an import can
    be stopped and run again. Raises InvalidPack.
    """
    report = PackReport()
    for item in read_manifest(folder):
        if isinstance(item, ImageResult):
            outcomes: Iterable[ImageResult] = [item]
        else:
            pack = item.model_copy(update={"showcase": item.showcase or item.slug in held_back})
            outcomes = _CompetitionImport(database, storage, folder, now, pack).outcomes()
        before = len(report.outcomes)
        for outcome in outcomes:
            report.outcomes.append(outcome)
            progress(outcome)
        report.competitions += any(outcome.kind != "refused" for outcome in report.outcomes[before:])
    return report


@dataclass(frozen=True)
class _CompetitionImport:
    """The import of one competition of a pack."""

    database: Database
    storage: Storage
    folder: Path
    now: Callable[[], datetime]
    pack: PackCompetition

    def outcomes(self) -> Iterable[ImageResult]:
        """Import each image, in the manifest's order; without one that is taken no competition is created."""
        try:
            new = self._prepare()
        except (errors.ArenaError, CatalogError, InvalidImage, OSError) as error:
            yield from _refuse_all(self.pack, str(error))
            return
        is_any = False
        makers = {sha256: model for (model, _, role), sha256 in new.hashes.items() if role == "contestant"}
        with ThreadPoolExecutor(DECODERS) as decoders:
            numbers = range(1, len(self.pack.images) + 1)
            for rendered in decoders.map(partial(self._render, new), numbers, self.pack.images):
                missing = None if is_any else new.spec
                result = (
                    self._enter(rendered, new, missing, makers) if isinstance(rendered, _Rendered) else rendered
                )
                is_any = is_any or result.kind != "refused"
                yield result
        if is_any:
            align_renditions(self.database, self.storage, self.pack.slug)
        else:
            delete_unused(self.database, self.storage, new.input_key)

    def _prepare(self) -> "_Destination":
        """Return where the images go; the files of a competition that does not exist yet are stored."""
        if not self.pack.blind_safe:
            raise errors.InvalidPack("not blind safe: a picture spells the name of its model")
        with self.database.reading() as session:
            frame = _existing_frame(session, self.pack)
            hashes = entries.read_hashes(session, self.pack.slug)
        sizes = tuple(filter(None, map(_stated_size, self.pack.images)))
        if frame is not None:
            return _Destination(frame, sizes, hashes=hashes)
        sizes = tuple(filter(None, map(self._read_size, self.pack.images)))
        spec = _competition_file(self.pack, sizes)
        input_key = None
        if spec.input:
            path = _find_file(self.folder, spec.input, f"{spec.input}, {BESIDE['input']}: ")
            mask = _find_file(self.folder, spec.mask, f"{spec.mask}, {BESIDE['mask']}: ") if spec.mask else None
            try:
                input_key = store_input(self.storage, path, mask, spec.frame)
            except (InvalidImage, OSError) as error:
                raise errors.InvalidPack(f"{spec.input}, {BESIDE['input']}, can't be read: {error}") from error
        return _Destination(spec.frame, sizes, spec, input_key)

    def _read_size(self, item: dict[str, Any]) -> Size | None:
        """Return the size of an image as the manifest states it, else as its file shows, if it can be read."""
        stated, name = _stated_size(item), item.get("file")
        path = find_inside(self.folder, name) if stated is None and isinstance(name, str) else None
        if path is None:
            return stated
        try:
            return decode(path.read_bytes()).size
        except (InvalidImage, OSError, ValueError):
            return None

    def _render(self, new: "_Destination", number: int, item: dict[str, Any]) -> "_Rendered | ImageResult":
        """Check, decode and store one image, several at a time; its row comes later, in the manifest's order."""
        name = item.get("file")
        subject = name if isinstance(name, str) and name else f"{self.pack.slug}: image {number}"
        problem = find_unstorable(item)
        if problem is not None:
            return ImageResult(subject, "refused", problem)
        try:
            image = PackImage.model_validate(item)
            if new.hashes.get((image.model, image.sample, image.role)) == image.sha256:
                return ImageResult(subject, "unchanged")
            place = entries.EntryKey(self.pack.slug, image.model, image.sample, image.role)
            original = _read_verified(self.folder, image)
            picture = self._read_picture(original, new, image.no_visible_mark)
            stored = entries.store(self.storage, picture)
            return _Rendered(subject, place, stored, _entry_details(image), image.sha256)
        except ValidationError as error:
            return ImageResult(subject, "refused", describe_invalid(error))
        except (errors.ArenaError, CatalogError, InvalidImage, OSError) as error:
            return ImageResult(subject, "refused", str(error))

    def _enter(
        self, image: "_Rendered", new: "_Destination", missing: CompetitionFile | None, makers: dict[str, str]
    ) -> ImageResult:
        """
        Store an image's row, and before it a competition that is missing; delete the files of a refused one.

        `makers` knows whose each file of the competition is.
        """

        def work(session: Session) -> bool:
            if missing is not None:
                _create_competition(session, missing, new.input_key, self.now())
            return entries.add(session, image.place, image.stored, image.facts, now=self.now())

        try:
            with entries.keep_if_entered(self.database, self.storage, image.stored):
                is_added = self.database.write(work)
        except (errors.ArenaError, CatalogError) as error:
            return ImageResult(image.subject, "refused", str(error))
        except (DataError, IntegrityError):
            return ImageResult(image.subject, "refused", "the database can't store what the manifest says of it")
        if not is_added:
            return ImageResult(image.subject, "unchanged")
        notices = describe_frames(image.stored.picture.original), _note_same_file(image, makers)
        return ImageResult(image.subject, "taken", "; ".join(filter(None, notices)) or None)

    def _side(self, new: "_Destination") -> int:
        """Return the size that shows the pack's largest original here, so that nothing is rendered twice."""
        is_edit = self.pack.input is not None
        return max((renditions.side_for(size, new.frame, is_edit=is_edit) for size in new.sizes), default=0)

    def _read_picture(self, original: bytes, new: "_Destination", vouched: str | None) -> renditions.Picture:
        """Render an image; a refused animation is told to be one: it may be fine from its second frame on."""
        is_edit, side = self.pack.input is not None, self._side(new)
        try:
            return renditions.picture(original, new.frame, vouched, side=side, is_edit=is_edit)
        except errors.EntryRefused as error:
            raise errors.EntryRefused("; ".join(filter(None, (str(error), describe_frames(original))))) from error


@dataclass(frozen=True)
class _Rendered:
    """An image whose files are stored and whose row is not."""

    subject: str
    place: entries.EntryKey
    stored: entries.StoredPicture
    facts: entries.EntryDetails
    sha256: str


@dataclass(frozen=True)
class _Destination:
    """Describe where a pack's images go: the frame, the competition if it is new, and what it has if it is not."""

    frame: Size
    sizes: tuple[Size, ...]
    spec: CompetitionFile | None = None
    input_key: str | None = None
    hashes: Mapping[tuple[str, int, str], str] = field(default_factory=dict)


def _note_same_file(image: _Rendered, makers: dict[str, str]) -> str | None:
    """Say whose the very same file is in this competition, if it is another model's."""
    if image.place.role != "contestant":
        return None
    maker = makers.setdefault(image.sha256, image.place.model)
    is_own = maker == image.place.model
    return None if is_own else f"the same file as {maker}'s: a pair of the two shows one picture twice"


def _create_competition(session: Session, spec: CompetitionFile, input_key: str | None, now: datetime) -> None:
    """Create a competition and its categories, unless an earlier image of the pack has."""
    if session.scalars(select(exists().where(Competition.slug == spec.slug))).one():
        return
    for slug in spec.categories:
        if session.scalars(select(Category).where(Category.slug == slug)).one_or_none() is None:
            competitions.save_category(
                session, CategoryFile(slug=slug, title=_title_from_slug(slug), position=100)
            )
    competitions.save(session, spec, now=now, input_key=input_key)


def _refuse_all(pack: PackCompetition, reason: str) -> Iterable[ImageResult]:
    names = [str(image.get("file", pack.slug)) for image in pack.images] or [pack.slug]
    return [ImageResult(name, "refused", reason) for name in names]


def _existing_frame(session: Session, pack: PackCompetition) -> tuple[int, int] | None:
    row = session.scalars(select(Competition).where(Competition.slug == pack.slug)).one_or_none()
    if row is None:
        return None
    if _plain(row.prompt) != _plain(pack.prompt):
        raise errors.InvalidPack(f"competition {pack.slug} exists with another prompt")
    return (row.frame_width, row.frame_height)


def _plain(prompt: str) -> str:
    """Return a prompt as prompts are compared: an editor's byte order mark and line ends say nothing."""
    return normalize(prompt.replace("\r\n", "\n").removeprefix("\ufeff"))


def _competition_file(pack: PackCompetition, sizes: Sequence[Size]) -> CompetitionFile:
    short = pack.prompt.strip().rstrip(".") or pack.prompt.strip()
    try:
        return CompetitionFile.model_validate(
            {
                "slug": pack.slug,
                "title": pack.title
                or (short[0].upper() + short[1:] if len(short) <= TITLE_LENGTH else _title_from_slug(pack.slug)),
                "mode": pack.mode or (Mode.IMAGE_EDIT if pack.input else Mode.TEXT_TO_IMAGE),
                "categories": pack.filed_under,
                "prompt": pack.prompt,
                "frame": pack.frame or common_frame(sizes or [(FRAME_SIDE, FRAME_SIDE)], FRAME_SIDE),
                "status": "closed" if pack.showcase else "open",
                "showcase": pack.showcase,
                "input": pack.input,
                "mask": pack.mask,
            }
        )
    except ValidationError as error:
        raise errors.InvalidPack(describe_invalid(error)) from error


def _stated_size(item: dict[str, Any]) -> Size | None:
    """Return the size that a manifest states of an image, if it does."""
    width, height = item.get("width"), item.get("height")
    if isinstance(width, int) and isinstance(height, int) and min(width, height) > 0:
        return width, height
    return None


def _read_verified(folder: Path, image: PackImage) -> bytes:
    data = _find_file(folder, image.file).read_bytes()
    if hashlib.sha256(data).hexdigest() != image.sha256:
        raise errors.EntryRefused("its sha256 is not the manifest's")
    return data


def _find_file(folder: Path, name: str, named: str = "") -> Path:
    """Find a file of the pack. Raises EntryRefused, whose reason begins with what the file is `named`."""
    path = find_inside(folder, name)
    if path is None:
        raise errors.EntryRefused(f"{named}the path leaves the pack")
    if not path.is_file():
        raise errors.EntryRefused(f"{named}the file is missing")
    return path


def _entry_details(image: PackImage) -> entries.EntryDetails:
    return entries.EntryDetails(
        prompt=image.prompt,
        provider=image.provider,
        seconds=image.generation_time_s,
        cost_micros=None if image.cost_usd is None else round(image.cost_usd * MICROS),
        licence=image.licence,
        source=(image.model_extra or {}) | entries.describe_exception(image.no_visible_mark),
    )


def _title_from_slug(slug: str) -> str:
    return slug.replace("-", " ").capitalize()
