"""Writes working examples of the image API for one model: each operation in cURL, Python and JavaScript."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from math import isqrt

from app.catalog.limits import pixels
from app.catalog.lookup import ModelPage
from app.gateway.request import Operation
from app.words import Mode

PROMPT = "A corgi riding a bicycle through a busy square at night"
CHANGE = "Add a starry night sky"
COMMON = ("1024x1024", "1024x1536", "512x512")
NAMES: dict[str, Operation] = {"generations": "generation", "edits": "edit", "variations": "variation"}
"""Operations by the last part of their path."""
NOT_OPENAIS = ("aspect_ratio", "resolution")
"""Parameters that the Python package has no argument for."""


@dataclass(frozen=True)
class Snippet:
    """One example in one language."""

    language: str
    text: str


@dataclass(frozen=True)
class Example:
    """One operation of the API."""

    title: str
    path: str
    codes: tuple[Snippet, ...]


@dataclass(frozen=True)
class ExampleCall:
    """The call that an example shows, with any text in its values; `files` are sent from disk."""

    operation: str
    model: str
    fields: Mapping[str, str | int]
    files: tuple[str, ...] = ()
    warning: str = ""


def examples(
    model: ModelPage, base: str, operations: Collection[Operation], warning: str = ""
) -> tuple[Example, ...]:
    """
    Write an example for each of these operations that the model has, against the API at `base`.

    `warning` is a line of comment put first, for a model that nobody serves.
    """
    calls = ((title, call) for title, call in _calls(model, warning) if NAMES[call.operation] in operations)
    return tuple(example(title, call, base) for title, call in calls)


def example(title: str, call: ExampleCall, base: str) -> Example:
    """Write one call in every language."""
    codes = (
        Snippet("cURL", _curl(call, base)),
        Snippet("Python", _python(call, base)),
        Snippet("JavaScript", _js(call, base)),
    )
    return Example(title, f"/openai/v1/images/{call.operation}", codes)


def example_size(model: ModelPage) -> str | None:
    """Choose a size that the model makes; None where size is no parameter of it."""
    if not any(row.name == "size" for row in model.parameters):
        return None
    sizes = [size for size in model.limits.sizes if pixels(size)]
    wanted = [size for size in COMMON if size in sizes] or sorted(sizes, key=pixels)[-1:]
    return wanted[0] if wanted else _within(model)


def _within(model: ModelPage) -> str | None:
    side = model.limits.side_px
    if side is None:
        return None
    # An image of the fewest pixels may be larger than what is usual.
    step, least = side.step or 1, isqrt((model.limits.min_pixels or 1) - 1) + 1
    edge = max(min(1024, side.max or 1024) // step * step, -(-least // step) * step)
    return f"{edge}x{edge}"


def _calls(model: ModelPage, warning: str) -> Iterator[tuple[str, ExampleCall]]:
    size = example_size(model)
    shape = {"size": size} if size else {}
    if Mode.TEXT_TO_IMAGE in model.modes:
        yield (
            "Text to image",
            ExampleCall("generations", model.slug, {"prompt": PROMPT} | shape, (), warning),
        )
    if Mode.IMAGE_EDIT in model.modes:
        masked = ("image", "mask") if model.limits.mask else ("image",)
        yield "Image edit", ExampleCall("edits", model.slug, {"prompt": CHANGE} | shape, masked, warning)
    if any(offering.variations for offering in model.offerings):
        yield "Variations", ExampleCall("variations", model.slug, shape, ("image",), warning)


def _curl(call: ExampleCall, base: str) -> str:
    url = f"{base}/openai/v1/images/{call.operation}"
    lines = [f"curl {url}", '-H "Authorization: Bearer $BLINDVOTE_API_KEY"']
    if call.files:
        lines += [f'-F "{name}=@{name}.png"' for name in call.files]
        lines += [f'-F "{name}={value}"' for name, value in {"model": call.model, **call.fields}.items()]
    else:
        body = json.dumps({"model": call.model, **call.fields}, indent=2, ensure_ascii=False)
        # JSON's own escape: the shell ends the text at a quote.
        quoted = body.replace("'", "\\u0027")
        lines += ['-H "Content-Type: application/json"', f"-d '{quoted}'"]
    return _comment(call, "#") + " \\\n  ".join(lines)


def _python(call: ExampleCall, base: str) -> str:
    verb = {"generations": "generate", "edits": "edit", "variations": "create_variation"}[call.operation]
    given = [f'model="{call.model}"', *(f'{name}=open("{name}.png", "rb")' for name in call.files)]
    given += [f"{name}={_literal(value)}" for name, value in call.fields.items() if name not in NOT_OPENAIS]
    extra = {name: value for name, value in call.fields.items() if name in NOT_OPENAIS}
    given += [f"extra_body={_literal(extra)}"] if extra else []
    arguments = "".join(f"    {argument},\n" for argument in given)
    return (
        f"{_comment(call, '#')}from os import environ\n\nfrom openai import OpenAI\n\n"
        f'client = OpenAI(base_url="{base}/openai/v1", api_key=environ["BLINDVOTE_API_KEY"])\n\n'
        f"result = client.images.{verb}(\n{arguments})\nprint(result.data[0].url)"
    )


def _js(call: ExampleCall, base: str) -> str:
    verb = {"generations": "generate", "edits": "edit", "variations": "createVariation"}[call.operation]
    given = [f'model: "{call.model}"', *(f'{name}: fs.createReadStream("{name}.png")' for name in call.files)]
    given += [f"{name}: {_literal(value)}" for name, value in call.fields.items()]
    arguments = "".join(f"  {argument},\n" for argument in given)
    imports = 'import fs from "node:fs";\n' if call.files else ""
    return (
        f'{_comment(call, "//")}{imports}import OpenAI from "openai";\n\n'
        f'const client = new OpenAI({{\n  baseURL: "{base}/openai/v1",\n'
        "  apiKey: process.env.BLINDVOTE_API_KEY,\n});\n\n"
        f"const result = await client.images.{verb}({{\n{arguments}}});\nconsole.log(result.data[0].url);"
    )


def _literal(value: str | int | Mapping[str, str | int]) -> str:
    """Write text, numbers and objects of them, which are alike in JSON, Python and JavaScript."""
    return json.dumps(value, ensure_ascii=False)


def _comment(call: ExampleCall, mark: str) -> str:
    return f"{mark} {call.warning}\n" if call.warning else ""
