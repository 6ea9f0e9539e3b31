"""MuAPI: a task is submitted, then its result is asked for. Wire facts: muapi.ai's model pages and its docs."""

from dataclasses import dataclass
from typing import ClassVar

from app.gateway.providers.tasks import TaskApi, TaskProvider


@dataclass(frozen=True)
class MuApi(TaskProvider):
    """The client of MuAPI; the contract's path is the model's."""

    base_url: str = "https://api.muapi.ai/api/v1"
    slug: str = "muapi"
    key_header: ClassVar[tuple[str, str]] = ("x-api-key", "{}")
    api: ClassVar[TaskApi] = TaskApi(
        identity=("request_id", "id"),
        state="status",
        poll="predictions/{id}/result",
        images=("outputs",),
        reasons=("error",),
        unsafe="has_nsfw_contents",
    )
