"""Files that citizens add to their matters."""

import sqlalchemy as sa
from alembic import op

revision: str = "0024"
down_revision: str | None = "0023"
branch_labels: None = None
depends_on: None = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "citizen_files",
        sa.Column("id", BIG, nullable=False),
        sa.Column("ticket_id", BIG, nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("file", sa.String(40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_citizen_files")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_citizen_files_ticket_id")),
    )
    op.create_index(op.f("ix_citizen_files_ticket_id_id"), "citizen_files", ["ticket_id", "id"])
    op.create_index(op.f("ix_citizen_files_added_at"), "citizen_files", ["added_at"])


def downgrade() -> None:
    op.drop_table("citizen_files")
