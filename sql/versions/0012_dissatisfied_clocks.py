"""The list of dissatisfied citizens' tickets without reading every clock."""

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    redone = sa.text("kind = 'rework' AND cause = 'follow_up_redo'")
    op.create_index(
        "ix_ticket_clocks_dissatisfied", "ticket_clocks", ["ticket_id"], sqlite_where=redone, postgresql_where=redone
    )


def downgrade() -> None:
    op.drop_index("ix_ticket_clocks_dissatisfied", "ticket_clocks")
