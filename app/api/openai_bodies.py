"""Requests as OpenAI's clients send them, and answers as they read them."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import datetime
from fractions import Fraction
from json import dumps
from typing import Any

from flask import request

from app.edge.bodies import WrongType
from app.gateway.attempts import GeneratedImage
from app.gateway.errors import InvalidParameter
from app.gateway.generate import Drawn, Estimate, Generation
from app.gateway.images import MAX_BYTES
from app.gateway.request import ImageRequest, Operation, read_request

JSON_BYTES = 1 * 2**20
FILES_BYTES = 64 * 2**20
IMAGE_PART = re.compile(r"image(\[\d*\])?")
MASK_PART = re.compile(r"mask(\[\d*\])?")
EVENTS = {"generation": "image_generation", "edit": "image_edit", "variation": "image_edit"}


def read_body(operation: Operation) -> ImageRequest:
    """
    JSON for a generation; a form, or JSON with data URLs, for what carries images.

    `strict` may also stand in the query. Raises InvalidParameter, BadBody, WrongType.
    """
    if operation != "generation" and request.mimetype == "multipart/form-data":
        values, images, mask = _form()
    elif request.is_json or not request.content_length:
        values = request.get_json()
        images, mask = _linked(values) if operation != "generation" else ((), None)
        given = {name for name in ("image", "images", "mask") if values.get(name)}
        if operation == "generation" and given:
            raise InvalidParameter(min(given), "Generations take no image; send it to images/edits.")
    else:
        allowed = "application/json" if operation == "generation" else "multipart/form-data or application/json"
        raise WrongType(f"Send the body as {allowed}.")
    if request.args.get("strict") is not None:
        values = {**values, "strict": request.args["strict"]}
    return read_request(operation, values, images=images, mask=mask)


def body(made: Generation, asked: ImageRequest, root: str, created: datetime) -> dict[str, Any]:
    """The answer to a request; `root` is where links begin, without a slash at the end."""
    first = made.drawn[0].picture
    return {
        "created": int(created.timestamp()),
        "data": [_item(drawn, root) for drawn in made.drawn],
        "size": _size(first),
        "output_format": first.format,
        "metadata": _metadata(made, asked),
    }


def events(made: Generation, asked: ImageRequest, created: datetime) -> Iterator[str]:
    """The final event of each image: nothing partial is ever sent."""
    kind = f"{EVENTS[asked.operation]}.completed"
    for drawn in made.drawn:
        data = {
            "type": kind,
            "b64_json": _base64(drawn.picture),
            "created_at": int(created.timestamp()),
            "size": _size(drawn.picture),
            "output_format": drawn.picture.format,
            "metadata": _metadata(made, asked),
        }
        yield f"event: {kind}\ndata: {dumps(data)}\n\n"


def estimate_body(made: Estimate) -> dict[str, Any]:
    """Of a dry run: money in whole millionths of a dollar, null where no price is known."""
    return {
        "estimated": True,
        "model": made.model,
        "provider": made.provider,
        "total_cost_micros": made.cost.micros if made.cost else None,
        "currency": "USD",
        "components": [
            {
                "type": part.type,
                "metric": part.metric,
                "quantity": _number(part.quantity),
                "billable_quantity": _number(part.billable_quantity),
                "unit_price": _number(part.unit_micros),
                "total_cost": part.micros,
            }
            for part in (made.cost.components if made.cost else ())
        ],
        "adjustments": [asdict(change) for change in made.adjustments],
    }


def _metadata(made: Generation, asked: ImageRequest) -> dict[str, Any]:
    known = made.cost_micros is not None
    return {
        "request_id": made.request_id,
        "model": asked.model or made.model,
        "executed_model": f"{made.provider}/{made.model}",
        "provider": made.provider,
        "provider_name": made.provider_name,
        "cost": (made.cost_micros or 0) / 1_000_000 if known else None,
        "cost_micros": made.cost_micros,
        "cost_currency": "USD",
        "requested_n": made.requested,
        "attempts": [
            {"executed_model": attempt.offering, **_without(asdict(attempt), "offering")}
            for attempt in made.attempts
        ],
        "adjustments": [asdict(change) for change in made.adjustments],
    }


def _without(values: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != name}


def _item(drawn: Drawn, root: str) -> dict[str, Any]:
    item: dict[str, Any] = {"url": f"{root}/files/{drawn.file.name}"} if drawn.file else {}
    if not drawn.file:
        item["b64_json"] = _base64(drawn.picture)
    if drawn.picture.revised_prompt:
        item["revised_prompt"] = drawn.picture.revised_prompt
    return item


def _base64(picture: GeneratedImage) -> str:
    return base64.b64encode(picture.data).decode("ascii")


def _size(picture: GeneratedImage) -> str:
    return f"{picture.size[0]}x{picture.size[1]}"


def _number(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)


def _form() -> tuple[dict[str, Any], tuple[bytes, ...], bytes | None]:
    """Text parts and files. Names and declared types of files are not looked at: clients lie about both."""
    values: dict[str, Any] = {}
    for name in request.form:
        found = request.form.getlist(name)
        if IMAGE_PART.fullmatch(name) or MASK_PART.fullmatch(name):
            raise InvalidParameter(name.partition("[")[0], f"{name} must be a file, not text.")
        values[name] = found if name.endswith("[]") else found[-1]
    images = [part.read() for name, part in request.files.items(multi=True) if IMAGE_PART.fullmatch(name)]
    masks = [part.read() for name, part in request.files.items(multi=True) if MASK_PART.fullmatch(name)]
    return values, tuple(images), masks[0] if masks else None


def _linked(values: Mapping[str, Any]) -> tuple[tuple[bytes, ...], bytes | None]:
    """`images: [{image_url}]` and `mask: {image_url}` of a JSON edit."""
    listed = values.get("images", values.get("image", []))
    sources = listed if isinstance(listed, list) else [listed]
    mask = values.get("mask")
    return tuple(_decoded(source, "image") for source in sources), _decoded(mask, "mask") if mask else None


def _decoded(source: Any, param: str) -> bytes:
    link = source.get("image_url") if isinstance(source, dict) else source
    head, _, text = link.partition(",") if isinstance(link, str) else ("", "", "")
    if not head.startswith("data:image/") or not head.endswith(";base64"):
        raise InvalidParameter(param, "Send images as files or as data:image/...;base64 URLs, not as links.")
    if len(text) > MAX_BYTES * 4 // 3 + 4:
        raise InvalidParameter(param, f"An image may have at most {MAX_BYTES:,} bytes.")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidParameter(param, "The data URL is not valid base64.") from error
