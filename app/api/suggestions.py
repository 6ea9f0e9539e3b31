"""Prompts that people would like to see judged."""

from typing import Literal

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, ConfigDict, Field

from app.api.errors import ErrorBody
from app.arena.entries.suggestions import LONGEST, SHORTEST
from app.edge.after_commit import tell_stored
from app.edge.suggestions import suggest

blueprint = APIBlueprint(
    "api_suggestions",
    __name__,
    url_prefix="/api/v1/suggestions",
    abp_tags=[Tag(name="suggestions", description="Prompts for competitions to come; read by people first.")],
    abp_responses=dict.fromkeys(("400", "403", "405", "413", "415", "429", "500", "503"), ErrorBody),
)


class SuggestionBody(BaseModel):
    """A prompt that somebody would like image models to be judged on."""

    model_config = ConfigDict(extra="forbid")

    prompt: str = Field(description=f"{SHORTEST} to {LONGEST} characters")


class KeptBody(BaseModel):
    """The prompt as it is kept. It is shown to nobody before an admin makes a competition of it."""

    prompt: str
    status: Literal["waiting"]


@blueprint.post("", responses={"201": KeptBody})
def post_suggestion(body: SuggestionBody) -> tuple[Response, int]:
    """Suggest a prompt; one that is known already is not kept twice."""
    kept = KeptBody(prompt=suggest(body.prompt), status="waiting")
    return tell_stored(kept, lambda kept: (jsonify(kept.model_dump(mode="json")), 201))
