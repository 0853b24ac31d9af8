"""Records that are one call; parked events that are tried again; priority callers; the applied plan's words."""

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: None = None
depends_on: None = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False, server_default="")


def upgrade() -> None:
    op.add_column("calls", sa.Column("same_as", sa.String(64), nullable=True))
    op.create_table(
        "joined_calls",
        sa.Column("told_call_id", sa.String(64), nullable=False),
        sa.Column("own_call_id", sa.String(64), nullable=False),
        sa.Column("joined_at", MOMENT, nullable=False),
        sa.Column("parted_at", MOMENT, nullable=True),
        sa.Column("parted_by", sa.String(80), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("told_call_id", "own_call_id", name=op.f("pk_joined_calls")),
        sa.ForeignKeyConstraint(["told_call_id"], ["calls.call_id"], name=op.f("fk_joined_calls_told_call_id")),
        sa.ForeignKeyConstraint(["own_call_id"], ["calls.call_id"], name=op.f("fk_joined_calls_own_call_id")),
    )
    op.create_index(op.f("ix_joined_calls_own_call_id"), "joined_calls", ["own_call_id"])
    op.create_index(op.f("ix_joined_calls_joined_at"), "joined_calls", ["joined_at"])
    op.add_column("parked_events", sa.Column("tried_at", MOMENT, nullable=True))
    op.add_column("parked_events", text("tried_by", 80))
    op.add_column("parked_events", sa.Column("kept_at", MOMENT, nullable=True))
    op.create_table(
        "priority_callers",
        sa.Column("id", BIG, nullable=False),
        sa.Column("caller_number", sa.String(20), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("set_at", MOMENT, nullable=False),
        sa.Column("set_by", sa.String(80), nullable=False),
        sa.Column("cleared_at", MOMENT, nullable=True),
        sa.Column("cleared_by", sa.String(80), nullable=False),
        sa.Column("clear_reason", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_priority_callers")),
    )
    in_force = sa.text("cleared_at IS NULL")
    op.create_index(
        "uq_priority_callers_number", "priority_callers", ["caller_number"], unique=True,
        sqlite_where=in_force, postgresql_where=in_force,
    )  # fmt: skip
    op.create_index(op.f("ix_priority_callers_set_at_id"), "priority_callers", ["set_at", "id"])
    op.create_table(
        "plan_words",
        sa.Column("plan", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("code", sa.String(80), nullable=False),
        sa.Column("label", sa.String(80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("plan", "kind", "code", name=op.f("pk_plan_words")),
    )


def downgrade() -> None:
    op.drop_table("plan_words")
    op.drop_table("priority_callers")
    op.drop_column("parked_events", "kept_at")
    op.drop_column("parked_events", "tried_by")
    op.drop_column("parked_events", "tried_at")
    op.drop_table("joined_calls")
    op.drop_column("calls", "same_as")
