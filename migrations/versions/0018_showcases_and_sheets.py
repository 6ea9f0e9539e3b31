"""Competitions held back as showcases, and entries on their competition's sheet of unnamed thumbnails."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("competitions", sa.Column("showcase", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("entries", sa.Column("sheet_key", sa.String(), nullable=True))
    op.add_column("entries", sa.Column("sheet_batch", sa.Integer(), nullable=False, server_default="0"))
    op.create_index("ix_entries_sheet_key", "entries", ["sheet_key"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_entries_sheet_key", "entries")
    op.drop_column("entries", "sheet_batch")
    op.drop_column("entries", "sheet_key")
    op.drop_column("competitions", "showcase")
