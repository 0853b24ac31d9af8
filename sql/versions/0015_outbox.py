"""Messages on their way out."""

import sqlalchemy as sa
from alembic import op

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: None = None
depends_on: None = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def moment(name: str, *, is_optional: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=is_optional)


def upgrade() -> None:
    op.create_table(
        "outbox_messages",
        sa.Column("id", BIG, nullable=False),
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("channel", sa.String(12), nullable=False),
        sa.Column("recipient", sa.String(40), nullable=False),
        sa.Column("text", sa.String(500), nullable=False),
        sa.Column("ticket_id", BIG, nullable=True),
        moment("send_at"),
        moment("next_try_at"),
        sa.Column("attempts", sa.Integer(), nullable=False),
        moment("sent_at", is_optional=True),
        moment("given_up_at", is_optional=True),
        sa.Column("last_error", sa.String(200), nullable=False),
        moment("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_messages")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_outbox_messages_ticket_id")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_messages_key")),
    )
    waits = sa.text("sent_at IS NULL AND given_up_at IS NULL")
    op.create_index(
        "ix_outbox_messages_waiting", "outbox_messages", ["next_try_at"], sqlite_where=waits, postgresql_where=waits
    )
    op.create_index(op.f("ix_outbox_messages_ticket_id_id"), "outbox_messages", ["ticket_id", "id"])


def downgrade() -> None:
    op.drop_table("outbox_messages")
