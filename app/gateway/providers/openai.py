"""OpenAI's image API, at OpenAI and at every server that speaks it. Wire facts: openai 1.109.1 and 3.54.0."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
from pydantic import SecretStr

from app.catalog.limits import Limits
from app.gateway.formats import media_type, sniff
from app.gateway.providers.base import (
    Job,
    Made,
    ProviderError,
    Reply,
    Usage,
    ask,
    body,
    from_base64,
    items,
    named_param,
    refusal,
    retry_after,
)
from app.gateway.wire import Answer, Garbage, Line

PATHS = {"generation": "generations", "edit": "edits", "variation": "variations"}
ALWAYS_BASE64 = ("gpt-image-", "chatgpt-image-")
"""Model ids that refuse `response_format` and know `output_format`."""
MODERATED = {"moderation_blocked", "content_policy_violation", "content_filter"}
UNPAID = {"insufficient_quota", "billing_hard_limit_reached"}


@dataclass(frozen=True)
class OpenAI:
    """`key` may be empty for a server of one's own."""

    key: SecretStr
    base_url: str
    slug: str = "openai"
    parameters: None = None

    def native_formats(self, model_id: str, limits: Limits) -> frozenset[str]:
        native = ("png", "jpeg", "webp") if model_id.startswith(ALWAYS_BASE64) else limits.output_formats
        return frozenset(native)

    def make(self, job: Job, line: Line) -> Reply:
        """One POST."""
        return read(ask(line, self.build(job), _refused))

    def build(self, job: Job) -> httpx.Request:
        """JSON for a generation, a form for what carries files."""
        url = f"{self.base_url.rstrip('/')}/images/{PATHS[job.operation]}"
        key = self.key.get_secret_value()
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        values = _values(job)
        if job.operation == "generation":
            return httpx.Request("POST", url, headers=headers, json=values)
        return httpx.Request("POST", url, headers=headers, data=_form(values), files=_files(job))


def read(answer: Answer) -> Reply:
    """`data` holds base64 or links. Raises ProviderError."""
    found = body(answer)
    made = tuple(
        Made(
            data=from_base64(item["b64_json"]) if item.get("b64_json") else None,
            url=item["url"] if isinstance(item.get("url"), str) else None,
            revised_prompt=item["revised_prompt"] if isinstance(item.get("revised_prompt"), str) else None,
        )
        for item in items(found.get("data"))
        if item.get("b64_json") or item.get("url")
    )
    if not made:
        raise ProviderError("no_image")
    quality, background = (_short_text(found.get(name)) for name in ("quality", "background"))
    return Reply(made, _usage(found.get("usage")), quality, background)


def _values(job: Job) -> dict[str, Any]:
    values: dict[str, Any] = {"model": job.model_id, **job.extra}
    if job.operation != "variation" or job.prompt:
        values["prompt"] = job.prompt
    if job.n > 1:
        values["n"] = job.n
    if job.sized and job.size:
        values["size"] = f"{job.size[0]}x{job.size[1]}"
    if not job.model_id.startswith(ALWAYS_BASE64):
        values["response_format"] = "b64_json"
    if job.output_format:
        values["output_format"] = job.output_format
    return values


def _form(values: Mapping[str, Any]) -> dict[str, Any]:
    """As the SDKs write a form: text as it is, everything else in JSON's words."""
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}


def _files(job: Job) -> list[tuple[str, tuple[str, bytes, str]]]:
    name = "image" if len(job.images) == 1 else "image[]"
    files = [(name, _file(f"image{number}", data)) for number, data in enumerate(job.images)]
    return [*files, ("mask", _file("mask", job.mask))] if job.mask else files


def _file(stem: str, data: bytes) -> tuple[str, bytes, str]:
    kind = sniff(data) or "png"
    return f"{stem}.{kind}", data, media_type(kind)


def _refused(answer: Answer) -> ProviderError:
    """OpenAI says in `error.code` what its statuses share: 400 for moderation, 429 for an unpaid bill."""
    try:
        error = answer.json().get("error")
    except Garbage:
        return refusal(answer)
    code = str(error.get("code")) if isinstance(error, dict) else ""
    if code in MODERATED:
        return ProviderError("moderated")
    if code in UNPAID:
        return ProviderError("account", retry_after=retry_after(answer))
    if answer.status == 400:
        return ProviderError("rejected", param=named_param(answer))
    return refusal(answer)


def _usage(value: Any) -> Usage | None:
    if not isinstance(value, dict):
        return None
    details = value.get("input_tokens_details")
    inputs = details if isinstance(details, dict) else {}
    return Usage(
        output=_count(value.get("output_tokens")),
        input_text=_count(inputs.get("text_tokens")),
        input_image=_count(inputs.get("image_tokens")),
    )


def _short_text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.isascii() and value.isalpha() and len(value) < 20 else None


def _count(value: Any) -> int:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9
    return value if is_count else 0
