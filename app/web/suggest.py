"""A form for prompts that visitors would like to see judged; what they write is shown to nobody but an admin."""

from flask import Blueprint, Response, request, url_for

from app.arena.entries.suggestions import LONGEST, SHORTEST, InvalidSuggestion
from app.edge.after_commit import tell_stored
from app.edge.suggestions import suggest
from app.web.addresses import base_url
from app.web.responses import private_page, see_other
from app.web.structured import page_data

blueprint = Blueprint("suggest", __name__)


@blueprint.get("/suggest")
def form() -> Response:
    """Show the empty form, with thanks after a prompt has been sent."""
    return _page("thanks" in request.args)


@blueprint.post("/suggest")
def send() -> Response:
    """Keep it for review; one that cannot be kept comes back with the reason. Raises TooMany."""
    prompt = request.form.get("prompt", "")
    try:
        stored = suggest(prompt)
    except InvalidSuggestion as mistake:
        return _page(thanks=False, prompt=prompt, mistake=str(mistake))
    return tell_stored(stored, lambda _: see_other(url_for("suggest.form", thanks="")))


def _page(thanks: bool, prompt: str = "", mistake: str | None = None) -> Response:
    base = base_url()
    return private_page(
        "suggest.html",
        400 if mistake else 200,
        structured=page_data("Suggest a prompt", f"{base}/suggest", base, None),
        thanks=thanks,
        prompt=prompt,
        mistake=mistake,
        shortest=SHORTEST,
        longest=LONGEST,
    )
