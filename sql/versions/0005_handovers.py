"""Hand-overs to emergency services and lines, and what these services refer to us."""

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: None = None
depends_on: None = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "handovers",
        sa.Column("id", BIG, nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("attempt", sa.String(64), nullable=False),
        sa.Column("target", sa.String(20), nullable=False),
        sa.Column("agent", sa.String(80), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("cause", sa.String(40), nullable=False),
        sa.Column("offered_at", MOMENT, nullable=False),
        sa.Column("answered_at", MOMENT, nullable=True),
        sa.Column("settled_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handovers")),
        sa.ForeignKeyConstraint(["call_id"], ["calls.call_id"], name=op.f("fk_handovers_call_id")),
        sa.UniqueConstraint("call_id", "attempt", name=op.f("uq_handovers_call_id_attempt")),
    )
    op.create_index(op.f("ix_handovers_offered_at_id"), "handovers", ["offered_at", "id"])
    op.create_index(op.f("ix_handovers_target_offered_at"), "handovers", ["target", "offered_at"])
    op.create_index(op.f("ix_handovers_agent_offered_at"), "handovers", ["agent", "offered_at"])
    op.create_table(
        "referrals",
        sa.Column("id", BIG, nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("incident_number", sa.String(40), nullable=False),
        sa.Column("alarmed_at", MOMENT, nullable=False),
        sa.Column("address", sa.String(200), nullable=False),
        sa.Column("caller_number", sa.String(20), nullable=True),
        sa.Column("caller_name", sa.String(40), nullable=False),
        sa.Column("category", sa.String(60), nullable=False),
        sa.Column("transfer_kind", sa.String(20), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("consultation", sa.String(1000), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("sent_by", sa.String(80), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("ticket_id", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referrals")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_referrals_ticket_id")),
        sa.UniqueConstraint("source", "incident_number", name=op.f("uq_referrals_source_incident_number")),
    )
    op.create_index(op.f("ix_referrals_received_at_id"), "referrals", ["received_at", "id"])
    op.create_index(op.f("ix_referrals_ticket_id"), "referrals", ["ticket_id"])


def downgrade() -> None:
    op.drop_table("referrals")
    op.drop_table("handovers")
