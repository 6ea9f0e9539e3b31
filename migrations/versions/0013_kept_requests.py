"""Requests that may come again, and files with more than one link."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "kept_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("idempotency_key", sa.String()),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("retries", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("held_until", sa.BigInteger(), nullable=False),
        sa.Column("wanted_until", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.JSON()),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name=op.f("fk_kept_requests_key_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_requests")),
        sa.UniqueConstraint("key_id", "idempotency_key", name=op.f("uq_kept_requests_key_id_idempotency_key")),
    )
    op.create_index(op.f("ix_kept_requests_key_id_fingerprint"), "kept_requests", ["key_id", "fingerprint"])
    op.create_index(op.f("ix_kept_requests_expires_at"), "kept_requests", ["expires_at"])
    with op.batch_alter_table("stored_images") as batch:
        batch.drop_constraint("uq_stored_images_key", type_="unique")
        batch.create_index(op.f("ix_stored_images_key"), ["key"])


def downgrade() -> None:
    """Drop the answers kept, and all but one link of each file: the unique key comes back."""
    op.drop_table("kept_requests")
    op.execute("DELETE FROM stored_images WHERE token NOT IN (SELECT min(token) FROM stored_images GROUP BY key)")
    with op.batch_alter_table("stored_images") as batch:
        batch.drop_index(op.f("ix_stored_images_key"))
        batch.create_unique_constraint(op.f("uq_stored_images_key"), ["key"])
