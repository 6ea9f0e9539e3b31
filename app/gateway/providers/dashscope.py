"""
Alibaba Cloud DashScope: images as parts of a chat message, and older models as tasks.

Wire facts: LiteLLM 1.110.2 and Model Studio's API references.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from app.catalog.contracts import Replies
from app.gateway.providers.base import Code, ProviderImage, ProviderReply, ProviderRequest, items, make_reply
from app.gateway.providers.http import HttpProvider
from app.gateway.providers.tasks import TaskApi, TaskProvider
from app.gateway.transport import HttpSession


@dataclass(frozen=True)
class DashScope(TaskProvider):
    """The client of DashScope; contracts with states that end a task are about tasks, others answer at once."""

    base_url: str = "https://dashscope-intl.aliyuncs.com/api/v1"
    slug: str = "dashscope"
    api: ClassVar[TaskApi] = TaskApi(
        identity=("output.task_id",),
        state="output.task_status",
        poll="tasks/{id}",
        images=("output.results",),
        reasons=("output.code", "output.message"),
    )

    def make(self, request: ProviderRequest, http: HttpSession) -> ProviderReply:
        """Make the images by a task where the contract has task states, else by one call."""
        is_task = bool(request.contract.replies.done)
        return super().make(request, http) if is_task else HttpProvider.make(self, request, http)

    def headers(self, request: ProviderRequest | None = None) -> dict[str, str]:
        """Ask for a task beside the key."""
        is_task = request is not None and bool(request.contract.replies.done)
        return super().headers(request) | ({"X-DashScope-Async": "enable"} if is_task else {})

    def read_object(self, found: Mapping[str, Any], replies: Replies) -> ProviderReply:
        """Read the links in messages; an error may come with status 200, as a code without an output."""
        otherwise: Code = "moderated" if found.get("code") in replies.moderation_codes else "no_image"
        return make_reply((ProviderImage(url=link) for link in links_of_messages(found)), otherwise)


def links_of_messages(found: Mapping[str, Any]) -> list[str]:
    """List the images of `output.choices`, each a part of a message."""
    output = found.get("output")
    choices = items(output.get("choices")) if isinstance(output, dict) else []
    messages = [choice["message"] for choice in choices if isinstance(choice.get("message"), dict)]
    parts = [part for message in messages for part in items(message.get("content"))]
    return [part["image"] for part in parts if isinstance(part.get("image"), str)]
