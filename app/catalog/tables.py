"""The catalogue's tables: image models, who offers them, at which prices, with which parameters."""

from datetime import date
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Date, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.database.columns import Base


class ImageModel(Base):
    """An image model, with its status as the maker states it; `app.catalog.status` weighs it against the dates."""

    __tablename__ = "image_models"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    creator: Mapped[str | None] = mapped_column(String(120))
    family: Mapped[str | None] = mapped_column(String(80))
    tagline: Mapped[str | None] = mapped_column(Text)
    released: Mapped[str | None] = mapped_column(String(10))
    """ISO date as far as it is known: `2022`, `2022-04` or `2022-04-13`."""
    status: Mapped[str | None] = mapped_column(String(20))
    """The stated status: `preview`, `active`, `deprecated` or `retired`; null where nobody states it."""
    deprecated_on: Mapped[date | None] = mapped_column(Date)
    sunset: Mapped[date | None] = mapped_column(Date)
    successor: Mapped[str | None] = mapped_column(String(80))
    """Slug of the model its maker names as the next one, whether or not the catalogue has it."""
    licence: Mapped[str | None] = mapped_column(String(120))
    open_weights: Mapped[bool | None]
    """True where anybody may download the weights; null where nobody says."""
    weights: Mapped[str | None] = mapped_column(String(300))
    paper: Mapped[str | None] = mapped_column(String(300))
    homepage: Mapped[str | None] = mapped_column(String(300))
    parameter_count: Mapped[int | None] = mapped_column(BigInteger)
    architecture: Mapped[str | None] = mapped_column(Text)
    known_as: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Other spellings of the name, for search alone: requests go by slug and alias."""
    tags: Mapped[list[str]] = mapped_column(JSON)
    modes: Mapped[list[str]] = mapped_column(JSON)
    limits: Mapped[dict[str, Any]] = mapped_column(JSON)
    prose: Mapped[dict[str, Any]] = mapped_column(JSON)
    sources: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    demo: Mapped[bool]
    stub: Mapped[bool]
    """Known by its slug only; a seed file of that slug makes a full model of it."""


class ModelAlias(Base):
    """Another slug under which requests and image packs know a model."""

    __tablename__ = "model_aliases"

    alias: Mapped[str] = mapped_column(String(80), primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("image_models.id"), index=True)


class Provider(Base):
    """A company, or the painter, that serves models."""

    __tablename__ = "providers"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))


class Offering(Base):
    """A model at a provider, addressed through the gateway as `provider/model`."""

    __tablename__ = "offerings"
    __table_args__ = (UniqueConstraint("model_id", "provider_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("image_models.id"))
    provider_id: Mapped[int] = mapped_column(ForeignKey("providers.id"), index=True)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    provider_model_id: Mapped[str | None] = mapped_column(String(200))
    modes: Mapped[list[str]] = mapped_column(JSON)
    variations: Mapped[bool]
    limits: Mapped[dict[str, Any]] = mapped_column(JSON)
    notes: Mapped[list[str]] = mapped_column(JSON)
    status: Mapped[str | None] = mapped_column(String(20))
    """The status that the provider states; null where it states none."""
    ended_on: Mapped[date | None] = mapped_column(Date)
    """First day the provider no longer serves the model; may lie ahead."""
    source: Mapped[str] = mapped_column(String(40))
    position: Mapped[int]


class Price(Base):
    """One price component. A price that changes is closed and a new one opened; none is ever deleted."""

    __tablename__ = "prices"
    __table_args__ = (
        CheckConstraint("price_micros >= 0", name="price_not_negative"),
        CheckConstraint("units > 0", name="units_positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    offering_id: Mapped[int] = mapped_column(ForeignKey("offerings.id"), index=True)
    metric: Mapped[str] = mapped_column(String(20))
    price_micros: Mapped[int] = mapped_column(BigInteger)
    """Millionths of a US dollar for `units` of the metric."""
    units: Mapped[int]
    direction: Mapped[str | None] = mapped_column(String(10))
    conditions: Mapped[dict[str, Any]] = mapped_column(JSON)
    effective_from: Mapped[date | None] = mapped_column(Date)
    """First day in force; null when it was in force before the catalogue first knew the offering."""
    effective_to: Mapped[date | None] = mapped_column(Date)
    """First day no longer in force; null while it is."""
    source: Mapped[str] = mapped_column(String(40))
    position: Mapped[int]


class Parameter(Base):
    """One row of a model's parameter reference; the gateway normalises requests by the same rows."""

    __tablename__ = "parameters"

    id: Mapped[int] = mapped_column(primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("image_models.id"), index=True)
    provider_id: Mapped[int | None] = mapped_column(ForeignKey("providers.id"))
    """Null: every provider of the model."""
    group: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(60))
    type: Mapped[str] = mapped_column(String(20))
    description: Mapped[str] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    values: Mapped[list[Any]] = mapped_column(JSON)
    default: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    modes: Mapped[dict[str, str]] = mapped_column(JSON)
    """Mode to `required`, `supported` or `unavailable`."""
    behaviour: Mapped[str] = mapped_column(String(20))
    position: Mapped[int]


class CatalogState(Base):
    """One row whose version every catalogue write raises: what cached pages depend on."""

    __tablename__ = "catalog_state"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)


class WireContract(Base):
    """The contract of a provider for one model and operation; `model` is the provider's id, or `*` for any."""

    __tablename__ = "wire_contracts"
    __table_args__ = (UniqueConstraint("provider", "model", "operation"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    provider: Mapped[str] = mapped_column(String(40))
    model: Mapped[str] = mapped_column(String(200))
    operation: Mapped[str] = mapped_column(String(20))
    terms: Mapped[dict[str, Any]] = mapped_column(JSON)
