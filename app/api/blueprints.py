"""Makes the blueprint of each group of operations, so that all are described alike in the OpenAPI document."""

from typing import cast

from flask_openapi3 import APIBlueprint, Tag
from pydantic import ConfigDict

VOTER = "voter"
"""The name of the security scheme: the signed cookie of a voter."""
VOTERS_OWN: list[dict[str, list[str]]] = [{VOTER: []}]
"""For what only the voter may see or do."""
MAKES_VOTER: list[dict[str, list[str]]] = [{}, {VOTER: []}]
"""For what makes whoever asks a voter, by a cookie."""
UNCHANGED = "What you hold is what there is; no body comes."


def make_blueprint(module: str, path: str, tag: str, about: str, *, has_etag: bool = False) -> APIBlueprint:
    """Make the blueprint of a module of this room; `has_etag` for answers that a client may keep and ask about."""
    return APIBlueprint(
        f"api_{module.rpartition('.')[2]}",
        module,
        url_prefix=f"/api/v1{path}",
        abp_tags=[Tag(name=tag, description=about)],
        abp_responses={"304": {"description": UNCHANGED}} if has_etag else None,
        operation_id_callback=_name_operation,
    )


def _name_operation(*, name: str, **_: str) -> str:
    """Call an operation as its view is called: generated clients have functions of this name."""
    return name


def link(parameter: str, field: str, *operations: str) -> ConfigDict:
    """Tell that these operations take a field of a body as their parameter, for the configuration of the body."""
    links = {
        name: {"operationId": name, "parameters": {parameter: f"$response.body#/{field}"}} for name in operations
    }
    return cast("ConfigDict", {"openapi_extra": {"links": links}})
