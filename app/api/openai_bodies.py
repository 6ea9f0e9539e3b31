"""Requests to the image API as its clients send them: JSON or a form, by OpenAI's paths or Azure's."""

import re
from typing import Any

from flask import request

from app.edge.bodies import WrongType
from app.gateway.errors import InvalidParameter
from app.gateway.inputs import choose_mask, open_image_session, read_linked, read_source
from app.gateway.request import ImageRequest, Operation, read_flag, read_request
from app.gateway.transport import Client

JSON_BYTES = 1 * 2**20
FILES_BYTES = 100 * 2**20
"""Two photographs of 50 MB, or one in base64 and its mask."""
IMAGE_PART = re.compile(r"images?(\[\d*\])?")
MASK_PART = re.compile(r"mask(\[\d*\])?")
SWITCHES = ("strict", "dryRun")
NO_VALUE = frozenset({"", "null", "undefined"})
"""What a form holds where its program had no value."""


def read_body(operation: Operation, deployment: str | None) -> ImageRequest:
    """
    Read JSON for a generation; a form, or JSON with images in it, for what carries images.

    Switches may also stand in the query. `deployment` is the model where Azure's clients name it, in the path.
    Raises InvalidParameter, BadBody, WrongType.
    """
    if operation != "generation" and request.mimetype == "multipart/form-data":
        values, images, mask = _read_form()
    elif request.is_json or not request.content_length:
        values = request.get_json()
        images, mask = (
            read_linked(values, open_image_session(Client())) if operation != "generation" else ((), None)
        )
    else:
        allowed = "application/json" if operation == "generation" else "multipart/form-data or application/json"
        raise WrongType(f"Send the body as {allowed}.")
    given = {name.partition("[")[0] for name, value in values.items() if value} & {"image", "images", "mask"}
    if operation == "generation" and given:
        raise InvalidParameter(min(given), "Generations take no image; send it to images/edits.")
    values = {**values, **{name: read_switch(name) for name in SWITCHES if name in request.args}}
    if deployment:
        values = {**values, "model": deployment}
    return read_request(operation, values, images=images, mask=mask)


def read_switch(name: str) -> bool:
    """Read a switch of the query, which is on where it stands there without a value. Raises InvalidParameter."""
    return name in request.args and read_flag({name: request.args[name] or "true"}, name)


def _read_form() -> tuple[dict[str, Any], tuple[bytes, ...], bytes | None]:
    """
    Read text parts and files. Names and declared types of files are not looked at: clients lie about both.

    An empty file is how a form says that there is none. An image may also be text: a link, a data URL or base64.
    """
    values: dict[str, Any] = {}
    sources: dict[str, list[str]] = {"image": [], "mask": []}
    files = _read_files()
    for name in request.form:
        texts = [text for text in request.form.getlist(name) if name == "prompt" or text.strip() not in NO_VALUE]
        kind = _kind(name)
        if kind:
            sources[kind] += texts
        elif texts:
            values[name] = texts if name.endswith("[]") else texts[-1]
    images, masks = ([*files[kind], *_fetch_linked(sources[kind], kind)] for kind in ("image", "mask"))
    return values, tuple(images), choose_mask(masks)


def _kind(name: str) -> str | None:
    if IMAGE_PART.fullmatch(name):
        return "image"
    return "mask" if MASK_PART.fullmatch(name) else None


def _read_files() -> dict[str, list[bytes]]:
    """Read the files that are not empty. Raises InvalidParameter for one whose part has another name."""
    found: dict[str, list[bytes]] = {"image": [], "mask": []}
    for name, part in request.files.items(multi=True):
        content = part.read()
        kind = _kind(name)
        if kind and content:
            found[kind].append(content)
        elif content:
            message = f"No file is taken as {name[:80]!r}: send images as image or image[], and a mask as mask."
            raise InvalidParameter(name[:80], message)
    return found


def _fetch_linked(sources: list[str], kind: str) -> list[bytes]:
    http = open_image_session(Client())
    return [read_source(source, kind, http) for source in sources]
