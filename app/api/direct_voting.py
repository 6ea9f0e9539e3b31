"""Pairs and votes, answered the direct way (`app/edge/direct.py`), with the bodies that the views send."""

import re
from collections.abc import Iterable
from functools import partial
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

from pydantic_core import from_json
from werkzeug.wsgi import ClosingIterator

from app.api import matchups as views
from app.arena.voting.matchups import ANY_PAIR
from app.arena.voting.vote_casting import Ballot
from app.edge import voting
from app.edge.body_reader import REFUSAL
from app.edge.clock import read_clock
from app.edge.context import Parts, follow_vote, is_follow_due
from app.edge.direct import is_from_here, is_plain, list_json_headers
from app.edge.identity import decode_id, encode_id, make_token, read_voter, write_cookie
from app.edge.request_log import RULE
from app.errors import Refusal
from app.words import OUTCOMES, Mode

PAIRS = "/api/v1/matchups"
VOTE = re.compile(rf"{PAIRS}/([A-Za-z0-9_-]{{22}})/vote")
VOTE_RULE = f"{PAIRS}/<string:matchup_id>/vote"
LONGEST = 200
"""Bytes of a body that is looked at here."""
ANY_PAIR_BODIES: tuple[dict[str, str], ...] = ({}, {"mode": Mode.TEXT_TO_IMAGE.value})
"""The bodies that ask for a pair of the first mode."""


class DirectVoting:
    """Issue pairs and take votes as WSGI middleware; it is not for a profile whose voters log in."""

    def __init__(self, app: WSGIApplication, wired: Parts) -> None:
        self._app = app
        self._wired = wired

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer, or pass the request on."""
        if environ["REQUEST_METHOD"] != "POST" or not environ["PATH_INFO"].startswith(PAIRS):
            return self._app(environ, start_response)
        try:
            answered = self._answer(environ, start_response)
        except Refusal as refusal:
            environ[REFUSAL] = refusal
            answered = None
        except Exception:  # noqa: BLE001 (the view does it again, and tells what is wrong)
            answered = None
        return self._app(environ, start_response) if answered is None else answered

    def _answer(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes] | None:
        """Do what is asked; None for what the views must look at."""
        if not is_plain(environ, self._wired) or not is_from_here(environ):
            return None
        who, body = read_voter(environ, self._wired.settings), _read_body(environ)
        if environ["PATH_INFO"] == PAIRS and body in ANY_PAIR_BODIES:
            return self._issue(environ, start_response, who)
        asked = VOTE.fullmatch(environ["PATH_INFO"])
        matchup = decode_id(asked[1]) if asked else None
        if (
            who is None
            or matchup is None
            or body is None
            or body.keys() != {"outcome"}
            or body["outcome"] not in OUTCOMES
        ):
            return None
        ballot = voting.make_ballot(self._wired, who, matchup, body["outcome"], now=read_clock())
        return self._vote(environ, start_response, ballot)

    def _issue(
        self, environ: dict[str, Any], start_response: StartResponse, known: bytes | None
    ) -> Iterable[bytes]:
        """Issue a pair to this voter, or to a new one, whose cookie goes with it."""
        who, address = known or make_token(), environ.get("REMOTE_ADDR")
        issued = voting.issue_to(
            self._wired, who, ANY_PAIR, now=read_clock(), address=address, is_newcomer=known is None
        )
        data = views.tell_matchup(issued)
        own = [] if known else [("Set-Cookie", write_cookie(who, environ, self._wired.settings))]
        environ[RULE] = PAIRS
        status = "201 CREATED" if issued.is_new else "200 OK"
        start_response(status, list_json_headers(environ, len(data), *own))
        return [data]

    def _vote(self, environ: dict[str, Any], start_response: StartResponse, ballot: Ballot) -> Iterable[bytes]:
        stored = voting.cast_ballot(self._wired.database, ballot)
        voting.count_vote(stored.vote, ballot)
        vote, shown, crowd = voting.reveal_vote(stored)
        data = views.tell_vote(encode_id(ballot.matchup), vote, shown, crowd)
        environ[RULE] = VOTE_RULE
        start_response("200 OK", list_json_headers(environ, len(data)))
        if not is_follow_due(self._wired, vote.mode):
            return [data]  # which the server sends at once; what must be closed goes to it piece by piece
        return ClosingIterator([data], partial(follow_vote, self._wired, vote.mode))


def _read_body(environ: dict[str, Any]) -> dict[str, Any] | None:
    """Read a small JSON object, whose bytes `BodyReader` has at hand; None for anything else."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if environ.get("CONTENT_TYPE") != "application/json" or "HTTP_CONTENT_ENCODING" in environ:
        return None
    if not length.isdigit() or int(length) > LONGEST:
        return None
    stream = environ["wsgi.input"]
    data = stream.read(int(length))
    stream.seek(0)
    body = from_json(data)
    return body if isinstance(body, dict) else None
