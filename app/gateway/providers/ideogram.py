"""Ideogram: one form or JSON object, links in the answer. Wire facts: developer.ideogram.ai."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from app.catalog.contracts import Replies
from app.gateway.providers.base import ProviderError, ProviderReply, refusal
from app.gateway.providers.http import HttpProvider
from app.gateway.providers.openai import read_images
from app.gateway.transport import HttpAnswer


@dataclass(frozen=True)
class Ideogram(HttpProvider):
    """The client of Ideogram's API; an unsafe image has no link and says so."""

    base_url: str = "https://api.ideogram.ai"
    slug: str = "ideogram"
    key_header: ClassVar[tuple[str, str]] = ("Api-Key", "{}")

    def refused(self, answer: HttpAnswer, replies: Replies) -> ProviderError:  # noqa: ARG002
        """Translate a refusal: 422 is the safety check of the prompt or of an input image."""
        return ProviderError("moderated") if answer.status == 422 else refusal(answer)

    def read_object(self, found: Mapping[str, Any], replies: Replies) -> ProviderReply:  # noqa: ARG002
        """Read the links in `data`."""
        return read_images(found)
