"""Fireworks AI: the answer is the image itself. Wire facts: @ai-sdk/fireworks 2.0.90."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from app.catalog.contracts import Replies
from app.gateway.formats import sniff
from app.gateway.providers.base import ProviderError, ProviderImage, ProviderReply
from app.gateway.providers.http import HttpProvider
from app.gateway.transport import HttpAnswer


@dataclass(frozen=True)
class Fireworks(HttpProvider):
    """The client of Fireworks' API; each call makes one image."""

    base_url: str = "https://api.fireworks.ai/inference/v1"
    slug: str = "fireworks"
    fixed_headers: ClassVar[Mapping[str, str]] = {"Accept": "image/*"}

    def read(self, answer: HttpAnswer, replies: Replies) -> ProviderReply:  # noqa: ARG002
        """Take the body itself as the image, if it is one."""
        if sniff(answer.content) is None:
            raise ProviderError("no_image")
        return ProviderReply((ProviderImage(data=answer.content),))
