"""The result card after ten votes, and the page of a card that its voter shares."""

from flask import Blueprint, Response, request, url_for

from app.arena import errors
from app.edge import taste as cards
from app.edge.after_commit import tell_stored
from app.edge.identity import encode_id
from app.leaderboards.views.taste import load_taste
from app.web import taste_pictures
from app.web.addresses import base_url
from app.web.arena import read_wish
from app.web.boards import axis
from app.web.responses import audience, card_picture, private_page, see_other

blueprint = Blueprint("taste", __name__)


@blueprint.get("/me/card")
def card() -> Response:
    """Show what this browser's last ten votes say; the voting screen shows the same in place."""
    try:
        shown = cards.read_card()
    except errors.TasteNotFound:
        return see_other(url_for("me.votes"))
    return private_page("card.html", card=shown, axis=axis(shown.taste.top), wish=read_wish(request.args))


@blueprint.post("/taste")
def share() -> Response:
    """Make a page of this browser's card, then show it."""
    card = cards.share_taste(request.form.get("mode") or None, request.form.get("question") or None)
    address = url_for("taste.shared", token=encode_id(card.token))
    return tell_stored(address, see_other)


@blueprint.get("/taste/<token>")
def shared(token: str) -> Response:
    """Show a shared card to whoever knows its address."""
    taste = load_taste(cards.read_shared(token).content)
    return private_page(
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
    # Asked for again each time: a card that was taken back must not live on in caches.
    kept = "private, no-cache" if audience() == "private" else "no-cache"
    response = card_picture(taste_pictures.draw_card(taste), taste, kept)
    response.make_conditional(request)
    return response


@blueprint.post("/taste/<token>/revoke")
def revoke(token: str) -> Response:
    """Take a card of one's own back."""
    cards.revoke_card(token)
    return tell_stored(url_for("me.votes"), see_other)
