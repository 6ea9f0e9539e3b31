"""Imports packs: folders of images with a manifest.json, from anybody, so nothing in them is trusted."""

import hashlib
import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.arena import errors
from app.arena.entries import competitions, entries, renditions
from app.arena.entries.alignment import align_renditions
from app.arena.entries.competitions import CategoryFile, CompetitionFile, Slug
from app.arena.entries.inputs import store_input
from app.arena.tables import Category, Competition
from app.catalog.seeds import CatalogError
from app.database.doors import Database
from app.gateway.images import InvalidImage
from app.gateway.storage import Storage
from app.words import Mode

MANIFEST_BYTES = 64 * 2**20
FRAME_SIDE = 1024
DECODERS = 2
TITLE_LENGTH = 60


class PackImage(BaseModel):
    """An image of a manifest. Every key without a field here is stored as part of its source."""

    model_config = ConfigDict(extra="allow", frozen=True, protected_namespaces=())

    model: str = Field(min_length=1, max_length=80)
    file: str = Field(min_length=1, max_length=500)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    sample: int = Field(default=0, ge=0, le=10_000)
    role: Literal["contestant", "showcase"] = "contestant"
    prompt: str | None = Field(default=None, max_length=32_000)
    generation_time_s: float | None = Field(default=None, ge=0, le=86_400)
    cost_usd: float | None = Field(default=None, ge=0, le=1_000)
    provider: str | None = Field(default=None, max_length=80)
    licence: str | None = Field(default=None, max_length=120)
    no_visible_mark: str | None = Field(default=None, min_length=1, max_length=500)
    width: int | None = None
    height: int | None = None
    bytes: int | None = None


class PackCompetition(BaseModel):
    """A competition of a manifest."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    slug: Slug
    prompt: str = Field(min_length=1, max_length=32_000)
    title: str | None = Field(default=None, min_length=1, max_length=120)
    mode: Mode | None = None
    category: str | None = None
    categories: tuple[Slug, ...] = ()
    blind_safe: bool = True
    frame: tuple[int, int] | None = None
    input: str | None = None
    mask: str | None = None
    images: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class ImageResult:
    """What became of one image of a pack, or of a whole competition of it."""

    subject: str
    kind: Literal["taken", "unchanged", "refused"]
    reason: str | None = None


@dataclass
class PackReport:
    """The results of an import: one per image, and the number of competitions."""

    outcomes: list[ImageResult] = field(default_factory=list)
    competitions: int = 0

    def count(self, kind: str) -> int:
        """Count the images that ended so."""
        return sum(outcome.kind == kind for outcome in self.outcomes)

    @property
    def refused(self) -> list[ImageResult]:
        """List the refused ones, with their reasons."""
        return [outcome for outcome in self.outcomes if outcome.kind == "refused"]


def read_manifest(folder: Path) -> list[PackCompetition | ImageResult]:
    """
    Read the competitions of folder/manifest.json; a malformed one becomes its refusal.

    Raises InvalidPack when the manifest itself cannot be read.
    """
    path = folder / "manifest.json"
    try:
        if path.stat().st_size > MANIFEST_BYTES:
            raise errors.InvalidPack(f"{path.name} is larger than {MANIFEST_BYTES:,} bytes")
        listed = json.loads(path.read_bytes())["competitions"]
    except (OSError, ValueError, RecursionError, KeyError, TypeError) as error:
        raise errors.InvalidPack(f"{path} is no manifest: {error}") from error
    if not isinstance(listed, list):
        raise errors.InvalidPack(f"{path} is no manifest: competitions is not a list")
    return [_parse_competition(item, place) for place, item in enumerate(listed)]


def import_pack(
    database: Database,
    storage: Storage,
    folder: Path,
    *,
    now: Callable[[], datetime],
    progress: Callable[[ImageResult], None] = lambda _: None,
) -> PackReport:
    """
    Import every acceptable image of a pack; a bad image is refused alone and does not end the import.

    Each image is one transaction, so an import can be stopped and run again. Raises InvalidPack.
    """
    report = PackReport()
    for item in read_manifest(folder):
        if isinstance(item, ImageResult):
            outcomes: Iterable[ImageResult] = [item]
        else:
            outcomes = _CompetitionImport(database, storage, folder, now, item).outcomes()
            report.competitions += item.blind_safe
        for outcome in outcomes:
            report.outcomes.append(outcome)
            progress(outcome)
    return report


def _parse_competition(item: object, place: int) -> PackCompetition | ImageResult:
    try:
        return PackCompetition.model_validate(item)
    except ValidationError as error:
        slug = item.get("slug") if isinstance(item, dict) else None
        return ImageResult(str(slug or f"competition {place + 1}"), "refused", _first_error(error))


@dataclass(frozen=True)
class _CompetitionImport:
    """The import of one competition of a pack."""

    database: Database
    storage: Storage
    folder: Path
    now: Callable[[], datetime]
    pack: PackCompetition

    def outcomes(self) -> Iterable[ImageResult]:
        """Import each image, in the manifest's order."""
        try:
            frame = self._prepare()
        except (errors.ArenaError, InvalidImage, OSError) as error:
            yield from _refuse_all(self.pack, str(error))
            return
        with ThreadPoolExecutor(DECODERS) as decoders:
            yield from decoders.map(lambda item: self._take(item, frame), self.pack.images)
        align_renditions(self.database, self.storage, self.pack.slug)

    def _prepare(self) -> tuple[int, int]:
        """Return the competition's frame; create the competition where there is none yet."""
        if not self.pack.blind_safe:
            raise errors.InvalidPack("not blind safe: a picture spells the name of its model")
        with self.database.reading() as session:
            frame = _existing_frame(session, self.pack)
        if frame is not None:
            return frame
        spec = _competition_file(self.pack)
        input_key = None
        if spec.input:
            mask = _resolve_within(self.folder, spec.mask) if spec.mask else None
            input_key = store_input(self.storage, _resolve_within(self.folder, spec.input), mask, spec.frame)
        self.database.write(lambda session: _create_competition(session, spec, input_key, self.now()))
        return spec.frame

    def _take(self, item: dict[str, Any], frame: tuple[int, int]) -> ImageResult:
        name = str(item.get("file", f"{self.pack.slug}: an image without a file"))
        try:
            return ImageResult(name, "taken" if self._add(PackImage.model_validate(item), frame) else "unchanged")
        except ValidationError as error:
            return ImageResult(name, "refused", _first_error(error))
        except (errors.ArenaError, CatalogError, InvalidImage, OSError) as error:
            return ImageResult(name, "refused", str(error))

    def _side(self, frame: tuple[int, int]) -> int:
        """Return the size that shows the pack's largest original here, so that nothing is rendered twice."""
        sizes = [(item.get("width"), item.get("height")) for item in self.pack.images]
        known = [(w, h) for w, h in sizes if isinstance(w, int) and isinstance(h, int)]
        return max((renditions.side_for(size, frame) for size in known), default=0)

    def _add(self, image: PackImage, frame: tuple[int, int]) -> bool:
        place = entries.EntryKey(self.pack.slug, image.model, image.sample, image.role)
        with self.database.reading() as session:
            if entries.read_sha256(session, place) == image.sha256:
                return False
        original = _read_verified(self.folder, image)
        picture = renditions.picture(original, frame, image.no_visible_mark, side=self._side(frame))
        stored, facts = entries.store(self.storage, picture), _entry_details(image)
        return self.database.write(lambda session: entries.add(session, place, stored, facts, now=self.now()))


def _create_competition(session: Session, spec: CompetitionFile, input_key: str | None, now: datetime) -> None:
    for slug in spec.categories:
        if session.scalars(select(Category).where(Category.slug == slug)).one_or_none() is None:
            competitions.save_category(
                session, CategoryFile(slug=slug, title=_title_from_slug(slug), position=100)
            )
    competitions.save(session, spec, now=now, input_key=input_key)


def _refuse_all(pack: PackCompetition, reason: str) -> Iterable[ImageResult]:
    for image in pack.images:
        yield ImageResult(str(image.get("file", pack.slug)), "refused", reason)
    if not pack.images:
        yield ImageResult(pack.slug, "refused", reason)


def _existing_frame(session: Session, pack: PackCompetition) -> tuple[int, int] | None:
    row = session.scalars(select(Competition).where(Competition.slug == pack.slug)).one_or_none()
    if row is None:
        return None
    if row.prompt.strip() != pack.prompt.strip():
        raise errors.InvalidPack(f"competition {pack.slug} exists with another prompt")
    return (row.frame_width, row.frame_height)


def _competition_file(pack: PackCompetition) -> CompetitionFile:
    categories = pack.categories or ((pack.category,) if pack.category not in (None, "uncategorized") else ())
    short = pack.prompt.strip().rstrip(".")
    try:
        return CompetitionFile.model_validate(
            {
                "slug": pack.slug,
                "title": pack.title
                or (short[0].upper() + short[1:] if len(short) <= TITLE_LENGTH else _title_from_slug(pack.slug)),
                "mode": pack.mode or (Mode.IMAGE_EDIT if pack.input else Mode.TEXT_TO_IMAGE),
                "categories": categories,
                "prompt": pack.prompt,
                "frame": pack.frame or _frame(pack),
                "status": "open",
                "input": pack.input,
                "mask": pack.mask,
            }
        )
    except ValidationError as error:
        raise errors.InvalidPack(_first_error(error)) from error


def _frame(pack: PackCompetition) -> tuple[int, int]:
    """Return the smallest box around all images as the manifest sizes them, at most 1024 pixels a side."""
    widths = [w for image in pack.images if isinstance(w := image.get("width"), int) and w > 0]
    heights = [h for image in pack.images if isinstance(h := image.get("height"), int) and h > 0]
    width, height = max(widths, default=FRAME_SIDE), max(heights, default=FRAME_SIDE)
    scale = min(1.0, FRAME_SIDE / max(width, height))
    return max(64, round(width * scale)), max(64, round(height * scale))


def _read_verified(folder: Path, image: PackImage) -> bytes:
    path = _resolve_within(folder, image.file)
    if not path.is_file():
        raise errors.EntryRefused("the file is missing")
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != image.sha256:
        raise errors.EntryRefused("its sha256 is not the manifest's")
    return data


def _resolve_within(folder: Path, name: str) -> Path:
    path = (folder / name).resolve() if "\0" not in name else folder.parent
    if not path.is_relative_to(folder.resolve()):
        raise errors.EntryRefused("the path leaves the pack")
    return path


def _entry_details(image: PackImage) -> entries.EntryDetails:
    return entries.EntryDetails(
        prompt=image.prompt,
        provider=image.provider,
        seconds=image.generation_time_s,
        cost_micros=None if image.cost_usd is None else round(image.cost_usd * 1_000_000),
        licence=image.licence,
        source=(image.model_extra or {}) | entries.describe_exception(image.no_visible_mark),
    )


def _title_from_slug(slug: str) -> str:
    return slug.replace("-", " ").capitalize()


def _first_error(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
