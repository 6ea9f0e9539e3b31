"""A voter's result card, and what of it is shared."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal

from flask import Response, jsonify, url_for
from pydantic import BaseModel, ConfigDict, Field

from app.api.blueprints import VOTERS_OWN, link, make_blueprint
from app.arena.people.shared_tastes import SharedCard
from app.edge import taste as cards
from app.edge.after_commit import tell_stored
from app.edge.context import parts
from app.edge.identity import encode_id
from app.leaderboards.views.personal import Agreement
from app.leaderboards.views.taste import Parting, SecondLook, TopModel, load_taste
from app.words import MODES

blueprint = make_blueprint(
    __name__, "/taste", "taste", "What your votes say about you: yours alone until you share it."
)


class TokenPath(BaseModel):
    """The token that a card is shared under."""

    token: str = Field(
        max_length=64,
        description="The `token` that a card is shared under.",
        json_schema_extra={"example": "q3Jm0s9mQq6uFq0y5mJb3w"},
    )


class ShareBody(BaseModel):
    """Choose the mode whose taste is to be shared."""

    model_config = ConfigDict(extra="forbid")

    mode: str | None = Field(
        None, max_length=80, description=f"The mode: {' or '.join(MODES)}; that of your newest vote when left out."
    )
    question: str | None = Field(None, max_length=40, description="Slug of a question; `better` when left out.")


class TasteBody(BaseModel):
    """Describe a voter's taste in one mode, by one question."""

    mode: str
    question: str = Field(description="Slug of the question; on a card the one that most of its votes answered.")
    words: str = Field(description="As the voter read it; empty on cards from before there were questions.")
    votes: int = Field(description="Standing votes of this mode on this question.")
    top: list[TopModel] = Field(description="At most three, best first.")
    agreement: Agreement
    parting: Parting | None = Field(description="Null where both order the models alike.")


class SecondLookBody(BaseModel):
    """The pick with which most others disagree, with the matchup that it was made on."""

    matchup_id: str
    title: str
    picked: str
    other: str
    against: int = Field(description="Votes of others for the other model.")
    of: int = Field(description="Counted votes of others on both models and this prompt.")


class NarrowingBody(BaseModel):
    """Tells how much these votes narrowed the intervals, by votes alone, of the models that they were about."""

    votes: int = Field(description="Those that count.")
    models: int
    share: float = Field(description="By how much less wide the intervals are on average, 0 to 1.")
    slug: str
    name: str
    before: float = Field(description="Half width in Elo points of the interval that they narrowed most.")
    after: float


class ResultCardBody(TasteBody):
    """The card that a voter is shown after every ten votes."""

    judged: int = Field(description="Votes that second look and narrowing are about: the last ten at most.")
    second_look: SecondLookBody | None
    narrowing: NarrowingBody | None


class SharedCardBody(TasteBody):
    """A card as it was when it was shared."""

    model_config = link("token", "token", "get_shared_taste", "delete_shared_taste")

    token: str
    url: str
    shared_at: datetime


class RevokedBody(BaseModel):
    """The card is gone."""

    revoked: Literal[True]


@blueprint.get("", responses={"200": ResultCardBody}, security=VOTERS_OWN)
def get_taste() -> Response:
    """
    Return the card of your last ten votes.

    It is of the mode of the newest one. The voting screen shows it after every ten votes.
    """
    card = cards.read_card()
    return jsonify(
        cards.encode_taste(card.taste)
        | {
            "judged": card.judged,
            "second_look": _second_look(card.second_look),
            "narrowing": card.narrowing and asdict(card.narrowing),
        }
    )


@blueprint.post("", responses={"201": SharedCardBody}, security=VOTERS_OWN)
def post_taste(body: ShareBody) -> tuple[Response, int]:
    """
    Share your taste as it is now.

    It gets an address that nobody can guess; the same again keeps it. Neither the second look nor any picture
    is shared.
    """
    return tell_stored(
        cards.share_taste(body.mode, body.question), lambda card: (jsonify(_describe_shared(card)), 201)
    )


@blueprint.get("/<string:token>", responses={"200": SharedCardBody})
def get_shared_taste(path: TokenPath) -> Response:
    """
    Return a card that somebody shares.

    It is as it was when it was shared; later votes do not change it.
    """
    return jsonify(_describe_shared(cards.read_shared(path.token)))


@blueprint.delete("/<string:token>", responses={"200": RevokedBody}, security=VOTERS_OWN)
def delete_shared_taste(path: TokenPath) -> Response:
    """
    Take a card of yours back.

    Its address is gone from then on.
    """
    cards.revoke_card(path.token)
    return tell_stored(RevokedBody(revoked=True), lambda gone: jsonify(gone.model_dump()))


def _second_look(look: SecondLook | None) -> dict[str, Any] | None:
    if look is None:
        return None
    told = asdict(look)
    return {"matchup_id": encode_id(told.pop("matchup")), **told}


def _describe_shared(card: SharedCard) -> dict[str, Any]:
    token = encode_id(card.token)
    path = url_for("taste.shared", token=token)
    url = f"{parts().settings.public_url.rstrip('/')}{path}" if parts().settings.public_url else path
    return {
        **cards.encode_taste(load_taste(card.content)),
        "token": token,
        "url": url,
        "shared_at": card.created_at.isoformat(),
    }
