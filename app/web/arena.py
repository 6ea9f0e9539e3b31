"""Voting: two nameless images and a row of answers, by form; the module does the same in place."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from flask import Blueprint, Response, abort, request, url_for
from sqlalchemy.orm import Session

from app.arena import errors
from app.arena.entries import competitions
from app.arena.people import vote_history
from app.arena.questions import list_questions
from app.arena.voting import matchups, vote_casting
from app.arena.voting.matchups import BlindMatchup, MatchupFilter
from app.edge import voting
from app.edge.context import now, parts
from app.edge.identity import encode_id, voter
from app.edge.problems import named
from app.leaderboards.views import reveal
from app.leaderboards.views.crowd import Crowd, read_crowd
from app.leaderboards.views.reveal import Reveal
from app.leaderboards.views.taste import VOTES_PER_CARD
from app.web.errors import page
from app.web.formats import tell_crowd
from app.web.picture_reports import read_reported_sides
from app.web.responses import audience, private_page, see_other
from app.words import BETTER, MODES, OUTCOMES, UNLOADABLE, Mode, Outcome

blueprint = Blueprint("arena", __name__)
LONGEST_SIDE = 20_000
"""Pixels; a competition that does not tell its originals' size has no limit but this one."""
LARGEST_SCALE = 4
FRAME_SECONDS = 31_536_000


@dataclass(frozen=True)
class Choice:
    """List the modes, and of one mode what can be judged and asked: (slug, title) each."""

    modes: tuple[str, ...]
    categories: tuple[tuple[str, str], ...]
    competitions: tuple[tuple[str, str], ...]
    questions: tuple[tuple[str, str], ...] = ()
    """The questions that are asked in the mode; (slug, words) each."""
    are_any: bool = False
    """Whether there are competitions at all, closed ones too."""


@dataclass(frozen=True)
class Screen:
    """An own matchup and, once it has been judged, who made the images."""

    issued: BlindMatchup
    answer: vote_casting.VoteRecord | None = None
    reveal: Reveal | None = None
    crowd: Crowd | None = None
    pictures: Mapping[str, str | None] = field(default_factory=dict)
    """Where the judged images stay to be seen; the matchup's own addresses expire."""
    is_another_question: bool = False
    """Whether it waits for an answer to another question than the voter's last pair asked."""


@blueprint.get("/arena")
def entrance() -> Response:
    """Show the open matchup, or a way to start; nothing is created."""
    who, wish = voter(), read_wish(request.args)
    with parts().database.reading() as session:
        issued = matchups.open_matchup(session, who, now=now()) if who else None
        choice = _read_choice(session, wish.mode)
        if choice.modes and not request.args.get("mode") and wish.mode not in choice.modes:
            wish = replace(wish, mode=choice.modes[0])
            choice = _read_choice(session, wish.mode)
        is_changed = issued is not None and _is_another_question(session, issued, choice)
    if issued is None:
        return private_page("start.html", wish=wish, choice=choice)
    return _screen(Screen(issued, is_another_question=is_changed), wish, choice)


@blueprint.post("/arena")
def start() -> Response:
    """Ask for a pair, then look at it."""
    wish = read_wish(request.form)
    try:
        issued = voting.issue(wish)
    except errors.NothingLeft as refusal:
        return _nothing_left(wish, refusal)
    return _back_to(encode_id(issued.public_id), wish)


@blueprint.get("/arena/<matchup_id>")
def pair(matchup_id: str) -> Response:
    """Show a matchup of this voter: to be judged, or with the makers of its images."""
    (who, matchup), wish = voting.own(matchup_id), read_wish(request.args)
    with parts().database.reading() as session:
        screen = Screen(matchups.matchup(session, who, matchup))
        try:
            answer = vote_casting.read_vote(session, who, matchup)
        except errors.MatchupNotFound:
            pass
        else:
            named = reveal.read_reveal(session, answer)
            crowd = read_crowd(session, answer, named)
            urls = vote_history.read_picture_urls(session, who, matchup)
            screen = Screen(screen.issued, answer, named, crowd, urls)
        choice = _read_choice(session, wish.mode)
        if screen.answer is None:
            vote_casting.check_votable(session, who, matchup, now=now())
            is_changed = _is_another_question(session, screen.issued, choice)
            screen = Screen(screen.issued, is_another_question=is_changed)
    return _screen(screen, wish, choice)


@blueprint.get("/frames/<int:width>x<int:height>-<int:pixels>.css")
def frame(width: int, height: int, pixels: int) -> Response:
    """
    Tell the stylesheet a competition's frame, and how wide a picture may be: four times its originals' pixels.

    A style attribute would do, and is what the pages' policy forbids.
    """
    width, height, pixels = (
        min(max(number, 1), LONGEST_SIDE) for number in (width, height, pixels or LONGEST_SIDE)
    )
    most = LARGEST_SCALE * pixels * width // max(width, height)
    sheet = f":root {{ --fw: {width}; --fh: {height}; --most: {most}px; }}\n"
    kept = f"{audience()}, max-age={FRAME_SECONDS}, immutable"
    return Response(sheet, mimetype="text/css", headers={"Cache-Control": kept})


@blueprint.post("/arena/<matchup_id>/vote")
def vote(matchup_id: str) -> Response:
    """Take the answer, then show who made what."""
    outcome = request.form.get("outcome", "")
    if outcome == UNLOADABLE:
        with suppress(errors.MatchupClosed):  # it is gone already
            voting.give_back(matchup_id)
        return start()
    if outcome not in OUTCOMES:
        abort(400, f"An answer is one of {', '.join(OUTCOMES)}.")
    back = partial(_back_to, matchup_id, read_wish(request.form))
    answer, *_ = voting.cast_vote(matchup_id, outcome, tell=lambda _: back())
    return voting.refreshing(back(), answer.mode)


@blueprint.post("/arena/<matchup_id>/undo")
def undo(matchup_id: str) -> Response:
    """Take the vote back."""
    back = partial(_back_to, matchup_id, read_wish(request.form))
    mode = voting.undo(matchup_id, tell=back)
    return voting.refreshing(back(), mode)


def read_wish(given: Any) -> MatchupFilter:
    """Read which pairs a form or an address asks for."""
    return MatchupFilter(
        mode=given.get("mode") or Mode.TEXT_TO_IMAGE,
        category=given.get("category") or None,
        competition=given.get("competition") or None,
        model=given.get("model") or None,
        question=given.get("question") or None,
    )


def _back_to(matchup_id: str, wish: MatchupFilter) -> Response:
    mode = None if wish.mode == Mode.TEXT_TO_IMAGE else wish.mode
    where = url_for(
        "arena.pair",
        matchup_id=matchup_id,
        mode=mode,
        category=wish.category,
        competition=wish.competition,
        model=wish.model,
        question=wish.question,
    )
    return see_other(where)


def _screen(screen: Screen, wish: MatchupFilter, choice: Choice) -> Response:
    undo_seconds = parts().settings.undo_seconds
    answer = screen.answer
    return private_page(
        "arena.html",
        screen=screen,
        state=_state(answer),
        wish=wish,
        choice=choice,
        is_from_before=not _fits(screen.issued, wish),
        can_undo=answer is not None
        and not answer.undone
        and answer.outcome != Outcome.SKIP
        and (now() - answer.cast_at).total_seconds() <= undo_seconds,
        told=tell_crowd(answer.outcome, screen.crowd) if answer and screen.crowd else "",
        done=_count_done(is_judged=answer is not None),
        reported=read_reported_sides(screen.issued.public_id),
    )


def _count_done(*, is_judged: bool) -> int:
    """Count this voter's pairs since the last card; as many as a card takes only until the next pair is shown."""
    who = voter()
    if who is None:
        return 0
    with parts().database.reading() as session:
        votes = vote_history.count_votes(session, who)
    return VOTES_PER_CARD if votes and votes % VOTES_PER_CARD == 0 and is_judged else votes % VOTES_PER_CARD


def _state(answer: vote_casting.VoteRecord | None) -> str:
    if answer is None:
        return "loading"
    if answer.undone:
        return "undone"
    return "skipped" if answer.outcome == Outcome.SKIP else "revealed"


def _fits(issued: BlindMatchup, wish: MatchupFilter) -> bool:
    """Tell whether a pair is what was asked for: two open pairs come first, whatever was asked for since."""
    return (
        issued.mode == wish.mode
        and wish.category in {None, *(slug for slug, _ in issued.categories)}
        and wish.competition in {None, issued.slug}
        and wish.question in {None, issued.question}
    )


def _is_another_question(session: Session, issued: BlindMatchup, choice: Choice) -> bool:
    """Tell whether a waiting pair asks something else than the voter's last one did."""
    if len(choice.questions) < 2 and issued.question == BETTER:
        return False
    who = voter()
    last = vote_history.read_last_question(session, who) if who else None
    return last not in {None, issued.question}


def _read_choice(session: Session, mode: str) -> Choice:
    listed, asked = competitions.list_competitions(session), list_questions(session)
    open_now = [entry for entry in listed if entry.status == "open" and entry.models > 1]
    narrow = max(2, parts().policy.smallest_pool)
    here = [entry for entry in open_now if entry.mode == mode and entry.models >= narrow]
    return Choice(
        modes=tuple(name for name in MODES if any(entry.mode == name for entry in open_now)),
        categories=tuple(sorted({c for entry in here for c in entry.categories}, key=lambda c: c[1])),
        competitions=tuple(
            sorted(((entry.slug, entry.title) for entry in here), key=lambda entry: entry[1].casefold())
        ),
        questions=tuple(
            (one.slug, one.words) for one in asked if not one.retired and mode in (one.modes or MODES)
        ),
        are_any=bool(listed),
    )


def _nothing_left(wish: MatchupFilter, refusal: errors.NothingLeft) -> Response:
    with parts().database.reading() as session:
        choice = _read_choice(session, wish.mode)
    if not choice.modes:
        return page(named("nothing_left", "No competition is open yet. Once one is, you can judge it here."))
    is_enough = isinstance(refusal, errors.JudgedEnough)
    why = str(refusal) if isinstance(refusal, errors.NothingOpen) else None
    return private_page("nothing_left.html", 409, wish=wish, choice=choice, is_enough=is_enough, why=why)
