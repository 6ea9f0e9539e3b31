"""Describes what a request brought: the images, where they were made, what was changed, counted and charged."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.gateway import files
from app.gateway.adjustments import Adjustment, made_otherwise
from app.gateway.attempts import AttemptResult, GeneratedImage
from app.gateway.files import LinkedFile
from app.gateway.images import is_transparent
from app.gateway.log import Attempt
from app.gateway.normalize import ChosenDefault, read_defaults
from app.gateway.planning import PreparedRequest
from app.gateway.providers.base import ProviderReply, Usage
from app.gateway.request import ImageRequest
from app.gateway.storage import Storage

BASE64_MODELS = ("gpt-image-", "chatgpt-image-")
"""Ids for which clients expect base64, as OpenAI always answers it to them."""
BASE64_QUALITIES = frozenset({"auto", "low", "medium", "high", "xhigh", "max"})
BASE64_PARAMETERS = frozenset({"background", "moderation", "sample_method"})
"""What OpenAI takes for those models alone, and GPUStack's own word: who sends it reads base64, for any id."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class DeliveredImage:
    """A generated image; `file` is where it is stored, None where it is not."""

    picture: GeneratedImage
    file: LinkedFile | None


@dataclass(frozen=True)
class Generation:
    """
    The result of a request. `model` is the catalogue's slug; `cost_micros` is None where no price is known.

    `linked` and `inline` tell whether links and whether base64 go out. `usage` is what providers counted;
    `quality` and `background` are in OpenAI's words, None where nobody told. `queue_seconds` is how long the
    request waited for its place here.
    """

    request_id: str
    model: str
    provider: str
    provider_name: str
    drawn: tuple[DeliveredImage, ...]
    requested: int
    cost_micros: int | None
    attempts: tuple[Attempt, ...]
    adjustments: tuple[Adjustment, ...]
    linked: bool = True
    inline: bool = False
    usage: Usage | None = None
    quality: str | None = None
    background: str | None = None
    defaults: tuple[ChosenDefault, ...] = ()
    queue_seconds: float = 0.0


def generated_images(tried: Sequence[AttemptResult]) -> list[GeneratedImage]:
    """List the images of all attempts."""
    return [picture for one in tried for picture in one.pictures]


def summarize(
    request_id: str,
    prepared: PreparedRequest,
    tried: Sequence[AttemptResult],
    storage: Storage,
    *,
    is_kept: bool,
) -> Generation:
    """
    Build the generation, and store the files where links go out or the answer is kept for a replay.

    The plan told of is the one that made the first image. At least one attempt has brought an image.
    """
    request, pictures = prepared.request, generated_images(tried)[: prepared.request.n]
    makers = {picture.offering for picture in pictures}
    plan = next(plan for plan in prepared.plans if plan.offering.key == pictures[0].offering)
    changed = [one for plan in prepared.plans if plan.offering.key in makers for one in plan.adjustments]
    replies = [reply for one in tried for reply in one.replies]
    spent = sum(one.attempt.cost_micros for one in tried)
    slug = plan.offering.key.partition("/")[2]
    linked, inline = _delivery(request, slug)
    delivered = _store_images(storage, pictures) if linked or is_kept else _leave_unstored(pictures)
    is_stored = all(one.file for one in delivered)
    expected = plan.job.size if plan.job.sized else None
    return Generation(
        request_id=request_id,
        model=slug,
        provider=plan.offering.provider,
        provider_name=plan.offering.provider_name,
        drawn=delivered,
        requested=request.n,
        cost_micros=spent if plan.cost or spent else None,
        attempts=tuple(one.attempt for one in tried),
        adjustments=(
            *prepared.adjustments,
            *changed,
            *made_otherwise(request, expected, plan.provider.slug, pictures),
            *_note_unconverted(request, pictures),
        ),
        linked=linked and is_stored,
        inline=inline or not is_stored,
        usage=_usage(replies),
        quality=_first_stated(reply.quality for reply in replies) or _text(plan.job.extra.get("quality")),
        background=_first_stated(reply.background for reply in replies) or _background(pictures[0]),
        defaults=read_defaults(request, plan),
        queue_seconds=prepared.queue_seconds,
    )


def _delivery(request: ImageRequest, slug: str) -> tuple[bool, bool]:
    """
    Return whether links and whether base64 go out.

    Clients of edits and of OpenAI's own image models read base64 without asking for it; other clients read links.
    """
    if request.stream or request.response_format == "b64_json":
        return False, True
    names = (slug, (request.model or "").rpartition("/")[2])
    reads_base64 = (
        request.operation == "edit"
        or any(name.startswith(BASE64_MODELS) for name in names)
        or not BASE64_PARAMETERS.isdisjoint(request.extra)
        or _text(request.extra.get("quality")) in BASE64_QUALITIES
    )
    return True, reads_base64 and request.response_format is None


def _store_images(storage: Storage, pictures: Sequence[GeneratedImage]) -> tuple[DeliveredImage, ...]:
    """Store the files; a store that fails must not cost the caller images that are paid for."""
    try:
        return tuple(DeliveredImage(one, files.put(storage, one.data, one.format)) for one in pictures)
    except Exception:
        logger.exception("The images could not be stored; they go out as base64.")
        return _leave_unstored(pictures)


def _leave_unstored(pictures: Sequence[GeneratedImage]) -> tuple[DeliveredImage, ...]:
    return tuple(DeliveredImage(one, None) for one in pictures)


def _note_unconverted(request: ImageRequest, pictures: Sequence[GeneratedImage]) -> list[Adjustment]:
    """Tell of images in another format than asked for."""
    others = {picture.format for picture in pictures} - {request.output_format}
    if request.output_format is None or not others:
        return []
    reason = "The image is too large to be converted here; it is as the provider made it."
    return [Adjustment("output_format", request.output_format, min(others), reason)]


def _usage(replies: Sequence[ProviderReply]) -> Usage | None:
    counted = [reply.usage for reply in replies if reply.usage]
    if not counted:
        return None
    return Usage(
        output=sum(one.output for one in counted),
        input_text=sum(one.input_text for one in counted),
        input_image=sum(one.input_image for one in counted),
    )


def _first_stated(values: Iterable[str | None]) -> str | None:
    return next((value for value in values if value), None)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _background(picture: GeneratedImage) -> str:
    """Return `transparent` or `opaque`, by the pixels."""
    return "transparent" if picture.format != "jpeg" and is_transparent(picture.data) else "opaque"
