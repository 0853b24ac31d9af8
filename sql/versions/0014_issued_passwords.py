"""Passwords given out by somebody else, to be changed at once; look-ups in the audit log by person and by deed."""

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: None = None
depends_on: None = None


def upgrade() -> None:
    issued = sa.Column("is_password_issued", sa.Boolean(), server_default=sa.false(), nullable=False)
    op.add_column("users", issued)
    op.create_index(op.f("ix_audit_entries_actor_id"), "audit_entries", ["actor", "id"])
    op.create_index(op.f("ix_audit_entries_action_id"), "audit_entries", ["action", "id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_audit_entries_action_id"), "audit_entries")
    op.drop_index(op.f("ix_audit_entries_actor_id"), "audit_entries")
    op.drop_column("users", "is_password_issued")
