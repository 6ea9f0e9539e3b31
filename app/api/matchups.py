"""Issue a pair, take the vote, take it back."""

from datetime import datetime
from functools import partial
from typing import Literal

from flask import Response, jsonify
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json

from app.api.blueprints import MAKES_VOTER, VOTERS_OWN, link, make_blueprint
from app.arena.voting import matchups, vote_casting
from app.arena.voting.unloadable import UnloadablePair
from app.arena.voting.vote_casting import VoteRecord
from app.edge import voting
from app.edge.after_commit import tell_stored
from app.edge.context import parts
from app.edge.identity import encode_id
from app.leaderboards.views import reveal
from app.leaderboards.views.crowd import Crowd, read_crowd
from app.words import MODES, UNLOADABLE, Mode, Outcome, ReportReason, explain_reason

blueprint = make_blueprint(
    __name__, "/matchups", "matchups", "Two images from one prompt, nameless until you answer."
)


class MatchupPath(BaseModel):
    """The id a matchup was issued with."""

    matchup_id: str = Field(
        max_length=64,
        description="The `id` of a pair that this voter was given.",
        json_schema_extra={"example": "AZ5vY0QzS0m3l1k0d2pXfw"},
    )


class WishBody(BaseModel):
    """The mode, category, competition, model or question to judge; all of them when left out."""

    model_config = ConfigDict(extra="forbid")

    mode: str = Field(Mode.TEXT_TO_IMAGE, max_length=80, description=f"The mode to stay in: {' or '.join(MODES)}.")
    category: str | None = Field(None, max_length=80, description="Slug of a category to stay in.")
    competition: str | None = Field(None, max_length=80, description="Slug of a competition to stay in.")
    model: str | None = Field(
        None, max_length=80, description="Slug of a model to help: stays where it has images, never forces it in."
    )
    question: str | None = Field(None, max_length=40, description="Slug of the one question to be asked.")


class QuestionRef(BaseModel):
    """The one question that a pair asks."""

    slug: str
    words: str = Field(description="As a voter reads them, such as `Which is better?`.")


class OutcomeBody(BaseModel):
    """The body of a vote: its outcome."""

    model_config = ConfigDict(extra="forbid")

    outcome: Outcome | Literal["unloadable"] = Field(
        description="`unloadable` is no vote: the pictures can't be loaded, and the pair does not come back."
    )


class ReportBody(BaseModel):
    """The body of a report: which picture of the pair, and why it should not be shown."""

    model_config = ConfigDict(extra="forbid")

    picture: Literal["a", "b"] = Field(description="Which picture of the pair, left or right.")
    reason: ReportReason


class CompetitionRef(BaseModel):
    """The competition of a pair: the prompt and the input image that its models were given."""

    slug: str
    title: str
    mode: str
    prompt: str
    categories: list[str]
    input_image_url: str | None
    input_image_url_small: str | None
    rendition_side: int = Field(
        description="Long side of the large pictures in pixels, for all entries alike; 0 where nobody has told."
    )
    mask_outline_url: str | None = Field(
        description="A picture to lay over the input: the border of what may change."
    )


class Side(BaseModel):
    """A nameless image, WebP in the frame's shape: at most 1024 pixels on the long side, 640 in the small one."""

    image_url: str
    image_url_small: str


class Frame(BaseModel):
    """The frame of both images, in pixels."""

    width: int
    height: int


class MatchupBody(BaseModel):
    """A pair to judge, without a name in it."""

    model_config = link("matchup_id", "id", "post_vote", "get_matchup", "delete_vote", "post_report")

    id: str
    expires_at: datetime
    question: QuestionRef
    competition: CompetitionRef
    a: Side
    b: Side
    frame: Frame


class ModelRef(BaseModel):
    """The name of a model, and its page."""

    slug: str
    name: str
    creator: str | None
    url: str


class Revealed(BaseModel):
    """The model that made an image, with rating and rank; null where it is not rated yet."""

    model: ModelRef
    rating: float | None
    rating_low: float | None
    rating_high: float | None
    rank: int | None
    rank_low: int | None
    rank_high: int | None


class RevealedNow(Revealed):
    """The same, with what has changed since the vote."""

    change: float | None


class VoterBody(BaseModel):
    """The voter's own numbers so far."""

    votes: int


class VoteBody(BaseModel):
    """A vote as it stands; a skip names nobody, and neither does a pair whose pictures could not be loaded."""

    outcome: Outcome | Literal["unloadable"]
    question: str = Field(
        description="Slug of the question that was answered; ratings and ranks are of its board."
    )
    undone: bool
    counted: bool
    reason: str | None
    reason_text: str | None
    a: Revealed | None
    b: Revealed | None
    crowd: Crowd | None
    input_image_url: str | None = Field(
        description="What both models were asked to change, as long as the pair has images."
    )
    voter: VoterBody


class VoteNowBody(VoteBody):
    """A vote as it stands, with today's ratings."""

    a: RevealedNow | None
    b: RevealedNow | None


class TakenReportBody(BaseModel):
    """A report as it was taken. It never tells who made the picture, or who else reported it."""

    picture: Literal["a", "b"]
    reason: ReportReason
    pair: Literal["open", "judged", "closed"] = Field(
        description="Closed without a vote is a pair whose picture this report takes out of the arena for now."
    )


class UndoneBody(BaseModel):
    """The answer to a vote that was taken back."""

    undone: Literal[True]


@blueprint.post("", responses={"201": MatchupBody, "200": MatchupBody}, security=MAKES_VOTER)
def post_matchup(body: WishBody) -> tuple[Response, int]:
    """
    Issue a pair to judge.

    A new pair is 201. Two can be open at once; beyond that the oldest open one comes back with 200, so that a
    repeated request costs nothing. The first request makes a voter: keep the cookie that comes with the answer,
    since pictures, vote and report want it.
    """
    wish = matchups.MatchupFilter(body.mode, body.category, body.competition, body.model, body.question)
    issued = voting.issue(wish)
    return _send(tell_matchup(issued)), 201 if issued.is_new else 200


@blueprint.post("/<string:matchup_id>/vote", responses={"200": VoteBody}, security=VOTERS_OWN)
def post_vote(path: MatchupPath, body: OutcomeBody) -> Response:
    """
    Vote on a pair.

    The answer names the models, except to a skip. The same outcome again gives the same answer, so a request
    whose answer was lost is simply repeated; another outcome is refused. `unloadable` gives a pair back whose
    pictures can't be loaded, without a vote.
    """
    if body.outcome == UNLOADABLE:
        return tell_stored(voting.give_back(path.matchup_id), lambda pair: jsonify(_given_back(pair)))
    told = partial(_tell_vote, path.matchup_id)
    answer, shown, crowd = voting.cast_vote(path.matchup_id, body.outcome, tell=told)
    return voting.refreshing(told(answer, shown, crowd), answer.mode)


@blueprint.get("/<string:matchup_id>", responses={"200": VoteNowBody}, security=VOTERS_OWN)
def get_matchup(path: MatchupPath) -> Response:
    """
    Return one's own vote again.

    It comes with today's ratings, and with what they changed since the vote.
    """
    who, matchup = voting.own(path.matchup_id)
    with parts().database.reading() as session:
        answer = vote_casting.read_vote(session, who, matchup)
        shown = reveal.read_reveal(session, answer)
        crowd = read_crowd(session, answer, shown)
        return _send(tell_vote(path.matchup_id, answer, shown, crowd, with_change=True))


@blueprint.delete("/<string:matchup_id>/vote", responses={"200": UndoneBody}, security=VOTERS_OWN)
def delete_vote(path: MatchupPath) -> Response:
    """
    Take a vote back.

    That can be done within ten minutes; the same request again gives the same answer. The pair can't be judged
    again.
    """
    mode = voting.undo(path.matchup_id, tell=_tell_undone)
    return voting.refreshing(_tell_undone(), mode)


def _tell_vote(
    matchup_id: str, answer: VoteRecord, shown: reveal.Reveal | None = None, crowd: Crowd | None = None
) -> Response:
    return _send(tell_vote(matchup_id, answer, shown, crowd))


def _tell_undone() -> Response:
    return jsonify(UndoneBody(undone=True).model_dump())


@blueprint.post("/<string:matchup_id>/report", responses={"200": TakenReportBody}, security=VOTERS_OWN)
def post_report(path: MatchupPath, body: ReportBody) -> Response:
    """
    Report a picture.

    That can be done before the vote or after it; a later reason of the same voter replaces the earlier one. The
    answer tells neither who made the picture nor who else reported it.
    """
    taken = voting.report(path.matchup_id, body.picture, body.reason)
    told = TakenReportBody(picture=body.picture, reason=taken.reason, pair=taken.pair)
    return tell_stored(told, lambda told: jsonify(told.model_dump(mode="json")))


def _given_back(pair: UnloadablePair) -> dict[str, object]:
    body = VoteBody(
        outcome="unloadable",
        question=pair.question,
        undone=False,
        counted=False,
        reason=UNLOADABLE,
        reason_text="The pictures of this pair could not be loaded. It does not come back.",
        a=None,
        b=None,
        crowd=None,
        voter=VoterBody(votes=pair.voter_votes),
        input_image_url=None,
    )
    return body.model_dump(mode="json")


def tell_vote(
    matchup_id: str,
    answer: VoteRecord,
    shown: reveal.Reveal | None,
    crowd: Crowd | None,
    *,
    with_change: bool = False,
) -> bytes:
    """
    Write a VoteBody that tells a vote and what it reveals, `with_change` a VoteNowBody: what ratings did since.

    It is written as it stands here: to check it against the model first takes three times as long.
    """
    body = {
        "outcome": answer.outcome,
        "question": answer.question,
        "undone": answer.undone,
        "counted": answer.counted,
        "reason": answer.reason,
        "reason_text": explain_reason(answer.reason) if answer.reason else None,
        "a": _name(shown.a, with_change=with_change) if shown else None,
        "b": _name(shown.b, with_change=with_change) if shown else None,
        "crowd": crowd,
        "input_image_url": f"/m/{matchup_id}/input.webp" if answer.mode == Mode.IMAGE_EDIT else None,
        "voter": {"votes": answer.voter_votes},
    }
    return to_json(body) + b"\n"


def _name(model: reveal.RevealedModel, *, with_change: bool) -> dict[str, object]:
    told: dict[str, object] = {
        "model": {"slug": model.slug, "name": model.name, "creator": model.creator, "url": model.url},
        "rating": model.rating,
        "rating_low": model.rating_low,
        "rating_high": model.rating_high,
        "rank": model.rank,
        "rank_low": model.rank_low,
        "rank_high": model.rank_high,
    }
    return told | {"change": model.change} if with_change else told


def tell_matchup(issued: matchups.BlindMatchup) -> bytes:
    """Write the MatchupBody of a pair, without a name in it; it is written as it stands here."""
    public_id = encode_id(issued.public_id)
    body = {
        "id": public_id,
        "expires_at": issued.expires_at,
        "question": {"slug": issued.question, "words": issued.question_words},
        "competition": {
            "slug": issued.slug,
            "title": issued.title,
            "mode": issued.mode,
            "prompt": issued.prompt,
            "categories": [slug for slug, _ in issued.categories],
            "input_image_url": f"/m/{public_id}/input.webp" if issued.has_input else None,
            "input_image_url_small": f"/m/{public_id}/input-640.webp" if issued.has_input else None,
            "rendition_side": issued.rendition_side,
            "mask_outline_url": f"/competitions/{issued.slug}/mask-outline.png" if issued.has_mask else None,
        },
        "a": {"image_url": f"/m/{public_id}/a.webp", "image_url_small": f"/m/{public_id}/a-640.webp"},
        "b": {"image_url": f"/m/{public_id}/b.webp", "image_url_small": f"/m/{public_id}/b-640.webp"},
        "frame": {"width": issued.frame[0], "height": issued.frame[1]},
    }
    return to_json(body) + b"\n"


def _send(data: bytes) -> Response:
    return Response(data, mimetype="application/json")
