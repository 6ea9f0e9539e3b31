"""Tables of the arena: competitions, entries, matchups, votes, voters, admins and the ledger."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.arena.tally_tables import ONLY_BETTER
from app.arena.tally_tables import QuestionVersion as QuestionVersion  # noqa: PLC0414 (found here with all other tables)
from app.arena.tally_tables import Tally as Tally  # noqa: PLC0414 (found here with all other tables)
from app.catalog.tables import ImageModel
from app.database.columns import Base, LongKey, UtcDateTime
from app.words import BETTER


class Category(Base):
    """A heading with a board of its own."""

    __tablename__ = "categories"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    position: Mapped[int] = mapped_column(default=0)


competition_categories = Table(
    "competition_categories",
    Base.metadata,
    Column("competition_id", ForeignKey("competitions.id", ondelete="CASCADE"), primary_key=True),
    Column("category_id", ForeignKey("categories.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Competition(Base):
    """One prompt that many models answered."""

    __tablename__ = "competitions"
    __table_args__ = (CheckConstraint("status IN ('draft', 'open', 'closed')", name="status"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    mode: Mapped[str] = mapped_column(index=True)
    prompt: Mapped[str]
    input_key: Mapped[str | None]
    """Storage key of the blind rendition of the input image; image-edit only."""
    frame_width: Mapped[int]
    frame_height: Mapped[int]
    status: Mapped[str] = mapped_column(default="draft")
    open_gallery: Mapped[bool] = mapped_column(default=False)
    retired_models: Mapped[bool] = mapped_column(default=True)
    """Whether entries of retired models are still issued."""
    showcase: Mapped[bool] = mapped_column(default=False)
    """Held back: shown with names from the start, and never judged."""
    file_bytes: Mapped[int] = mapped_column(default=0)
    """The one length every large blind file of this competition is served with."""
    small_file_bytes: Mapped[int] = mapped_column(default=0)
    """The one length of its small ones; 0 until they are rendered."""
    rendition_side: Mapped[int] = mapped_column(default=0)
    """Long side of the large renditions in pixels; 0 before there were two sizes."""
    version: Mapped[int] = mapped_column(BigInteger, default=0)
    """Raised in every transaction that changes one of its tallies."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    target: Mapped[int | None]
    """Counted votes the admin wants before closing it."""
    questions: Mapped[dict[str, float] | None] = mapped_column(JSON)
    """Its own questions with their shares; null where it asks what the arena asks."""

    categories: Mapped[list[Category]] = relationship(
        secondary=competition_categories, order_by=[Category.position, Category.slug]
    )


class Entry(Base):
    """One image that one model made from a competition's prompt."""

    __tablename__ = "entries"
    __table_args__ = (
        UniqueConstraint("competition_id", "model_id", "sample", "role"),
        CheckConstraint("role IN ('contestant', 'showcase')", name="role"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id"))
    model_id: Mapped[int] = mapped_column(ForeignKey("image_models.id"), index=True)
    sample: Mapped[int] = mapped_column(default=0)
    role: Mapped[str] = mapped_column(default="contestant")
    rendition_key: Mapped[str]
    rendition_side: Mapped[int] = mapped_column(default=0)
    """An entry is shown once this equals its competition's."""
    large_bytes: Mapped[int] = mapped_column(default=0)
    small_bytes: Mapped[int] = mapped_column(default=0)
    likeness: Mapped[float | None]
    """The lower structural similarity of its two renditions to the lossless picture, from 0 to 1."""
    original_key: Mapped[str]
    media_key: Mapped[str] = mapped_column(unique=True)
    """Random; names the picture in /media once readers may see it."""
    width: Mapped[int]
    height: Mapped[int]
    sha256: Mapped[str]
    perceptual_hash: Mapped[int] = mapped_column(BigInteger)
    """64 bits as a signed integer."""
    prompt: Mapped[str]
    """As it was sent to the model."""
    provider: Mapped[str | None]
    seconds: Mapped[float | None]
    cost_micros: Mapped[int | None] = mapped_column(BigInteger)
    source: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """How it came here and, as `traits`, what its renditions show of how it was made."""
    licence: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rested_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Since when it is drawn no more, because voters reported it and no admin has decided yet."""
    sheet_key: Mapped[str | None] = mapped_column(unique=True, index=True)
    sheet_batch: Mapped[int] = mapped_column(default=0)
    """Pictures of one number came onto a sheet together, under random keys; 0 for those that are on none now."""

    model: Mapped[ImageModel] = relationship()
    competition: Mapped[Competition] = relationship()


class Voter(Base):
    """A browser that voted. A deleted one leaves this row empty and its votes in place."""

    __tablename__ = "voters"

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[bytes | None] = mapped_column(LargeBinary(16), unique=True)
    """The 128 bits of the cookie; null in the tombstone of a deleted voter."""
    first_seen: Mapped[datetime] = mapped_column(UtcDateTime)
    login: Mapped[str | None] = mapped_column(index=True)
    votes: Mapped[int] = mapped_column(default=0)
    """How many answers stand: neither skips nor undone ones."""
    quarantine: Mapped[str | None]
    """Why a sweep leaves out this voter's votes, those to come too."""
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SharedTaste(Base):
    """A result card as it was when its voter shared it. Deleted when that voter takes it back, or is forgotten."""

    __tablename__ = "shared_tastes"

    id: Mapped[int] = mapped_column(primary_key=True)
    token: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    """Random; who knows it may read the card."""
    voter_id: Mapped[int] = mapped_column(ForeignKey("voters.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What the card says: names and numbers, no id and no picture."""


class Matchup(Base):
    """Two entries issued to one voter. Left is shown as A, right as B."""

    __tablename__ = "matchups"
    __table_args__ = (
        UniqueConstraint("voter_id", "low_entry_id", "high_entry_id"),
        CheckConstraint("low_entry_id < high_entry_id", name="unordered_pair"),
        CheckConstraint("slot IN (0, 1)", name="slot"),
        Index(
            "uq_matchups_open_slot",
            "voter_id",
            "slot",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_matchups_open_competition",
            "competition_id",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_matchups_simulated",
            "competition_id",
            sqlite_where=text("simulated = 1"),
            postgresql_where=text("simulated"),
        ),
        Index(
            "ix_matchups_network_key",
            "network_key",
            sqlite_where=text("network_key IS NOT NULL"),
            postgresql_where=text("network_key IS NOT NULL"),
        ),
        Index(
            "ix_matchups_unloadable",
            "voter_id",
            sqlite_where=text("unloadable_at IS NOT NULL"),
            postgresql_where=text("unloadable_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(LongKey, primary_key=True)
    public_id: Mapped[bytes] = mapped_column(LargeBinary(16), unique=True)
    voter_id: Mapped[int] = mapped_column(ForeignKey("voters.id"))
    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id"))
    left_entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id"))
    right_entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id"))
    low_entry_id: Mapped[int]
    high_entry_id: Mapped[int]
    slot: Mapped[int]
    """0 or 1; an open matchup holds its slot alone, so that a voter has two of them at most."""
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    left_served_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    right_served_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    unloadable_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When its voter said that its pictures can't be loaded; such a matchup has no vote."""
    network_key: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    """The network that asked for it, under the salt of a window (NetworkSalt); null once that is forgotten."""
    charged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When it was counted against the caps: at the first picture served, or the answer."""
    cap: Mapped[str | None]
    """The cap that it was beyond at `charged_at`; a vote on it is stored and not counted."""
    probability: Mapped[float]
    """Probability with which this pair of entries was chosen for this voter, over all lanes of its question."""
    question: Mapped[str] = mapped_column(default=BETTER, server_default=ONLY_BETTER)
    """The one question it asks, by slug."""
    question_probability: Mapped[float] = mapped_column(default=1.0, server_default=text("1"))
    """Probability with which this question was drawn; 1 where the voter chose it."""
    seen_before: Mapped[bool] = mapped_column(default=False)
    """Whether the voter had lately seen the name of one of the two entries."""
    simulated: Mapped[bool] = mapped_column(default=False)


class Vote(Base):
    """An answer. Never deleted; only its annotations change."""

    __tablename__ = "votes"
    __table_args__ = (
        CheckConstraint("outcome IN ('a', 'b', 'tie', 'both_bad', 'skip')", name="outcome"),
        Index("ix_votes_voter_id_id", "voter_id", "id"),
        Index(
            "ix_votes_quarantined",
            "voter_id",
            sqlite_where=text("reason = 'quarantined'"),
            postgresql_where=text("reason = 'quarantined'"),
        ),
    )

    id: Mapped[int] = mapped_column(LongKey, primary_key=True)
    matchup_id: Mapped[int] = mapped_column(LongKey, ForeignKey("matchups.id"), unique=True)
    voter_id: Mapped[int] = mapped_column(ForeignKey("voters.id"))
    outcome: Mapped[str]
    cast_at: Mapped[datetime] = mapped_column(UtcDateTime)
    dwell_ms: Mapped[int | None]
    """Milliseconds since the second image was served, or the vote before if later; null where one never was."""
    counted: Mapped[bool]
    reason: Mapped[str | None]
    """Why it is not counted; null for a counted one."""
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PictureReport(Base):
    """A voter's word that a picture should not be shown, and what an admin decided about it."""

    __tablename__ = "picture_reports"
    __table_args__ = (
        UniqueConstraint("entry_id", "voter_id"),
        CheckConstraint("status IN ('new', 'kept', 'withdrawn')", name="status"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id"))
    voter_id: Mapped[int] = mapped_column(ForeignKey("voters.id"), index=True)
    matchup_id: Mapped[int] = mapped_column(LongKey, ForeignKey("matchups.id"), index=True)
    """The pair it was reported from, which knows the network."""
    reason: Mapped[str]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[str] = mapped_column(default="new", index=True)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None]


class Counter(Base):
    """A cap or rate limit: how often something happened in one window."""

    __tablename__ = "counters"

    scope: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    window: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    count: Mapped[int] = mapped_column(default=0)


class LedgerLine(Base):
    """Record one change of the arena in the public ledger: who made it, what it was, when and why."""

    __tablename__ = "ledger"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor: Mapped[str]
    action: Mapped[str] = mapped_column(index=True)
    subject: Mapped[str]
    reason: Mapped[str | None]
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class NetworkSalt(Base):
    """The random salt of the network keys of one window of so many days; deleted when the window is over."""

    __tablename__ = "network_salts"

    days: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    window: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    salt: Mapped[bytes] = mapped_column(LargeBinary(32))


class Flag(Base):
    """Record that a fraud test suspects a voter or a network, with its evidence and an admin's decision."""

    __tablename__ = "flags"
    __table_args__ = (
        CheckConstraint("status IN ('quarantined', 'released')", name="status"),
        CheckConstraint("(voter_id IS NULL) <> (network_key IS NULL)", name="one_subject"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    voter_id: Mapped[int | None] = mapped_column(ForeignKey("voters.id"), index=True)
    network_key: Mapped[bytes | None] = mapped_column(LargeBinary(16))
    test: Mapped[str]
    p_value: Mapped[float]
    evidence: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[str] = mapped_column(default="quarantined", index=True)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None]
    decision: Mapped[str | None]


class VoteDay(Base):
    """Votes of one mode and UTC day by what became of them, as of the last sweep."""

    __tablename__ = "vote_days"

    mode: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(primary_key=True)
    """`counted`, or why they are not."""
    votes: Mapped[int]


class Admin(Base):
    """Somebody who may decide; the password as argon2."""

    __tablename__ = "admins"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AdminSession(Base):
    """A browser in which an admin logged in; of its cookie only the SHA-256."""

    __tablename__ = "admin_sessions"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    admin_id: Mapped[int] = mapped_column(ForeignKey("admins.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Suggestion(Base):
    """A prompt that a visitor would like to see judged; `competition` is the slug of what it became."""

    __tablename__ = "suggestions"
    __table_args__ = (CheckConstraint("status IN ('new', 'accepted', 'refused')", name="status"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    voter_id: Mapped[int | None] = mapped_column(ForeignKey("voters.id"))
    mode: Mapped[str]
    prompt: Mapped[str]
    status: Mapped[str] = mapped_column(default="new", index=True)
    competition: Mapped[str | None]
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None]
    decision: Mapped[str | None]
