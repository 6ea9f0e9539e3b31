"""
Cloudflare Workers AI: the account is part of the address.

Some models answer with the image itself, others with base64 inside of `result`. Wire facts:
developers.cloudflare.com and @cloudflare/workers-types 5.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.catalog.contracts import Replies
from app.gateway.formats import sniff
from app.gateway.providers.base import ProviderError, ProviderImage, ProviderReply, from_base64
from app.gateway.providers.http import HttpProvider
from app.gateway.providers.tasks import value_at
from app.gateway.wire import HttpAnswer


@dataclass(frozen=True)
class Cloudflare(HttpProvider):
    """The base URL is `https://api.cloudflare.com/client/v4/accounts/ACCOUNT/ai`."""

    slug: str = "cloudflare"

    def read(self, answer: HttpAnswer, replies: Replies) -> ProviderReply:
        """Read the bytes, where they are an image."""
        if sniff(answer.content):
            return ProviderReply((ProviderImage(data=answer.content),))
        return super().read(answer, replies)

    def read_object(self, found: Mapping[str, Any], replies: Replies) -> ProviderReply:  # noqa: ARG002
        """Base64 inside of the result."""
        coded = value_at(found, "result.image")
        if not coded:
            raise ProviderError("no_image")
        return ProviderReply((ProviderImage(data=from_base64(coded)),))
