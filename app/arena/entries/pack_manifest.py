"""Writes a pack's manifest.json for a folder of images, so that nobody has to write one by hand."""

import hashlib
import json
import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.arena import errors
from app.arena.entries.pack_format import FORMAT, ImageResult, describe_frames
from app.files.folders import explain_no_file, is_noise, list_folder, same_name
from app.files.text import InvalidFile, find_control, read_json, read_text
from app.files.whole import write_whole
from app.gateway import images
from app.gateway.foreign_formats import takes_heic
from app.gateway.images import InvalidImage

MANIFEST = "manifest.json"
PROMPT = "prompt.txt"
BESIDE = {"input": "the image to edit", "mask": "the mask of the image to edit"}
"""Images that are no entries, by the name of their file."""
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".avif"})
PHOTOGRAPHS = frozenset({".heic", ".heif"})
"""Taken where the extra `heic` is installed."""
FOREIGN = frozenset(
    {
        ".tif",
        ".tiff",
        ".bmp",
        ".svg",
        ".psd",
        ".jxl",
        ".jp2",
        ".raw",
        ".dng",
        ".tga",
        ".exr",
        ".ico",
    }
)
"""Pictures of formats that browsers do not show, or not all alike."""
NOTES = frozenset(
    {".txt", ".md", ".rst", ".json", ".jsonl", ".csv", ".toml", ".yaml", ".yml", ".html", ".log", ""}
)
"""Texts that may lie beside images; nobody expects them to be entered."""
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MODEL = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
SAMPLED = re.compile(r".@\d{1,4}$")
OTHER_WAYS = "where prompts stand in file names or inside of the images: --pattern, --from-metadata"


@dataclass(frozen=True)
class ManifestSummary:
    """Count what a manifest lists, and tell what became of every other file and folder, with the reasons."""

    competitions: int
    models: int
    images: int
    outcomes: tuple[ImageResult, ...]

    @property
    def refused(self) -> tuple[ImageResult, ...]:
        """List the outcomes that somebody has to look at."""
        return tuple(outcome for outcome in self.outcomes if outcome.kind == "refused")


def write_manifest(folder: Path) -> ManifestSummary:
    """
    Write folder/manifest.json from folder/COMPETITION/MODEL.png (or MODEL@2.png for its sample 2) and prompt.txt.

    COMPETITION may lie in folders of its own. An image named `input` is the one the models were asked to edit,
    `mask` says where. Whatever an existing manifest says about a competition or an image is kept, unless the files
    say otherwise. A competition that can't be read is refused whole. Raises InvalidPack when nothing is left.
    """
    listing = _Listing(folder, _read_existing(folder / MANIFEST))
    listing.read_folder(folder)
    if not listing.competitions:
        reasons = [f"{outcome.subject}: {outcome.reason}" for outcome in listing.outcomes]
        raise errors.InvalidPack(
            "\n".join(
                [f"{folder.resolve().name} holds no folder with a {PROMPT} and an image", *reasons, OTHER_WAYS]
            )
        )
    return write_competitions(folder, listing.competitions, tuple(listing.outcomes))


def write_competitions(
    folder: Path, competitions: list[dict[str, Any]], outcomes: tuple[ImageResult, ...]
) -> ManifestSummary:
    """Write folder/manifest.json with these competitions."""
    text = json.dumps({"format": FORMAT, "competitions": competitions}, indent=2, ensure_ascii=False)
    manifest = (folder / MANIFEST).resolve()  # where it is a link, what that leads to is replaced
    with write_whole(manifest) as file:
        file.write(f"{text}\n".encode())
        if manifest.exists():
            os.fchmod(file.fileno(), stat.S_IMODE(manifest.stat().st_mode))
    lines = [image for competition in competitions for image in competition["images"]]
    return ManifestSummary(len(competitions), len({image["model"] for image in lines}), len(lines), outcomes)


def describe_file(path: Path, file: str) -> dict[str, Any]:
    """Describe an image as a manifest does, without its model. Raises InvalidImage, OSError."""
    data = path.read_bytes()
    width, height = images.decode(data).size
    return {"file": file, "sha256": hashlib.sha256(data).hexdigest(), "width": width, "height": height}


def is_image(path: Path) -> bool:
    """Tell by its name whether a file is a picture that is taken here."""
    suffix = path.suffix.lower()
    return suffix in SUFFIXES or (suffix in PHOTOGRAPHS and takes_heic())


def explain_file(path: Path) -> ImageResult:
    """Say why a file is not listed that is no picture we take; texts are left out and not refused."""
    suffix = path.suffix.lower()
    if suffix in FOREIGN:
        kind = suffix[1:].upper()
        return ImageResult(
            path.name, "refused", f"{kind} is no format that every browser shows alike; save it as PNG"
        )
    if suffix in PHOTOGRAPHS:
        reason = (
            "HEIC is no format that browsers show; save it as PNG, or install the extra heic: "
            "run scripts/setup in a checkout, or pip install 'FILE.whl[heic]' with the file installed"
        )
        return ImageResult(path.name, "refused", reason)
    if not suffix and _looks_like_image(path):
        return ImageResult(path.name, "refused", "it is a picture whose name has no ending, such as .png")
    if suffix in NOTES:
        return ImageResult(path.name, "skipped", "no image")
    return ImageResult(path.name, "refused", f"{suffix} is no image we know; take PNG, JPEG, WebP, GIF or AVIF")


def _looks_like_image(path: Path) -> bool:
    """Tell by its first bytes whether a file is a PNG, JPEG, GIF or WebP, whatever its name."""
    try:
        with path.open("rb") as file:
            start = file.read(12)
    except OSError:
        return False
    return start.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF8")) or start[8:] == b"WEBP"


@dataclass
class _Listing:
    """The competitions and refusals read from a folder so far."""

    root: Path
    existing: dict[str, dict[str, Any]]
    competitions: list[dict[str, Any]] = field(default_factory=list)
    outcomes: list[ImageResult] = field(default_factory=list)

    def read_folder(self, folder: Path) -> None:
        """Read a folder that is a competition, or in which competitions lie."""
        paths = list_folder(folder)
        if folder != self.root and any(_is_prompt(path) for path in paths):
            self._read_competition(folder, paths)
            return
        if folder != self.root and any(map(is_image, paths)):
            self._note(folder, "refused", f"there are images in it, and no {PROMPT} that says what was asked")
        elif folder != self.root and not paths:
            self._note(folder, "skipped", "an empty folder")
        for path in paths:
            if path.is_dir() and path.is_symlink() and self._is_read(path):
                self._note(path, "refused", "a link to a folder that is read already")
            elif path.is_dir():
                self.read_folder(path)
            elif path != self.root / MANIFEST:
                self._note_file(path, f"it lies in no competition's folder with a {PROMPT}")

    def _is_read(self, link: Path) -> bool:
        """Tell whether a link leads to a folder inside this one, or to one around it: both would be read twice."""
        target, root = link.resolve(), self.root.resolve()
        return target.is_relative_to(root) or root.is_relative_to(target)

    def _read_competition(self, folder: Path, paths: list[Path]) -> None:
        try:
            described = self._describe_competition(folder, paths)
        except (InvalidFile, InvalidImage, errors.InvalidPack, OSError) as error:
            self._note(folder, "refused", str(error))
            return
        if not described["images"]:
            self._note(folder, "refused", "it holds a prompt and no image of a model")
        elif any(one["slug"] == described["slug"] for one in self.competitions):
            self._note(folder, "refused", f"another folder is named {described['slug']}, too")
        else:
            self.competitions.append(described)

    def _describe_competition(self, folder: Path, paths: list[Path]) -> dict[str, Any]:
        if not SLUG.fullmatch(folder.name):
            advice = _advise_name(folder.name, "a-z0-9", "my-competition")
            raise errors.InvalidPack(
                f"a competition's folder is named in lower case letters, digits and dashes, as {advice}"
            )
        prompts = [path for path in paths if _is_prompt(path)]
        if len(prompts) > 1:
            raise errors.InvalidPack(f"{' and '.join(map(self._name, prompts))}: keep one")
        prompt = self._read_prompt(prompts[0])
        existing = self.existing.get(folder.name, {"images": {}})
        known = existing["images"]
        kept = {key: value for key, value in existing.items() if key not in BESIDE}
        described = kept | {"slug": folder.name, "prompt": prompt} | self._describe_beside(paths)
        described["images"] = list(self._describe_images(paths, known))
        return described

    def _read_prompt(self, path: Path) -> str:
        name = self._name(path)
        prompt = read_text(path, name).strip()
        if not prompt:
            raise errors.InvalidPack(f"{name} is empty")
        problem = find_control(prompt)
        if problem:
            raise errors.InvalidPack(f"{name}: {problem}")
        return prompt

    def _describe_beside(self, paths: list[Path]) -> dict[str, str]:
        """Name the image to edit and its mask; one that can't be read refuses its competition."""
        return {kind: name for kind in BESIDE if (name := self._find_beside(kind, paths)) is not None}

    def _find_beside(self, kind: str, paths: list[Path]) -> str | None:
        files = [path for path in paths if path.stem.casefold() == kind and path.is_file()]
        if not files:
            return None
        names = [self._name(path) for path in files]
        if len(files) > 1:
            raise errors.InvalidPack(f"{' and '.join(names)}: keep one, {BESIDE[kind]}")
        try:
            images.decode(files[0].read_bytes())
        except (InvalidImage, OSError) as error:
            raise errors.InvalidPack(f"{names[0]}, {BESIDE[kind]}, can't be read: {error}") from error
        return names[0]

    def _describe_images(self, paths: list[Path], known: dict[str, dict[str, Any]]) -> Iterator[dict[str, Any]]:
        taken: dict[tuple[str, int], str] = {}
        for path in paths:
            if path.is_dir():
                self._note_nested(path)
            elif not (_is_prompt(path) or path.stem.casefold() in BESIDE):
                described = self._describe_image(path, taken)
                if described is not None:
                    yield known.get(same_name(self._name(path)), {}) | described

    def _describe_image(self, path: Path, taken: dict[tuple[str, int], str]) -> dict[str, Any] | None:
        """Describe an image of a model; None where its file was noted with a reason instead."""
        if not is_image(path) or not path.is_file():
            self._note_file(path, "")
            return None
        model, _, sample = path.stem.rpartition("@") if SAMPLED.search(path.stem) else (path.stem, "", "0")
        if not MODEL.fullmatch(model):
            advice = _advise_name(model, "a-z0-9._", "my-model")
            self._note(
                path, "refused", f"a model is named in lower case letters, digits, dots and dashes, as {advice}"
            )
            return None
        place = (model, int(sample))
        if place in taken:
            self._note(path, "refused", f"{taken[place]} is sample {sample} of {model} already")
            return None
        try:
            described = describe_file(path, self._name(path))
        except (InvalidImage, OSError) as error:
            self._note(path, "refused", str(error))
            return None
        taken[place] = path.name
        notice = describe_frames(path.read_bytes())
        if notice is not None:
            self._note(path, "taken", notice)
        return {"model": model, "sample": int(sample)} | described

    def _note_nested(self, folder: Path) -> None:
        self._note(folder, "refused", "a folder inside a competition; move its images up, or give it a prompt.txt")
        for path in sorted(folder.rglob("*")):
            if not path.is_dir() and not is_noise(path):
                self._note_file(path, "it lies in a folder inside a competition")

    def _note_file(self, path: Path, reason: str) -> None:
        nothing = explain_no_file(path)
        if nothing is not None or is_image(path):
            self._note(path, "refused", nothing or reason)
        else:
            why = explain_file(path)
            self.outcomes.append(ImageResult(self._name(path), why.kind, why.reason))

    def _note(self, path: Path, kind: Any, reason: str) -> None:
        self.outcomes.append(ImageResult(self._name(path), kind, reason))

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()


def _leave_out_accents(text: str) -> str:
    """Return a text without the accents of its letters."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _advise_name(name: str, characters: str, otherwise: str) -> str:
    """Make a name of these characters and dashes out of another."""
    return re.sub(rf"[^{characters}]+", "-", _leave_out_accents(name).casefold()).strip("-._") or otherwise


def _is_prompt(path: Path) -> bool:
    return path.name.casefold() == PROMPT and path.is_file()


def _read_existing(path: Path) -> dict[str, dict[str, Any]]:
    """Read an existing manifest: competitions by slug, and the images of each by file."""
    if not path.exists():
        return {}
    try:
        listed = read_json(path)["competitions"]
        return {one["slug"]: one | {"images": {same_name(i["file"]): i for i in one["images"]}} for one in listed}
    except (InvalidFile, ValueError, KeyError, TypeError) as error:
        raise errors.InvalidPack(f"{path.name} is no manifest; move it away: {error}") from error
