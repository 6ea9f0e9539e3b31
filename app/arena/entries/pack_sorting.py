"""Sorts a folder of images into a pack by what the images, or their names, say of how they were made."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.arena import errors
from app.arena.entries.generation_data import read_generation_data
from app.arena.entries.generation_facts import GenerationData
from app.arena.entries.pack_format import ImageResult
from app.arena.entries.pack_manifest import (
    MANIFEST,
    ManifestSummary,
    describe_file,
    explain_file,
    is_image,
    write_competitions,
)
from app.arena.entries.slugs import make_slug
from app.files.folders import explain_no_file, is_noise, same_name
from app.files.text import find_control, find_unstorable, normalize
from app.gateway.images import InvalidImage

PROMPT_CHARACTERS = 60
"""The longest slug that is made of a prompt."""
FIELDS = ("prompt", "model", "seed")


@dataclass(frozen=True)
class PackPlacement:
    """The place an image goes to: its competition, model and sample; `file` is relative to the folder."""

    slug: str
    prompt: str
    model: str
    sample: int
    seed: str | None
    file: str
    program: str | None = None


@dataclass(frozen=True)
class Sorting:
    """Images with their places, and what became of every other file."""

    placements: tuple[PackPlacement, ...]
    outcomes: tuple[ImageResult, ...]

    def summarize(self) -> ManifestSummary:
        """Count what a manifest would list."""
        slugs, models = {p.slug for p in self.placements}, {p.model for p in self.placements}
        return ManifestSummary(len(slugs), len(models), len(self.placements), self.outcomes)


@dataclass
class _Facts:
    """The known facts of one file before samples are numbered."""

    file: str
    prompt: str
    model: str
    seed: str | None
    program: str | None


def sort_images(folder: Path, *, metadata: bool, pattern: str | None) -> Sorting:
    """
    Read prompt, model and seed of every image below a folder, from names by a pattern, from metadata, or both.

    An image without a prompt or a model is refused with what is missing: nothing is guessed. Images of one prompt
    are one competition; a model's images there are its samples, in the order of their seeds. Raises InvalidPack.
    """
    names = compile_pattern(pattern) if pattern else None
    facts: list[_Facts] = []
    outcomes: list[ImageResult] = []
    for path in sorted(folder.rglob("*"), key=lambda path: same_name(str(path))):
        file = path.relative_to(folder).as_posix()
        if (
            path.is_dir()
            or any(is_noise(Path(part)) for part in path.relative_to(folder).parts)
            or file == MANIFEST
        ):
            continue
        nothing = explain_no_file(path)
        if nothing is None and not is_image(path):
            why = explain_file(path)
            outcomes.append(ImageResult(file, why.kind, why.reason))
            continue
        found = nothing or _read_facts(path, file, names, metadata=metadata)
        if isinstance(found, _Facts):
            facts.append(found)
        else:
            outcomes.append(ImageResult(file, "refused", found))
    if not facts:
        reasons = [f"{outcome.subject}: {outcome.reason}" for outcome in outcomes]
        raise errors.InvalidPack("\n".join([f"{folder} holds no image that says its prompt and model", *reasons]))
    return Sorting(tuple(_place(facts)), tuple(outcomes))


def write_sorted(folder: Path, sorting: Sorting) -> ManifestSummary:
    """Write folder/manifest.json for a sorting; images that can't be decoded are refused. Raises InvalidPack."""
    if (folder / MANIFEST).exists():
        raise errors.InvalidPack(f"{folder / MANIFEST} is there already; move it away to sort the images anew")
    outcomes = list(sorting.outcomes)
    competitions: dict[str, dict[str, Any]] = {}
    for place in sorting.placements:
        try:
            described = describe_file(folder / place.file, place.file)
        except (InvalidImage, OSError) as error:
            outcomes.append(ImageResult(place.file, "refused", str(error)))
            continue
        one = competitions.setdefault(place.slug, {"slug": place.slug, "prompt": place.prompt, "images": []})
        more = {"seed": place.seed, "program": place.program}
        known = {key: value for key, value in more.items() if value is not None}
        one["images"].append({"model": place.model, "sample": place.sample} | described | known)
    if not competitions:
        raise errors.InvalidPack("\n".join(f"{one.subject}: {one.reason}" for one in outcomes))
    return write_competitions(folder, list(competitions.values()), tuple(outcomes))


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """
    Compile `{prompt}/{model}_{seed}.png` to an expression for relative paths; `{}` matches what is not wanted.

    A field ends where the text after it begins for the last time; the file's ending may be another. Raises
    InvalidPack for an unknown field.
    """
    stem = re.sub(r"\.\w{2,5}$", "", pattern.replace("\\", "/").removeprefix("./"))
    parts = re.split(r"\{(\w*)\}", stem)
    unknown = [name for name in parts[1::2] if name not in ("", *FIELDS)]
    twice = [name for name in FIELDS if parts[1::2].count(name) > 1]
    if unknown or twice or len(parts) == 1:
        what = f"there is no field {{{unknown[0]}}}" if unknown else "each field stands once"
        raise errors.InvalidPack(
            f"--pattern {pattern}: {what}; fields are {{prompt}}, {{model}}, {{seed}} and {{}}"
        )
    text = re.escape(parts[0])
    for name, literal in zip(parts[1::2], parts[2::2], strict=True):
        kind = r"\d+" if name == "seed" else r"[^/]+"
        text += (f"(?P<{name}>{kind})" if name else kind) + re.escape(literal)
    return re.compile(text + r"\.\w{2,5}")


def _read_facts(path: Path, file: str, names: re.Pattern[str] | None, *, metadata: bool) -> "_Facts | str":
    """Read what is known of a file, or say what is missing."""
    named: dict[str, str] = {}
    if names is not None:
        match = names.fullmatch(same_name(file))
        if match is None and not metadata:
            return "its name does not fit the pattern"
        named = match.groupdict() if match else {}
    try:
        written = read_generation_data(path.read_bytes()) if metadata else None
    except OSError as error:
        return f"it can't be read: {error.strerror}"
    written = written or GenerationData("")
    model = named.get("model") or _name_model(written)
    prompt = normalize(named.get("prompt") or written.prompt or "")
    if not prompt or model is None:
        missing = " and ".join(name for name, value in (("prompt", prompt), ("model", model)) if not value)
        source = f"{written.program} wrote" if written.program else "there is"
        return f"{source} no {missing} in it; name it by --pattern, or sort it into a folder with a prompt.txt"
    problem = find_unstorable(prompt) or find_control(prompt)
    if problem is not None:
        return f"prompt: {problem}"
    slug = make_slug(model, dots=True)
    if not slug:
        return f"the model {model!r} has no letter of a to z and no digit in its name; name it by --pattern"
    return _Facts(file, prompt, slug, named.get("seed") or written.seed, written.program or None)


def _name_model(data: GenerationData) -> str | None:
    """Name a model by its checkpoint and LoRAs; without a checkpoint it has no name."""
    return "-".join([data.model, *data.loras]) if data.model else None


def _place(facts: list[_Facts]) -> Iterator[PackPlacement]:
    """Give prompts their slugs and a model's images of one prompt their samples."""
    by_prompt: defaultdict[str, list[_Facts]] = defaultdict(list)
    for one in facts:
        by_prompt[one.prompt].append(one)
    taken: set[str] = set()
    for prompt, images in by_prompt.items():
        slug = make_slug(prompt, longest=PROMPT_CHARACTERS) or "prompt"
        if slug in taken:
            slug = f"{slug}-{hashlib.sha256(prompt.encode()).hexdigest()[:6]}"
        taken.add(slug)
        samples: defaultdict[str, int] = defaultdict(int)
        for one in sorted(images, key=lambda one: (one.model, _order(one.seed), one.file)):
            yield PackPlacement(slug, prompt, one.model, samples[one.model], one.seed, one.file, one.program)
            samples[one.model] += 1


def _order(seed: str | None) -> tuple[int, str]:
    return (int(seed), "") if seed and seed.isascii() and seed.isdigit() else (-1, seed or "")
