"""Result cards that voters share at an address of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_table(
        "shared_tastes",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("token", sa.LargeBinary(16), nullable=False),
        sa.Column("voter_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["voter_id"], ["voters.id"], name="fk_shared_tastes_voter_id"),
        sa.UniqueConstraint("token", name="uq_shared_tastes_token"),
    )
    op.create_index("ix_shared_tastes_voter_id", "shared_tastes", ["voter_id"])


def downgrade() -> None:
    op.drop_table("shared_tastes")
