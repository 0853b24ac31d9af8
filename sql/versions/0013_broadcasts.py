"""Broadcasts before the queue, and who follows an incident."""

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: None = None
depends_on: None = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def moment(name: str, *, is_optional: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=is_optional)


def upgrade() -> None:
    op.create_table(
        "broadcasts",
        sa.Column("id", BIG, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("text", sa.String(300), nullable=False),
        sa.Column("line", sa.String(20), nullable=False),
        sa.Column("region_code", sa.String(12), nullable=True),
        moment("starts_at"),
        moment("expires_at"),
        moment("expected_at", is_optional=True),
        sa.Column("created_by", sa.String(80), nullable=False),
        moment("created_at"),
        moment("spoken_at", is_optional=True),
        moment("ended_at", is_optional=True),
        sa.Column("ended_by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcasts")),
        sa.ForeignKeyConstraint(["region_code"], ["regions.code"], name=op.f("fk_broadcasts_region_code")),
    )
    still_open = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_broadcasts_open", "broadcasts", ["starts_at"], sqlite_where=still_open, postgresql_where=still_open
    )
    op.create_index(op.f("ix_broadcasts_created_at_id"), "broadcasts", ["created_at", "id"])
    op.create_table(
        "incident_followers",
        sa.Column("id", BIG, nullable=False),
        sa.Column("broadcast_id", BIG, nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("call_id", sa.String(64), nullable=False),
        moment("followed_at"),
        moment("told_at", is_optional=True),
        sa.Column("told_by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident_followers")),
        sa.ForeignKeyConstraint(["broadcast_id"], ["broadcasts.id"], name=op.f("fk_incident_followers_broadcast_id")),
        sa.UniqueConstraint("broadcast_id", "number", name=op.f("uq_incident_followers_broadcast_id_number")),
    )


def downgrade() -> None:
    op.drop_table("incident_followers")
    op.drop_table("broadcasts")
