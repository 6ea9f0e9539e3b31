"""
Black Forest Labs: a task is submitted, then polled at the address it names. Wire facts: docs.bfl.ai.

That address may lie on a regional host of bfl.ai; in the first seconds another region may not know the task yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import httpx

from app.catalog.contracts import Replies
from app.gateway.providers.base import (
    ProviderError,
    ProviderImage,
    ProviderReply,
    ProviderRequest,
    Usage,
    ask,
    body,
    check_own_link,
    pause,
    poll_task,
    read_cost,
    refusal_in,
)
from app.gateway.providers.http import HttpProvider
from app.gateway.transport import HttpSession

POLL_SECONDS = 0.5
PATIENCE = 10
"""Polls of a task that is not found before it counts as lost."""
MICROS_PER_CREDIT = 10_000


@dataclass(frozen=True)
class BlackForestLabs(HttpProvider):
    """Black Forest Labs' tasks; each makes one image."""

    base_url: str = "https://api.bfl.ai"
    slug: str = "bfl"
    key_header: ClassVar[tuple[str, str]] = ("x-key", "{}")

    def make(self, request: ProviderRequest, http: HttpSession) -> ProviderReply:
        """Submit and poll. Raises ProviderError."""
        replies = request.contract.replies
        task = body(ask(http, self.build(request), refusal_in(replies)))
        poll = check_own_link(task.get("polling_url"), self.base_url, replies.hosts)
        return read_result(self._wait(poll, http, replies), replies, task.get("cost"))

    def _wait(self, url: str, http: HttpSession, replies: Replies) -> dict[str, Any]:
        """Poll until an answer ends the task, and return it; the last one where the task stays unknown."""
        ended = (*replies.done, *replies.failed, *replies.moderated)
        unknown = 0
        while True:
            state = self._poll_state(url, http, replies)
            unknown = 0 if state else unknown + 1
            if state.get("status") in ended:
                return state
            if unknown >= PATIENCE:
                raise ProviderError("unavailable")
            pause(http, POLL_SECONDS)

    def _poll_state(self, url: str, http: HttpSession, replies: Replies) -> dict[str, Any]:
        """Ask for the state of a task; it is empty while the task is not known there yet."""
        try:
            asked = httpx.Request("GET", url, headers=self.headers())
            answer = poll_task(http, asked, POLL_SECONDS, refusal_in(replies))
        except ProviderError as error:
            if error.code == "not_found":
                return {}
            raise
        state = body(answer)
        return {} if state.get("status") == "Task not found" else state


def read_result(state: Mapping[str, Any], replies: Replies, credit: Any = None) -> ProviderReply:
    """Read the link in `result.sample`, which lives for minutes. Raises ProviderError."""
    if state.get("status") in replies.moderated:
        raise ProviderError("moderated")
    if state.get("status") not in replies.done:
        raise ProviderError("unavailable")
    result = state.get("result")
    link = result.get("sample") if isinstance(result, dict) else None
    if not isinstance(link, str):
        raise ProviderError("no_image")
    cost = read_cost(credit)
    usage = None if cost is None else Usage(cost_micros=round(cost * MICROS_PER_CREDIT))
    return ProviderReply((ProviderImage(url=link),), usage)
