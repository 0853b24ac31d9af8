"""When a call was missed; tickets by contact number; text search on PostgreSQL (docs/adr/0063)."""

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: None = None
depends_on: None = None

BIGRAMS = """
CREATE FUNCTION hotline_bigrams(words text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 2000 AS $$
DECLARE
    letters text[] := string_to_array(lower(words), NULL);
    pairs text[] := '{}';
BEGIN
    FOR i IN 1 .. coalesce(cardinality(letters), 0) - 1 LOOP
        pairs[i] := letters[i] || letters[i + 1];
    END LOOP;
    RETURN pairs;
END
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
