"""
Cloudflare Workers AI: the account is part of the address.

Some models answer with the image itself, others with base64 inside of `result`, those of third parties with links,
and with a `result` of their own inside of it. Wire facts: cloudflare/cloudflare-docs, @cloudflare/workers-types 5.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.catalog.contracts import Replies
from app.gateway.formats import sniff
from app.gateway.providers.base import ProviderImage, ProviderReply, make_reply
from app.gateway.providers.http import HttpProvider
from app.gateway.providers.tasks import links_at
from app.gateway.transport import HttpAnswer

PLACES = ("result.image", "result.images", "result.result.image", "result.result.images")


@dataclass(frozen=True)
class Cloudflare(HttpProvider):
    """The client of Workers AI at `https://api.cloudflare.com/client/v4/accounts/ACCOUNT/ai`, its base URL."""

    slug: str = "cloudflare"

    def read(self, answer: HttpAnswer, replies: Replies) -> ProviderReply:
        """Read the bytes, where they are an image."""
        if sniff(answer.content):
            return ProviderReply((ProviderImage(data=answer.content),))
        return super().read(answer, replies)

    def read_object(self, found: Mapping[str, Any], replies: Replies) -> ProviderReply:  # noqa: ARG002
        """Read the base64 or links inside of the result."""
        return make_reply(read_text_image(text) for place in PLACES for text in links_at(found, place))


def read_text_image(text: str) -> ProviderImage:
    """Read an image that is written as a link or in base64."""
    is_link = text.startswith(("https://", "http://"))
    return ProviderImage(url=text) if is_link else ProviderImage(coded=text)
