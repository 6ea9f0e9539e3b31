"""The model list as OpenAI's clients read it, with what else the catalogue knows."""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from typing import Any

from app.catalog.lookup import ModelPage, ModelSummary
from app.gateway.offers import offerings_of
from app.gateway.providers.base import ImageProvider
from app.gateway.request import Operation
from app.words import Mode

CAPABILITIES: dict[Operation, str] = {
    "generation": Mode.TEXT_TO_IMAGE,
    "edit": Mode.IMAGE_EDIT,
    "variation": "image-variation",
}


def model_body(
    model: ModelSummary,
    operations: Collection[Operation],
    providers: Mapping[str, ImageProvider],
    aliases: tuple[str, ...] = (),
) -> dict[str, Any]:
    """
    Describe a model by the operations that can be asked for here and now, and who is asked.

    `created` is the first day known of the release, 0 where none is known; prices are in US dollars.
    """
    return {
        "id": model.slug,
        "object": "model",
        "created": _read_created(model.released),
        "owned_by": model.creator or "unknown",
        "shutdown_date": model.sunset.isoformat() if model.sunset else None,
        "name": model.name,
        "description": model.tagline,
        "creator_organization": model.creator,
        "model_status": model.status,
        "starting_price": model.price_from.usd if model.price_from else None,
        "tags": list(model.tags),
        "aliases": list(aliases),
        "capabilities": [CAPABILITIES[operation] for operation in operations],
        "modality": "image",
        "providers": [
            offering.key
            for offering in offerings_of(model, providers)
            if operations and offering.provider in providers and offering.provider_model_id
        ],
    }


def schema_body(model: ModelPage) -> dict[str, Any]:
    """Write the parameter reference from the rows that requests are normalised by."""
    return {
        row.name if row.provider is None else f"{row.provider}:{row.name}": {
            "group": row.group,
            "type": row.type,
            "description": row.description,
            "note": row.note,
            "values": list(row.values),
            "minimum": row.minimum,
            "maximum": row.maximum,
            "default": row.default,
            "modes": dict(row.modes),
            "behaviour": row.behaviour,
            "provider": row.provider,
        }
        for row in model.parameters
    }


def _read_created(released: str | None) -> int:
    if released is None:
        return 0
    year, month, day = (*map(int, released.split("-")), 1, 1)[:3]
    return int(datetime.combine(date(year, month, day), datetime.min.time(), UTC).timestamp())
