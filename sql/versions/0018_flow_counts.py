"""How callers went through flows, counted by day and node."""

import sqlalchemy as sa
from alembic import op

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: None = None
depends_on: None = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "flow_node_counts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("flow", sa.String(120), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("node", sa.String(120), nullable=False),
        sa.Column("left_by", sa.String(120), nullable=False),
        sa.Column("callers", sa.Integer(), nullable=False),
        sa.Column("spent_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "flow", "version", "node", "left_by", name=op.f("pk_flow_node_counts")),
    )
    op.create_index(op.f("ix_flow_node_counts_flow_day"), "flow_node_counts", ["flow", "day"])
    op.create_table(
        "flow_count_mark",
        sa.Column("id", BIG, autoincrement=False, nullable=False),
        sa.Column("counted_to", sa.BigInteger(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flow_count_mark")),
    )


def downgrade() -> None:
    op.drop_table("flow_count_mark")
    op.drop_table("flow_node_counts")
