"""Prompts that people would like to see judged."""

from typing import Literal

from flask import Response, jsonify
from pydantic import BaseModel, ConfigDict, Field

from app.api.blueprints import MAKES_VOTER, make_blueprint
from app.arena.entries.suggestions import LONGEST, SHORTEST
from app.edge.after_commit import tell_stored
from app.edge.suggestions import suggest

blueprint = make_blueprint(
    __name__, "/suggestions", "suggestions", "Prompts for competitions to come; read by people first."
)


class SuggestionBody(BaseModel):
    """A prompt that somebody would like image models to be judged on."""

    model_config = ConfigDict(extra="forbid")

    prompt: str = Field(
        description=f"What the images should show, in {SHORTEST} to {LONGEST} characters.",
        json_schema_extra={"minLength": SHORTEST, "maxLength": LONGEST},
        examples=["A lighthouse in a storm, as a linocut in two colours"],
    )


class KeptBody(BaseModel):
    """The prompt as it is kept. It is shown to nobody before an admin makes a competition of it."""

    prompt: str
    status: Literal["waiting"]


@blueprint.post("", responses={"201": KeptBody}, security=MAKES_VOTER)
def post_suggestion(body: SuggestionBody) -> tuple[Response, int]:
    """
    Suggest a prompt.

    It is shown to nobody before an admin has read it; one that is known already is not kept twice.
    """
    kept = KeptBody(prompt=suggest(body.prompt), status="waiting")
    return tell_stored(kept, lambda kept: (jsonify(kept.model_dump(mode="json")), 201))
