"""Writes a request's body as its contract says: values at their paths, images and the mask in their fields."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import httpx

from app.catalog.contracts import ImageField, MaskField, Transport
from app.gateway.formats import media_type, sniff
from app.gateway.providers.base import ProviderRequest, data_url

FilePart = tuple[str, tuple[str, bytes, str]]


@dataclass(frozen=True)
class Body:
    """A request's body: `values` as nested objects and lists, `files` as the parts of a form."""

    values: dict[str, Any]
    files: list[FilePart]


def build_body(request: ProviderRequest, links: Sequence[str] | None = None) -> Body:
    """Build the body of a request; `links` stand for its images, in their order, where they were uploaded."""
    contract = request.contract
    values = nest(wire_values(request))
    files: list[FilePart] = []
    if contract.image is not None and request.images:
        texts = links or [as_text(data, contract.image.transport) for data in request.images]
        files += place_images(values, contract.image, request.images, texts)
    if contract.mask is not None and request.mask is not None:
        files += place_mask(values, contract.mask, request.mask)
    return Body(values, files)


def build_request(url: str, request: ProviderRequest, headers: Mapping[str, str]) -> httpx.Request:
    """Build a POST of the body, as JSON or as a form."""
    made = build_body(request)
    if request.contract.encoding == "json":
        return httpx.Request("POST", url, headers=dict(headers), json=made.values)
    # A form without a file would be sent URL-encoded: an empty part keeps it multipart.
    files: list[Any] = list(made.files) or [("none", (None, ""))]
    return httpx.Request("POST", url, headers=dict(headers), data=to_form(made.values), files=files)


def wire_values(request: ProviderRequest) -> dict[str, Any]:
    """Collect every value but the files, by path."""
    contract = request.contract
    fixed = {
        path: value.replace("{model}", request.model_id) if isinstance(value, str) else value
        for path, value in contract.fixed.items()
    }
    values = fixed | dict(request.values)
    if contract.prompt.field and (request.prompt or request.operation != "variation"):
        values[contract.prompt.field] = request.prompt
    if contract.n is not None and request.n != contract.n.default:
        values[contract.n.field] = request.n
    return values


def nest(values: Mapping[str, Any]) -> dict[str, Any]:
    """Nest values by path as objects: `a.b` inside an object, `a.0` inside a list."""
    root: dict[str, Any] = {}
    for path in sorted(
        values, key=lambda name: [part.zfill(4) if part.isdigit() else part for part in name.split(".")]
    ):
        _put(root, path.split("."), values[path])
    return root


def _put(place: Any, parts: list[str], value: Any) -> None:
    for part, following in pairwise(parts):
        place = _child(place, part, [] if following.isdigit() else {})
    if isinstance(place, list):
        place.append(value)
    else:
        place[parts[-1]] = value


def _child(place: Any, part: str, empty: Any) -> Any:
    if not isinstance(place, list):
        return place.setdefault(part, empty)
    if len(place) <= int(part):
        place.append(empty)
    return place[int(part)]


def to_form(values: Mapping[str, Any]) -> dict[str, Any]:
    """Write a value as the SDKs write a form: text as it is, everything else in JSON's words."""
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}


def as_text(data: bytes, transport: Transport) -> str:
    """Encode an image for a JSON body, as a data URL or in base64."""
    if transport == "data_url":
        return data_url(data, media_type(sniff(data) or "png"))
    return base64.b64encode(data).decode("ascii")


def as_file(stem: str, data: bytes) -> tuple[str, bytes, str]:
    """Make a form's part of an image: file name, content and media type."""
    kind = sniff(data) or "png"
    return f"{stem}.{kind}", data, media_type(kind)


def place_images(
    values: dict[str, Any], image: ImageField, images: Sequence[bytes], texts: Sequence[str]
) -> list[FilePart]:
    """Put files into the form, texts into their field: one, a list, numbered fields, or objects around each."""
    name = image.several if image.several and len(images) > 1 else image.field
    if image.transport == "file":
        return [(name, as_file(f"image{number}", data)) for number, data in enumerate(images)]
    kinds = [media_type(sniff(data) or "png") for data in images]
    written = [_in_object(image.item, text, kind) for text, kind in zip(texts, kinds, strict=True)]
    if image.numbered:
        for number, one in enumerate(written, 1):
            values[name if number == 1 else f"{name}_{number}"] = one
    elif image.list or name != image.field:
        _list_at(values, name).extend(written)
    else:
        _put(values, name.split("."), written[0])
    return []


def _in_object(item: Any, text: str, kind: str) -> Any:
    """Put the image into its place in the contract's object."""
    if item is None:
        return text
    if isinstance(item, dict):
        return {key: _in_object(value, text, kind) for key, value in item.items()}
    return {"$image": text, "$type": kind}.get(item, item)


def _list_at(values: dict[str, Any], path: str) -> list[Any]:
    """Return the list at a path, made where there is none."""
    place: Any = values
    parts = path.split(".")
    for part, following in zip(parts, [*parts[1:], "0"], strict=True):
        place = _child(place, part, [] if following.isdigit() else {})
    found: list[Any] = place
    return found


def place_mask(values: dict[str, Any], mask: MaskField, data: bytes) -> list[FilePart]:
    """Put the mask, which is a PNG by now, into the body or into a part of the form."""
    if mask.transport == "file":
        return [(mask.field, as_file("mask", data))]
    _put(values, mask.field.split("."), as_text(data, mask.transport))
    return []
