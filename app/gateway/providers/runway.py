"""Runway: one route for every model, and a task to poll. Wire facts: runwayml 5.24.0."""

from dataclasses import dataclass
from typing import ClassVar

from app.gateway.providers.base import ProviderRequest
from app.gateway.providers.tasks import TaskApi, TaskProvider


@dataclass(frozen=True)
class Runway(TaskProvider):
    """A task that is deleted while it runs is cancelled."""

    base_url: str = "https://api.dev.runwayml.com/v1"
    slug: str = "runway"
    api: ClassVar[TaskApi] = TaskApi(
        state="status",
        poll="tasks/{id}",
        images=("output",),
        reasons=("failureCode", "failure"),
        cancel=("DELETE", "tasks/{id}"),
        # Runway throttles clients that look more often than every five seconds.
        seconds=5.0,
    )

    def headers(self, request: ProviderRequest | None = None) -> dict[str, str]:
        """Return the version of the API beside the key."""
        return super().headers(request) | {"X-Runway-Version": "2024-11-06"}
