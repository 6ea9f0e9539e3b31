"""Keys, what they spent, what was generated, files and answers kept, and the providers' circuit breakers."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.catalog.tables import ImageModel
from app.database.columns import Base, UtcDateTime


class ApiKey(Base):
    """A caller of the gateway. The secret is shown once and kept as its SHA-256 alone."""

    __tablename__ = "api_keys"
    __table_args__ = (CheckConstraint("cap_micros >= 0", name="cap_not_negative"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    prefix: Mapped[str] = mapped_column(unique=True)
    """The first letters of the secret, by which lists and the log name the key."""
    sha256: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(JSON)
    cap_micros: Mapped[int | None] = mapped_column(BigInteger)
    """Millionths of a US dollar this key may ever spend; null: no cap."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Spend(Base):
    """The sum that a budget has spent: reserved before a call, corrected after it."""

    __tablename__ = "spend"
    __table_args__ = (CheckConstraint("micros >= 0", name="not_negative"),)

    budget: Mapped[str] = mapped_column(primary_key=True)
    micros: Mapped[int] = mapped_column(BigInteger)


class GenerationRow(Base):
    """One request, written when its money is reserved and completed when it ends. Holds no prompt and no image."""

    __tablename__ = "generations"
    __table_args__ = (Index(None, "offering", "outcome", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[str] = mapped_column(unique=True)
    key_id: Mapped[int | None] = mapped_column(ForeignKey(ApiKey.id), index=True)
    payer: Mapped[str]
    model_id: Mapped[int] = mapped_column(ForeignKey(ImageModel.id), index=True)
    request: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What was asked for, prompt and files left out."""
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    outcome: Mapped[str]
    """`running`, `ok`, `partial`, or the code of the error it ended in."""
    offering: Mapped[str | None]
    """Where the images were made, as `provider/model`; the first one where there were several."""
    attempts: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    images: Mapped[int]
    seconds: Mapped[float | None]
    """Of the attempt that made the images, from asking to the last byte."""
    reserved_micros: Mapped[int] = mapped_column(BigInteger)
    cost_micros: Mapped[int] = mapped_column(BigInteger)


class StoredImage(Base):
    """A link to a file until it expires; a file may have several, and goes with the last."""

    __tablename__ = "stored_images"

    token: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(index=True)
    media_type: Mapped[str]
    generation_id: Mapped[int] = mapped_column(ForeignKey(GenerationRow.id), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class KeptRequest(Base):
    """A request that may come again: joined while it runs, replayed once it is done."""

    __tablename__ = "kept_requests"
    __table_args__ = (
        UniqueConstraint("key_id", "idempotency_key"),
        Index(None, "key_id", "fingerprint"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key_id: Mapped[int] = mapped_column(ForeignKey(ApiKey.id))
    idempotency_key: Mapped[str | None]
    """The caller's header; null for one that only its own retries may join."""
    fingerprint: Mapped[str]
    """Of the whole request, as SHA-256."""
    retries: Mapped[int]
    """The number of the latest retry that joined."""
    state: Mapped[str]
    """`running`, `done`, `failed` (the client tries again) or `refused` (it does not)."""
    held_until: Mapped[datetime] = mapped_column(UtcDateTime)
    """A running one whose process has not renewed this by then was left behind."""
    wanted_until: Mapped[datetime] = mapped_column(UtcDateTime)
    """Until then somebody who joined waits for it."""
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """The answer without its images, which are files, or the error."""


class CircuitBreaker(Base):
    """The breaker of an offering or of a provider's account: its failures in a row, and until when it is open."""

    __tablename__ = "provider_rests"

    name: Mapped[str] = mapped_column(primary_key=True)
    """`provider/model`, or the provider alone."""
    failures: Mapped[int]
    code: Mapped[str]
    until: Mapped[datetime] = mapped_column(UtcDateTime)
