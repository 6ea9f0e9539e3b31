"""
Google's Gemini API and Vertex AI: `generateContent` for Gemini, `predict` for Imagen.

Wire facts: google-genai 3.6.1 and LiteLLM's sources.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from app.catalog.contracts import Replies
from app.gateway.providers.base import (
    ProviderError,
    ProviderImage,
    ProviderReply,
    Usage,
    items,
    make_reply,
)
from app.gateway.providers.http import HttpProvider
from app.gateway.providers.openai import count_of


@dataclass(frozen=True)
class Gemini(HttpProvider):
    """The client of the Gemini API; the key travels in a header, never in the link."""

    base_url: str = "https://generativelanguage.googleapis.com/v1beta"
    slug: str = "gemini"
    key_header: ClassVar[tuple[str, str]] = ("x-goog-api-key", "{}")

    def read_object(self, found: Mapping[str, Any], replies: Replies) -> ProviderReply:
        """Read the answer of either family: predictions are Imagen's, candidates Gemini's."""
        # Imagen leaves even the list out when its filter stopped every image.
        is_imagen = "predictions" in found or replies.empty_is_refusal
        return read_predictions(found) if is_imagen else read_candidates(found, replies)


@dataclass(frozen=True)
class Vertex(Gemini):
    """The client of Vertex AI with a key of its express mode; a project's own address is given as the upstream."""

    base_url: str = "https://aiplatform.googleapis.com/v1/publishers/google"
    slug: str = "vertex"


def read_predictions(found: Mapping[str, Any]) -> ProviderReply:
    """Read Imagen's images; it leaves out what its filter stopped. Raises ProviderError."""
    predictions = items(found.get("predictions"))
    coded = [item["bytesBase64Encoded"] for item in predictions if item.get("bytesBase64Encoded")]
    return make_reply((ProviderImage(coded=text) for text in coded), "moderated")


def read_candidates(found: Mapping[str, Any], replies: Replies) -> ProviderReply:
    """
    Read the last image of each candidate that is no thought: drafts come before it.

    Gemini may answer 200 without an image. Raises ProviderError.
    """
    feedback = found.get("promptFeedback")
    if isinstance(feedback, dict) and feedback.get("blockReason"):
        raise ProviderError("moderated")
    candidates = items(found.get("candidates"))
    images = [parts[-1] for parts in map(_image_parts, candidates) if parts]
    if not images:
        reasons = {str(item.get("finishReason")) for item in candidates}
        raise ProviderError("moderated" if reasons & set(replies.moderated) else "no_image")
    made = tuple(ProviderImage(coded=part.get("data")) for part in images)
    return ProviderReply(made, _usage(found.get("usageMetadata")))


def _image_parts(candidate: Mapping[str, Any]) -> list[dict[str, Any]]:
    content = candidate.get("content")
    parts = items(content.get("parts")) if isinstance(content, dict) else []
    finished = [part for part in parts if part.get("thought") is not True]
    return [part["inlineData"] for part in finished if isinstance(part.get("inlineData"), dict)]


def _usage(value: Any) -> Usage | None:
    if not isinstance(value, dict):
        return None
    details = {
        str(item.get("modality")): item.get("tokenCount") for item in items(value.get("promptTokensDetails"))
    }
    output = count_of(value.get("candidatesTokenCount")) + count_of(value.get("thoughtsTokenCount"))
    return Usage(
        output=output,
        input_text=count_of(details.get("TEXT", value.get("promptTokenCount"))),
        input_image=count_of(details.get("IMAGE")),
    )
