"""The metrics page, which a Prometheus server reads that knows the token."""

import hmac
from datetime import UTC, datetime

from flask import Blueprint, Response, abort, request

from app import metrics
from app.edge.context import parts
from app.leaderboards.views import board_ages

blueprint = Blueprint("metrics", __name__)
TYPE = "text/plain; version=0.0.4; charset=utf-8"
AGE = "board_age_seconds"
STALE = "boards_stale"
NOW = {
    AGE: "Since the oldest current run of a mode was computed; votes may not have come since.",
    STALE: "Boards of a mode whose votes are newer than their run.",
}
"""Gauges read from the database when somebody asks."""


@blueprint.get("/metrics")
def exposition() -> Response:
    """Serve the metrics; 404 where no METRICS_TOKEN is set, 401 without it."""
    settings = parts().settings
    token = settings.metrics_token.get_secret_value()
    if not token:
        abort(404)
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return Response("", 401, {"WWW-Authenticate": 'Bearer realm="metrics"'})
    body = metrics.exposition(settings.prometheus_multiproc_dir) + _now().encode()
    return Response(body, content_type=TYPE)


def _now() -> str:
    with parts().database.reading() as session:
        ages = board_ages.read_board_ages(session, datetime.now(UTC))
    seconds = _gauge(AGE, {one.mode: one.seconds for one in ages})
    return "\n".join([*seconds, *_gauge(STALE, {one.mode: one.stale for one in ages})]) + "\n"


def _gauge(name: str, by_mode: dict[str, float]) -> list[str]:
    full = metrics.PREFIX + name
    values = [f'{full}{{mode="{mode}"}} {value:g}' for mode, value in by_mode.items()]
    return [f"# HELP {full} {NOW[name]}", f"# TYPE {full} gauge", *values]
