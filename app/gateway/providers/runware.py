"""Runware: a list of tasks goes out, a list of images comes back. Wire facts: runware-sdk 1.8.0."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from app.catalog.contracts import Replies
from app.catalog.pricing import MICROS
from app.gateway.providers.base import (
    ProviderError,
    ProviderImage,
    ProviderReply,
    ProviderRequest,
    Usage,
    items,
    read_cost,
)
from app.gateway.providers.bodies import build_body
from app.gateway.providers.http import HttpProvider


@dataclass(frozen=True)
class Runware(HttpProvider):
    """The client of Runware; `new_id` names each task, since one that is sent twice under a name is refused."""

    base_url: str = "https://api.runware.ai/v1"
    slug: str = "runware"
    new_id: Callable[[], uuid.UUID] = uuid.uuid4

    def build(self, request: ProviderRequest) -> httpx.Request:
        """Build the request: a list with one task, under an id of its own."""
        task = build_body(request).values | {"taskUUID": str(self.new_id())}
        return httpx.Request("POST", self.base_url, headers=self.headers(request), json=[task])

    def read_object(self, found: Mapping[str, Any], replies: Replies) -> ProviderReply:
        """Read one image from each item of the answer, which may hold errors beside them. Raises ProviderError."""
        results = items(found.get("data"))
        links = [item["imageURL"] for item in results if isinstance(item.get("imageURL"), str)]
        if not links:
            raise _error({str(item.get("code")) for item in items(found.get("errors"))}, replies)
        costs = [cost for item in results if (cost := read_cost(item.get("cost"))) is not None]
        usage = Usage(cost_micros=round(sum(costs) * MICROS)) if costs else None
        return ProviderReply(tuple(ProviderImage(url=link) for link in links), usage)


def _error(codes: set[str], replies: Replies) -> ProviderError:
    """Translate the error codes of an answer, which may have status 200, into an error."""
    if codes & set(replies.moderation_codes):
        return ProviderError("moderated")
    if codes & set(replies.account_codes):
        return ProviderError("account")
    is_ours = any(word in code.lower() for code in codes for word in ("parameter", "invalid", "unsupported"))
    return ProviderError("rejected" if is_ours else "no_image")
