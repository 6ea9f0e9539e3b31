"""Lists the error codes that each operation can answer with, for the OpenAPI document."""

from typing import Any

from app.errors import CODES

EVERYWHERE = ("invalid_request", "login_required", "method_not_allowed", "internal_error", "database_busy")
FOR_CHANGES = ("cross_site",)
FOR_BODIES = ("payload_too_large", "request_timeout", "unsupported_media_type")
OPERATIONS: dict[str, tuple[str, ...]] = {
    "GET /api/v1/competitions": (),
    "GET /api/v1/competitions/{slug}": ("unknown_competition",),
    "GET /api/v1/competitions/{slug}/leaderboard": ("unknown_competition", "unknown_question"),
    "GET /api/v1/integrity": (),
    "GET /api/v1/leaderboards/{mode}": ("unknown_mode", "unknown_question"),
    "GET /api/v1/leaderboards/{mode}/{category}": ("unknown_mode", "unknown_category", "unknown_question"),
    "POST /api/v1/matchups": (
        "unknown_mode",
        "unknown_category",
        "unknown_competition",
        "unknown_question",
        "model_not_found",
        "nothing_left",
        "rate_limited",
    ),
    "GET /api/v1/matchups/{matchup_id}": ("matchup_not_found",),
    "POST /api/v1/matchups/{matchup_id}/vote": (
        "matchup_not_found",
        "already_voted",
        "undone",
        "matchup_expired",
        "matchup_closed",
        "rate_limited",
    ),
    "POST /api/v1/matchups/{matchup_id}/report": ("matchup_not_found", "rate_limited"),
    "DELETE /api/v1/matchups/{matchup_id}/vote": ("matchup_not_found", "not_voted", "too_late", "undo_limit"),
    "GET /api/v1/models": (),
    "GET /api/v1/models/{slug}": ("model_not_found",),
    "POST /api/v1/suggestions": ("invalid_suggestion", "rate_limited"),
    "GET /api/v1/taste": ("taste_not_found",),
    "POST /api/v1/taste": ("unknown_mode", "unknown_question", "not_voted", "share_limit"),
    "GET /api/v1/taste/{token}": ("taste_not_found",),
    "DELETE /api/v1/taste/{token}": ("taste_not_found",),
    "GET /api/v1/votes": ("rate_limited", "exports_busy"),
    "GET /api/v1/votes/manifest": (),
}
"""Codes of each operation's own; those that every operation of its kind has are added."""


def codes(method: str, path: str, operation: dict[str, Any]) -> dict[int, tuple[str, ...]]:
    """Group an operation's codes by status, the most telling first. Raises KeyError for one that is not listed."""
    names = [*OPERATIONS[f"{method} {path}"], *EVERYWHERE]
    names += FOR_CHANGES if method != "GET" else ()
    names += FOR_BODIES if "requestBody" in operation else ()
    statuses = sorted({CODES[name].status for name in names})
    return {status: tuple(name for name in names if CODES[name].status == status) for status in statuses}
