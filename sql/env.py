"""Alembic's environment. Called by `app.platform.migrations` with an open connection; it never makes its own.

A new migration is written by hand, on both databases alike; a test compares the result with the models.
"""

from alembic import context
from sqlalchemy import Connection, text

import app.accounts.models
import app.callers.models
import app.calls.models
import app.casework.models
import app.catalogue.models
import app.deadlines.models
import app.evaluation.models
import app.flows.models
import app.handovers.models
import app.lines.models
import app.messages.models
import app.outbox.models
import app.platform.plan_words
import app.privacy.models
import app.probes.models
import app.tickets.follow_up_tasks
import app.tickets.models
import app.tickets.saved_views  # noqa: F401
from app.platform.database import Base

LOCK_TIMEOUT = "4s"
MIGRATION_LOCK = 12345  # one migrating process at a time; the others wait and find nothing to do


def migrate(connection: Connection) -> None:
    """Run migrations in the caller's transaction; on PostgreSQL never wait long for a table that is in use."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'"))
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transactional_ddl=True,
        compare_type=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


migrate(context.config.attributes["connection"])
