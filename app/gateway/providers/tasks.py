"""The base of the providers that take a task and are polled until it has ended."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

import httpx

from app.catalog.contracts import Replies
from app.gateway.providers.base import (
    CANCEL_SECONDS,
    Code,
    ProviderError,
    ProviderImage,
    ProviderReply,
    ProviderRequest,
    ask,
    body,
    check_own_link,
    is_moderated,
    make_reply,
    pause,
    poll_task,
    refusal_in,
)
from app.gateway.providers.http import HttpProvider
from app.gateway.transport import HttpSession, TransportError

LINK_NAMES = ("url", "uri", "image")
"""What an object calls the link to its image."""


@dataclass(frozen=True)
class TaskApi:
    """
    Describe an API of tasks: the paths in its JSON, such as `data.status`, at which it writes what.

    `poll` and `cancel` are addresses after the base URL with `{id}` in them; where `link` is given, the address to
    poll is the one that the answer names there. Several `identity` or `images` are tried in turn. `images` hold a
    link, an object with a link, or a list of either.
    """

    state: str
    images: tuple[str, ...]
    identity: tuple[str, ...] = ("id",)
    poll: str = ""
    link: str = ""
    cancel: tuple[str, str] | None = None
    """The method and the address that stop a task."""
    reasons: tuple[str, ...] = ()
    """Where a task that failed says why."""
    unsafe: str = ""
    """A list of marks beside the images: true for those that were found unsafe."""
    seconds: float = 1.0


@dataclass(frozen=True)
class TaskProvider(HttpProvider):
    """A provider whose contracts say which states end a task."""

    api: ClassVar[TaskApi]

    def make(self, request: ProviderRequest, http: HttpSession) -> ProviderReply:
        """Submit and poll; what nobody waits for any more is cancelled where the provider can."""
        replies = request.contract.replies
        ended = {*replies.done, *replies.failed, *replies.moderated}
        task = body(ask(http, self.build(request), refusal_in(replies)))
        link, identity = self._address(task, replies), self._identity(task)
        while str(value_at(task, self.api.state)) not in ended:
            if http.left < CANCEL_SECONDS + self.api.seconds:
                self._cancel(identity, http)
                raise ProviderError("timeout")
            pause(http, self.api.seconds)
            asked = httpx.Request("GET", link, headers=self.headers())
            task = body(poll_task(http, asked, self.api.seconds, refusal_in(replies)))
        return read_task(task, replies, self.api)

    def _address(self, task: Mapping[str, Any], replies: Replies) -> str:
        """Build a task's address. Raises ProviderError where it is not the provider's or the task has no name."""
        if self.api.link:
            return check_own_link(value_at(task, self.api.link), self.base_url, replies.hosts)
        return self.url(self.api.poll.replace("{id}", self._identity(task)))

    def _identity(self, task: Mapping[str, Any]) -> str:
        """Read the task's name, which becomes part of an address. Raises ProviderError for anything else."""
        found = next((value for path in self.api.identity if (value := value_at(task, path))), "")
        plain = str(found).replace("-", "").replace("_", "")
        if not self.api.link and not (plain.isascii() and plain.isalnum()):
            raise ProviderError("bad_reply")
        return str(found)

    def _cancel(self, identity: str, http: HttpSession) -> None:
        if self.api.cancel is not None:
            method, path = self.api.cancel
            url = self.url(path.replace("{id}", identity))
            with suppress(TransportError):
                http.send(httpx.Request(method, url, headers=self.headers()))


def read_task(task: Mapping[str, Any], replies: Replies, api: TaskApi) -> ProviderReply:
    """Read the links of a task that has ended, but those marked as unsafe. Raises ProviderError."""
    state = str(value_at(task, api.state))
    if state not in replies.done:
        words = " ".join(str(value_at(task, path) or "") for path in api.reasons)
        refused = state in replies.moderated or is_moderated(replies, words)
        is_unpaid = not set(replies.account_codes).isdisjoint(words.split())
        raise ProviderError("moderated" if refused else "account" if is_unpaid else "unavailable")
    links = [link for path in api.images for link in links_at(task, path)]
    marks = value_at(task, api.unsafe) if api.unsafe else None
    unsafe = [mark is True for mark in marks] if isinstance(marks, list) else []
    kept = [link for place, link in enumerate(links) if place >= len(unsafe) or not unsafe[place]]
    otherwise: Code = "moderated" if any(unsafe) or replies.empty_is_refusal else "no_image"
    return make_reply((ProviderImage(url=link) for link in dict.fromkeys(kept)), otherwise)


def value_at(found: Any, path: str) -> Any:
    """Return the value at a path such as `data.urls.get`; None where there is none."""
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def links_at(found: Any, path: str) -> Iterator[str]:
    """List the links at a path: one, a list of them, or those of objects."""
    value = value_at(found, path)
    for item in value if isinstance(value, list) else [value]:
        named = [item.get(name) for name in LINK_NAMES] if isinstance(item, Mapping) else [item]
        yield from (link for link in named if isinstance(link, str) and link)
