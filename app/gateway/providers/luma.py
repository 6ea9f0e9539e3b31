"""
Luma: Photon by its Dream Machine API, Uni-1 by its Agents API, each with a key of its own.

Wire facts: docs.lumalabs.ai and luma-agents 0.5.0.
"""

from dataclasses import dataclass
from typing import ClassVar

from app.gateway.providers.tasks import TaskApi, TaskProvider


@dataclass(frozen=True)
class Luma(TaskProvider):
    """The client of the Dream Machine API; each call makes one image, whose link is `assets.image`."""

    base_url: str = "https://api.lumalabs.ai/dream-machine/v1"
    slug: str = "luma"
    api: ClassVar[TaskApi] = TaskApi(
        state="state", poll="generations/{id}", images=("assets.image",), reasons=("failure_reason",)
    )


@dataclass(frozen=True)
class LumaAgents(TaskProvider):
    """The client of the Agents API; each call makes one image, and `output` is a list of links."""

    base_url: str = "https://agents.lumalabs.ai/v1"
    slug: str = "luma-agents"
    api: ClassVar[TaskApi] = TaskApi(
        state="state", poll="generations/{id}", images=("output",), reasons=("failure_code", "failure_reason")
    )
