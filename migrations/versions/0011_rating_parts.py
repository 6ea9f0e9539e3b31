"""What a run's intervals are made of, and who cast the votes of a mode that is too large to read it anew."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("rating_runs", sa.Column("parts", sa.JSON(), nullable=True))
    op.create_table(
        "voter_sums",
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("votes", sa.Integer(), nullable=False),
        sa.Column("numbers", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("mode", name=op.f("pk_voter_sums")),
    )


def downgrade() -> None:
    op.drop_table("voter_sums")
    op.drop_column("rating_runs", "parts")
