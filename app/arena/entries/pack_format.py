"""The format of a pack's manifest.json, which anybody may have written, and the report on an import."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from app.arena import errors
from app.arena.entries.competitions import Prompt, Slug, Title
from app.files.text import InvalidFile, escape_for_terminal, find_control, find_unstorable, read_json
from app.files.toml import explain_fault
from app.gateway import images
from app.words import Mode

FORMAT = 1
MANIFEST_BYTES = 64 * 2**20


def _lower(value: object) -> object:
    """Write a hash as `sha256sum` does; PowerShell writes capitals."""
    return value.strip().lower() if isinstance(value, str) else value


class PackImage(BaseModel):
    """An image of a manifest. Every key without a field here is stored as part of its source."""

    model_config = ConfigDict(extra="allow", frozen=True, protected_namespaces=())

    model: str = Field(min_length=1, max_length=80)
    file: str = Field(min_length=1, max_length=500)
    sha256: Annotated[str, BeforeValidator(_lower), Field(pattern=r"^[0-9a-f]{64}$")]
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
    prompt: Prompt
    title: Title | None = None
    mode: Mode | None = None
    category: str | None = None
    categories: tuple[Slug, ...] = ()
    blind_safe: bool = True
    showcase: bool = False
    frame: tuple[int, int] | None = None
    input: str | None = None
    mask: str | None = None
    images: tuple[dict[str, Any], ...] = ()

    @property
    def filed_under(self) -> tuple[str, ...]:
        """List the slugs of its categories."""
        return self.categories or ((self.category,) if self.category not in (None, "uncategorized") else ())


@dataclass(frozen=True)
class ImageResult:
    """Tell whether one file, folder or competition of a pack was taken, and why not; texts are skipped."""

    subject: str
    kind: Literal["taken", "unchanged", "refused", "skipped"]
    reason: str | None = None


@dataclass
class PackReport:
    """The results of an import: one per image, and the number of competitions that have any of them."""

    outcomes: list[ImageResult] = field(default_factory=list)
    competitions: int = 0

    def count(self, kind: str) -> int:
        """Count the images that ended so."""
        return sum(outcome.kind == kind for outcome in self.outcomes)

    @property
    def refused(self) -> list[ImageResult]:
        """List the refused ones, with their reasons."""
        return [outcome for outcome in self.outcomes if outcome.kind == "refused"]


def describe_frames(data: bytes) -> str | None:
    """Say of an animation that its first frame stands for it; None for any other image."""
    return f"an animation: the first of its {n} frames is shown" if (n := images.count_frames(data)) > 1 else None


def read_manifest(folder: Path) -> list[PackCompetition | ImageResult]:
    """
    Read the competitions of folder/manifest.json; a malformed one becomes its refusal.

    Raises InvalidPack when the manifest itself cannot be read.
    """
    path = folder / "manifest.json"
    try:
        if path.stat().st_size > MANIFEST_BYTES:
            raise errors.InvalidPack(f"{path.name} is larger than {MANIFEST_BYTES:,} bytes")
        read = read_json(path)
        listed = read["competitions"]
    except FileNotFoundError as error:
        raise errors.InvalidPack(f"there is no {path.name}: `arena pack FOLDER` writes it") from error
    except (KeyError, TypeError) as error:
        raise errors.InvalidPack(f"{path.name} is no manifest: it has no list of competitions") from error
    except (InvalidFile, OSError) as error:
        raise errors.InvalidPack(f"{path.name} is no manifest: {error}") from error
    if not isinstance(listed, list):
        raise errors.InvalidPack(f"{path.name} is no manifest: competitions is not a list")
    if read.get("format", FORMAT) != FORMAT:
        raise errors.InvalidPack(f"{path.name} is of another format than {FORMAT}; a newer version may read it")
    if not listed:
        raise errors.InvalidPack(f"{path.name} lists no competition")
    return [_parse_competition(item, place) for place, item in enumerate(listed)]


def _parse_competition(item: object, place: int) -> PackCompetition | ImageResult:
    slug = item.get("slug") if isinstance(item, dict) else None
    named = (
        slug if isinstance(slug, str) and slug and find_unstorable(slug) is None else f"competition {place + 1}"
    )
    own = {key: value for key, value in item.items() if key != "images"} if isinstance(item, dict) else {}
    problem = find_unstorable(own)
    if problem is not None:
        return ImageResult(named, "refused", problem)
    try:
        pack = PackCompetition.model_validate(item)
    except ValidationError as error:
        return ImageResult(named, "refused", describe_invalid(error))
    if not pack.images:
        return ImageResult(named, "refused", "it lists no image")
    control = find_control(pack.prompt) or find_control(pack.title or "")
    return pack if control is None else ImageResult(named, "refused", f"prompt or title: {control}")


def describe_invalid(error: ValidationError) -> str:
    """Tell the first thing that is wrong with a manifest's entry, and where in it."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return escape_for_terminal(": ".join(filter(None, (place, explain_fault(first)))))
