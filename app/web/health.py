"""Whether the process lives, and whether it can serve."""

from flask import Blueprint, Response, jsonify
from sqlalchemy import text

from app.database.doors import DatabaseBusy, NewerDatabase
from app.edge.context import parts

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """Answer that the process runs; nothing else is asked."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Check what serving needs; 503 names the parts that fail."""
    problems = {"database": _database(), "files": parts().storage.problem()}
    failing = {part: problem for part, problem in problems.items() if problem}
    status = "failing" if failing else "ok"
    return jsonify(status=status, failing=failing), 503 if failing else 200


def _database() -> str | None:
    try:
        with parts().database.reading() as session:
            session.execute(text("SELECT 1"))
    except DatabaseBusy:
        return "unreachable"
    try:
        pending = parts().database.pending()
    except NewerDatabase:
        return "of a newer version"
    return f"{len(pending)} migrations pending" if pending else None
