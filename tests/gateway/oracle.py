"""
Provider schemas as an oracle for the gateway: read from facts that the catalogue's contracts were not tested with.

An entry has `provider`, `id`, `operation`, and for every field its name on the wire and the words it takes. The
whole collection is found beside the checkout where there is one; a recorded part of it stands in
`recorded_schemas.json`, each entry with its source.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import BytesParser
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from app.gateway.request import OURS

OPERATIONS = {"generation": "generate", "edit": "edit", "variation": "variation"}
TRANSPORT = frozenset(
    (
        *(
            "response_format",
            "stream",
            "partial_images",
            "sync_mode",
            "webhook_url",
            "webhook_secret",
            "model",
            "mode",
        ),
        *(
            "callback_url",
            "storage_options",
            "send_images",
            "save_images",
            "storageUri",
            "query",
            "sync",
            "taskType",
            "responseModalities",
        ),
    )
)
"""What the gateway decides itself: how an answer travels, who is called back, which model is meant."""
PAID_UNASKED = ("sequential_image_generation", "auto")
"""What would make one call of one image bill a group: it may be told instead of sent."""
WITHDRAWN = {("glm-image", "standard")}
"""Words that stand in an entry's list and that its note takes back for this model."""
FORMATS = {"png", "jpeg", "webp"}


@cache
def shared_facts() -> Path | None:
    """The collection beside the checkout."""
    for folder in Path(__file__).resolve().parents:
        path = folder / "shared" / "facts" / "wire-contracts.yaml"
        if path.exists():
            return path
    return None


@cache
def whole() -> list[dict[str, Any]]:
    """Every entry of the collection; empty where it is not at hand."""
    path = shared_facts()
    if path is None:
        return []
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    found: list[dict[str, Any]] = yaml.load(path.read_text("utf-8"), Loader=loader)["contracts"]
    return found


@cache
def recorded() -> list[dict[str, Any]]:
    """The entries that stand in the repository."""
    found: list[dict[str, Any]] = json.loads((Path(__file__).parent / "recorded_schemas.json").read_text("utf-8"))
    return found


def find_entry(
    entries: list[dict[str, Any]], provider: str, names: list[str], operation: str
) -> dict[str, Any] | None:
    """The entry of the first of these ids that has one for the operation."""
    for name in names:
        for entry in entries:
            if (entry["provider"], entry["operation"]) == (provider, OPERATIONS[operation]) and name in ids(
                entry["id"]
            ):
                return entry
    return None


def ids(text: str) -> list[str]:
    """An id may name several, with commas or in braces."""
    braces = re.fullmatch(r"(.*)\{(.*)\}(.*)", text)
    if braces:
        return [f"{braces[1]}{one}{braces[3]}" for one in braces[2].split(",")]
    return [part.strip() for part in re.sub(r"\s*\([^)]*\)", "", text).split(",")]


@dataclass(frozen=True)
class Case:
    """
    One parameter a caller may send, and what the schema says of it.

    `field` is the last part of its name on the wire, `word` what must stand there; None where the schema has no
    such field. `is_native`: the schema lists this very value, so it may be neither changed nor refused.
    """

    name: str
    value: Any
    field: str | None
    word: Any = None
    is_native: bool = False


def cases(entry: dict[str, Any]) -> Iterator[Case]:
    """Everything the schema documents, and what it does not know."""
    yield from _shape_cases(entry)
    yield from _word_cases(entry, "resolution", "resolution")
    yield from _word_cases(entry, "quality", "quality")
    yield from _format_cases(entry)
    yield from _seed_cases(entry)
    for group in ("other", "safety"):
        listed = entry.get(group)
        for name, about in listed.items() if isinstance(listed, dict) else ():
            yield from _value_cases(name.rpartition(".")[2], about)
    yield Case("unheard_of", "x", None)
    known = {leaf for leaf, _ in _documented(entry)}
    for name, value in (
        ("style", "vivid"),
        ("moderation", "auto"),
        ("user", "u"),
        ("quality", "auto"),
        ("seed", 7),
    ):
        if name not in known:
            yield Case(name, value, None)


def _documented(entry: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for group in ("other", "safety"):
        listed = entry.get(group)
        if isinstance(listed, dict):
            yield from ((name.rpartition(".")[2], about) for name, about in listed.items())
    for group in ("quality", "seed", "output_format", "resolution", "n", "prompt"):
        about = entry.get(group)
        if isinstance(about, dict) and isinstance(about.get("field"), str):
            yield _leaf(about["field"]), about
            yield group, about
    shape = entry.get("shape")
    if isinstance(shape, dict):
        yield from ((_leaf(name), about) for name, about in shape.items())


def _leaf(path: str) -> str:
    return path.split(" ", maxsplit=1)[0].rstrip(",").rpartition(".")[2].removesuffix("[]")


def _shape_cases(entry: dict[str, Any]) -> Iterator[Case]:
    shape = entry.get("shape")
    shape = shape if isinstance(shape, dict) else {}
    for name in ("aspect_ratio", "aspectRatio", "resolution_mode"):
        about = shape.get(name)
        if isinstance(about, dict):
            field = _leaf(about.get("at", name))
            for word in about.get("words") or []:
                ratio = re.sub(r"^ASPECT_|(?<=\d)[x_](?=\d)", lambda m: ":" if len(m[0]) == 1 else "", str(word))
                if re.fullmatch(r"[\d.]+:[\d.]+", ratio):
                    yield Case("aspect_ratio", ratio, field, str(word), is_native=True)
    for name in ("size", "image_size"):
        about = shape.get(name)
        for word in (about.get("words") or []) if isinstance(about, dict) else []:
            if re.fullmatch(r"\d+x\d+", str(word)):
                yield Case("size", word, name, word, is_native=True)
    yield Case("size", "1000x700", None)
    yield Case("aspect_ratio", "7:5", None)
    yield Case("resolution", "1K", None)


def _word_cases(entry: dict[str, Any], group: str, name: str) -> Iterator[Case]:
    about = entry.get(group)
    if not isinstance(about, dict) or about.get("field") in {None, "none"}:
        return
    name_of = {"gemini": 1, "vertex": 0}.get(entry["provider"], 0)
    parts = about["field"].split(", ")
    field = _leaf(parts[min(name_of, len(parts) - 1)])
    for word in about.get("words") or []:
        if (entry["id"], word) in WITHDRAWN:
            continue
        yield Case(name if name == "resolution" else field, str(word), field, str(word), is_native=True)


def _format_cases(entry: dict[str, Any]) -> Iterator[Case]:
    about = entry.get("output_format")
    if isinstance(about, dict) and about.get("field") not in {None, "none", "response_format"}:
        kinds: set[str] = set()
        for word in about.get("words") or []:
            kind = str(word).lower().removeprefix("image/").replace("jpg", "jpeg")
            if kind in FORMATS - kinds:
                kinds.add(kind)
                yield Case("output_format", kind, _leaf(about["field"]), str(word), is_native=True)


def _seed_cases(entry: dict[str, Any]) -> Iterator[Case]:
    about = entry.get("seed")
    if isinstance(about, dict) and about.get("field"):
        yield Case("seed", 7, _leaf(about["field"]), 7, is_native=True)


def _value_cases(name: str, about: Any) -> Iterator[Case]:
    if name in TRANSPORT | OURS:
        return
    if isinstance(about, dict) and isinstance(about.get("words"), list):
        for word in about["words"]:
            yield Case(name, str(word), name, str(word), is_native=(name, str(word)) != PAID_UNASKED)
        return
    sample = _sample(about)
    if sample is not None:
        yield Case(name, sample, name, sample)


def _sample(about: Any) -> Any:
    text = str(about.get("type", "")) if isinstance(about, dict) else str(about)
    text = text.lower()
    bounds = re.search(r"(-?\d+(?:\.\d+)?)\.\.(-?\d+(?:\.\d+)?)", text)
    low = about.get("min") if isinstance(about, dict) else float(bounds[1]) if bounds else None
    if text.startswith("bool"):
        return True
    if text.startswith("int"):
        return int(low) if isinstance(low, int | float) else 3
    if text.startswith(("number", "float")) or re.match(r"-?\d+(\.\d+)?\.\.", text):
        return low if isinstance(low, int | float) else 3
    return "words" if text.startswith("str") else None


def values_of(request: httpx.Request) -> dict[str, Any]:
    """What is on the wire, by path: of a JSON body, of the first task in a list, or of a form."""
    kind = request.headers.get("content-type", "")
    content = request.read()
    if kind.startswith("multipart/"):
        return dict(_form(kind, content))
    body = json.loads(content)
    return dict(_flat("", body[0] if isinstance(body, list) else body))


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    yield path.removesuffix("."), value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(f"{path}{name}.", inner)
    if isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _flat(f"{path}{place}.", inner)


def _form(kind: str, content: bytes) -> Iterator[tuple[str, Any]]:
    message = BytesParser().parsebytes(b"content-type: " + kind.encode() + b"\r\n\r\n" + content)
    for part in message.get_payload():
        name = part.get_param("name", header="content-disposition")  # type: ignore[union-attr]
        is_file = part.get_filename() is not None  # type: ignore[union-attr]
        data = part.get_payload(decode=True)  # type: ignore[union-attr]
        yield str(name), "<file>" if is_file else data.decode()  # type: ignore[union-attr]


def is_sent(values: dict[str, Any], field: str, word: Any) -> bool:
    """Whether a field of this name holds the word, whatever encloses it."""
    return any(
        path.rpartition(".")[2] == field and (found == word or _text(found) == _text(word))
        for path, found in values.items()
    )


def _text(value: Any) -> str:
    text = json.dumps(value) if not isinstance(value, str) else value
    return text.removesuffix(".0")
