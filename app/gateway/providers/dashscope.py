"""Alibaba Cloud DashScope: images as parts of a chat message. Wire facts: LiteLLM 1.110.2."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.catalog.contracts import Replies
from app.gateway.providers.base import ProviderError, ProviderImage, ProviderReply, items
from app.gateway.providers.http import HttpProvider


@dataclass(frozen=True)
class DashScope(HttpProvider):
    """An error may come with status 200, as a code without an output."""

    base_url: str = "https://dashscope-intl.aliyuncs.com/api/v1"
    slug: str = "dashscope"

    def read_object(self, found: Mapping[str, Any], replies: Replies) -> ProviderReply:
        """Links in the parts of messages."""
        made = tuple(ProviderImage(url=link) for link in _links(found))
        if not made:
            raise ProviderError("moderated" if found.get("code") in replies.moderation_codes else "no_image")
        return ProviderReply(made)


def _links(found: Mapping[str, Any]) -> list[str]:
    output = found.get("output")
    choices = items(output.get("choices")) if isinstance(output, dict) else []
    messages = [choice["message"] for choice in choices if isinstance(choice.get("message"), dict)]
    parts = [part for message in messages for part in items(message.get("content"))]
    return [part["image"] for part in parts if isinstance(part.get("image"), str)]
