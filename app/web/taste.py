"""The result card after ten votes, and the page of a card that its voter shares."""

from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for

from app.arena import errors
from app.edge import taste as cards
from app.edge.after_commit import tell_stored
from app.edge.context import parts
from app.edge.identity import encode_id
from app.leaderboards.views.taste import load_taste
from app.web import taste_pictures
from app.web.addresses import base_url
from app.web.arena import read_wish
from app.web.boards import axis

blueprint = Blueprint("taste", __name__)


@blueprint.get("/me/card")
def card() -> Response:
    """Show what this browser's last ten votes say; the voting screen shows the same in place."""
    try:
        shown = cards.read_card()
    except errors.TasteNotFound:
        return make_response(redirect(url_for("me.votes"), 303))
    return _private("card.html", card=shown, axis=axis(shown.taste.top), wish=read_wish(request.args))


@blueprint.post("/taste")
def share() -> Response:
    """Make a page of this browser's card, then show it."""
    card = cards.share_taste(request.form.get("mode") or None, request.form.get("question") or None)
    address = url_for("taste.shared", token=encode_id(card.token))
    return tell_stored(address, lambda address: make_response(redirect(address, 303)))


@blueprint.get("/taste/<token>")
def shared(token: str) -> Response:
    """Show a shared card to whoever knows its address."""
    taste = load_taste(cards.read_shared(token).content)
    return _private(
        "taste.html",
        taste=taste,
        axis=axis(taste.top),
        token=token,
        base=base_url(),
        is_own=cards.is_own(token),
    )


@blueprint.get("/taste/<token>/card.png")
def picture(token: str) -> Response:
    """Serve a shared card as a picture of 1200 by 630 pixels, for previews of links."""
    taste = load_taste(cards.read_shared(token).content)
    response = Response(taste_pictures.draw_card(taste), mimetype="image/png")
    response.set_etag(taste_pictures.hash_card(taste))
    # Asked for again each time: a card that was taken back must not live on in caches.
    response.headers["Cache-Control"] = "private, no-cache" if parts().settings.profile == "team" else "no-cache"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.make_conditional(request)
    return response


@blueprint.post("/taste/<token>/revoke")
def revoke(token: str) -> Response:
    """Take a card of one's own back."""
    cards.revoke_card(token)
    return tell_stored(url_for("me.votes"), lambda address: make_response(redirect(address, 303)))


def _private(template: str, **values: Any) -> Response:
    response = make_response(render_template(template, **values))
    response.headers["Cache-Control"] = "private, no-store"
    return response
