"""Call-backs: requests that keep their place in the queue, and their tries."""

import sqlalchemy as sa
from alembic import op

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels: None = None
depends_on: None = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def moment(name: str, *, is_optional: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=is_optional)


def upgrade() -> None:
    op.add_column("missed_calls", sa.Column("callback_id", BIG, nullable=True))
    op.create_table(
        "callbacks",
        sa.Column("id", BIG, nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("source", sa.String(20), nullable=False),
        sa.Column("queue", sa.String(80), nullable=False),
        sa.Column("original_line", sa.String(20), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        moment("queued_at"),
        moment("requested_at"),
        sa.Column("requested_by", sa.String(80), nullable=False),
        sa.Column("origin_call_id", sa.String(64), nullable=True),
        moment("next_try_at"),
        sa.Column("offers", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.String(64), nullable=True),
        sa.Column("agent", sa.String(80), nullable=False),
        sa.Column("cause", sa.String(40), nullable=False),
        sa.Column("ticket_id", BIG, nullable=True),
        moment("settled_at", is_optional=True),
        sa.Column("settled_by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callbacks")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_callbacks_ticket_id")),
        sa.UniqueConstraint("call_id", name=op.f("uq_callbacks_call_id")),
    )
    still_open = sa.text("settled_at IS NULL")
    op.create_index(
        "uq_callbacks_open_number", "callbacks", ["number"], unique=True,
        sqlite_where=still_open, postgresql_where=still_open,
    )  # fmt: skip
    op.create_index(
        "ix_callbacks_open", "callbacks", ["queued_at"], sqlite_where=still_open, postgresql_where=still_open
    )
    op.create_index(op.f("ix_callbacks_requested_at_id"), "callbacks", ["requested_at", "id"])
    op.create_index(op.f("ix_callbacks_origin_call_id"), "callbacks", ["origin_call_id"])
    op.create_table(
        "callback_tries",
        sa.Column("id", BIG, nullable=False),
        sa.Column("callback_id", BIG, nullable=False),
        sa.Column("offer", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        moment("offered_at"),
        moment("heard_at", is_optional=True),
        moment("rang_at", is_optional=True),
        moment("talked_at", is_optional=True),
        moment("ended_at", is_optional=True),
        sa.Column("agent", sa.String(80), nullable=False),
        sa.Column("cause", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback_tries")),
        sa.ForeignKeyConstraint(["callback_id"], ["callbacks.id"], name=op.f("fk_callback_tries_callback_id")),
        sa.UniqueConstraint("call_id", name=op.f("uq_callback_tries_call_id")),
        sa.UniqueConstraint("callback_id", "offer", name=op.f("uq_callback_tries_callback_id_offer")),
    )


def downgrade() -> None:
    op.drop_table("callback_tries")
    op.drop_table("callbacks")
    op.drop_column("missed_calls", "callback_id")
