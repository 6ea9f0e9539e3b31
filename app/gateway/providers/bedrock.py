"""Amazon Bedrock with a bearer key, for Stability's models. Wire facts: @ai-sdk/amazon-bedrock 4.0.186."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from app.catalog.contracts import Replies
from app.gateway.providers.base import ProviderError, ProviderImage, ProviderReply, is_moderated
from app.gateway.providers.http import HttpProvider


@dataclass(frozen=True)
class Bedrock(HttpProvider):
    """The client of Bedrock; the region is part of its address."""

    base_url: str = "https://bedrock-runtime.us-west-2.amazonaws.com"
    slug: str = "bedrock"
    key_name: ClassVar[str] = "AWS_BEARER_TOKEN_BEDROCK"

    def read_object(self, found: Mapping[str, Any], replies: Replies) -> ProviderReply:
        """Read the images in base64, or why there is none."""
        coded = found.get("images")
        images = [text for text in coded if text] if isinstance(coded, list) else []
        if not images:
            told = found.get("finish_reasons")
            reasons = " ".join(str(reason) for reason in told) if isinstance(told, list) else str(told or "")
            raise ProviderError("moderated" if is_moderated(replies, reasons) else "no_image")
        return ProviderReply(tuple(ProviderImage(coded=text) for text in images))
