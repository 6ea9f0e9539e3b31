"""Decides whether a model or an offering is still served on a day, from stated words and dates, here alone."""

from datetime import date
from typing import Literal, Protocol, cast

from sqlalchemy import ColumnElement, and_, or_

from app.catalog.tables import ImageModel

Status = Literal["active", "deprecated", "retired"]


class Offered(Protocol):
    """A model at a provider: the provider's own word for its status, and the day on which it ended."""

    @property
    def status(self) -> str | None: ...
    @property
    def ended_on(self) -> date | None: ...


def status(model: ImageModel, today: date) -> Status:
    """
    Say what a model's status is on a day: as stated, a preview counting as active, and retired from the sunset on.

    A stated retirement whose sunset lies ahead is a deprecation until then. Where no status is stated, a
    deprecation date that has passed makes one; a sunset ahead does not, for it may be a mere "not before".
    """
    if model.sunset is not None:
        if model.sunset <= today:
            return "retired"
        if model.status == "retired":
            return "deprecated"
    if model.status is not None:
        return "active" if model.status == "preview" else cast("Status", model.status)
    return "deprecated" if model.deprecated_on is not None and model.deprecated_on <= today else "active"


def retired(today: date | ColumnElement[date]) -> ColumnElement[bool]:
    """Write `status(model, today) == "retired"` as a condition on the rows of models."""
    sunset = ImageModel.sunset
    has_passed = and_(sunset.is_not(None), sunset <= today)
    return or_(has_passed, and_(sunset.is_(None), ImageModel.status.is_not_distinct_from("retired")))


def is_served(offering: Offered, today: date) -> bool:
    """Tell whether a provider serves a model: until the day it ended, or unless it is stated as retired."""
    if offering.ended_on is not None:
        return today < offering.ended_on
    return offering.status != "retired"
