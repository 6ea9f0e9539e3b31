"""Boards, the runs that rated them, and what each run said of each model."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.arena.tally_tables import ONLY_BETTER
from app.database.columns import Base, LongKey, UtcDateTime
from app.words import BETTER


class Board(Base):
    """A mode, with at most one of category and competition. Rows appear when a board is first rated."""

    __tablename__ = "boards"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    """`text-to-image`, `text-to-image/portrait` or `competition:apollo-11`, then `?question=prompt` or nothing."""
    mode: Mapped[str] = mapped_column(index=True)
    question: Mapped[str] = mapped_column(default=BETTER, server_default=ONLY_BETTER)
    category_id: Mapped[int | None] = mapped_column(ForeignKey("categories.id", ondelete="CASCADE"))
    competition_id: Mapped[int | None] = mapped_column(ForeignKey("competitions.id", ondelete="CASCADE"))
    current_run_id: Mapped[int | None]
    claim: Mapped[str | None]
    claim_until: Mapped[int | None] = mapped_column(BigInteger)
    """Milliseconds since 1970 on the database's clock."""
    next_refresh_at: Mapped[int] = mapped_column(BigInteger, default=0)
    """Until when the mode rests, in milliseconds since 1970 on the database's clock; told by overall boards."""


class RatingRun(Base):
    """One rating of one board. Written once, read whole."""

    __tablename__ = "rating_runs"
    __table_args__ = (Index("ix_rating_runs_board_id_computed_at", "board_id", "computed_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[int] = mapped_column(ForeignKey("boards.id", ondelete="CASCADE"))
    computed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    method: Mapped[str]
    method_version: Mapped[int]
    versions: Mapped[dict[str, int]] = mapped_column(JSON)
    """Competition id -> version, the tallies it was made from."""
    votes: Mapped[int]
    ranked: Mapped[int]
    """Models of it that have a rank: the 24 of "#22 of 24"."""
    tallies_sha256: Mapped[str]
    anchor_version: Mapped[int]
    """0 until five models are no longer provisional."""
    interval: Mapped[str]
    """`prompt` or `vote`."""
    tau2: Mapped[float | None]
    """Between-prompt variance in logits squared; null where there are fewer than three competitions."""
    overall_run_id: Mapped[int | None]
    """The run a competition's board borrowed from."""
    components: Mapped[list[list[str]]] = mapped_column(JSON, default=list)
    """Slugs of each part, where the comparisons fall into parts that never met; empty when connected."""
    parts: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """Components that its intervals are made of; null in runs of method version 1."""
    seconds: Mapped[float]


class Standing(Base):
    """One model on one run's board. Ratings in Elo points."""

    __tablename__ = "standings"

    run_id: Mapped[int] = mapped_column(ForeignKey("rating_runs.id", ondelete="CASCADE"), primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("image_models.id"), primary_key=True)
    rank: Mapped[int | None]
    rank_low: Mapped[int | None]
    rank_high: Mapped[int | None]
    rank_ub: Mapped[int | None]
    rating: Mapped[float]
    rating_low: Mapped[float]
    rating_high: Mapped[float]
    vote_low: Mapped[float]
    """The interval that takes votes as independent: no wider than the published one."""
    vote_high: Mapped[float]
    votes: Mapped[int]
    wins: Mapped[int]
    losses: Mapped[int]
    ties: Mapped[int]
    """Both-bad votes included: wins, losses and ties add up to votes."""
    both_bad: Mapped[int]
    provisional: Mapped[bool]
    borrowed: Mapped[float | None]
    """Share of the information that came from other competitions, 0 to 1; competition boards only."""
    known_mean: Mapped[float | None]
    """Strength by the other competitions, in logits from the anchor; null where nothing was borrowed."""
    known_variance: Mapped[float | None]


class RatingHistory(Base):
    """A model's rating in the last run of an hour, thinned to one a day after 48 hours."""

    __tablename__ = "rating_history"
    __table_args__ = (Index("ix_rating_history_board_id_at", "board_id", "at"),)

    board_id: Mapped[int] = mapped_column(ForeignKey("boards.id", ondelete="CASCADE"), primary_key=True)
    model_id: Mapped[int] = mapped_column(ForeignKey("image_models.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    """The time at which that run was computed."""
    rating: Mapped[float]
    rating_low: Mapped[float]
    rating_high: Mapped[float]
    rank: Mapped[int | None]


class ModeAnchor(Base):
    """The models whose mean rating is a mode's level. A new version never edits an old one."""

    __tablename__ = "anchors"
    __table_args__ = (UniqueConstraint("mode", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    mode: Mapped[str]
    version: Mapped[int]
    model_ids: Mapped[list[int]] = mapped_column(JSON)
    value: Mapped[float]
    """The mean of their ratings: 1000 in version 1; later ones keep the level of common models."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class VoterSums(Base):
    """Sums over who cast a mode's votes on a question, for logs too large to be read at each run."""

    __tablename__ = "voter_sums"

    mode: Mapped[str] = mapped_column(primary_key=True)
    question: Mapped[str] = mapped_column(primary_key=True, default=BETTER, server_default=ONLY_BETTER)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    votes: Mapped[int]
    """Counted votes of the mode then."""
    numbers: Mapped[dict[str, Any]] = mapped_column(JSON)


class Audit(Base):
    """The findings of one sweep about one mode's overall board."""

    __tablename__ = "audits"

    id: Mapped[int] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    last_vote_id: Mapped[int] = mapped_column(LongKey)
    """The newest vote it knew of."""
    votes: Mapped[int]
    numbers: Mapped[dict[str, Any]] = mapped_column(JSON)
