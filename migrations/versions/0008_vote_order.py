"""A voter's latest votes are found by their order in the log, which no clock that steps back can change."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_index("ix_votes_voter_id_id", "votes", ["voter_id", "id"])
    op.drop_index("ix_votes_voter_id_cast_at", "votes")


def downgrade() -> None:
    op.create_index("ix_votes_voter_id_cast_at", "votes", ["voter_id", "cast_at"])
    op.drop_index("ix_votes_voter_id_id", "votes")
