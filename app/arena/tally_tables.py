"""Tables of what is asked about a pair, and of the counted answers."""

from sqlalchemy import JSON, BigInteger, ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from app.database.columns import Base
from app.words import BETTER

ONLY_BETTER = text(f"'{BETTER}'")
"""The default of rows that were stored before there was another question."""


class PairQuestion(Base):
    """A question that a pair can ask, and where it fits."""

    __tablename__ = "questions"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    words: Mapped[str]
    """As a voter reads them."""
    modes: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Modes it fits; all where empty."""
    categories: Mapped[list[str]] = mapped_column(JSON, default=list)
    """Slugs of the categories it fits; all competitions where empty."""
    share: Mapped[float]
    """Weight beside the other questions; a share of the pairs once divided by their sum."""
    retired: Mapped[bool] = mapped_column(default=False)
    """A retired question is asked no more; its votes and boards stay."""


class QuestionVersion(Base):
    """The version of a competition's votes on a question; that of `better` stands in the competition's own row."""

    __tablename__ = "question_versions"

    competition_id: Mapped[int] = mapped_column(
        ForeignKey("competitions.id", ondelete="CASCADE"), primary_key=True
    )
    question: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    """Raised in every transaction that changes one of these tallies."""


class Tally(Base):
    """Counted votes of one competition and question on one ordered pair of models; always equal to the log."""

    __tablename__ = "tallies"

    competition_id: Mapped[int] = mapped_column(ForeignKey("competitions.id"), primary_key=True)
    left_model_id: Mapped[int] = mapped_column(ForeignKey("image_models.id"), primary_key=True)
    right_model_id: Mapped[int] = mapped_column(ForeignKey("image_models.id"), primary_key=True)
    question: Mapped[str] = mapped_column(primary_key=True, default=BETTER, server_default=ONLY_BETTER)
    left_wins: Mapped[int] = mapped_column(default=0)
    right_wins: Mapped[int] = mapped_column(default=0)
    ties: Mapped[int] = mapped_column(default=0)
    both_bad: Mapped[int] = mapped_column(default=0)


COUNTS = (Tally.left_wins, Tally.right_wins, Tally.ties, Tally.both_bad)
"""The columns that count, in the order of JUDGEMENTS."""
VOTES = Tally.left_wins + Tally.right_wins + Tally.ties + Tally.both_bad
"""The counted votes of a tally."""
