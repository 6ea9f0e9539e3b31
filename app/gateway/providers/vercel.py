"""Vercel's AI Gateway in the protocol of its own SDK. Wire facts: @ai-sdk/gateway 3.0.232."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from app.catalog.contracts import Replies
from app.gateway.providers.a1111 import read_base64_images
from app.gateway.providers.base import ProviderReply, ProviderRequest
from app.gateway.providers.http import HttpProvider


@dataclass(frozen=True)
class Vercel(HttpProvider):
    """The client of Vercel's AI gateway; the model goes into a header."""

    base_url: str = "https://ai-gateway.vercel.sh/v3/ai"
    slug: str = "vercel"
    key_name: ClassVar[str] = "AI_GATEWAY_API_KEY"

    def headers(self, request: ProviderRequest | None = None) -> dict[str, str]:
        """Put the protocol's version and the model beside the key."""
        model = {"ai-model-id": request.model_id} if request else {}
        return super().headers(request) | {"ai-image-model-specification-version": "3"} | model

    def read_object(self, found: Mapping[str, Any], replies: Replies) -> ProviderReply:  # noqa: ARG002
        """Read the images of `images`, in bare base64."""
        return read_base64_images(found)
