"""Leaderboards as JSON and CSV."""

import csv
from collections.abc import Callable, Iterable
from io import StringIO
from typing import Any, Literal

from flask import Response, request
from pydantic import BaseModel, ConfigDict, Field, create_model
from sqlalchemy.orm import Session

from app.api.blueprints import make_blueprint
from app.api.fields import with_fields
from app.arena.errors import read_mode
from app.edge.context import now, parts, refresh
from app.edge.page_cache import public_page, reading_page, recall
from app.leaderboards.runs import scopes
from app.leaderboards.views import boards, filters
from app.leaderboards.views.boards import BoardStanding, BoardView
from app.leaderboards.views.filters import Filters
from app.words import MODES, Mode

blueprint = make_blueprint(
    __name__, "", "leaderboards", "Ratings with intervals and ranks, per mode and category.", has_etag=True
)


class ModePath(BaseModel):
    """The path of a mode's board."""

    mode: str = Field(
        description=f"What the models were asked for: {' or '.join(MODES)}.",
        json_schema_extra={"example": Mode.TEXT_TO_IMAGE},
    )


class CategoryPath(ModePath):
    """The path of a category's board, within its mode."""

    category: str = Field(description="The slug of the category.", json_schema_extra={"example": "portrait"})


class CompetitionPath(BaseModel):
    """The competition in an address, by its slug."""

    slug: str = Field(description="The slug of the competition.", json_schema_extra={"example": "fantasy-warrior"})


def _document(enum: Iterable[str] = (), description: str | None = None, **schema: Any) -> Any:
    """Declare a parameter of BoardQuery; its value is checked by `parse_filters`, whose error names it."""
    extra = schema | ({"enum": [*enum, None]} if enum else {})
    return str | None, Field(None, description=description, json_schema_extra=extra)


_PARAMETERS: dict[str, Any] = {
    "sort": _document(filters.SORTS, "The column to sort by; `rank` when left out."),
    "order": _document(filters.ORDERS, "Upwards or downwards; when left out, as suits the column."),
    "question": _document(description="Slug of the question whose board it is; `better` when left out."),
} | {one.name: _document(**one.metadata["documentation"]) for one in filters.filter_fields(Filters)}
# Made from the dataclass: a filter declared there can be neither missed nor misnamed in the API's documents.
_FilterQuery: Any = create_model("_FilterQuery", **_PARAMETERS)


class BoardQuery(_FilterQuery):
    """The query of a board: format, order and filters."""

    format: Literal["json", "csv"] = Field("json", description="A document, or a table for spreadsheets.")


class BoardName(BaseModel):
    """The name of a board: a mode's overall one when category and competition are null."""

    mode: str
    question: str
    category: str | None
    competition: str | None


@with_fields(
    boards.Run,
    *("id", "computed_at", "votes", "method", "method_version", "anchor_version", "tallies_sha256", "thread"),
)
class RunBody(BaseModel):
    """The run that a board shows: votes, method, anchor, hash of the tallies, and a thread it may hang on."""


class StandingModel(BaseModel):
    """The model of a row on a board."""

    slug: str
    name: str
    creator: str | None
    status: Literal["active", "deprecated", "retired"]
    licence: str | None


@with_fields(BoardStanding, *BoardStanding._fields[1:-2])  # without its id; the last two come last here too
class StandingBody(BaseModel):
    """One row. Ratings in Elo points, rates from 0 to 1."""

    model: StandingModel
    interval: Literal["prompt", "vote"]
    cost_usd: float | None = Field(
        description="US dollars for an image as judged, the median; a list price for lack of it."
    )
    cost_images: int | None = Field(description="How many images that is the median of; 0 for a list price.")
    seconds_median: float | None


class BoardBody(BaseModel):
    """A leaderboard. The run is null where no vote counts."""

    model_config = ConfigDict(openapi_extra={"content": {"text/csv": {"schema": {"type": "string"}}}})  # type: ignore[typeddict-unknown-key]

    board: BoardName
    run: RunBody | None
    standings: list[StandingBody]


@blueprint.get("/leaderboards/<string:mode>", responses={"200": BoardBody})
def get_board(path: ModePath, query: BoardQuery) -> Response:
    """
    Return a mode's overall board.

    It has every model with a counted vote, best first, with 95 % intervals and the range of ranks that the votes
    allow. Filters leave rows out and change no number.
    """
    return _board(path.mode, None, query)


@blueprint.get("/leaderboards/<string:mode>/<string:category>", responses={"200": BoardBody})
def get_category_board(path: CategoryPath, query: BoardQuery) -> Response:
    """
    Return the board of one category.

    It counts the votes of the mode's competitions that are in the category.
    """
    return _board(path.mode, path.category, query)


@blueprint.get("/competitions/<string:slug>/leaderboard", responses={"200": BoardBody})
def get_competition_board(path: CompetitionPath, query: BoardQuery) -> Response:
    """
    Return the board of one competition, open or closed.

    It counts that competition's votes, and borrows from the mode's overall board what few votes leave open.
    """
    asked = filters.parse_filters(request.args, Filters)
    refresh(parts(), *MODES)

    def read(session: Session) -> BoardView:
        return boards.read_competition_board(session, path.slug, now=now(), filters=asked, question=asked.question)

    return _answer(scopes.key("", competition=path.slug, question=asked.question), asked, query.format, read)


def _board(mode: str, category: str | None, query: BoardQuery) -> Response:
    asked = filters.parse_filters(request.args, Filters)
    read_mode(mode)
    refresh(parts(), mode)

    def read(session: Session) -> BoardView:
        return boards.read_board(session, mode, category, now=now(), filters=asked, question=asked.question)

    return _answer(scopes.key(mode, category=category, question=asked.question), asked, query.format, read)


def _answer(key: str, asked: Filters, kind: str, read: Callable[[Session], BoardView]) -> Response:
    """Answer with a board, which is cached for as long as it shows this run."""

    def made() -> str:
        with reading_page() as session:
            view = read(session)
        return _csv(_body(view)) if kind == "csv" else _body(view).model_dump_json() + "\n"

    current = recall(boards.read_current)
    mimetype = "text/csv" if kind == "csv" else "application/json"
    page = public_page((kind, asked, current.runs.get(key), current.catalogue), made, mimetype)
    if kind == "csv":
        name = key.replace("?question=", "-").replace(":", "-").replace("/", "-")
        page.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return page


def _body(view: BoardView) -> BoardBody:
    return BoardBody.model_validate(
        {
            "board": {
                "mode": view.mode,
                "question": view.question,
                "category": view.category.slug if view.category else None,
                "competition": view.competition.slug if view.competition else None,
            },
            "run": view.run,
            "standings": list(view.standings),
        },
        from_attributes=True,
    )


def _csv(body: BoardBody) -> str:
    """Write one line a standing, with the model's fields as columns of their own."""
    plain = [name for name in StandingBody.model_fields if name != "model"]
    columns = [f"model_{name}" for name in StandingModel.model_fields]
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*columns, *plain])
    for row in body.standings:
        values = [*row.model.model_dump().values(), *(getattr(row, name) for name in plain)]
        writer.writerow([_cell(value) for value in values])
    return text.getvalue()


def _cell(value: Any) -> Any:
    """Write truths as files of votes do; quote a text that a spreadsheet would take for a formula."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return "'" + value
    return value
