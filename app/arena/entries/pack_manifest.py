"""Writes a pack's manifest.json for a folder of images, so that nobody has to write one by hand."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.arena import errors
from app.arena.entries.pack_import import ImageResult
from app.gateway import images
from app.gateway.images import InvalidImage

MANIFEST = "manifest.json"
PROMPT = "prompt.txt"
BESIDE = frozenset({"input", "mask"})
"""Images that are no entries: the one to edit, and where it may change."""
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".gif", ".avif"})
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
SAMPLED = re.compile(r".@\d{1,4}$")


@dataclass(frozen=True)
class ManifestSummary:
    """How much a manifest lists, and which files it does not, with the reasons."""

    competitions: int
    models: int
    images: int
    refused: tuple[ImageResult, ...]


def write_manifest(folder: Path) -> ManifestSummary:
    """
    Write folder/manifest.json from folder/COMPETITION/MODEL.png (or MODEL@2.png for its sample 2) and prompt.txt.

    An image named `input` is the one the models were asked to edit, `mask` says where. What an existing manifest
    says about a competition or an image is kept, unless the files say otherwise. Raises InvalidPack.
    """
    existing = _read_existing(folder / MANIFEST)
    competitions = [
        _describe_competition(path, existing) for path in sorted(folder.iterdir()) if (path / PROMPT).is_file()
    ]
    listed = [competition for competition, _ in competitions if competition["images"]]
    if not listed:
        raise errors.InvalidPack(f"{folder} holds no folder with a {PROMPT} and an image")
    text = json.dumps({"format": 1, "competitions": listed}, indent=2, ensure_ascii=False)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
    lines = [image for competition in listed for image in competition["images"]]
    refused = tuple(outcome for _, outcomes in competitions for outcome in outcomes)
    return ManifestSummary(len(listed), len({image["model"] for image in lines}), len(lines), refused)


def _read_existing(path: Path) -> dict[str, dict[str, Any]]:
    """Read an existing manifest: competitions by slug, and the images of each by file."""
    if not path.exists():
        return {}
    try:
        listed = json.loads(path.read_bytes())["competitions"]
        return {one["slug"]: one | {"images": {i["file"]: i for i in one["images"]}} for one in listed}
    except (ValueError, RecursionError, KeyError, TypeError) as error:
        raise errors.InvalidPack(f"{path} is no manifest; move it away: {error}") from error


def _describe_competition(
    folder: Path, known: dict[str, dict[str, Any]]
) -> tuple[dict[str, Any], list[ImageResult]]:
    if not SLUG.fullmatch(folder.name):
        raise errors.InvalidPack(f"{folder.name}: a competition's folder is named like vintage-cafe-logo")
    prompt = (folder / PROMPT).read_text(encoding="utf-8").strip()
    if not prompt:
        raise errors.InvalidPack(f"{folder.name}/{PROMPT} is empty")
    existing = known.get(folder.name, {"images": {}})
    described: list[dict[str, Any]] = []
    refused: list[ImageResult] = []
    beside: dict[str, str] = {}
    for path in (path for path in sorted(folder.iterdir()) if path.suffix.lower() in SUFFIXES):
        name = f"{folder.name}/{path.name}"
        try:
            if path.stem in BESIDE:
                beside[path.stem] = name
            else:
                described.append(existing["images"].get(name, {}) | _describe_image(path, name))
        except (InvalidImage, OSError) as error:
            refused.append(ImageResult(name, "refused", str(error)))
    return existing | {"slug": folder.name, "prompt": prompt} | beside | {"images": described}, refused


def _describe_image(path: Path, file: str) -> dict[str, Any]:
    data = path.read_bytes()
    width, height = images.decode(data).size
    model, _, sample = path.stem.rpartition("@") if SAMPLED.search(path.stem) else (path.stem, "", "0")
    digest = hashlib.sha256(data).hexdigest()
    return {
        "model": model,
        "file": file,
        "sha256": digest,
        "sample": int(sample),
        "width": width,
        "height": height,
    }
