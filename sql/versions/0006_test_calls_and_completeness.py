"""Tokens bound to a node and a line; test calls with their alarms; what a CDR file was compared with."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: None = None
depends_on: None = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def moment(name: str, *, is_optional: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=is_optional)


def upgrade() -> None:
    op.add_column("service_tokens", sa.Column("node", sa.String(64), nullable=True))
    op.add_column("service_tokens", sa.Column("line", sa.String(20), nullable=True))
    op.create_table(
        "probes",
        sa.Column("id", BIG, nullable=False),
        sa.Column("line", sa.String(20), nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("fault", sa.String(20), nullable=True),
        sa.Column("ordered_by", sa.String(80), nullable=False),
        moment("ordered_at"),
        moment("started_at", is_optional=True),
        moment("finished_at", is_optional=True),
        sa.Column("caller_number", sa.String(20), nullable=False),
        sa.Column("sip_status", sa.Integer(), nullable=True),
        sa.Column("answer_ms", sa.Integer(), nullable=True),
        sa.Column("audio_ms", sa.Integer(), nullable=True),
        sa.Column("loudness", sa.Integer(), nullable=True),
        sa.Column("call_id", sa.String(64), nullable=True),
        sa.Column("found_line", sa.String(20), nullable=False),
        sa.Column("found_rule", sa.String(20), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_probes")),
    )
    op.create_index(op.f("ix_probes_line_ordered_at"), "probes", ["line", "ordered_at"])
    undone = sa.text("status IN ('ordered', 'running')")
    op.create_index("ix_probes_undone", "probes", ["ordered_at"], sqlite_where=undone, postgresql_where=undone)
    op.create_table(
        "line_alarms",
        sa.Column("id", BIG, nullable=False),
        sa.Column("line", sa.String(20), nullable=False),
        sa.Column("fault", sa.String(20), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        moment("raised_at"),
        moment("last_failed_at"),
        moment("recovered_at", is_optional=True),
        sa.Column("last_probe_id", BIG, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_alarms")),
    )
    still_open = sa.text("recovered_at IS NULL")
    op.create_index(
        "uq_line_alarms_open_line", "line_alarms", ["line"], unique=True,
        sqlite_where=still_open, postgresql_where=still_open,
    )  # fmt: skip
    op.create_index(op.f("ix_line_alarms_raised_at"), "line_alarms", ["raised_at"])
    op.create_table(
        "reconciliations",
        sa.Column("id", BIG, nullable=False),
        sa.Column("line", sa.String(20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("file_name", sa.String(200), nullable=False),
        sa.Column("file_digest", sa.String(64), nullable=False),
        sa.Column("theirs", sa.Integer(), nullable=False),
        sa.Column("ours", sa.Integer(), nullable=False),
        sa.Column("matched", sa.Integer(), nullable=False),
        sa.Column("broken_rows", sa.Integer(), nullable=False),
        sa.Column("detail", JSON, nullable=False),
        moment("compared_at"),
        sa.Column("compared_by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reconciliations")),
    )
    op.create_index(op.f("ix_reconciliations_line_day"), "reconciliations", ["line", "day"])


def downgrade() -> None:
    op.drop_table("reconciliations")
    op.drop_table("line_alarms")
    op.drop_table("probes")
    op.drop_column("service_tokens", "line")
    op.drop_column("service_tokens", "node")
