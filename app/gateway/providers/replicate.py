"""
Replicate: a prediction is made, waited for, then polled. Wire facts: replicate 1.0.7 and its API reference.

Output links live about an hour, so they are fetched at once.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

import httpx

from app.catalog.contracts import Replies
from app.gateway.formats import media_type, sniff
from app.gateway.providers.base import (
    CANCEL_SECONDS,
    ProviderError,
    ProviderImage,
    ProviderReply,
    ProviderRequest,
    ask,
    body,
    check_own_link,
    data_url,
    is_moderated,
    make_reply,
    pause,
    poll_task,
    refusal_in,
)
from app.gateway.providers.bodies import build_body
from app.gateway.providers.http import HttpProvider
from app.gateway.transport import HttpSession, TransportError

LONGEST_WAIT = 60
POLL_SECONDS = 1.0
LARGEST_DATA_URL = 256_000


@dataclass(frozen=True)
class Replicate(HttpProvider):
    """The client of Replicate; a contract's path is `owner/name`, of a community model `owner/name:version`."""

    base_url: str = "https://api.replicate.com/v1"
    slug: str = "replicate"
    key_name: ClassVar[str] = "REPLICATE_API_TOKEN"

    def make(self, request: ProviderRequest, http: HttpSession) -> ProviderReply:
        """Ask, wait on that request for as long as Replicate answers it late, then poll."""
        replies = request.contract.replies
        links = [self._upload(data, http) for data in request.images]
        asked = self.prediction(request, links, wait=http.left)
        prediction = body(ask(http, asked, refusal_in(replies)))
        while str(prediction.get("status")) not in {*replies.done, *replies.failed}:
            prediction = self._poll(prediction, http)
        return read_prediction(prediction, replies)

    def build(self, request: ProviderRequest) -> httpx.Request:
        """Build the request with every image inside it."""
        return self.prediction(request, None, wait=LONGEST_WAIT)

    def prediction(self, request: ProviderRequest, links: list[str] | None, *, wait: float) -> httpx.Request:
        """Build the request for a prediction; `links` are the images, uploaded before or as data URLs."""
        name, _, version = request.path.partition(":")
        path = "predictions" if version else f"models/{name}/predictions"
        values: dict[str, Any] = {"input": build_body(request, links).values}
        values |= {"version": version} if version else {}
        seconds = max(1, min(LONGEST_WAIT, int(wait - CANCEL_SECONDS)))
        return self._request("POST", self.url(path), headers={"Prefer": f"wait={seconds}"}, json=values)

    def _poll(self, prediction: Mapping[str, Any], http: HttpSession) -> dict[str, Any]:
        urls = prediction.get("urls")
        links: dict[str, Any] = urls if isinstance(urls, dict) else {}
        if http.left < CANCEL_SECONDS + POLL_SECONDS:
            self._cancel(links, http)
            raise ProviderError("timeout")
        pause(http, POLL_SECONDS)
        return body(
            poll_task(http, self._request("GET", check_own_link(links.get("get"), self.base_url)), POLL_SECONDS)
        )

    def _cancel(self, links: Mapping[str, Any], http: HttpSession) -> None:
        with suppress(TransportError):
            http.send(self._request("POST", check_own_link(links.get("cancel"), self.base_url)))

    def _upload(self, data: bytes, http: HttpSession) -> str:
        """Return a small file as a data URL, or the link of a large one after it was uploaded."""
        kind = sniff(data) or "png"
        if len(data) < LARGEST_DATA_URL:
            return data_url(data, media_type(kind))
        files = {"content": (f"image.{kind}", data, media_type(kind))}
        links = body(ask(http, self._request("POST", self.url("files"), files=files))).get("urls")
        if not isinstance(links, dict) or not isinstance(links.get("get"), str):
            raise ProviderError("bad_reply")
        return str(links["get"])

    def _request(
        self, method: str, url: str, *, headers: dict[str, str] | None = None, **content: Any
    ) -> httpx.Request:
        return httpx.Request(method, url, headers=self.headers() | (headers or {}), **content)


def read_prediction(prediction: Mapping[str, Any], replies: Replies) -> ProviderReply:
    """Read one link, or a list of them, from a prediction that ended. Raises ProviderError."""
    if prediction.get("status") not in replies.done:
        words = str(prediction.get("error") or "")
        raise ProviderError("moderated" if is_moderated(replies, words) else "unavailable")
    output = prediction.get("output")
    links = [output] if isinstance(output, str) else output if isinstance(output, list) else []
    return make_reply(ProviderImage(url=link) for link in links if isinstance(link, str))
