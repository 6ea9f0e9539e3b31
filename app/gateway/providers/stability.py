"""Stability AI's stable-image API: one form, one image. Wire facts: platform.stability.ai's reference."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from app.catalog.contracts import Replies
from app.gateway.providers.base import ProviderError, ProviderImage, ProviderReply
from app.gateway.providers.http import HttpProvider


@dataclass(frozen=True)
class Stability(HttpProvider):
    """The client of the stable-image API; a filtered image comes back blurred and counts as a refusal."""

    base_url: str = "https://api.stability.ai"
    slug: str = "stability"
    # JSON tells why there is no image; the plain bytes would not.
    fixed_headers: ClassVar[Mapping[str, str]] = {"Accept": "application/json"}

    def read_object(self, found: Mapping[str, Any], replies: Replies) -> ProviderReply:
        """Read the one image, in base64."""
        if found.get("finish_reason") in replies.moderated:
            raise ProviderError("moderated")
        if not found.get("image"):
            raise ProviderError("no_image")
        return ProviderReply((ProviderImage(coded=found["image"]),))
