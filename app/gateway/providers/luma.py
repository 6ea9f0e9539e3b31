"""
Luma: Photon by its Dream Machine API, Uni-1 by its Agents API, each with a key of its own.

Wire facts: docs.lumalabs.ai and luma-agents 0.5.0.
"""

from dataclasses import dataclass
from typing import ClassVar

from app.gateway.providers.tasks import TaskApi, TaskProvider


@dataclass(frozen=True)
class Luma(TaskProvider):
    """One image a call; `assets.image` is a link."""

    base_url: str = "https://api.lumalabs.ai/dream-machine/v1"
    slug: str = "luma"
    api: ClassVar[TaskApi] = TaskApi(
        state="state", poll="generations/{id}", images=("assets.image",), reasons=("failure_reason",)
    )


@dataclass(frozen=True)
class LumaAgents(TaskProvider):
    """One image a call; `output` is a list of links."""

    base_url: str = "https://agents.lumalabs.ai/v1"
    slug: str = "luma-agents"
    api: ClassVar[TaskApi] = TaskApi(
        state="state", poll="generations/{id}", images=("output",), reasons=("failure_code", "failure_reason")
    )
