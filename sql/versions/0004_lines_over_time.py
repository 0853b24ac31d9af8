"""Lines over time: periods, aliases, trunks, programmes; what resolved a call's line; records of former systems."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: None = None
depends_on: None = None

big_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    for name, length in (("access_code", 6), ("reason", 80), ("approved_by", 80), ("plan", 40)):
        op.add_column("lines", sa.Column(name, sa.String(length), nullable=False, server_default=""))
    op.add_column("lines", sa.Column("taken_over_at", moment, nullable=True))
    op.execute("DELETE FROM lines WHERE number IN ('12331', '12358', '12365')")  # aliases of 12315 by now
    op.create_table(
        "line_periods",
        sa.Column("line_number", sa.String(20), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("mode", sa.String(20), nullable=False),
        sa.Column("direction", sa.String(3), nullable=False),
        sa.Column("trunk", sa.String(80), nullable=False),
        sa.Column("seats", json, nullable=False),
        sa.Column("ring_order", sa.String(20), nullable=False),
        sa.Column("own_ring_seconds", sa.Integer(), nullable=False),
        sa.Column("hotline_ring_seconds", sa.Integer(), nullable=False),
        sa.Column("plan", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(["line_number"], ["lines.number"], name="fk_line_periods_line_number"),
        sa.PrimaryKeyConstraint("line_number", "begins_on", name="pk_line_periods"),
    )
    op.create_index("ix_line_periods_begins_on", "line_periods", ["begins_on"])
    op.create_table(
        "line_aliases",
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("line_number", sa.String(20), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("plan", sa.String(40), nullable=False),
        sa.ForeignKeyConstraint(["line_number"], ["lines.number"], name="fk_line_aliases_line_number"),
        sa.PrimaryKeyConstraint("number", "line_number", "plan", name="pk_line_aliases"),
    )
    op.create_table(
        "trunks",
        sa.Column("plan", sa.String(40), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("line_number", sa.String(20), nullable=False),
        sa.Column("dials_out", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("plan", "name", name="pk_trunks"),
    )
    op.create_table(
        "line_programmes",
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("region_code", sa.String(12), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("mode", sa.String(20), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=True),
        sa.Column("source", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_line_programmes"),
    )
    op.create_table(
        "line_programme_steps",
        sa.Column("programme_code", sa.String(40), nullable=False),
        sa.Column("line_number", sa.String(20), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(20), nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.ForeignKeyConstraint(
            ["programme_code"], ["line_programmes.code"], name="fk_line_programme_steps_programme_code"
        ),
        sa.PrimaryKeyConstraint("programme_code", "line_number", "position", name="pk_line_programme_steps"),
    )
    _extend_calls()
    op.create_table(
        "legacy_records",
        sa.Column("id", big_id, nullable=False),
        sa.Column("source_system", sa.String(40), nullable=False),
        sa.Column("legacy_id", sa.String(80), nullable=False),
        sa.Column("ticket_id", big_id, nullable=True),
        sa.Column("row_hash", sa.String(64), nullable=False),
        sa.Column("imported_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_legacy_records_ticket_id"),
        sa.PrimaryKeyConstraint("id", name="pk_legacy_records"),
        sa.UniqueConstraint("source_system", "legacy_id", name="uq_legacy_records_source_system_legacy_id"),
    )
    op.create_index("ix_legacy_records_ticket_id", "legacy_records", ["ticket_id"])
    op.create_index("ix_tickets_original_line_created_at_id", "tickets", ["original_line", "created_at", "id"])


def _extend_calls() -> None:
    for name, length in (("line_rule", 20), ("line_mode", 20), ("diversion", 64), ("forward_trunk", 80)):
        op.add_column("calls", sa.Column(name, sa.String(length), nullable=False, server_default=""))
    op.add_column("calls", sa.Column("is_test", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("calls", sa.Column("forward_result", sa.String(20), nullable=True))
    op.add_column("calls", sa.Column("forward_ring_ms", sa.Integer(), nullable=True))
    op.add_column("calls", sa.Column("forward_talk_ms", sa.Integer(), nullable=True))
    op.create_index("ix_calls_original_line_arrived_at", "calls", ["original_line", "arrived_at"])


def downgrade() -> None:
    op.drop_index("ix_tickets_original_line_created_at_id", "tickets")
    op.drop_table("legacy_records")
    op.drop_index("ix_calls_original_line_arrived_at", "calls")
    for column in (
        "forward_talk_ms", "forward_ring_ms", "forward_result", "is_test", "forward_trunk", "diversion", "line_mode",
        "line_rule",
    ):  # fmt: skip
        op.drop_column("calls", column)
    for table in ("line_programme_steps", "line_programmes", "trunks", "line_aliases", "line_periods"):
        op.drop_table(table)
    for column in ("taken_over_at", "plan", "approved_by", "reason", "access_code"):
        op.drop_column("lines", column)
