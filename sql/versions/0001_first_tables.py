"""Accounts, reference data and calls."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels: None = None
depends_on: None = None

big_id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "agent_states",
        sa.Column("agent", sa.String(80), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("pause_reason", sa.String(80), nullable=False),
        sa.Column("seat", sa.String(200), nullable=False),
        sa.Column("queues", json, nullable=False),
        sa.Column("call_id", sa.String(64), nullable=True),
        sa.Column("wrap_up_until", moment, nullable=True),
        sa.Column("registers", json, nullable=False),
        sa.Column("since_at", moment, nullable=False),
        sa.Column("last_event_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("agent", name="pk_agent_states"),
    )
    op.create_table(
        "call_events",
        sa.Column("id", big_id, nullable=False),
        sa.Column("event_id", sa.String(160), nullable=False),
        sa.Column("node", sa.String(64), nullable=False),
        sa.Column("seq", big_id, nullable=False),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("call_id", sa.String(64), nullable=True),
        sa.Column("occurred_at", moment, nullable=False),
        sa.Column("received_at", moment, nullable=False),
        sa.Column("is_reconstructed", sa.Boolean(), nullable=False),
        sa.Column("body", json, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_call_events"),
        sa.UniqueConstraint("event_id", name="uq_call_events_event_id"),
    )
    op.create_index("ix_call_events_call_id_occurred_at", "call_events", ["call_id", "occurred_at"])
    op.create_index("ix_call_events_occurred_at", "call_events", ["occurred_at"])
    op.create_table(
        "calls",
        sa.Column("id", big_id, nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("node", sa.String(64), nullable=False),
        sa.Column("linkedid", sa.String(64), nullable=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("outcome", sa.String(20), nullable=True),
        sa.Column("trunk", sa.String(80), nullable=False),
        sa.Column("dnis", sa.String(64), nullable=False),
        sa.Column("ani", sa.String(64), nullable=False),
        sa.Column("caller_number", sa.String(20), nullable=True),
        sa.Column("caller_name", sa.String(200), nullable=False),
        sa.Column("original_line", sa.String(20), nullable=False),
        sa.Column("queue", sa.String(80), nullable=False),
        sa.Column("agent", sa.String(80), nullable=True),
        sa.Column("flow", sa.String(80), nullable=False),
        sa.Column("intake", json, nullable=False),
        sa.Column("arrived_at", moment, nullable=False),
        sa.Column("queued_at", moment, nullable=True),
        sa.Column("first_ringing_at", moment, nullable=True),
        sa.Column("answered_at", moment, nullable=True),
        sa.Column("conversation_ended_at", moment, nullable=True),
        sa.Column("ended_at", moment, nullable=True),
        sa.Column("greeting_ms", sa.Integer(), nullable=True),
        sa.Column("hold_ms", sa.Integer(), nullable=True),
        sa.Column("talk_ms", sa.Integer(), nullable=True),
        sa.Column("hangup_cause", sa.Integer(), nullable=True),
        sa.Column("recording_file", sa.String(200), nullable=True),
        sa.Column("recording_ms", sa.Integer(), nullable=True),
        sa.Column("recording_checked_at", moment, nullable=True),
        sa.Column("rating", sa.Integer(), nullable=True),
        sa.Column("callback_number", sa.String(20), nullable=True),
        sa.Column("is_reconstructed", sa.Boolean(), nullable=False),
        sa.Column("ticket_id", big_id, nullable=True),
        sa.Column("missed_call_id", big_id, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_calls"),
        sa.UniqueConstraint("call_id", name="uq_calls_call_id"),
    )
    op.create_index("ix_calls_agent_arrived_at", "calls", ["agent", "arrived_at"])
    op.create_index("ix_calls_arrived_at", "calls", ["arrived_at"])
    op.create_index("ix_calls_caller_number_arrived_at", "calls", ["caller_number", "arrived_at"])
    op.create_index("ix_calls_linkedid", "calls", ["linkedid"])
    op.create_index("ix_calls_missed_call_id", "calls", ["missed_call_id"])
    op.create_index("ix_calls_state", "calls", ["state"])
    op.create_index("ix_calls_ticket_id", "calls", ["ticket_id"])
    op.create_table(
        "lines",
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("unit_name", sa.String(80), nullable=False),
        sa.Column("category", sa.String(20), nullable=False),
        sa.Column("queue", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_lines"),
    )
    op.create_table(
        "login_failures",
        sa.Column("key", sa.String(100), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_failed_at", moment, nullable=False),
        sa.Column("locked_until", moment, nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_login_failures"),
    )
    op.create_table(
        "missed_calls",
        sa.Column("id", big_id, nullable=False),
        sa.Column("caller_number", sa.String(20), nullable=True),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("last_call_id", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("original_line", sa.String(20), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_missed_at", moment, nullable=False),
        sa.Column("last_missed_at", moment, nullable=False),
        sa.Column("resolved_at", moment, nullable=True),
        sa.Column("resolution", sa.String(40), nullable=False),
        sa.Column("resolved_by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_missed_calls"),
        sa.UniqueConstraint("call_id", name="uq_missed_calls_call_id"),
    )
    op.create_index("ix_missed_calls_last_missed_at", "missed_calls", ["last_missed_at"])
    op.create_index(
        "uq_missed_calls_open_number",
        "missed_calls",
        ["caller_number"],
        unique=True,
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    )
    op.create_table(
        "parked_events",
        sa.Column("id", big_id, nullable=False),
        sa.Column("node", sa.String(64), nullable=False),
        sa.Column("seq", big_id, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("parked_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_parked_events"),
        sa.UniqueConstraint("fingerprint", name="uq_parked_events_fingerprint"),
    )
    op.create_table(
        "reference_files",
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("row_count", sa.Integer(), nullable=False),
        sa.Column("loaded_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_reference_files"),
    )
    op.create_table(
        "regions",
        sa.Column("code", sa.String(12), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("parent_code", sa.String(12), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("full_name", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_regions"),
    )
    op.create_index("ix_regions_parent_code", "regions", ["parent_code"])
    op.create_table(
        "senders",
        sa.Column("node", sa.String(64), nullable=False),
        sa.Column("cursor", big_id, nullable=False),
        sa.Column("last_seen_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("node", name="pk_senders"),
    )
    op.create_table(
        "service_tokens",
        sa.Column("id", big_id, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("scopes", json, nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_service_tokens"),
        sa.UniqueConstraint("name", name="uq_service_tokens_name"),
        sa.UniqueConstraint("token_hash", name="uq_service_tokens_token_hash"),
    )
    op.create_table(
        "subjects",
        sa.Column("code", sa.String(6), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("parent_code", sa.String(6), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("full_name", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_subjects"),
    )
    op.create_index("ix_subjects_parent_code", "subjects", ["parent_code"])
    op.create_table(
        "users",
        sa.Column("id", big_id, nullable=False),
        sa.Column("username", sa.String(64), nullable=False),
        sa.Column("display_name", sa.String(80), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("session_epoch", sa.Integer(), nullable=False),
        sa.Column("seat", sa.String(64), nullable=False),
        sa.Column("queues", json, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("username", name="uq_users_username"),
    )
    op.create_table(
        "audit_entries",
        sa.Column("id", big_id, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("actor_id", big_id, nullable=True),
        sa.Column("actor", sa.String(80), nullable=False),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("object_type", sa.String(40), nullable=False),
        sa.Column("object_id", sa.String(64), nullable=False),
        sa.Column("detail", json, nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name="fk_audit_entries_actor_id"),
        sa.PrimaryKeyConstraint("id", name="pk_audit_entries"),
    )
    op.create_index("ix_audit_entries_at", "audit_entries", ["at"])
    op.create_index("ix_audit_entries_object_type_object_id", "audit_entries", ["object_type", "object_id"])
    op.create_table(
        "screen_pops",
        sa.Column("id", big_id, nullable=False),
        sa.Column("agent", sa.String(80), nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("acknowledged_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name="fk_screen_pops_call_id"),
        sa.PrimaryKeyConstraint("id", name="pk_screen_pops"),
    )
    op.create_index("ix_screen_pops_agent_acknowledged_at", "screen_pops", ["agent", "acknowledged_at"])
    op.create_index("uq_screen_pops_agent_call_kind", "screen_pops", ["agent", "call_id", "kind"], unique=True)


def downgrade() -> None:
    for table in (
        "screen_pops",
        "audit_entries",
        "users",
        "subjects",
        "service_tokens",
        "senders",
        "regions",
        "reference_files",
        "parked_events",
        "missed_calls",
        "login_failures",
        "lines",
        "calls",
        "call_events",
        "agent_states",
    ):
        op.drop_table(table)
