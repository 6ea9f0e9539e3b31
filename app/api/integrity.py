"""The integrity page as JSON: the room's own report, field by field."""

from dataclasses import fields

from flask import Response
from pydantic import BaseModel

from app.api.blueprints import make_blueprint
from app.api.fields import with_fields
from app.edge import integrity
from app.edge.page_cache import public_page
from app.leaderboards.integrity.public_report import PublicReport

blueprint = make_blueprint(
    __name__,
    "/integrity",
    "integrity",
    "What counts and why, how pairs are drawn, what was decided.",
    has_etag=True,
)


@with_fields(PublicReport, *(field.name for field in fields(PublicReport)))
class IntegrityBody(BaseModel):
    """Thirty days, and the newest hundred of everything that grows."""


@blueprint.get("", responses={"200": IntegrityBody})
def get_integrity() -> Response:
    """
    Report what counts, what does not and why, exposures, decisions and certificates.

    The page `/integrity` shows the same numbers; `docs/integrity.md` says how each is made.
    """
    return public_page(integrity.read_versions(), _body, "application/json")


def _body() -> str:
    return IntegrityBody.model_validate(integrity.read_report(), from_attributes=True).model_dump_json()
