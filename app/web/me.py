"""A voter's own votes: for this browser only."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, request, url_for
from sqlalchemy.orm import Session

from app.arena.people import shared_tastes, vote_history
from app.arena.questions import QuestionDetails, read_question
from app.edge.after_commit import tell_stored
from app.edge.context import now, parts
from app.edge.identity import is_https, name_own_cookie, voter
from app.leaderboards.views import personal
from app.leaderboards.views.personal import OwnStanding
from app.leaderboards.views.taste import Taste, summarize
from app.web.boards import Axis, axis
from app.web.pagination import page_number
from app.web.responses import keep_private, private_page, see_other
from app.words import BETTER, MODES, plural

blueprint = Blueprint("me", __name__, url_prefix="/me")
SIZE = 20


@dataclass(frozen=True)
class OwnMode:
    """Hold a voter's taste and own board in one mode, and the axis that the board is drawn on."""

    taste: Taste
    board: tuple[OwnStanding, ...]
    axis: Axis


@blueprint.get("")
def votes() -> Response:
    """Show own taste and what of it is shared on the first page, then own votes with names and pictures."""
    page, asked = page_number(), request.args.get("question") or None
    return private_page("me.html", page=page, **_own(voter(), page, asked))


@blueprint.post("/delete")
def delete() -> Response:
    """Forget who cast these votes; the cookie goes, the votes stay as nobody's."""
    who, moment = voter(), now()
    if who is not None:
        parts().database.write(lambda session: vote_history.delete_voter(session, who, now=moment))
    return tell_stored(None, lambda _: _forget_cookie())


def _forget_cookie() -> Response:
    response = see_other(url_for("me.votes"))
    # Browsers obey no answer about a __Host- cookie that does not say Secure.
    response.delete_cookie(name_own_cookie(), path="/", secure=is_https(), httponly=True, samesite="Lax")
    return response


def _own(who: bytes | None, page: int, slug: str | None) -> dict[str, Any]:
    if who is None:
        nothing = {"votes": 0, "cast": [], "has_older": False, "modes": (), "shared": (), "questions": ()}
        return nothing | {"asked": BETTER}
    undo_seconds = parts().settings.undo_seconds
    with parts().database.reading() as session:
        first = (page - 1) * SIZE
        cast = vote_history.list_own_votes(
            session, who, now=now(), undo_seconds=undo_seconds, first=first, size=SIZE + 1
        )
        questions = personal.list_own_questions(session, who) if page == 1 else ()
        # Whoever answered one question only, `better` or another, sees their board of that one.
        asked = read_question(session, slug or (questions[0].slug if questions else BETTER))
        return {
            "asked": asked.slug,
            "votes": vote_history.count_votes(session, who),
            "cast": cast[:SIZE],
            "has_older": len(cast) > SIZE,
            "modes": _modes(session, who, asked) if page == 1 else (),
            "questions": questions,
            "shared": shared_tastes.list_shared(session, who) if page == 1 else (),
        }


def _modes(session: Session, who: bytes, asked: QuestionDetails) -> tuple[OwnMode, ...]:
    boards = ((mode, personal.read_own_board(session, who, mode, asked.slug)) for mode in MODES)
    return tuple(
        OwnMode(
            summarize(mode, asked, board, personal.read_agreement(session, who, mode, asked.slug)),
            board,
            axis(board),
        )
        for mode, board in boards
        if board
    )


@blueprint.get("/summary")
def summary() -> Response:
    """Serve the few words in the header, apart from pages that are the same for everybody."""
    who = voter()
    number = 0
    if who is not None:
        with parts().database.reading() as session:
            number = vote_history.count_votes(session, who)
    words = f"{plural(number, 'vote')} by you" if number else "Your votes"
    return keep_private(Response(words, mimetype="text/plain"))
