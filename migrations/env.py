"""Runs the migrations on the connection handed in by `app.database.doors.Database.migrate`."""

from alembic import context

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("Run migrations through `arena serve --migrate` or another command with --migrate.")

# SQLite too rolls DDL back, given that app.db turned the driver's own BEGIN off.
context.configure(
    connection=connection, target_metadata=None, transaction_per_migration=True, transactional_ddl=True
)
with context.begin_transaction():
    context.run_migrations()
