"""Luma's Photon: a generation is made, then polled. Wire facts: docs.lumalabs.ai."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from app.catalog.contracts import Replies
from app.gateway.providers.base import (
    ProviderError,
    ProviderImage,
    ProviderReply,
    ProviderRequest,
    ask,
    body,
    is_moderated,
    pause,
    refusal_in,
)
from app.gateway.providers.http import HttpProvider
from app.gateway.wire import HttpSession

POLL_SECONDS = 1.0


@dataclass(frozen=True)
class Luma(HttpProvider):
    """One image a call."""

    base_url: str = "https://api.lumalabs.ai/dream-machine/v1"
    slug: str = "luma"

    def make(self, request: ProviderRequest, http: HttpSession) -> ProviderReply:
        """Submit and poll. Raises ProviderError."""
        replies = request.contract.replies
        state = body(ask(http, self.build(request), refusal_in(replies)))
        name = str(state.get("id") or "")
        if not name.replace("-", "").isalnum():
            raise ProviderError("bad_reply")
        look = httpx.Request("GET", self.url(f"generations/{name}"), headers=self.headers())
        while state.get("state") not in (*replies.done, *replies.failed):
            pause(http, POLL_SECONDS)
            state = body(ask(http, look, refusal_in(replies)))
        return read_generation(state, replies)


def read_generation(state: Mapping[str, Any], replies: Replies) -> ProviderReply:
    """`assets.image` is a link. Raises ProviderError."""
    if state.get("state") not in replies.done:
        words = str(state.get("failure_reason") or "")
        raise ProviderError("moderated" if is_moderated(replies, words) else "unavailable")
    assets = state.get("assets")
    link = assets.get("image") if isinstance(assets, dict) else None
    if not isinstance(link, str):
        raise ProviderError("no_image")
    return ProviderReply((ProviderImage(url=link),))
