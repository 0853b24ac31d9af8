"""Tickets."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: None = None
depends_on: None = None

big_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "number_counters",
        sa.Column("day", sa.String(14), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name="pk_number_counters"),
    )
    op.create_table(
        "tickets",
        sa.Column("id", big_id, nullable=False),
        sa.Column("ticket_number", sa.String(20), nullable=False),
        sa.Column("query_code", sa.String(8), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("source_channel", sa.String(20), nullable=False),
        sa.Column("call_id", sa.String(64), nullable=True),
        sa.Column("original_line", sa.String(20), nullable=False),
        sa.Column("caller_number", sa.String(20), nullable=True),
        sa.Column("contact_number", sa.String(20), nullable=False),
        sa.Column("contact_name", sa.String(40), nullable=False),
        sa.Column("ticket_type", sa.String(20), nullable=True),
        sa.Column("subject_code", sa.String(6), nullable=True),
        sa.Column("region_code", sa.String(12), nullable=True),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("title", sa.String(100), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("demand", sa.String(1000), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("secrecy", sa.String(20), nullable=False),
        sa.Column("needs_reply", sa.Boolean(), nullable=False),
        sa.Column("accepted_by", sa.String(80), nullable=False),
        sa.Column("merged_into_id", big_id, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.Column("accepted_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name="fk_tickets_call_id"),
        sa.ForeignKeyConstraint(["merged_into_id"], ["tickets.id"], name="fk_tickets_merged_into_id"),
        sa.ForeignKeyConstraint(["region_code"], ["regions.code"], name="fk_tickets_region_code"),
        sa.ForeignKeyConstraint(["subject_code"], ["subjects.code"], name="fk_tickets_subject_code"),
        sa.PrimaryKeyConstraint("id", name="pk_tickets"),
        sa.UniqueConstraint("call_id", name="uq_tickets_call_id"),
        sa.UniqueConstraint("ticket_number", name="uq_tickets_ticket_number"),
    )
    op.create_index("ix_tickets_accepted_by_created_at_id", "tickets", ["accepted_by", "created_at", "id"])
    op.create_index("ix_tickets_caller_number_status", "tickets", ["caller_number", "status"])
    op.create_index("ix_tickets_created_at_id", "tickets", ["created_at", "id"])
    op.create_index("ix_tickets_query_code", "tickets", ["query_code"])
    op.create_index("ix_tickets_region_code_created_at_id", "tickets", ["region_code", "created_at", "id"])
    op.create_index("ix_tickets_status_created_at_id", "tickets", ["status", "created_at", "id"])
    op.create_index("ix_tickets_subject_code_created_at_id", "tickets", ["subject_code", "created_at", "id"])
    op.create_index("ix_tickets_ticket_type_created_at_id", "tickets", ["ticket_type", "created_at", "id"])
    op.create_table(
        "idempotency_keys",
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("ticket_id", big_id, nullable=False),
        sa.Column("request_hash", sa.String(64), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_idempotency_keys_ticket_id"),
        sa.PrimaryKeyConstraint("key", name="pk_idempotency_keys"),
    )
    op.create_table(
        "ticket_history",
        sa.Column("id", big_id, nullable=False),
        sa.Column("ticket_id", big_id, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("changes", json, nullable=False),
        sa.Column("ticket_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name="fk_ticket_history_ticket_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ticket_history"),
    )
    op.create_index("ix_ticket_history_ticket_id_id", "ticket_history", ["ticket_id", "id"])


def downgrade() -> None:
    for table in (
        "ticket_history",
        "idempotency_keys",
        "tickets",
        "number_counters",
    ):
        op.drop_table(table)
