"""
Venice, by its own routes. Wire facts: swagger.yaml of veniceai/api-docs.

An edit is answered by the image itself. The OpenAI-compatible route makes an image by another model where it does
not know the one that is asked for, has no word against the watermark, and takes at most 1500 characters of prompt.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.catalog.contracts import Replies
from app.gateway.formats import sniff
from app.gateway.providers.a1111 import read_base64_images
from app.gateway.providers.base import ProviderError, ProviderImage, ProviderReply
from app.gateway.providers.http import HttpProvider
from app.gateway.transport import HttpAnswer

REFUSALS = ("x-venice-is-blurred", "x-venice-is-content-violation")
"""Headers that are true where the image was blurred, or holds what Venice's terms forbid."""


@dataclass(frozen=True)
class Venice(HttpProvider):
    """The client of Venice's API."""

    base_url: str = "https://api.venice.ai/api/v1"
    slug: str = "venice"

    def read(self, answer: HttpAnswer, replies: Replies) -> ProviderReply:
        """Read the images, unless a header calls them refused. Raises ProviderError."""
        if any(answer.headers.get(name, "").strip().casefold() == "true" for name in REFUSALS):
            raise ProviderError("moderated")
        if sniff(answer.content):
            return ProviderReply((ProviderImage(data=answer.content),))
        return super().read(answer, replies)

    def read_object(self, found: Mapping[str, Any], replies: Replies) -> ProviderReply:  # noqa: ARG002
        """Read the images of `images`, in bare base64."""
        return read_base64_images(found)
