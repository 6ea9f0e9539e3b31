"""Leonardo.Ai: two versions of submitting, one of polling. Wire facts: docs.leonardo.ai."""

from dataclasses import dataclass
from typing import ClassVar

from app.gateway.providers.tasks import TaskApi, TaskProvider


@dataclass(frozen=True)
class Leonardo(TaskProvider):
    """The client of Leonardo.Ai; the contract's path names the version."""

    base_url: str = "https://cloud.leonardo.ai/api/rest"
    slug: str = "leonardo"
    api: ClassVar[TaskApi] = TaskApi(
        identity=("sdGenerationJob.generationId", "generate.generationId", "generationId"),
        state="generations_by_pk.status",
        poll="v1/generations/{id}",
        images=("generations_by_pk.generated_images",),
    )
