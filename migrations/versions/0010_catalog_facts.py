"""What makers state of a model: status, successor, licence, weights, paper, home page, size, architecture."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

FACTS = {
    "status": sa.String(20),
    "successor": sa.String(80),
    "licence": sa.String(120),
    "open_weights": sa.Boolean(),
    "weights": sa.String(300),
    "paper": sa.String(300),
    "homepage": sa.String(300),
    "parameter_count": sa.BigInteger(),
    "architecture": sa.Text(),
}


def upgrade() -> None:
    for name, kind in FACTS.items():
        op.add_column("image_models", sa.Column(name, kind))
    op.add_column("image_models", sa.Column("known_as", sa.JSON, nullable=False, server_default="[]"))
    op.add_column("offerings", sa.Column("status", sa.String(20)))


def downgrade() -> None:
    op.drop_column("offerings", "status")
    op.drop_column("image_models", "known_as")
    for name in reversed(FACTS):
        op.drop_column("image_models", name)
