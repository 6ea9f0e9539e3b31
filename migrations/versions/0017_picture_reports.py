"""Reports of pictures by voters, and entries that rest until an admin has decided about them."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("entries", sa.Column("rested_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "picture_reports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("voter_id", sa.Integer(), nullable=False),
        sa.Column("matchup_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("decided_at", sa.BigInteger()),
        sa.Column("decided_by", sa.String()),
        sa.CheckConstraint("status IN ('new', 'kept', 'withdrawn')", name=op.f("ck_picture_reports_status")),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_picture_reports_entry_id")),
        sa.ForeignKeyConstraint(["voter_id"], ["voters.id"], name=op.f("fk_picture_reports_voter_id")),
        sa.ForeignKeyConstraint(["matchup_id"], ["matchups.id"], name=op.f("fk_picture_reports_matchup_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_picture_reports")),
        sa.UniqueConstraint("entry_id", "voter_id", name=op.f("uq_picture_reports_entry_id_voter_id")),
    )
    op.create_index(op.f("ix_picture_reports_voter_id"), "picture_reports", ["voter_id"])
    op.create_index(op.f("ix_picture_reports_matchup_id"), "picture_reports", ["matchup_id"])
    op.create_index(op.f("ix_picture_reports_status"), "picture_reports", ["status"])


def downgrade() -> None:
    op.drop_table("picture_reports")
    op.drop_column("entries", "rested_at")
