"""
Automatic1111's web UI and Forge, for those who compare checkpoints at home. Wire facts: Forge's modules/api.

An offering's provider id is the title of a checkpoint as the server lists it.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from app.catalog.contracts import Replies
from app.gateway.providers.base import ProviderImage, ProviderReply, ProviderRequest, make_reply
from app.gateway.providers.http import HttpProvider


@dataclass(frozen=True)
class Automatic1111(HttpProvider):
    """The client of one's own web UI; `key` is `user:password` where --api-auth asks for it, else empty."""

    slug: str = "a1111"
    needs_key: ClassVar[bool] = False

    def headers(self, request: ProviderRequest | None = None) -> dict[str, str]:  # noqa: ARG002
        """Make the header of basic authentication, as --api-auth asks for it."""
        login = self.key.get_secret_value()
        return {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"} if login else {}

    def read_object(self, found: Mapping[str, Any], replies: Replies) -> ProviderReply:  # noqa: ARG002
        """Read the images of `images`, in bare base64."""
        return read_base64_images(found)


def read_base64_images(found: Mapping[str, Any]) -> ProviderReply:
    """Read a list of images in bare base64. Raises ProviderError."""
    coded = found.get("images")
    return make_reply(ProviderImage(coded=text) for text in (coded if isinstance(coded, list) else ()))
