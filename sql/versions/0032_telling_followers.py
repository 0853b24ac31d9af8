"""Followers of an outage are told that it is over by machine: how, how often tried, and who said that it is over."""

import sqlalchemy as sa
from alembic import op

revision: str = "0032"
down_revision: str | None = "0024"
branch_labels: None = None
depends_on: None = None

MOMENT = sa.DateTime(timezone=True)
WAITS = sa.text("told_at IS NULL AND given_up_at IS NULL")


def upgrade() -> None:
    op.add_column("broadcasts", sa.Column("over_at", MOMENT, nullable=True))
    op.add_column("broadcasts", sa.Column("over_by", sa.String(80), nullable=False, server_default=""))
    for name, kind in (("way", sa.String(10)), ("cause", sa.String(40))):
        op.add_column("incident_followers", sa.Column(name, kind, nullable=False, server_default=""))
    for name in ("calls_placed", "calls_heard_of", "rung"):
        op.add_column("incident_followers", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    for name in ("next_try_at", "given_up_at"):
        op.add_column("incident_followers", sa.Column(name, MOMENT, nullable=True))
    op.create_index(
        "ix_incident_followers_waiting", "incident_followers", ["next_try_at"],
        sqlite_where=WAITS, postgresql_where=WAITS,
    )  # fmt: skip
    # what ended before is left to people, as it was: nobody is rung for an outage of last month
    op.execute("UPDATE broadcasts SET over_at = ended_at, over_by = ended_by WHERE kind = 'incident'")
    op.execute(
        "UPDATE incident_followers SET way = 'people', given_up_at = "
        "(SELECT ended_at FROM broadcasts WHERE broadcasts.id = incident_followers.broadcast_id) "
        "WHERE told_at IS NULL AND broadcast_id IN (SELECT id FROM broadcasts WHERE ended_at IS NOT NULL)"
    )


def downgrade() -> None:
    op.drop_index("ix_incident_followers_waiting", "incident_followers")
    for name in ("given_up_at", "next_try_at", "rung", "calls_heard_of", "calls_placed", "cause", "way"):
        op.drop_column("incident_followers", name)
    for name in ("over_by", "over_at"):
        op.drop_column("broadcasts", name)
