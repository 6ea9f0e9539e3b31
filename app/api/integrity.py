"""The integrity page as JSON: the room's own report, field by field."""

from flask import Response
from flask_openapi3 import APIBlueprint, Tag
from pydantic import RootModel

from app.api.errors import ErrorBody
from app.edge import integrity
from app.edge.page_cache import public_page
from app.leaderboards.integrity.public_report import PublicReport

blueprint = APIBlueprint(
    "api_integrity",
    __name__,
    url_prefix="/api/v1/integrity",
    abp_tags=[Tag(name="integrity", description="What counts and why, how pairs are drawn, what was decided.")],
    abp_responses=dict.fromkeys(("400", "403", "405", "500", "503"), ErrorBody),
)


class IntegrityBody(RootModel[PublicReport]):
    """Thirty days, and the newest hundred of everything that grows."""


@blueprint.get("", responses={"200": IntegrityBody})
def get_integrity() -> Response:
    """Report what counts, what does not and why, exposures, decisions and certificates."""
    return public_page(integrity.read_versions(), _body, "application/json")


def _body() -> str:
    return IntegrityBody(integrity.read_report()).model_dump_json()
