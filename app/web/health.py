"""Health checks: whether the process runs, and whether it can serve pages and store votes."""

import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NoAnswer
from pathlib import Path

from flask import Blueprint, Response, jsonify
from sqlalchemy.engine import make_url

from app.arena.entries import image_folder
from app.database.doors import DatabaseBusy, NewerDatabase
from app.edge.context import Parts, parts
from app.gateway.storage import folder_problem

blueprint = Blueprint("health", __name__)
ANSWER_SECONDS = 1.8
"""How long a check may take: load balancers ask for an answer within two seconds."""
LOCK_SECONDS = 1.0
Problems = dict[str, str]

_turn = threading.Lock()
_running: dict[int, Future[Problems]] = {}
"""The check under way of each application of this process; those who ask meanwhile wait for the same one."""


@blueprint.get("/healthz")
def healthz() -> Response:
    """Answer that the process runs; nothing else is asked."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Check what serving and storing need, within two seconds; 503 names the parts that fail."""
    try:
        failing = _check_once(parts()).result(ANSWER_SECONDS)
    except NoAnswer:
        failing = {"database": "no answer within two seconds"}
    status = "failing" if failing else "ok"
    return jsonify(status=status, failing=failing), 503 if failing else 200


def _check_once(wired: Parts) -> Future[Problems]:
    """Start a check in its own thread, or join the one that runs: one that hangs must not hold every thread."""
    with _turn:
        check = _running.get(id(wired))
        if check is None or check.done():
            check = _running[id(wired)] = Future()
            threading.Thread(target=_complete, args=(check, wired), daemon=True).start()
        return check


def _complete(check: Future[Problems], wired: Parts) -> None:
    try:
        check.set_result(_find_problems(wired))
    except Exception as error:  # noqa: BLE001 (raised to whoever waits for the check)
        check.set_exception(error)


def _find_problems(wired: Parts) -> Problems:
    """Find which parts can't be had or can't keep anything."""
    problems = {"database": _find_database_problem(wired), "files": _find_files_problem(wired)}
    return {part: problem for part, problem in problems.items() if problem}


def _find_database_problem(wired: Parts) -> str | None:
    try:
        pending = wired.database.pending()
    except DatabaseBusy as error:
        return error.cause.name
    except NewerDatabase:
        return "of a newer version"
    if pending:
        return f"{len(pending)} migrations pending"
    problem = wired.database.find_problem(LOCK_SECONDS)
    if problem or not wired.database.is_sqlite:
        return problem
    # A rolled back transaction needs no room on the disk; a vote does.
    return folder_problem(Path(make_url(wired.database.url).database or "").parent)


def _find_files_problem(wired: Parts) -> str | None:
    if not wired.storage.is_marked():
        try:
            with wired.database.reading() as session:
                if image_folder.is_missing(session, wired.storage):
                    return image_folder.GONE
        except DatabaseBusy:
            return None
    return wired.storage.problem()
