"""Two sizes of rendition: how long each is, how like its original, and how large a competition's are."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

ENTRY_COLUMNS = ("rendition_side", "large_bytes", "small_bytes")


def upgrade() -> None:
    for name in ENTRY_COLUMNS:
        op.add_column("entries", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.add_column("entries", sa.Column("likeness", sa.Double(), nullable=True))
    op.add_column("competitions", sa.Column("rendition_side", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("competitions", sa.Column("small_file_bytes", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("competitions", "small_file_bytes")
    op.drop_column("competitions", "rendition_side")
    op.drop_column("entries", "likeness")
    for name in reversed(ENTRY_COLUMNS):
        op.drop_column("entries", name)
