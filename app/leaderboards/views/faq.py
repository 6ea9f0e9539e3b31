"""Questions people ask about a model, answered from the catalogue and the boards, or left out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.catalog.limits import describe_largest
from app.catalog.lookup import ModelPage
from app.catalog.pricing import dollars
from app.leaderboards.views.certainty import describe_ranks
from app.leaderboards.views.results import BoardPlace, ModelResults, count_judged
from app.words import Mode, plural


@dataclass(frozen=True)
class Question:
    """A question and its answer, plain text."""

    question: str
    answer: str


def answer_questions(page: ModelPage, results: ModelResults, *, is_askable: bool) -> tuple[Question, ...]:
    """
    Answer the questions that the catalogue and the boards can answer, in the order of the page.

    `is_askable` tells that the gateway knows how to ask a provider of the model, set up here or not.
    """
    use = _use(page, is_askable=is_askable)
    return (*_cost(page), *use, *_providers(page), *_resolution(page), *_standing(page, results))


def _cost(page: ModelPage) -> Iterator[Question]:
    if page.price_from is None:
        return
    under = page.price_from.basis
    where = f"{dollars(page.price_from.micros)} per image through {page.price_from.provider_name}"
    starts = "last started" if page.status == "retired" else "starts"
    rest = " Other sizes, qualities and providers cost more or the same." if len(_prices(page)) > 1 else ""
    yield Question(
        f"How much does {page.name} cost?",
        f"{page.name} {starts} at {where}{f' ({under})' if under else ''}.{rest} "
        "Prices are the providers' own in US dollars; Blindvote adds no markup.",
    )


def _use(page: ModelPage, *, is_askable: bool) -> Iterator[Question]:
    if not page.offerings:
        return
    question = f"How do I use {page.name} through the API?"
    if page.status == "retired":
        since = f" since {page.sunset:%B} {page.sunset.day}, {page.sunset.year}" if page.sunset else ""
        yield Question(
            question,
            f"{page.name} is retired{since}: no provider serves it any more. A request for it is answered "
            "with 404 model_retired and the models that can be used instead.",
        )
        return
    if not is_askable:
        yield Question(
            question,
            f"{page.name} can't be used through this server: "
            "its gateway knows no API of the providers that offer it.",
        )
        return
    yield Question(
        question,
        "Where this server is set up for one of its providers, send it an OpenAI-compatible request with the "
        f'model "{page.slug}", for example with the openai package for Python or JavaScript, or with cURL.',
    )


def _providers(page: ModelPage) -> Iterator[Question]:
    names = list(dict.fromkeys(offering.provider_name for offering in page.offerings))
    if not names:
        return
    offered = "was last available" if page.status == "retired" else "is available"
    yield Question(f"Which providers offer {page.name}?", f"{page.name} {offered} through {_listed(names)}.")


def _resolution(page: ModelPage) -> Iterator[Question]:
    largest = describe_largest(page.limits)
    if largest is None:
        return
    yield Question(
        f"What is the maximum resolution of {page.name}?",
        f"{page.name} makes images of up to {largest}.",
    )


def _standing(page: ModelPage, results: ModelResults) -> Iterator[Question]:
    ranked = [board for board in results.boards if board.category is None and board.place.rank is not None]
    for board in ranked:
        place = board.place
        judged = plural(count_judged(results, board.mode), "competition")
        yield Question(
            f"How good is {page.name} at {Mode(board.mode).label.lower()}?",
            f"It is {describe_ranks(place)}{_certainty(place)} with {place.rating:.0f} Elo "
            f"(95 % interval {place.rating_low:.0f} to {place.rating_high:.0f}) from {place.votes:,} blind votes "
            f"in {judged} on this arena.",
        )


def _certainty(place: BoardPlace) -> str:
    return "" if place.rank_low == place.rank_high else ", more the votes do not say,"


def _prices(page: ModelPage) -> list[int]:
    return [price.micros for offering in page.offerings for price in offering.prices]


def _listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
