"""What the integrity page says, as JSON."""

from datetime import date, datetime
from typing import Literal

from flask import Response
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel

from app.api.errors import ErrorBody
from app.edge import integrity
from app.edge.page_cache import public_page

blueprint = APIBlueprint(
    "api_integrity",
    __name__,
    url_prefix="/api/v1/integrity",
    abp_tags=[Tag(name="integrity", description="What counts and why, how pairs are drawn, what was decided.")],
    abp_responses=dict.fromkeys(("400", "403", "405", "500", "503"), ErrorBody),
)


class DayBody(BaseModel):
    """A UTC day's votes by what became of them; skips stand under `skip`."""

    day: date
    counted: int
    excluded: dict[str, int]


class ShownBody(BaseModel):
    """Shares and rates from 0 to 1, of matchups; null where nothing is known yet."""

    slug: str
    name: str
    issued: int
    share: float | None
    chance: float | None
    even_chance: float | None
    undo_rate: float | None
    seen_before_rate: float | None
    votes_to_gain_a_rank: int | None


class CertificateBody(BaseModel):
    """Further wins over the model above that gain a rank, 0 for the first; those that put another first."""

    at: datetime
    votes: int
    first: str
    challenger: str
    votes_to_change_first: int
    votes_to_gain_a_rank: dict[str, int]


class AlarmBody(BaseModel):
    """A day to look at: a model's distance from its rating in standard errors, or the number of votes."""

    day: date
    model: str | None
    z: float | None
    votes: int | None


class ModeFactsBody(BaseModel):
    """One mode; counts are those of the sweep, lanes and chances of now; certificates by board."""

    mode: str
    swept_at: datetime | None
    lanes: dict[str, float]
    models: list[ShownBody]
    certificates: dict[str, CertificateBody]
    alarms: list[AlarmBody]


class DecisionBody(BaseModel):
    """A quarantine and what became of it; a voter by number, null for a network."""

    flag: int
    voter: int | None
    test: str
    p_value: float | None
    found_at: datetime
    status: Literal["quarantined", "released"]
    decided_at: datetime | None
    why: str | None


class ChangeBody(BaseModel):
    """A line of the ledger."""

    at: datetime
    action: str
    subject: str
    reason: str | None


class RetirementBody(BaseModel):
    """A model with images in the arena that is deprecated or retired."""

    slug: str
    name: str
    status: Literal["deprecated", "retired"]
    deprecated_on: date | None
    sunset: date | None


class AnchorBody(BaseModel):
    """The models whose mean was put at the value."""

    at: datetime
    mode: str
    version: int
    models: list[str]
    value: float
    reason: str | None


class IntegrityBody(BaseModel):
    """Thirty days, and the newest hundred of everything that grows."""

    days: list[DayBody]
    totals: dict[str, int]
    modes: list[ModeFactsBody]
    decisions: list[DecisionBody]
    changes: list[ChangeBody]
    entered: int
    retirements: list[RetirementBody]
    anchors: list[AnchorBody]
    simulated: int


@blueprint.get("", responses={"200": IntegrityBody})
def get_integrity() -> Response:
    """What counts, what does not and why, exposures, decisions, certificates."""
    return public_page(integrity.versions(), _body, "application/json")


def _body() -> str:
    return IntegrityBody.model_validate(integrity.facts(), from_attributes=True).model_dump_json()
