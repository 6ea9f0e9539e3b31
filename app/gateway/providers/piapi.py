"""PiAPI: one route for the tasks of every model. Wire facts: piapi.ai's docs and model pages."""

from dataclasses import dataclass
from typing import ClassVar

from app.gateway.providers.tasks import TaskApi, TaskProvider


@dataclass(frozen=True)
class PiApi(TaskProvider):
    """The client of PiAPI; models write `image_url`, `image_urls`, or both."""

    base_url: str = "https://api.piapi.ai/api/v1"
    slug: str = "piapi"
    key_header: ClassVar[tuple[str, str]] = ("X-API-Key", "{}")
    api: ClassVar[TaskApi] = TaskApi(
        identity=("data.task_id",),
        state="data.status",
        poll="task/{id}",
        images=("data.output.image_url", "data.output.image_urls"),
        reasons=("data.error.message", "data.error.raw_message"),
    )
