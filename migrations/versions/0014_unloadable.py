"""Pairs whose pictures did not load: when the voter said so."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

SAID = sa.text("unloadable_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("matchups", sa.Column("unloadable_at", sa.BigInteger(), nullable=True))
    op.create_index("ix_matchups_unloadable", "matchups", ["voter_id"], sqlite_where=SAID, postgresql_where=SAID)


def downgrade() -> None:
    op.drop_index("ix_matchups_unloadable", "matchups")
    op.drop_column("matchups", "unloadable_at")
