"""One table from the rooms' exceptions to statuses, and the page they are told on."""

from flask import Response, current_app, make_response, render_template
from werkzeug.exceptions import HTTPException

from app.arena import errors as arena
from app.arena.entries import suggestions
from app.arena.people import admins, moderation
from app.catalog.lookup import UnknownModel
from app.database.doors import DatabaseBusy
from app.edge.admin import AdminRequired, StaleForm
from app.edge.bodies import BadBody, WrongType
from app.edge.origin import CrossSite
from app.edge.team import LoginRequired
from app.gateway import keys
from app.leaderboards.integrity.fraud import subjects
from app.leaderboards.views.filters import BadFilter

STATUS: dict[type[Exception], int] = {
    BadBody: 400,
    BadFilter: 400,
    WrongType: 415,
    CrossSite: 403,
    LoginRequired: 403,
    AdminRequired: 403,
    StaleForm: 403,
    UnknownModel: 404,
    arena.InvalidCompetition: 400,
    arena.UnknownMode: 404,
    arena.UnknownCategory: 404,
    arena.UnknownCompetition: 404,
    arena.MatchupNotFound: 404,
    arena.UnknownEntry: 404,
    moderation.UnknownVoter: 404,
    moderation.UnknownVote: 404,
    subjects.UnknownFlag: 404,
    subjects.UnknownSubject: 404,
    keys.UnknownKey: 404,
    admins.UnknownAdmin: 404,
    suggestions.InvalidSuggestion: 400,
    suggestions.UnknownSuggestion: 404,
    suggestions.SuggestionDecided: 409,
    arena.StandsElsewhere: 409,
    arena.NothingLeft: 409,
    arena.OutcomeStands: 409,
    arena.VoteUndone: 409,
    arena.UndoTooLate: 409,
    arena.NotVoted: 409,
    arena.MatchupExpired: 410,
    arena.MatchupClosed: 410,
    arena.TooMany: 429,
    arena.UndoLimit: 429,
    DatabaseBusy: 503,
}
TITLES = {
    400: "That is not a valid request",
    403: "Refused",
    404: "Nothing here",
    405: "Not this way",
    409: "That is not possible now",
    410: "No longer here",
    413: "Too large",
    415: "Unsupported type",
    429: "Too many for today",
    500: "Something went wrong",
    503: "Busy for a moment",
}
SENTENCES = {
    404: "There is no page at this address.",
    405: "This address does not answer to that method.",
    413: "The request is larger than this server takes.",
}
RETRY_SECONDS = {503: 1, 429: 60}


def answer(error: Exception) -> Response:
    """A page for a room's exception, for HTTP's own, and for what nobody expected."""
    if isinstance(error, HTTPException):
        if error.response is not None or (error.code or 500) < 400:
            return make_response(error.get_response())
        status = error.code or 500
        return page(status, "http_error", SENTENCES.get(status, error.description or error.name), error)
    if type(error) in STATUS:
        code: str = error.code  # type: ignore[attr-defined]
        return _with_pause(page(STATUS[type(error)], code, str(error)), error)
    current_app.logger.error("unexpected", exc_info=error)
    return page(500, "internal_error", "It is our fault, not yours, and nothing was stored.")


def _with_pause(response: Response, error: Exception) -> Response:
    """A refusal that knows when it ends says so."""
    pause = getattr(error, "retry_after", None)
    if pause is not None:
        response.headers["Retry-After"] = str(pause)
    return response


def page(status: int, code: str, message: str, error: HTTPException | None = None) -> Response:
    """Never kept by anybody; 429 and 503 say when to try again."""
    title = TITLES.get(status, "That did not work")
    html = render_template("error.html", status=status, code=code, title=title, message=message)
    response = make_response(html, status)
    response.headers["Cache-Control"] = "no-store"
    if status in RETRY_SECONDS:
        response.headers["Retry-After"] = str(RETRY_SECONDS[status])
    allowed = dict(error.get_headers()).get("Allow") if error else None
    if allowed:
        response.headers["Allow"] = allowed
    return response
