"""WaveSpeedAI: a task is submitted, then polled at the address it names. Wire facts: wavespeed.ai/docs."""

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
    to_poll,
)
from app.gateway.providers.http import HttpProvider
from app.gateway.wire import HttpSession

POLL_SECONDS = 1.0


@dataclass(frozen=True)
class WaveSpeed(HttpProvider):
    """The contract's path is the model's."""

    base_url: str = "https://api.wavespeed.ai/api/v3"
    slug: str = "wavespeed"

    def make(self, request: ProviderRequest, http: HttpSession) -> ProviderReply:
        """Submit and poll. Raises ProviderError."""
        replies = request.contract.replies
        task = data_of(body(ask(http, self.build(request), refusal_in(replies))))
        urls = task.get("urls")
        link = to_poll(urls.get("get") if isinstance(urls, dict) else None, self.base_url, replies.hosts)
        while task.get("status") not in (*replies.done, *replies.failed):
            pause(http, POLL_SECONDS)
            look = httpx.Request("GET", link, headers=self.headers())
            task = data_of(body(ask(http, look, refusal_in(replies))))
        return read_task(task, replies)


def data_of(found: Mapping[str, Any]) -> dict[str, Any]:
    """The task inside of an answer."""
    data = found.get("data")
    return data if isinstance(data, dict) else {}


def read_task(task: Mapping[str, Any], replies: Replies) -> ProviderReply:
    """`outputs` are links; those marked as unsafe are left out. Raises ProviderError."""
    if task.get("status") not in replies.done:
        raise ProviderError("moderated" if is_moderated(replies, str(task.get("error") or "")) else "unavailable")
    outputs, marks = task.get("outputs"), task.get("has_nsfw_contents")
    links = [link for link in outputs if isinstance(link, str)] if isinstance(outputs, list) else []
    unsafe = [mark is True for mark in marks] if isinstance(marks, list) else []
    kept = [link for place, link in enumerate(links) if place >= len(unsafe) or not unsafe[place]]
    if not kept:
        raise ProviderError("moderated" if any(unsafe) else "no_image")
    return ProviderReply(tuple(ProviderImage(url=link) for link in kept))
