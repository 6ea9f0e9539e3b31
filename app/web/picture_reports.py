"""Reporting a picture by form, for browsers without a script; the module does the same in place."""

from typing import Any

from flask import Blueprint, Response, abort, make_response, redirect, request, url_for

from app.arena import errors
from app.arena.voting.picture_reports import read_reported
from app.edge import voting
from app.edge.after_commit import tell_stored
from app.edge.context import parts
from app.edge.identity import voter
from app.words import ReportReason

blueprint = Blueprint("picture_reports", __name__)
WISH = ("mode", "category", "competition", "model", "question")


@blueprint.post("/arena/<matchup_id>/report")
def report(matchup_id: str) -> Response:
    """Take the report, then show the pair again. Raises MatchupClosed where nobody can judge it any more."""
    side, reason = request.form.get("picture", ""), request.form.get("reason", "")
    if side not in {"a", "b"} or reason not in tuple(ReportReason):
        abort(400, f"Say which picture, a or b, and why: {', '.join(ReportReason)}.")
    taken = voting.report(matchup_id, side, ReportReason(reason))
    if taken.pair == "closed":
        raise errors.MatchupClosed("Thank you for the report. This pair is closed; ask for a new one.")
    return tell_stored(matchup_id, _show_again)


def _show_again(matchup_id: str) -> Response:
    wish: dict[str, Any] = {name: request.form[name] for name in WISH if request.form.get(name)}
    return make_response(redirect(url_for("arena.pair", matchup_id=matchup_id, **wish), 303))


def read_reported_sides(matchup: bytes) -> dict[str, str]:
    """Return which sides of a pair this browser has reported, each with the reason."""
    who = voter()
    if who is None:
        return {}
    with parts().database.reading() as session:
        return read_reported(session, who, matchup)
