"""Runway: one route for every model, and a task to poll. Wire facts: runwayml 5.24.0."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from app.gateway.providers.tasks import TaskApi, TaskProvider


@dataclass(frozen=True)
class Runway(TaskProvider):
    """The client of Runway's API; a task that is deleted while it runs is cancelled."""

    base_url: str = "https://api.dev.runwayml.com/v1"
    slug: str = "runway"
    fixed_headers: ClassVar[Mapping[str, str]] = {"X-Runway-Version": "2024-11-06"}
    api: ClassVar[TaskApi] = TaskApi(
        state="status",
        poll="tasks/{id}",
        images=("output",),
        reasons=("failureCode", "failure"),
        cancel=("DELETE", "tasks/{id}"),
        # Runway throttles clients that poll more often than every five seconds.
        seconds=5.0,
    )
