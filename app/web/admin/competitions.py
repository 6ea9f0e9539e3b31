"""Competitions and the images in them."""

from typing import Literal

from flask import Response, abort, request

from app.arena.entries import competitions, entries, suggestions
from app.arena.entries.entries import EntryKey
from app.arena.people import moderation
from app.edge import admin
from app.edge.after_commit import tell_stored
from app.edge.context import now, parts
from app.leaderboards.integrity import picture_traces
from app.web.admin.access import admin_page, blueprint, decide, done, number, reason

Role = Literal["contestant", "showcase"]
STATUS = {"open": "open", "close": "closed"}


@blueprint.get("/competitions")
def listing() -> Response:
    """List every competition, drafts too, with how far it is to its target."""
    with parts().database.reading() as session:
        listed = competitions.list_competitions(session, drafts=True)
    return admin_page("competitions.html", listed=listed)


@blueprint.get("/competitions/<slug>")
def competition(slug: str) -> Response:
    """Show one competition with its images' models; 404 where there is none."""
    with parts().database.reading() as session:
        row = next((one for one in competitions.list_competitions(session, drafts=True) if one.slug == slug), None)
        if row is None:
            abort(404)
        standings = moderation.list_entries(session, slug)
        traces = picture_traces.read_competition_traces(session, slug)
    return admin_page("competition.html", competition=row, standings=standings, traces=traces)


@blueprint.post("/competitions/<slug>/<any(open, close):deed>")
def set_status(slug: str, deed: str) -> Response:
    """Open or close. Raises UnknownCompetition."""
    return decide(
        lambda session, **by: competitions.set_status(session, slug, STATUS[deed], **by),
        "admin.competition",
        slug=slug,
    )


@blueprint.post("/competitions/<slug>/target")
def set_target(slug: str) -> Response:
    """Set how many counted votes are wanted; none for no target. Raises UnknownCompetition."""
    target = number("target")
    return decide(
        lambda session, **by: competitions.set_target(session, slug, target, **by),
        "admin.competition",
        slug=slug,
    )


@blueprint.post("/competitions/<slug>/withdraw")
def withdraw(slug: str) -> Response:
    """Take an image out of the pool; its votes stay. Raises UnknownCompetition, UnknownEntry."""
    role: Role = "showcase" if request.form.get("role") == "showcase" else "contestant"
    place = EntryKey(slug, request.form.get("model", ""), number("sample") or 0, role)
    return decide(
        lambda session, **by: entries.withdraw(session, place, **by),
        "admin.competition",
        slug=slug,
    )


@blueprint.get("/suggestions")
def suggested() -> Response:
    """List visitors' prompts that wait for a decision, the oldest first."""
    with parts().database.reading() as session:
        return admin_page("suggestions.html", suggestions=suggestions.list_suggestions(session))


@blueprint.post("/suggestions/<int(max=2147483647):suggestion>/accept")
def accept(suggestion: int) -> Response:
    """Make a draft competition of it. Raises UnknownSuggestion, SuggestionDecided, InvalidSuggestion."""
    who, moment, why, title = admin.acting(), now(), reason(), request.form.get("title", "").strip()
    made = parts().database.write(
        lambda session: suggestions.accept(session, suggestion, title, now=moment, actor=who.actor, reason=why)
    )
    return tell_stored(made, lambda made: done("admin.competition", slug=made.competition))


@blueprint.post("/suggestions/<int(max=2147483647):suggestion>/refuse")
def refuse(suggestion: int) -> Response:
    """Put it aside. Raises UnknownSuggestion, SuggestionDecided."""
    return decide(lambda session, **by: suggestions.refuse(session, suggestion, **by), "admin.suggested")
