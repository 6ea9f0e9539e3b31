"""Models as JSON: what the catalogue and the arena know of each."""

from typing import Literal

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field, RootModel

from app.api.errors import ErrorBody
from app.arena.entries import entries
from app.catalog import lookup
from app.catalog.lookup import ModelOffering, ModelPage, ModelSummary
from app.edge import context
from app.edge.context import parts, today
from app.leaderboards.views import faq, results
from app.leaderboards.views.results import ModelResults

blueprint = APIBlueprint(
    "api_models",
    __name__,
    url_prefix="/api/v1/models",
    abp_tags=[Tag(name="models", description="Prices, limits, parameters and results of every model.")],
    abp_responses=dict.fromkeys(("400", "403", "404", "405", "500", "503"), ErrorBody),
)


class ModelPath(BaseModel):
    """Which model; an alias will do."""

    slug: str = Field(max_length=200)


class PriceFromBody(BaseModel):
    """The lowest price of one image, in US dollars without markup."""

    usd: float
    provider: str
    conditions: dict[str, str]


class PriceBody(BaseModel):
    """US dollars for so many units of the metric."""

    metric: str
    usd: float
    units: int
    direction: Literal["input", "output"] | None
    conditions: dict[str, str]


class OfferingBody(BaseModel):
    """A model at a provider."""

    key: str
    provider: str
    provider_model_id: str | None
    modes: list[str]
    prices: list[PriceBody]
    notes: list[str]


class ParameterBody(BaseModel):
    """One row of the parameter reference."""

    group: str
    name: str
    type: str
    description: str
    note: str | None
    values: list[str | int | bool]
    default: str | int | bool | None
    modes: dict[str, Literal["required", "supported", "unavailable"]]
    behaviour: Literal["passthrough", "renamed", "converted", "emulated"]
    provider: str | None


class ModelBoardBody(BaseModel):
    """Where the model stands overall in one mode; nulls until it is rated."""

    mode: str
    rank: int | None
    of: int
    rating: float | None
    rating_low: float | None
    rating_high: float | None


class ModelCompetitionBody(BaseModel):
    """Where the model stands in one competition; rank is null until it has four counted battles there."""

    slug: str
    title: str
    categories: list[str]
    prompt: str
    rank: int | None
    of: int


class QuestionBody(BaseModel):
    """A question and its answer, written from the data."""

    question: str
    answer: str


class SummaryBody(BaseModel):
    """A model in a list."""

    slug: str
    name: str
    creator: str | None
    family: str | None
    status: Literal["active", "deprecated", "retired"]
    released: str | None
    sunset: str | None
    tags: list[str]
    modes: list[str]
    max_resolution: str | None
    max_images: int | None
    price_tier: str | None
    price_from: PriceFromBody | None


class ModelBody(SummaryBody):
    """Everything about a model."""

    offerings: list[OfferingBody]
    parameters: list[ParameterBody]
    boards: list[ModelBoardBody]
    competitions: list[ModelCompetitionBody]
    faq: list[QuestionBody]


class ModelsBody(RootModel[list[SummaryBody]]):
    """By name."""


@blueprint.get("", responses={"200": ModelsBody})
def get_models() -> Response:
    """Every model; demo models where they have images."""
    with parts().database.reading() as session:
        entered = entries.entered_models(session)
        shown = [model for model in lookup.models(session, today()) if not model.demo or model.id in entered]
    return jsonify([SummaryBody.model_validate(_summary(model)).model_dump(mode="json") for model in shown])


@blueprint.get("/<string:slug>", responses={"200": ModelBody})
def get_model(path: ModelPath) -> Response:
    """One model."""
    with parts().database.reading() as session:
        page = lookup.model(session, path.slug, today())
    context.refresh(parts(), *page.modes)
    with parts().database.reading() as session:
        found = results.read_results(session, page.slug)
        questions = faq.answer_questions(page, found)
    return jsonify(ModelBody.model_validate(_page(page, found, questions)).model_dump(mode="json"))


def _summary(model: ModelSummary) -> dict[str, object]:
    same = (
        "slug",
        "name",
        "creator",
        "family",
        "status",
        "released",
        "max_resolution",
        "max_images",
        "price_tier",
    )
    cheapest = model.price_from
    return {name: getattr(model, name) for name in same} | {
        "sunset": model.sunset.isoformat() if model.sunset else None,
        "tags": list(model.tags),
        "modes": list(model.modes),
        "price_from": cheapest
        and {"usd": cheapest.usd, "provider": cheapest.provider, "conditions": cheapest.conditions},
    }


def _page(page: ModelPage, found: ModelResults, questions: tuple[faq.Question, ...]) -> dict[str, object]:
    return _summary(page) | {
        "offerings": [_offering(offering) for offering in page.offerings],
        "parameters": [ParameterBody.model_validate(row, from_attributes=True) for row in page.parameters],
        "boards": [
            {"mode": board.mode} | _place(board.place, ("rank", "of", "rating", "rating_low", "rating_high"))
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
            | _place(competition.place, ("rank", "of"))
            for competition in found.competitions
        ],
        "faq": [{"question": item.question, "answer": item.answer} for item in questions],
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
                "usd": price.micros / 1_000_000,
                "units": price.units,
                "direction": price.direction,
                "conditions": price.conditions,
            }
            for price in offering.prices
        ],
        "notes": list(offering.notes),
    }
