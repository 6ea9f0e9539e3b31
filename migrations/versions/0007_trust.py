"""Trust: charged matchups, network salts, flags, the day ledger, admins; targets and suggestions of prompts."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("matchups", sa.Column("charged_at", sa.BigInteger()))
    op.add_column("matchups", sa.Column("cap", sa.String()))
    op.add_column("voters", sa.Column("quarantine", sa.String()))
    op.add_column("competitions", sa.Column("target", sa.Integer()))
    _indexes()
    _integrity()
    _admins()
    _suggestions()


def downgrade() -> None:
    op.drop_index("ix_votes_quarantined", "votes")
    op.drop_index("ix_matchups_network_key", "matchups")
    for table in ("suggestions", "admin_sessions", "admins", "vote_days", "flags", "network_salts"):
        op.drop_table(table)
    op.drop_column("competitions", "target")
    op.drop_column("voters", "quarantine")
    op.drop_column("matchups", "cap")
    op.drop_column("matchups", "charged_at")


def _indexes() -> None:
    """Both partial: empty where no network is remembered and nobody is quarantined."""
    known, apart = sa.text("network_key IS NOT NULL"), sa.text("reason = 'quarantined'")
    op.create_index(
        "ix_matchups_network_key", "matchups", ["network_key"], sqlite_where=known, postgresql_where=known
    )
    op.create_index("ix_votes_quarantined", "votes", ["voter_id"], sqlite_where=apart, postgresql_where=apart)


def _integrity() -> None:
    op.create_table(
        "network_salts",
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("window", sa.BigInteger(), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("days", "window", name=op.f("pk_network_salts")),
    )
    op.create_table(
        "flags",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("voter_id", sa.Integer()),
        sa.Column("network_key", sa.LargeBinary(length=16)),
        sa.Column("test", sa.String(), nullable=False),
        sa.Column("p_value", sa.Double(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("decided_at", sa.BigInteger()),
        sa.Column("decided_by", sa.String()),
        sa.Column("decision", sa.String()),
        sa.CheckConstraint("status IN ('quarantined', 'released')", name=op.f("ck_flags_status")),
        sa.CheckConstraint("(voter_id IS NULL) <> (network_key IS NULL)", name=op.f("ck_flags_one_subject")),
        sa.ForeignKeyConstraint(["voter_id"], ["voters.id"], name=op.f("fk_flags_voter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flags")),
    )
    op.create_index(op.f("ix_flags_voter_id"), "flags", ["voter_id"])
    op.create_index(op.f("ix_flags_status"), "flags", ["status"])
    op.create_table(
        "vote_days",
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("votes", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("mode", "day", "reason", name=op.f("pk_vote_days")),
    )


def _admins() -> None:
    op.create_table(
        "admins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admins")),
        sa.UniqueConstraint("name", name=op.f("uq_admins_name")),
    )
    op.create_table(
        "admin_sessions",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("admin_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["admin_id"], ["admins.id"], name=op.f("fk_admin_sessions_admin_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_admin_sessions")),
    )
    op.create_index(op.f("ix_admin_sessions_admin_id"), "admin_sessions", ["admin_id"])


def _suggestions() -> None:
    op.create_table(
        "suggestions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("voter_id", sa.Integer()),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("prompt", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("competition", sa.String()),
        sa.Column("decided_at", sa.BigInteger()),
        sa.Column("decided_by", sa.String()),
        sa.Column("decision", sa.String()),
        sa.CheckConstraint("status IN ('new', 'accepted', 'refused')", name=op.f("ck_suggestions_status")),
        sa.ForeignKeyConstraint(["voter_id"], ["voters.id"], name=op.f("fk_suggestions_voter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suggestions")),
    )
    op.create_index(op.f("ix_suggestions_status"), "suggestions", ["status"])
