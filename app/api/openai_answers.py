"""Answers of the image API as OpenAI's clients read them: bodies, and the events of a stream."""

import base64
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime
from fractions import Fraction
from json import dumps
from typing import Any

from app.api import openai_errors
from app.catalog.pricing import MICROS
from app.gateway.attempts import GeneratedImage
from app.gateway.background import PendingGeneration
from app.gateway.generate import CostEstimate, Generation
from app.gateway.generation import DeliveredImage
from app.gateway.providers.base import Usage
from app.gateway.request import ImageRequest
from app.gateway.sizes import write_size

EVENTS = {"generation": "image_generation", "edit": "image_edit", "variation": "image_edit"}
COMMENT_SECONDS = 10
"""Between two comments of a stream that waits: proxies cut a silent connection after 30 to 100 seconds."""


def images_body(made: Generation, asked: ImageRequest, root: str, created: datetime) -> dict[str, Any]:
    """Write the answer to a request; `root` is where links begin, without a slash at the end."""
    return {
        "created": int(created.timestamp()),
        "data": [_item(drawn, made, root) for drawn in made.drawn],
        **_facts(made),
        "metadata": _metadata(made, asked),
    }


class EventStream:
    """
    The events of a stream: comments while the request runs, one completed event for each image, nothing partial.

    A server closes it at the end, or when it notices, at the next comment, that the caller has gone.
    """

    def __init__(
        self, pending: PendingGeneration, asked: ImageRequest, created: datetime, on_close: Callable[[], None]
    ) -> None:
        self._pending = pending
        self._events = _events(pending, asked, created)
        self._on_close = on_close
        self._is_closed = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            return next(self._events)
        except StopIteration:
            self.close()
            raise

    def close(self) -> None:
        """Give the request's place up, once."""
        if not self._is_closed:
            self._is_closed = True
            self._pending.abandon()
            self._on_close()


def estimate_body(made: CostEstimate) -> dict[str, Any]:
    """Write the answer to a dry run: money in whole millionths of a dollar, null where no price is known."""
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
        "defaults": [asdict(default) for default in made.defaults],
    }


def _events(pending: PendingGeneration, asked: ImageRequest, created: datetime) -> Iterator[str]:
    yield ": the request is being worked on\n\n"
    while not pending.wait(COMMENT_SECONDS):
        yield ": still working\n\n"
    try:
        made = pending.result()
    except Exception as error:  # noqa: BLE001 (told in the stream: its status has left already)
        yield f"event: error\ndata: {dumps(openai_errors.describe(error)[1])}\n\n"
        return
    for drawn in made.drawn:
        yield _write_completed(drawn, made, asked, created)


def _write_completed(drawn: DeliveredImage, made: Generation, asked: ImageRequest, created: datetime) -> str:
    kind = f"{EVENTS[asked.operation]}.completed"
    data = {
        "type": kind,
        "b64_json": _base64(drawn.picture),
        "created_at": int(created.timestamp()),
        **_facts(made),
        "metadata": _metadata(made, asked),
    }
    return f"event: {kind}\ndata: {dumps(data)}\n\n"


def _facts(made: Generation) -> dict[str, Any]:
    """Tell of the images what OpenAI tells; of the first where they differ."""
    first = made.drawn[0].picture
    return {
        "size": write_size(first.size),
        "output_format": first.format,
        "quality": made.quality or "auto",
        "background": made.background or "opaque",
        "usage": _usage(made.usage or Usage(), len(made.drawn)),
    }


def _usage(counted: Usage, images: int) -> dict[str, Any]:
    """Write the provider's tokens, zeros where it counts none, and how many images there are."""
    inputs = counted.input_text + counted.input_image
    return {
        "input_tokens": inputs,
        "input_tokens_details": {"text_tokens": counted.input_text, "image_tokens": counted.input_image},
        "output_tokens": counted.output,
        "output_tokens_details": {"text_tokens": 0, "image_tokens": counted.output},
        "total_tokens": inputs + counted.output,
        "generated_images": images,
    }


def _metadata(made: Generation, asked: ImageRequest) -> dict[str, Any]:
    known = made.cost_micros is not None
    return {
        "request_id": made.request_id,
        "model": asked.model or made.model,
        "executed_model": f"{made.provider}/{made.model}",
        "provider": made.provider,
        "provider_name": made.provider_name,
        "cost": (made.cost_micros or 0) / MICROS if known else None,
        "cost_micros": made.cost_micros,
        "cost_currency": "USD",
        "requested_n": made.requested,
        "queue_seconds": made.queue_seconds,
        "attempts": [
            {"executed_model": attempt.offering, **_without(asdict(attempt), "offering")}
            for attempt in made.attempts
        ],
        "adjustments": [asdict(change) for change in made.adjustments],
        "defaults": [asdict(default) for default in made.defaults],
    }


def _without(values: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in values.items() if key != name}


def _item(drawn: DeliveredImage, made: Generation, root: str) -> dict[str, Any]:
    item: dict[str, Any] = {}
    if made.linked and drawn.file:
        item["url"] = f"{root}/files/{drawn.file.name}"
    if made.inline:
        item["b64_json"] = _base64(drawn.picture)
    if drawn.picture.revised_prompt:
        item["revised_prompt"] = drawn.picture.revised_prompt
    return item


def _base64(picture: GeneratedImage) -> str:
    return base64.b64encode(picture.data).decode("ascii")


def _number(value: Fraction) -> int | float:
    return int(value) if value.denominator == 1 else float(value)
