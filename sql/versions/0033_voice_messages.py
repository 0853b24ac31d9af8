"""Messages that citizens left, to be heard and dealt with; those of before are read from their facts."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0033"
down_revision: str | None = "0032"
branch_labels: None = None
depends_on: None = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
DOCUMENT = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
OPEN = sa.text("handled_at IS NULL")


def upgrade() -> None:
    table = op.create_table(
        "voice_messages",
        sa.Column("id", BIG, nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        sa.Column("file", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("left_at", MOMENT, nullable=False),
        sa.Column("handled_at", MOMENT, nullable=True),
        sa.Column("handled_by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voice_messages")),
        sa.UniqueConstraint("file", name=op.f("uq_voice_messages_file")),
    )
    op.create_index(op.f("ix_voice_messages_call_id"), "voice_messages", ["call_id"])
    op.create_index(op.f("ix_voice_messages_left_at_id"), "voice_messages", ["left_at", "id"])
    op.create_index("ix_voice_messages_open", "voice_messages", ["left_at"], sqlite_where=OPEN, postgresql_where=OPEN)
    facts = sa.table(
        "call_events", sa.column("type"), sa.column("call_id"), sa.column("occurred_at", MOMENT),
        sa.column("body", DOCUMENT),
    )  # fmt: skip
    told = sa.select(facts).where(facts.c.type == "MessageLeft", facts.c.call_id.is_not(None))
    rows = {}
    for fact in op.get_bind().execute(told.order_by(facts.c.occurred_at)):
        payload = fact.body["payload"]
        kind = "message" if Path(payload["file"]).stem.endswith("-message") else "reason"
        rows[payload["file"]] = {
            "call_id": fact.call_id, "file": payload["file"], "kind": kind, "seconds": payload.get("seconds", 0),
            "left_at": fact.occurred_at, "handled_by": "",
        }  # fmt: skip
    if rows:
        op.bulk_insert(table, list(rows.values()))


def downgrade() -> None:
    op.drop_table("voice_messages")
