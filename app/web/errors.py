"""The page that tells what went wrong."""

from flask import Response, make_response, render_template
from werkzeug.exceptions import HTTPException

from app.edge.problems import Problem, describe

SENTENCES = {
    404: "There is no page at this address.",
    405: "This address does not answer to that method.",
    413: "The request is larger than this server takes.",
}
"""Sentences for people where HTTP's own words speak to a program."""


def answer(error: Exception) -> Response:
    """Answer with a page for a room's refusal, for HTTP's own, and for what nobody expected."""
    if isinstance(error, HTTPException):
        if error.response is not None or (error.code or 500) < 400:
            return make_response(error.get_response())
        return page(describe(error), SENTENCES.get(error.code or 500))
    return page(describe(error))


def page(problem: Problem, sentence: str | None = None) -> Response:
    """Render a page that nobody caches; `sentence` replaces the problem's own message."""
    html = render_template("error.html", problem=problem, message=sentence or problem.message)
    response = problem.set_headers(make_response(html, problem.status))
    response.headers["Cache-Control"] = "no-store"
    return response
