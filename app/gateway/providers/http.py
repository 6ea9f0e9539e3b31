"""The base of the providers reached over HTTP: a key, an address, and for most of them one POST."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import httpx
from pydantic import SecretStr

from app.catalog.contracts import Replies
from app.gateway.providers.base import (
    ProviderError,
    ProviderReply,
    ProviderRequest,
    ask,
    body,
    hidden_refusal,
    refusal_in,
)
from app.gateway.providers.bodies import build_request
from app.gateway.transport import HttpAnswer, HttpSession


@dataclass(frozen=True)
class HttpProvider:
    """
    A provider that is asked over HTTP.

    `offerings` are models that the operator says it serves besides those of the catalogue: slug to the id there.
    `key_name` is the setting of its key where that is not the slug followed by `_API_KEY`; `needs_key` is false
    for a server that people run themselves, which is used once it has an address. `key_header` is the header that
    takes the key and how it is written there; `fixed_headers` go out beside it.
    """

    key: SecretStr
    base_url: str = ""
    slug: str = ""
    offerings: Mapping[str, str] = field(default_factory=dict)
    key_name: ClassVar[str] = ""
    needs_key: ClassVar[bool] = True
    key_header: ClassVar[tuple[str, str]] = ("Authorization", "Bearer {}")
    fixed_headers: ClassVar[Mapping[str, str]] = {}

    def make(self, request: ProviderRequest, http: HttpSession) -> ProviderReply:
        """Send one POST, which is held until the images are there. Raises ProviderError."""
        replies = request.contract.replies
        answer = ask(http, self.build(request), lambda answer: self.refused(answer, replies))
        try:
            return self.read(answer, replies)
        except ProviderError as error:
            raise (hidden_refusal(answer, replies) if error.code == "no_image" else None) or error from error

    def build(self, request: ProviderRequest) -> httpx.Request:
        """Build the HTTP request as it is sent."""
        return build_request(self.url(request.path), request, self.headers(request))

    def url(self, path: str) -> str:
        """Append a path to the base URL."""
        return f"{self.base_url.rstrip('/')}/{path}"

    def headers(self, request: ProviderRequest | None = None) -> dict[str, str]:  # noqa: ARG002
        """Put the key into the provider's header, if there is a key, beside what each request carries."""
        key = self.key.get_secret_value()
        name, form = self.key_header
        return ({name: form.format(key)} if key else {}) | dict(self.fixed_headers)

    def refused(self, answer: HttpAnswer, replies: Replies) -> ProviderError:
        """Translate an answer with a status from 300 up into an error."""
        return refusal_in(replies)(answer)

    def read(self, answer: HttpAnswer, replies: Replies) -> ProviderReply:
        """Read the images of a good answer. Raises ProviderError."""
        return self.read_object(body(answer), replies)

    def read_object(self, found: Mapping[str, Any], replies: Replies) -> ProviderReply:  # noqa: ARG002
        """Read the images of an answer that is a JSON object. Raises ProviderError."""
        raise ProviderError("bad_reply")
