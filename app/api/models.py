"""Models as JSON: what the catalogue and the arena know of each."""

from typing import Annotated, Literal

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, BeforeValidator, Field, RootModel

from app.api.errors import ErrorBody
from app.arena.entries import entries
from app.catalog import lookup
from app.catalog.limits import Limits
from app.catalog.lookup import ModelOffering, ModelPage, ModelSummary, Prose
from app.catalog.pricing import MICROS
from app.catalog.search import search
from app.catalog.traits import Traits
from app.edge import context
from app.edge.context import parts, today
from app.edge.page_cache import reading_page
from app.gateway import reference
from app.leaderboards.views import faq, results
from app.leaderboards.views.question_differences import read_differences
from app.leaderboards.views.results import ModelResults
from app.words import MODES, Mode

blueprint = APIBlueprint(
    "api_models",
    __name__,
    url_prefix="/api/v1/models",
    abp_tags=[Tag(name="models", description="Prices, limits, parameters and results of every model.")],
    abp_responses=dict.fromkeys(("400", "403", "404", "405", "500", "503"), ErrorBody),
)


RANKS = ("rank", "of", "rank_low", "rank_high", "votes")
"""The fields that say how sure a rank is."""


class ModelPath(BaseModel):
    """Which model; an alias or another spelling of the name will do."""

    slug: str = Field(max_length=200)


class ModelsQuery(BaseModel):
    """Which models; all of them when nothing is asked."""

    q: str | None = Field(
        None, max_length=80, description="A name as people type it; the best answer comes first."
    )
    mode: Mode | None = None
    status: Literal["preview", "active", "deprecated", "retired"] | None = None
    licence: str | None = Field(None, max_length=120)
    weights: Literal["open", "closed"] | None = None
    max_parameters: float | None = Field(None, gt=0, description="In billions.")


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
    ended_on: str | None = Field(description="First day on which the provider no longer serves the model.")


class SourceBody(BaseModel):
    """Name a source of facts, and the day on which somebody last checked it."""

    title: str
    url: str | None
    repository: str | None
    file: str | None
    date: str | None
    licence: str | None
    checked_on: str | None
    facts: list[str]


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


class ModelBoardBody(BaseModel):
    """Tell the model's place on one mode's overall board; its numbers are null until it is rated."""

    mode: str
    rank: int | None
    of: int
    rank_low: int | None
    rank_high: int | None
    votes: int
    rating: float | None
    rating_low: float | None
    rating_high: float | None


class ModelQuestionBody(BaseModel):
    """Tell how a model does by a question other than `better`, on the overall board of a mode."""

    mode: str
    question: str
    words: str = Field(description="As a voter reads them.")
    rank: int | None
    of: int
    votes: int
    rating: float
    better: float = Field(description="The rating of the same mode's board of `better`.")
    difference: float = Field(
        description="Elo points above `better`, as far as votes tell the two apart; below 0 it pleases more."
    )
    half: float = Field(description="Half of the difference's 95 % interval, in Elo points.")
    borrowed: float = Field(description="Share of what is known that `better` lends, 0 to 1.")


class ModelCompetitionBody(BaseModel):
    """Tell the model's place in one competition; rank is null until it has four counted battles there."""

    slug: str
    title: str
    categories: list[str]
    prompt: str
    rank: int | None
    of: int
    rank_low: int | None
    rank_high: int | None
    votes: int
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
    deprecated_on: str | None
    sunset: str | None
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
    """List every model that fits the query; demo models only where they have images."""
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
    return jsonify([SummaryBody.model_validate(_summary(model)).model_dump(mode="json") for model in fitting])


@blueprint.get("/<string:slug>", responses={"200": ModelBody})
def get_model(path: ModelPath) -> Response:
    """Return everything about one model."""
    context.refresh(parts(), *MODES)
    with reading_page() as session:
        slug = lookup.canonical_slug(session, path.slug, today()) or path.slug
        page = reference.read_model(session, slug, today())
        found = results.read_results(session, page.slug)
        differences = read_differences(session, model=page.slug)
        answers = faq.answer_questions(page, found)
    asked = [ModelQuestionBody.model_validate(one, from_attributes=True) for one in differences]
    body = _page(page, found, answers) | {"questions": asked}
    return jsonify(ModelBody.model_validate(body).model_dump(mode="json"))


def _summary(model: ModelSummary) -> dict[str, object]:
    same = (
        *("slug", "name", "creator", "family", "status", "stated_status", "released", "successor", "licence"),
        *("open_weights", "parameter_count", "max_resolution", "max_images", "price_tier"),
    )
    cheapest = model.price_from
    return {name: getattr(model, name) for name in same} | {
        "aliases": list(model.aliases),
        "deprecated_on": model.deprecated_on.isoformat() if model.deprecated_on else None,
        "sunset": model.sunset.isoformat() if model.sunset else None,
        "max_pixels": model.limits.max_pixels,
        "tags": list(model.tags),
        "modes": list(model.modes),
        "price_from": cheapest
        and {
            "usd": cheapest.usd,
            "provider": cheapest.provider,
            "conditions": cheapest.conditions,
            "basis": cheapest.basis,
        },
    }


def _page(page: ModelPage, found: ModelResults, answers: tuple[faq.Question, ...]) -> dict[str, object]:
    same = ("tagline", "weights", "paper", "homepage", "architecture")
    return _summary(page) | {
        **{name: getattr(page, name) for name in same},
        "known_as": list(page.known_as),
        "sources": [SourceBody.model_validate(source, from_attributes=True) for source in page.sources],
        "offerings": [_offering(offering) for offering in page.offerings],
        "past_offerings": [_offering(offering) for offering in page.past_offerings],
        "parameters": [ParameterBody.model_validate(row, from_attributes=True) for row in page.parameters],
        "boards": [
            {"mode": board.mode} | _place(board.place, (*RANKS, "rating", "rating_low", "rating_high"))
            for board in found.boards
            if board.category is None
        ],
        "competitions": [
            {
                "slug": competition.slug,
                "title": competition.title,
                "categories": [heading.slug for heading in competition.categories],
                "prompt": competition.prompt,
            }
            | _place(competition.place, (*RANKS, "borrowed"))
            for competition in found.competitions
        ],
        "faq": list(answers),
        "limits": page.limits,
        "prose": page.prose,
    }


def _place(place: results.BoardPlace, names: tuple[str, ...]) -> dict[str, object]:
    return {name: getattr(place, name) for name in names}


def _offering(offering: ModelOffering) -> dict[str, object]:
    return {
        "key": offering.key,
        "provider": offering.provider,
        "provider_model_id": offering.provider_model_id,
        "modes": list(offering.modes),
        "prices": [
            {
                "metric": price.metric,
                "usd": price.micros / MICROS,
                "units": price.units,
                "direction": price.direction,
                "conditions": price.conditions,
            }
            for price in offering.prices
        ],
        "notes": list(offering.notes),
        "status": offering.status,
        "ended_on": offering.ended_on.isoformat() if offering.ended_on else None,
    }
