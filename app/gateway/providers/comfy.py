"""
Comfy Router: models of many makers at one address, each answering in its maker's words.

Wire facts: docs.comfy.org/development/comfy-router. A call is held until the image is there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from app.catalog.contracts import Replies
from app.gateway.providers.base import ProviderError, ProviderImage, ProviderReply, make_reply
from app.gateway.providers.dashscope import links_of_messages
from app.gateway.providers.http import HttpProvider
from app.gateway.providers.openai import read_images
from app.gateway.providers.tasks import links_at

PLACES = (
    "result.sample",
    "result.urls",
    "result.image_url",
    "data.task_result.images",
    "output",
    "image",
    "images",
)
"""Where Black Forest Labs, Krea, Bria, Kling, Luma and Stability AI write links."""


@dataclass(frozen=True)
class Comfy(HttpProvider):
    """The client of Comfy Router; the contract's path names the maker and the model."""

    base_url: str = "https://api.comfy.org/v2"
    slug: str = "comfy"
    key_header: ClassVar[tuple[str, str]] = ("X-API-Key", "{}")

    def read_object(self, found: Mapping[str, Any], replies: Replies) -> ProviderReply:
        """Read a list: one of `data` is Ideogram's and Recraft's, messages are Alibaba's."""
        if not {str(found.get("status")), str(found.get("finish_reason"))}.isdisjoint(replies.moderated):
            raise ProviderError("moderated")
        if isinstance(found.get("data"), list):
            return read_images(found)
        links = [*links_of_messages(found), *(link for place in PLACES for link in links_at(found, place))]
        return make_reply(ProviderImage(url=link) for link in dict.fromkeys(links))
