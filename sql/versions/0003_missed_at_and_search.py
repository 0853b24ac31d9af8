"""When a call was missed; tickets by contact number; text search on PostgreSQL (docs/adr/0063)."""

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: None = None
depends_on: None = None

BIGRAMS = """
CREATE FUNCTION hotline_bigrams(words text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 2000 AS $$
    SELECT coalesce(array_agg(DISTINCT first || second), '{}')
    FROM unnest(
        string_to_array(lower(words), NULL), (string_to_array(lower(words), NULL))[2:]
    ) AS pair(first, second)
    WHERE second IS NOT NULL
$$
"""


def upgrade() -> None:
    op.add_column("calls", sa.Column("missed_at", sa.DateTime(timezone=True), nullable=True))
    unchecked = sa.text("recording_file IS NOT NULL AND recording_checked_at IS NULL")
    op.create_index(
        "ix_calls_recording_unchecked", "calls", ["arrived_at"], sqlite_where=unchecked, postgresql_where=unchecked
    )
    op.create_index("ix_tickets_contact_number", "tickets", ["contact_number"])
    if op.get_context().dialect.name == "postgresql":
        op.execute(BIGRAMS)
        op.execute(
            "CREATE INDEX ix_tickets_search ON tickets USING gin "
            "(hotline_bigrams(title || ' ' || address || ' ' || content))"
        )


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP INDEX ix_tickets_search")
        op.execute("DROP FUNCTION hotline_bigrams(text)")
    op.drop_index("ix_tickets_contact_number", "tickets")
    op.drop_index("ix_calls_recording_unchecked", "calls")
    op.drop_column("calls", "missed_at")
