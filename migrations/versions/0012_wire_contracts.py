"""Wire contracts: what each provider accepts, per model and operation."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "wire_contracts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(40), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("operation", sa.String(20), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wire_contracts")),
        sa.UniqueConstraint(
            "provider", "model", "operation", name=op.f("uq_wire_contracts_provider_model_operation")
        ),
    )


def downgrade() -> None:
    op.drop_table("wire_contracts")
