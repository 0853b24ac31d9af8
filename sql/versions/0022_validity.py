"""Reference data with days from and until which it holds; subjects that people edit."""

import sqlalchemy as sa
from alembic import op

revision: str = "0022"
down_revision: str | None = "0021"
branch_labels: None = None
depends_on: None = None

TABLES = ("units", "exclusions", "subjects")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("valid_from", sa.Date(), nullable=True))
        op.add_column(table, sa.Column("valid_until", sa.Date(), nullable=True))
    op.add_column("subjects", sa.Column("is_active", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("subjects", sa.Column("version", sa.Integer(), server_default="1", nullable=False))


def downgrade() -> None:
    op.drop_column("subjects", "version")
    op.drop_column("subjects", "is_active")
    for table in TABLES:
        op.drop_column(table, "valid_until")
        op.drop_column(table, "valid_from")
