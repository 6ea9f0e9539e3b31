"""
Keys of votes and matchups have 64 bits on PostgreSQL, as they always have on SQLite: 32 end at 2.1 billion.

PostgreSQL writes both tables anew and replaces the old ones, in one transaction: stopped anywhere it leaves all
as it was, and runs again. Before it the arena needs as much free space as the two tables and their indexes take.
"""

from alembic import op

revision = "0015"
down_revision = "0014"

COLUMNS = {"votes": ("id", "matchup_id"), "matchups": ("id",), "audits": ("last_vote_id",)}
"""The keys, and all that holds one."""
SEQUENCES = ("votes_id_seq", "matchups_id_seq")


def upgrade() -> None:
    _alter("bigint")


def downgrade() -> None:
    _alter("integer")


def _alter(kind: str) -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    # With the constraint in place each of the two rewrites would check every vote's matchup again.
    op.drop_constraint("fk_votes_matchup_id", "votes", type_="foreignkey")
    for table, columns in COLUMNS.items():
        changes = ", ".join(f"ALTER COLUMN {column} TYPE {kind}" for column in columns)
        op.execute(f"ALTER TABLE {table} {changes}")
    op.create_foreign_key("fk_votes_matchup_id", "votes", "matchups", ["matchup_id"], ["id"])
    for sequence in SEQUENCES:
        op.execute(f"ALTER SEQUENCE {sequence} AS {kind}")
