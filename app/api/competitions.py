"""Competitions as JSON."""

from typing import Literal

from flask import Response
from pydantic import BaseModel, Field, RootModel

from app.api.blueprints import make_blueprint
from app.api.boards import CompetitionPath
from app.arena.entries import competitions
from app.arena.entries.competitions import CompetitionSummary
from app.edge.page_cache import public_json, reading_page
from app.words import Mode

blueprint = make_blueprint(
    __name__, "/competitions", "competitions", "One prompt each, answered by many models.", has_etag=True
)


class CompetitionBody(BaseModel):
    """A competition; models and votes count what stands."""

    slug: str
    title: str
    mode: Mode
    status: Literal["open", "closed"]
    categories: list[str]
    prompt: str
    models: int
    votes: int
    target: int | None = Field(description="Counted votes wanted before it is closed; null where nobody set any.")


class CompetitionsBody(RootModel[list[CompetitionBody]]):
    """The list of all competitions, newest first."""


@blueprint.get("", responses={"200": CompetitionsBody})
def get_competitions() -> Response:
    """
    List every competition that is or was open.

    The newest comes first. The list is whole: there are no pages.
    """
    with reading_page() as session:
        bodies = [_body(summary) for summary in competitions.list_competitions(session)]
    return public_json(CompetitionsBody(bodies))


@blueprint.get("/<string:slug>", responses={"200": CompetitionBody})
def get_competition(path: CompetitionPath) -> Response:
    """
    Return one competition.

    Its board is at `/api/v1/competitions/{slug}/leaderboard`.
    """
    with reading_page() as session:
        body = _body(competitions.read_summary(session, path.slug))
    return public_json(body)


def _body(summary: CompetitionSummary) -> CompetitionBody:
    values = {name: getattr(summary, name) for name in CompetitionBody.model_fields if name != "categories"}
    slugs = [slug for slug, _ in summary.categories]
    return CompetitionBody.model_validate(values | {"categories": slugs})
