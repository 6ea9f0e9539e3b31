"""WaveSpeedAI: a task is submitted, then polled at the address it names. Wire facts: wavespeed.ai/docs."""

from dataclasses import dataclass
from typing import ClassVar

from app.gateway.providers.tasks import TaskApi, TaskProvider


@dataclass(frozen=True)
class WaveSpeed(TaskProvider):
    """The client of WaveSpeedAI; the contract's path is the model's."""

    base_url: str = "https://api.wavespeed.ai/api/v3"
    slug: str = "wavespeed"
    api: ClassVar[TaskApi] = TaskApi(
        state="data.status",
        link="data.urls.get",
        images=("data.outputs",),
        reasons=("data.error",),
        unsafe="data.has_nsfw_contents",
    )
