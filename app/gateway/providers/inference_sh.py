"""inference.sh: an app is run as a task whose states are numbers. Wire facts: inferencesh 0.36.0 and its docs."""

from dataclasses import dataclass
from typing import ClassVar

from app.gateway.providers.tasks import TaskApi, TaskProvider


@dataclass(frozen=True)
class InferenceSh(TaskProvider):
    """The client of inference.sh; answers stand inside of `data`, and apps write `images`, or one `image`."""

    base_url: str = "https://api.inference.sh"
    slug: str = "inference.sh"
    key_name: ClassVar[str] = "INFERENCE_API_KEY"
    api: ClassVar[TaskApi] = TaskApi(
        identity=("data.id",),
        state="data.status",
        poll="tasks/{id}",
        images=("data.output.images", "data.output.image", "data.output.output_images"),
        reasons=("data.error",),
        cancel=("POST", "tasks/{id}/cancel"),
    )
