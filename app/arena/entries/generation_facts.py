"""Holds what programs tell of an image's making, and reads names and numbers as they write them."""

import json
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any


@dataclass(frozen=True)
class GenerationData:
    """
    Hold how an image was made, as far as its program says: None or empty for what it does not.

    A refiner is named with the LoRAs: it changes the picture as they do.
    """

    program: str
    prompt: str | None = None
    model: str | None = None
    loras: tuple[str, ...] = ()
    seed: str | None = None


def parse_json(text: str | None) -> Any:
    """Parse a JSON document; None where the text is none."""
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None


def read_text(value: object) -> str | None:
    """Write a text or a number as text without space around; None for anything else and for nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value).strip() or None


def stem(name: str | None) -> str | None:
    """Return a model's name without folders and the ending of its weights."""
    if not name:
        return None
    last = PurePosixPath(name.replace("\\", "/")).name
    return re.sub(r"\.(safetensors|ckpt|pt|pth|bin|gguf|sft)$", "", last, flags=re.IGNORECASE)


def stems(names: list[str]) -> tuple[str, ...]:
    """Return the stems of models' names, each once, without the programs' word for no model."""
    return tuple(dict.fromkeys(plain for name in names if name and name != "None" and (plain := stem(name))))
