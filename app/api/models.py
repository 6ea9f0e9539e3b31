"""Models as JSON: what the catalogue and the arena know of each."""

from datetime import date
from typing import Annotated, Any, Literal

from flask import Response
from pydantic import BaseModel, BeforeValidator, Field, RootModel, WithJsonSchema

from app.api.blueprints import make_blueprint
from app.api.fields import with_fields
from app.arena.entries import entries
from app.catalog import lookup
from app.catalog.limits import Limits
from app.catalog.lookup import FactSource, ModelPage
from app.catalog.search import search
from app.catalog.shapes import Prose
from app.catalog.traits import Traits
from app.edge.context import parts, refresh, today
from app.edge.page_cache import public_json, reading_page
from app.gateway import reference
from app.gateway.offers import is_askable
from app.gateway.providers import set_up
from app.leaderboards.views import faq, results
from app.leaderboards.views.question_differences import read_differences
from app.leaderboards.views.results import BoardPlace, ModelResults
from app.words import MODES, Mode

blueprint = make_blueprint(
    __name__, "/models", "models", "Prices, limits, parameters and results of every model.", has_etag=True
)


Day = Annotated[date, WithJsonSchema({"type": "string"})]
"""A date; the document promises that it is text, and no more."""


class ModelPath(BaseModel):
    """The model in an address; an alias or another spelling of the name will do."""

    slug: str = Field(
        max_length=200,
        description="The slug of the model, an alias or another spelling.",
        json_schema_extra={"example": "dall-e-2"},
    )


class ModelsQuery(BaseModel):
    """The query of a list of models; without one it has all of them."""

    q: str | None = Field(
        None, max_length=80, description="A name as people type it; the best answer comes first."
    )
    mode: Mode | None = Field(None, description="Only models that can be asked for this.")
    status: Literal["preview", "active", "deprecated", "retired"] | None = Field(
        None, description="Only models of this status; a preview counts as active, too."
    )
    licence: str | None = Field(
        None, max_length=120, description="Only models of this licence, such as `Apache-2.0`."
    )
    weights: Literal["open", "closed"] | None = Field(
        None, description="Only models whose weights everybody can have, or nobody."
    )
    max_parameters: float | None = Field(
        None, gt=0, description="Only models of so many billions of parameters at most."
    )


class PriceFromBody(BaseModel):
    """The lowest price of one image, in US dollars without markup; the last one of a retired model."""

    usd: float
    provider: str
    conditions: dict[str, str]
    basis: str = Field(description="What the price holds for in words; empty where it holds for any image.")


class PriceBody(BaseModel):
    """US dollars for so many units of the metric."""

    metric: str
    usd: float
    units: int
    direction: Literal["input", "output"] | None
    conditions: dict[str, str]


class OfferingBody(BaseModel):
    """An offering: a model at one provider, with its prices and dates."""

    key: str
    provider: str
    provider_model_id: str | None
    modes: list[str]
    prices: list[PriceBody]
    notes: list[str]
    status: Literal["preview", "active", "deprecated", "retired"] | None = Field(
        description="As the provider states it."
    )
    ended_on: Day | None = Field(description="First day on which the provider no longer serves the model.")


@with_fields(FactSource, *("title", "url", "repository", "file", "date", "licence", "checked_on", "facts"))
class SourceBody(BaseModel):
    """Name a source of facts, and the day on which somebody last checked it."""


def write_fraction(default: object) -> object:
    """Write a fraction as text: the field has promised whole numbers, truths and text."""
    return f"{default:g}" if isinstance(default, float) else default


class ParameterBody(BaseModel):
    """One row of the parameter reference, for one model."""

    group: str
    name: str
    type: str
    description: str
    note: str | None
    values: list[str | int | bool]
    minimum: float | None
    maximum: float | None
    default: Annotated[str | int | bool | None, BeforeValidator(write_fraction)]
    modes: dict[str, Literal["required", "supported", "unavailable"]]
    behaviour: Literal["passthrough", "renamed", "converted", "emulated"]
    provider: str | None


_RANK = ("rank", "of", "rank_low", "rank_high", "votes")


@with_fields(BoardPlace, *_RANK, "rating", "rating_low", "rating_high", mode=str)
class ModelBoardBody(BaseModel):
    """A model's place on one mode's overall board; its numbers are null until it is rated."""


class ModelQuestionBody(BaseModel):
    """A model's place by a question other than `better`, on the overall board of a mode."""

    mode: str
    question: str
    words: str = Field(description="As a voter reads them.")
    rank: int | None
    of: int
    votes: int
    rating: float
    better: float = Field(description="The rating of the same mode's board of `better`.")
    difference: float = Field(
        description="Elo points that it does better here than by `better`, as far as votes tell the two apart."
    )
    half: float = Field(description="Half of the difference's 95 % interval, in Elo points.")
    borrowed: float = Field(description="Share of what is known that `better` lends, 0 to 1.")


@with_fields(BoardPlace, *_RANK, slug=str, title=str, categories=list[str], prompt=str)
class ModelCompetitionBody(BaseModel):
    """A model's place in one competition; rank is null until it has four counted votes there."""

    borrowed: float | None = Field(description="Share of what is known that came from other competitions, 0 to 1.")


class SummaryBody(BaseModel):
    """A model as lists show it."""

    slug: str
    name: str
    creator: str | None
    family: str | None
    aliases: list[str]
    status: Literal["active", "deprecated", "retired"]
    stated_status: Literal["preview", "active", "deprecated", "retired"] | None = Field(
        description="As the maker states it; null where nobody does."
    )
    released: str | None
    deprecated_on: Day | None
    sunset: Day | None
    successor: str | None
    licence: str | None
    open_weights: bool | None
    parameter_count: int | None
    tags: list[str]
    modes: list[str]
    max_resolution: str | None
    max_pixels: int | None = Field(description="Most pixels of an image, where an area is the limit.")
    max_images: int | None
    price_tier: str | None
    price_from: PriceFromBody | None


class ModelBody(SummaryBody):
    """A model with everything that the catalogue and the arena know of it."""

    tagline: str | None
    known_as: list[str]
    weights: str | None
    paper: str | None
    homepage: str | None
    architecture: str | None
    sources: list[SourceBody]
    offerings: list[OfferingBody]
    past_offerings: list[OfferingBody]
    parameters: list[ParameterBody]
    boards: list[ModelBoardBody]
    competitions: list[ModelCompetitionBody]
    questions: list[ModelQuestionBody]
    faq: list[faq.Question]
    limits: Limits
    prose: Prose


class ModelsBody(RootModel[list[SummaryBody]]):
    """The list of models by name, or the best answer to a search first."""


@blueprint.get("", responses={"200": ModelsBody})
def get_models(query: ModelsQuery) -> Response:
    """
    List every model that fits the query.

    The list is whole: there are no pages. Models of the demo are in it where they have images.
    """
    with reading_page() as session:
        entered = entries.entered_models(session)
        shown = [
            model for model in reference.read_models(session, today()) if not model.demo or model.id in entered
        ]
    traits = Traits(query.licence, query.weights, query.max_parameters)
    fitting = [
        model
        for model in (search(shown, query.q) if query.q else shown)
        if traits.fit(model)
        and (query.mode is None or query.mode in model.modes)
        and query.status in {None, model.status, model.shown_status}
    ]
    bodies = [SummaryBody.model_validate(model, from_attributes=True) for model in fitting]
    return public_json(ModelsBody(bodies))


@blueprint.get("/<string:slug>", responses={"200": ModelBody})
def get_model(path: ModelPath) -> Response:
    """
    Return everything about one model.

    That is what the catalogue knows, with sources, and what the votes say of it. Aliases and other spellings of
    the name lead to the same model.
    """
    refresh(parts(), *MODES)
    with reading_page() as session:
        slug = lookup.canonical_slug(session, path.slug, today()) or path.slug
        page = reference.read_model(session, slug, today())
        found = results.read_results(session, page.slug)
        differences = read_differences(session, model=page.slug)
        can_ask = is_askable(session, page, set_up(parts().settings))
        answers = faq.answer_questions(page, found, is_askable=can_ask)
    body = _describe_page(page, found) | {"questions": differences, "faq": answers}
    return public_json(ModelBody.model_validate(body, from_attributes=True))


def _describe_page(page: ModelPage, found: ModelResults) -> dict[str, Any]:
    """Put a model's results beside what the catalogue knows of it."""
    boards = [board for board in found.boards if board.category is None]
    stated = {name: getattr(page, name) for name in ModelBody.model_fields if hasattr(page, name)}
    return stated | {
        "boards": [{"mode": board.mode} | vars(board.place) for board in boards],
        "competitions": [
            vars(one) | vars(one.place) | {"categories": [heading.slug for heading in one.categories]}
            for one in found.competitions
        ],
    }
