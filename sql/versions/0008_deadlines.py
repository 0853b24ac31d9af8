"""Calendars and rules in versions, clocks of tickets, supervision steps, notices."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0008"
down_revision: str | None = "0006"
branch_labels: None = None
depends_on: None = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def moment(name: str, *, is_optional: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=is_optional)


def text(name: str, length: int) -> sa.Column[object]:
    return sa.Column(name, sa.String(length), nullable=False)


def number(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Integer(), nullable=False)


def upgrade() -> None:
    op.add_column("tickets", sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=True))
    has_due = sa.text("next_due_at IS NOT NULL")
    op.create_index(
        "ix_tickets_next_due", "tickets", ["next_due_at", "id"], sqlite_where=has_due, postgresql_where=has_due
    )
    _create_rules()
    _create_clocks()
    _create_supervision()


def _create_rules() -> None:
    current = sa.text("is_current")
    op.create_table(
        "calendar_years",
        sa.Column("id", BIG, nullable=False),
        number("year"),
        number("version"),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("days", JSON, nullable=False),
        text("why", 300),
        text("created_by", 80),
        moment("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_years")),
        sa.UniqueConstraint("year", "version", name=op.f("uq_calendar_years_year_version")),
    )
    op.create_index(
        "uq_calendar_years_current", "calendar_years", ["year"], unique=True,
        sqlite_where=current, postgresql_where=current,
    )  # fmt: skip
    op.create_table(
        "sla_profiles",
        sa.Column("id", BIG, nullable=False),
        text("code", 40),
        number("version"),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        text("name", 60),
        sa.Column("is_verified", sa.Boolean(), nullable=False),
        sa.Column("body", JSON, nullable=False),
        text("why", 300),
        text("created_by", 80),
        moment("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_profiles")),
        sa.UniqueConstraint("code", "version", name=op.f("uq_sla_profiles_code_version")),
    )
    op.create_index(
        "uq_sla_profiles_current", "sla_profiles", ["code"], unique=True,
        sqlite_where=current, postgresql_where=current,
    )  # fmt: skip


def _create_clocks() -> None:
    op.create_table(
        "ticket_clocks",
        sa.Column("id", BIG, nullable=False),
        sa.Column("ticket_id", BIG, nullable=False),
        text("kind", 20),
        sa.Column("profile_id", BIG, nullable=False),
        text("term", 30),
        text("urgency", 12),
        text("deadline_class", 8),
        text("cause", 40),
        text("state", 12),
        moment("started_at"),
        moment("due_at", is_optional=True),
        moment("near_due_at", is_optional=True),
        sa.Column("missing_year", sa.Integer(), nullable=True),
        moment("paused_since", is_optional=True),
        text("pause_reason", 120),
        sa.Column("pauses", JSON, nullable=False),
        sa.Column("extensions", JSON, nullable=False),
        moment("stopped_at", is_optional=True),
        sa.Column("explanation", JSON, nullable=False),
        number("level"),
        number("from_level"),
        moment("raised_at", is_optional=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_clocks")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_ticket_clocks_ticket_id")),
        sa.ForeignKeyConstraint(["profile_id"], ["sla_profiles.id"], name=op.f("fk_ticket_clocks_profile_id")),
    )
    op.create_index(op.f("ix_ticket_clocks_ticket_id_started_at"), "ticket_clocks", ["ticket_id", "started_at"])
    is_open = sa.text("stopped_at IS NULL")
    runs = sa.text("stopped_at IS NULL AND paused_since IS NULL")
    waits = sa.text("missing_year IS NOT NULL")
    for name, columns, condition, is_unique in (
        ("uq_ticket_clocks_open", ["ticket_id", "kind"], is_open, True),
        ("ix_ticket_clocks_due", ["due_at", "id"], runs, False),
        ("ix_ticket_clocks_near", ["near_due_at"], runs, False),
        ("ix_ticket_clocks_profile", ["profile_id"], is_open, False),
        ("ix_ticket_clocks_waiting", ["missing_year"], waits, False),
    ):
        op.create_index(
            name, "ticket_clocks", columns, unique=is_unique, sqlite_where=condition, postgresql_where=condition
        )


def _create_supervision() -> None:
    op.create_table(
        "supervisions",
        sa.Column("id", BIG, nullable=False),
        sa.Column("ticket_id", BIG, nullable=False),
        sa.Column("clock_id", BIG, nullable=True),
        text("step", 12),
        moment("due_at", is_optional=True),
        moment("raised_at"),
        text("raised_by", 80),
        text("reason", 300),
        sa.Column("is_caught_up", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervisions")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_supervisions_ticket_id")),
        sa.ForeignKeyConstraint(["clock_id"], ["ticket_clocks.id"], name=op.f("fk_supervisions_clock_id")),
        sa.UniqueConstraint("clock_id", "step", name=op.f("uq_supervisions_clock_id_step")),
    )
    op.create_index(op.f("ix_supervisions_ticket_id_id"), "supervisions", ["ticket_id", "id"])
    op.create_index(op.f("ix_supervisions_raised_at_id"), "supervisions", ["raised_at", "id"])
    op.create_table(
        "notices",
        sa.Column("id", BIG, nullable=False),
        sa.Column("ticket_id", BIG, nullable=False),
        sa.Column("clock_id", BIG, nullable=True),
        text("kind", 20),
        text("audience", 20),
        moment("send_at"),
        moment("sent_at", is_optional=True),
        moment("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.ForeignKeyConstraint(["ticket_id"], ["tickets.id"], name=op.f("fk_notices_ticket_id")),
        sa.ForeignKeyConstraint(["clock_id"], ["ticket_clocks.id"], name=op.f("fk_notices_clock_id")),
        sa.UniqueConstraint("clock_id", "kind", name=op.f("uq_notices_clock_id_kind")),
    )
    unsent = sa.text("sent_at IS NULL")
    op.create_index("ix_notices_unsent", "notices", ["send_at"], sqlite_where=unsent, postgresql_where=unsent)
    op.create_index(op.f("ix_notices_ticket_id"), "notices", ["ticket_id"])


def downgrade() -> None:
    for name in ("notices", "supervisions", "ticket_clocks", "sla_profiles", "calendar_years"):
        op.drop_table(name)
    op.drop_index("ix_tickets_next_due", "tickets")
    op.drop_column("tickets", "next_due_at")
