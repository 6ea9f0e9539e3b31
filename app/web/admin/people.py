"""Voters and networks by number, what was found about them, and their votes."""

from datetime import datetime

from flask import Response, abort, request, url_for
from sqlalchemy.orm import Session

from app.arena.people import moderation
from app.arena.questions import list_questions, read_question
from app.arena.voting import vote_casting
from app.edge import admin, logs
from app.edge.after_commit import tell_stored
from app.edge.context import now, parts
from app.leaderboards.integrity.fraud import flags as watched
from app.leaderboards.integrity.fraud import quarantine
from app.leaderboards.integrity.fraud.subjects import Subject
from app.web.admin.access import admin_page, blueprint, decide, done, reason
from app.web.pagination import page_number
from app.web.responses import see_other
from app.words import Reason

DIGITS = 10


@blueprint.get("/flags")
def flags() -> Response:
    """List flags that wait for somebody, or those decided about, with their evidence."""
    decided = request.args.get("decided") == "yes"
    with parts().database.reading() as session:
        rows = moderation.list_flags(session, decided=decided, page=page_number())
    return admin_page("flags.html", findings=rows, decided=decided, page=page_number(), size=moderation.PAGE)


@blueprint.get("/flags/<int(max=2147483647):flag>")
def flag(flag: int) -> Response:
    """Show a flag's evidence, model by model. Raises UnknownFlag."""
    with parts().database.reading() as session:
        view = watched.flag(session, flag)
        return admin_page("flag.html", flag=view, record=watched.record(session, view))


@blueprint.post("/flags/<int(max=2147483647):flag>/release")
def release(flag: int) -> Response:
    """Count again what this flag alone keeps out. Raises UnknownFlag."""
    who, wired = admin.acting(), parts()
    quarantine.release(wired.database, flag, now=now(), by=who.actor, why=reason(), policy=wired.policy)
    logs.event("flag.released", level="info", flag=flag, admin=who.name)
    return tell_stored(flag, lambda flag: done("admin.flag", flag=flag))


@blueprint.post("/flags")
def raise_flag() -> Response:
    """Leave a voter's or a network's votes out until released. Raises UnknownSubject."""
    who, wired, subject = admin.acting(), parts(), Subject.parse(request.form.get("subject", ""))
    decided = quarantine.quarantine(
        wired.database, subject, now=now(), by=who.actor, why=reason(), policy=wired.policy
    )
    logs.event("flag.quarantined", level="info", flag=decided.flag, admin=who.name)
    return tell_stored(decided.flag, lambda flag: done("admin.flag", flag=flag))


@blueprint.get("/voters")
def find() -> Response:
    """Redirect to a voter's page, by number."""
    given = request.args.get("number", "").strip()
    if not (given.isascii() and given.isdigit() and len(given) < DIGITS):
        abort(400, "A voter is known here by a number.")
    return see_other(url_for("admin.voter", number=int(given)))


@blueprint.get("/voters/<int(max=2147483647):number>")
def voter(number: int) -> Response:
    """Show what a voter was shown and said, never who it is. Raises UnknownVoter."""
    with parts().database.reading() as session:
        person = moderation.read_voter(session, number)
        votes = moderation.list_votes_of_voter(session, number, page=page_number())
        flags_of_voter = moderation.list_flags(session, voter_id=number)
    return admin_page(
        "voter.html", person=person, votes=votes, findings=flags_of_voter, page=page_number(), size=moderation.PAGE
    )


@blueprint.get("/votes")
def votes() -> Response:
    """List everybody's latest votes, those on one question where it is named. Raises UnknownQuestion."""
    slug = request.args.get("question") or None
    with parts().database.reading() as session:
        listed = list_questions(session)
        asked = None if slug is None else read_question(session, slug)
        latest = moderation.list_latest_votes(session, slug)
    return admin_page("votes.html", votes=latest, questions=listed, asked=asked)


@blueprint.get("/votes/<int(max=2147483647):number>")
def vote(number: int) -> Response:
    """Show one vote. Raises UnknownVote."""
    with parts().database.reading() as session:
        return admin_page("vote.html", vote=moderation.read_vote(session, number))


@blueprint.post("/votes/<int(max=2147483647):number>/<any(exclude, restore):deed>")
def annotate(number: int, deed: str) -> Response:
    """Take a vote out of the tallies, or count it again. Raises UnknownVote."""
    excluded = Reason.ADMIN if deed == "exclude" else None

    def work(session: Session, *, now: datetime, actor: str, reason: str) -> None:
        moderation.read_vote(session, number)
        vote_casting.annotate(session, number, now=now, reason=excluded, actor=actor, why=reason)

    return decide(work, "admin.vote", number=number)
