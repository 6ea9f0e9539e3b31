"""
OpenAI's image API, at OpenAI and at every server that speaks it. Wire facts: openai 1.109.1 and 3.57.0.

What the servers differ in (paths, words, sides or sizes, forms or JSON) stands in their contracts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
from app.gateway.providers.dashscope import links_of_messages
from app.gateway.providers.http import HttpProvider

ADDRESSES = {
    "aiml": "https://api.aimlapi.com/v1",
    "azure": "",
    "azure-ai": "",
    "byteplus": "https://ark.ap-southeast.bytepluses.com/api/v3",
    "deepinfra": "https://api.deepinfra.com/v1/openai",
    "localai": "",
    "meta": "https://api.meta.ai/v1",
    "minimax": "https://api.minimax.io/v1",
    "nanogpt": "https://nano-gpt.com/v1",
    "nscale": "https://inference.api.nscale.com/v1",
    "openrouter": "https://openrouter.ai/api/v1",
    "qianfan": "https://qianfan.baidubce.com/v2",
    "recraft": "https://external.api.recraft.ai/v1",
    "sdcpp": "",
    "sglang": "",
    "tencent": "https://tokenhub-intl.tencentcloudmaas.com/v1",
    "together": "https://api.together.xyz/v1",
    "vllm-omni": "",
    "xai": "https://api.x.ai/v1",
    "zai": "https://api.z.ai/api/paas/v4",
}
"""Servers that speak OpenAI's API, by slug; one without an address of its own is used once it is given one."""
OWN_SERVERS = frozenset({"localai", "sdcpp", "sglang", "vllm-omni"})
"""Those of them that people run themselves, most without a key."""
KEY_HEADERS = {"azure": "api-key", "azure-ai": "api-key"}
REFUSING = ("sensitive", "policy", "moderat", "safety", "risk")
"""Parts of the codes by which an image is refused for its content; other codes are failures."""


@dataclass(frozen=True)
class OpenAI(HttpProvider):
    """A server that speaks OpenAI's API; `key` may be empty for one's own, `slug` names it in the catalogue."""

    base_url: str = "https://api.openai.com/v1"
    slug: str = "openai"

    def headers(self, request: ProviderRequest | None = None) -> dict[str, str]:
        """Put the key into the header that the server reads: Azure has one of its own."""
        header = KEY_HEADERS.get(self.slug)
        return {header: self.key.get_secret_value()} if header else super().headers(request)

    def read_object(self, found: Mapping[str, Any], replies: Replies) -> ProviderReply:
        """Read the base64 or links in `data`."""
        return read_images(found, empty_is_refusal=replies.empty_is_refusal)


def read_images(found: Mapping[str, Any], *, empty_is_refusal: bool = False) -> ProviderReply:
    """
    Read `data`, `images` or the images of messages, base64 or links, without what is marked as unsafe.

    Raises ProviderError.
    """
    lists = found.get("data"), found.get("images"), links_of_messages(found)
    offered = next(one for one in lists if isinstance(one, list))
    listed = [{"url": one} if isinstance(one, str) else one for one in offered]
    refused = [item for item in items(listed) if is_refused(item)]
    made = tuple(image for item in items(listed) if item not in refused for image in read_image(item))
    if not made:
        raise ProviderError("moderated" if refused or empty_is_refusal else "no_image")
    quality, background = short_text(found.get("quality")), short_text(found.get("background"))
    return ProviderReply(made, read_usage(found.get("usage")), quality, background)


def short_text(value: Any) -> str | None:
    """Return a word of the provider that is safe to show; None for anything else."""
    return value if isinstance(value, str) and value.isascii() and value.isalpha() and len(value) < 20 else None


def is_refused(item: Mapping[str, Any]) -> bool:
    """Tell whether an item stands for a refused image: xAI, Ideogram and ModelArk answer so with status 200."""
    error = item.get("error")
    code = str(error.get("code") or REFUSING[0]).lower() if isinstance(error, dict) else ""
    unsafe = item.get("respect_moderation") is False or item.get("is_image_safe") is False
    return unsafe or any(word in code for word in REFUSING)


def read_image(item: Mapping[str, Any]) -> list[ProviderImage]:
    """Read the image of an item; none where it holds neither base64 nor a link."""
    coded, url, prompt = item.get("b64_json"), item.get("url"), item.get("revised_prompt")
    is_coded = isinstance(coded, str) and coded != ""
    if not is_coded and not isinstance(url, str):
        return []
    return [
        ProviderImage(
            coded=coded if is_coded else None,
            url=url if isinstance(url, str) else None,
            revised_prompt=prompt if isinstance(prompt, str) else None,
        )
    ]


def read_usage(value: Any) -> Usage | None:
    """Read OpenAI's counts of tokens, and the dollars that OpenRouter adds."""
    if not isinstance(value, dict):
        return None
    details = value.get("input_tokens_details")
    inputs = details if isinstance(details, dict) else {}
    cost = read_cost(value.get("cost"))
    return Usage(
        output=count_of(value.get("output_tokens", value.get("completion_tokens"))),
        input_text=count_of(inputs.get("text_tokens", value.get("prompt_tokens"))),
        input_image=count_of(inputs.get("image_tokens")),
        cost_micros=None if cost is None else round(cost * MICROS),
    )


def count_of(value: Any) -> int:
    """Return a count of tokens; 0 for what is none."""
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9
    return value if is_count else 0
