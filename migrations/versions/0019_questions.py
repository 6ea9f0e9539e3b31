"""
Each pair asks one question: what may be asked, what a matchup asked, and tallies and boards of each question.

All that there was answered "Which is better?". Down again, votes on other questions are set aside with a reason
that names their question, and come back when the migration runs up again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

SEEDS = (
    ("better", "Which is better?", [], [], 1.0, False),
    ("prompt", "Which follows the prompt more closely?", [], [], 0.5, True),
    ("text", "Whose text is right?", [], ["text-rendering"], 0.25, True),
    ("photo", "Which could be a photograph?", ["text-to-image"], ["photorealism"], 0.25, True),
)
SET_ASIDE = "question:"
CELL = ("competition_id", "left_model_id", "right_model_id")
COUNTS = ("left_wins", "right_wins", "ties", "both_bad")
STORAGE = (
    "ALTER TABLE tallies SET (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, "
    "autovacuum_vacuum_threshold = 200)"
)


def upgrade() -> None:
    _create_questions()
    for table in ("matchups", "boards"):
        op.add_column(table, sa.Column("question", sa.String(), nullable=False, server_default="better"))
    op.add_column("matchups", sa.Column("question_probability", sa.Double(), nullable=False, server_default="1"))
    op.add_column("competitions", sa.Column("questions", sa.JSON(), nullable=True))
    _key_by_question()
    _count_again()


def downgrade() -> None:
    _set_aside()
    op.execute("DELETE FROM boards WHERE question <> 'better'")
    _key_without_question()
    op.drop_column("competitions", "questions")
    op.drop_column("matchups", "question_probability")
    for table in ("boards", "matchups"):
        op.drop_column(table, "question")
    op.drop_table("question_versions")
    op.drop_table("questions")


def _create_questions() -> None:
    questions = op.create_table(
        "questions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("words", sa.String(), nullable=False),
        sa.Column("modes", sa.JSON(), nullable=False),
        sa.Column("categories", sa.JSON(), nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("retired", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
        sa.UniqueConstraint("slug", name=op.f("uq_questions_slug")),
    )
    names = ("slug", "words", "modes", "categories", "share", "retired")
    op.bulk_insert(questions, [dict(zip(names, seed, strict=True)) for seed in SEEDS])
    op.create_table(
        "question_versions",
        sa.Column("competition_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["competition_id"],
            ["competitions.id"],
            name=op.f("fk_question_versions_competition_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("competition_id", "question", name=op.f("pk_question_versions")),
    )


def _key_by_question() -> None:
    _replace_table("tallies", _tally_table(with_question=True), (*CELL, *COUNTS), "")
    _replace_table("voter_sums", _voter_sums_table(with_question=True), ("mode", "at", "votes", "numbers"), "")


def _key_without_question() -> None:
    only = " WHERE question = 'better'"
    _replace_table("tallies", _tally_table(with_question=False), (*CELL, *COUNTS), only)
    _replace_table("voter_sums", _voter_sums_table(with_question=False), ("mode", "at", "votes", "numbers"), only)


def _replace_table(name: str, parts: list[sa.schema.SchemaItem], columns: tuple[str, ...], which: str) -> None:
    """Write a small table anew: SQLite cannot change a key."""
    kept = ", ".join(columns)
    op.execute(f"CREATE TABLE {name}_before AS SELECT * FROM {name}")  # noqa: S608 (no input)
    op.drop_table(name)
    op.create_table(name, *parts)
    if name == "tallies" and op.get_bind().dialect.name == "postgresql":
        op.execute(STORAGE)
    op.execute(f"INSERT INTO {name} ({kept}) SELECT {kept} FROM {name}_before{which}")  # noqa: S608 (no input)
    op.drop_table(f"{name}_before")


def _question() -> sa.Column[str]:
    return sa.Column("question", sa.String(), nullable=False, server_default="better")


def _tally_table(*, with_question: bool) -> list[sa.schema.SchemaItem]:
    added = [_question()] if with_question else []
    return [
        *(sa.Column(name, sa.Integer(), nullable=False) for name in CELL),
        *added,
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.ForeignKeyConstraint(["competition_id"], ["competitions.id"], name=op.f("fk_tallies_competition_id")),
        sa.ForeignKeyConstraint(["left_model_id"], ["image_models.id"], name=op.f("fk_tallies_left_model_id")),
        sa.ForeignKeyConstraint(["right_model_id"], ["image_models.id"], name=op.f("fk_tallies_right_model_id")),
        sa.PrimaryKeyConstraint(*CELL, *(column.name for column in added), name=op.f("pk_tallies")),
    ]


def _voter_sums_table(*, with_question: bool) -> list[sa.schema.SchemaItem]:
    added = [_question()] if with_question else []
    return [
        sa.Column("mode", sa.String(), nullable=False),
        *added,
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("votes", sa.Integer(), nullable=False),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("mode", *(column.name for column in added), name=op.f("pk_voter_sums")),
    ]


def _set_aside() -> None:
    """Keep votes on other questions from being counted as answers to the only one left."""
    others = "SELECT id FROM matchups WHERE question <> 'better'"
    op.execute(f"UPDATE matchups SET closed_at = issued_at WHERE closed_at IS NULL AND id IN ({others})")  # noqa: S608
    asked = "(SELECT question FROM matchups WHERE matchups.id = votes.matchup_id)"
    op.execute(
        f"UPDATE votes SET counted = {_false()}, "  # noqa: S608
        f"reason = '{SET_ASIDE}' || {asked} || ':' || COALESCE(reason, '') WHERE matchup_id IN ({others})"
    )


def _count_again() -> None:
    """Give votes that were set aside their question, and the tallies and versions that they had, back."""
    bind = op.get_bind()
    reasons = bind.execute(sa.text("SELECT DISTINCT reason FROM votes WHERE reason LIKE 'question:%'")).scalars()
    for stored in list(reasons):
        _, question, reason = stored.split(":", 2)
        values = {"stored": stored, "question": question, "reason": reason or None, "counted": not reason}
        set_aside = "(SELECT matchup_id FROM votes WHERE reason = :stored)"
        bind.execute(sa.text(f"UPDATE matchups SET question = :question WHERE id IN {set_aside}"), values)  # noqa: S608
        bind.execute(
            sa.text("UPDATE votes SET reason = :reason, counted = :counted WHERE reason = :stored"), values
        )
    bind.execute(sa.text(_TALLIES))
    bind.execute(sa.text(_VERSIONS))


def _false() -> str:
    return "false" if op.get_bind().dialect.name == "postgresql" else "0"


_SUMS = ", ".join(
    f"SUM(CASE WHEN v.outcome = '{outcome}' THEN 1 ELSE 0 END)" for outcome in ("a", "b", "tie", "both_bad")
)
_TALLIES = f"""
    INSERT INTO tallies (competition_id, left_model_id, right_model_id, question, {", ".join(COUNTS)})
    SELECT m.competition_id, l.model_id, r.model_id, m.question, {_SUMS}
    FROM matchups m
    JOIN votes v ON v.matchup_id = m.id
    JOIN entries l ON l.id = m.left_entry_id
    JOIN entries r ON r.id = m.right_entry_id
    WHERE m.question <> 'better' AND v.counted AND v.undone_at IS NULL AND v.outcome <> 'skip'
    GROUP BY m.competition_id, l.model_id, r.model_id, m.question
"""  # noqa: S608 (no input)
_VERSIONS = """
    INSERT INTO question_versions (competition_id, question, version)
    SELECT competition_id, question, SUM(left_wins + right_wins + ties + both_bad) FROM tallies
    WHERE question <> 'better' GROUP BY competition_id, question
"""
