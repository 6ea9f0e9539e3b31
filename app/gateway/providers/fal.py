"""
fal's queue: submit, ask for the status, fetch the result. Wire facts: fal_client 1.0.3 and fal's queue pages.

The queue tries a failed run again by itself, up to ten times, so nothing is submitted twice here.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

import httpx

from app.catalog.contracts import Replies
from app.gateway.providers.base import (
    CANCEL_SECONDS,
    ProviderError,
    ProviderImage,
    ProviderReply,
    ProviderRequest,
    ask,
    body,
    check_own_link,
    items,
    make_reply,
    pause,
    poll_task,
)
from app.gateway.providers.http import HttpProvider
from app.gateway.transport import HttpAnswer, HttpSession, TransportError

POLL_SECONDS = 1.0
FIRST_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Fal(HttpProvider):
    """The client of fal's queue; the contract's path is the app's."""

    base_url: str = "https://queue.fal.run"
    slug: str = "fal"
    key_name: ClassVar[str] = "FAL_KEY"
    key_header: ClassVar[tuple[str, str]] = ("Authorization", "Key {}")

    def make(self, request: ProviderRequest, http: HttpSession) -> ProviderReply:
        """Queue a run, wait for it and read its result. Links are followed as given; fal forbids building them."""
        replies = request.contract.replies
        queued = body(ask(http, self.build(request), lambda answer: self.refused(answer, replies)))
        self._wait(queued, http, replies)
        return read_result(self._get(queued.get("response_url"), http, replies))

    def _wait(self, queued: Mapping[str, Any], http: HttpSession, replies: Replies) -> None:
        """Wait until the run is done; what nobody waits for any more is cancelled while there is time."""
        seconds = FIRST_POLL_SECONDS
        while True:
            state = self._get(queued.get("status_url"), http, replies)
            if state.get("status") in replies.done:
                break
            if http.left < CANCEL_SECONDS + seconds:
                self._cancel(queued.get("cancel_url"), http)
                raise ProviderError("timeout")
            pause(http, seconds)
            seconds = POLL_SECONDS
        if state.get("error"):
            raise ProviderError(
                "moderated" if state.get("error_type") in replies.moderation_codes else "unavailable"
            )

    def _cancel(self, url: Any, http: HttpSession) -> None:
        with suppress(TransportError, ProviderError):
            http.send(httpx.Request("PUT", check_own_link(url, self.base_url), headers=self.headers()))

    def _get(self, url: Any, http: HttpSession, replies: Replies) -> dict[str, Any]:
        request = httpx.Request("GET", check_own_link(url, self.base_url), headers=self.headers())
        return body(poll_task(http, request, POLL_SECONDS, lambda answer: self.refused(answer, replies)))

    def refused(self, answer: HttpAnswer, replies: Replies) -> ProviderError:
        """Translate an error; one that the app itself gave says whether the same call may succeed another time."""
        told, retryable = super().refused(answer, replies), answer.headers.get("x-fal-retryable", "").lower()
        has_failed = retryable == "true" or (retryable and answer.status >= 500)
        return ProviderError("no_image") if has_failed and told.code in {"rejected", "unavailable"} else told


def read_result(result: Mapping[str, Any]) -> ProviderReply:
    """Read `images`, or one `image`, without those that are marked as unsafe. Raises ProviderError."""
    found = items(result.get("images")) or items([result.get("image")])
    marks = result.get("has_nsfw_concepts")
    unsafe = [mark is True for mark in marks] if isinstance(marks, list) else []
    unsafe += [False] * (len(found) - len(unsafe))
    links = [
        item["url"]
        for item, blocked in zip(found, unsafe, strict=False)
        if not blocked and isinstance(item.get("url"), str)
    ]
    return make_reply((ProviderImage(url=link) for link in links), "moderated" if any(unsafe) else "no_image")
