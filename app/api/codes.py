"""Which codes an operation can answer with, by status: a part of the document, beside the shapes."""

from typing import Any

Codes = dict[int, tuple[str, ...]]

EVERYWHERE: Codes = {
    403: ("login_required",),
    405: ("method_not_allowed",),
    500: ("internal_error",),
    503: ("database_busy",),
}
FOR_CHANGES: Codes = {403: ("cross_site",)}
FOR_PARAMETERS: Codes = {400: ("invalid_request",)}
FOR_BODIES: Codes = {413: ("payload_too_large",), 415: ("unsupported_media_type",)}
BOARD: Codes = {404: ("unknown_mode", "unknown_category")}
OWN: Codes = {404: ("matchup_not_found",)}
OPERATIONS: dict[str, Codes] = {
    "GET /api/v1/competitions": {},
    "GET /api/v1/competitions/{slug}": {404: ("unknown_competition",)},
    "GET /api/v1/competitions/{slug}/leaderboard": {404: ("unknown_competition",)},
    "GET /api/v1/integrity": {},
    "GET /api/v1/leaderboards/{mode}": {404: ("unknown_mode",)},
    "GET /api/v1/leaderboards/{mode}/{category}": BOARD,
    "POST /api/v1/matchups": {
        404: ("unknown_mode", "unknown_category", "unknown_competition", "model_not_found"),
        409: ("nothing_left",),
        429: ("rate_limited",),
    },
    "GET /api/v1/matchups/{matchup_id}": OWN,
    "POST /api/v1/matchups/{matchup_id}/vote": OWN
    | {409: ("already_voted", "undone"), 410: ("matchup_expired", "matchup_closed")},
    "DELETE /api/v1/matchups/{matchup_id}/vote": OWN | {409: ("not_voted", "too_late"), 429: ("undo_limit",)},
    "GET /api/v1/models": {},
    "GET /api/v1/models/{slug}": {404: ("model_not_found",)},
    "POST /api/v1/suggestions": {400: ("invalid_suggestion",), 429: ("rate_limited",)},
    "GET /api/v1/votes": {429: ("rate_limited",), 503: ("exports_busy",)},
    "GET /api/v1/votes/manifest": {},
}
"""Own ones; those that every operation of its kind has are added."""


def codes(method: str, path: str, operation: dict[str, Any]) -> Codes:
    """By status, the most telling first. Raises KeyError for an operation that is not listed."""
    groups = [OPERATIONS[f"{method} {path}"], EVERYWHERE]
    groups += [FOR_PARAMETERS] if operation.get("parameters") or "requestBody" in operation else []
    groups += [FOR_CHANGES] if method != "GET" else []
    groups += [FOR_BODIES] if "requestBody" in operation else []
    statuses = sorted({status for group in groups for status in group})
    return {status: tuple(code for group in groups for code in group.get(status, ())) for status in statuses}
