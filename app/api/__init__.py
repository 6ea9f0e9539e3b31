"""The JSON API under /api/v1 and the document that describes it."""

from flask_openapi3 import OpenAPI

from app.api import (
    about,
    boards,
    competitions,
    errors,
    integrity,
    matchups,
    models,
    openai,
    openai_errors,
    queries,
    suggestions,
    taste,
    votes,
)
from app.api.document import document

__all__ = ["about", "errors", "install", "openai_errors"]


def install(app: OpenAPI) -> None:
    """Register every route."""
    for blueprint in (
        m.blueprint for m in (boards, competitions, integrity, matchups, models, suggestions, taste, votes)
    ):
        app.register_api(blueprint)
    app.before_request(queries.check_names)
    app.register_blueprint(openai.blueprint)
    app.register_blueprint(openai.links)
    app.add_url_rule("/api/v1/openapi.json", "openapi", document)
