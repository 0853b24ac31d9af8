"""Units, dispatch catalogue and exclusions with their history; units' legs of tickets and what belongs to handling.

The four statuses of before keep their names and meanings in the 23 of now, so no ticket is rewritten.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: None = None
depends_on: None = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def _moment(name: str, *, is_optional: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=is_optional)


def _text(name: str, length: int, *, is_optional: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.String(length), nullable=is_optional)


def _flag(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _number(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _points(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=f"fk_{table}_{column}")


def upgrade() -> None:
    _catalogue()
    op.add_column("users", sa.Column("unit_code", sa.String(40), nullable=False, server_default=""))
    _tickets()
    _casework()


def _catalogue() -> None:
    op.create_table(
        "units",
        _text("code", 40), _text("name", 60), _number("level"), _text("kind", 20), _text("region_code", 12),
        _text("parent_code", 40, is_optional=True), _text("substitute_code", 40, is_optional=True),
        _text("duty_phone", 20), _text("contact_name", 40), _text("contact_phone", 20), _flag("is_active"),
        _number("version"),
        _points("units", "region_code", "regions.code"), _points("units", "parent_code", "units.code"),
        _points("units", "substitute_code", "units.code"),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_units")),
    )  # fmt: skip
    op.create_index(op.f("ix_units_region_code"), "units", ["region_code"])
    op.create_index(op.f("ix_units_parent_code"), "units", ["parent_code"])
    op.create_table(
        "exclusions",
        _text("code", 40), _text("name", 60), _text("channel", 200), _text("script", 400), _text("source", 100),
        _flag("is_active"), _number("version"),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_exclusions")),
    )  # fmt: skip
    op.create_table(
        "dispatch_rules",
        _text("code", 40), _text("subject_code", 6, is_optional=True), _text("region_code", 12, is_optional=True),
        _text("lead_unit_code", 40), _text("supporting_unit_codes", 400), _flag("overrides_territory"),
        _flag("not_to_grass_roots"), _number("priority"), sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True), _text("status", 20), _text("note", 200),
        _number("version"),
        _points("dispatch_rules", "subject_code", "subjects.code"),
        _points("dispatch_rules", "region_code", "regions.code"),
        _points("dispatch_rules", "lead_unit_code", "units.code"),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_dispatch_rules")),
    )  # fmt: skip
    op.create_index(op.f("ix_dispatch_rules_subject_code"), "dispatch_rules", ["subject_code"])
    op.create_table(
        "reference_changes",
        sa.Column("id", BIG, nullable=False), _moment("at"), _text("actor", 80), _text("table_name", 40),
        _text("key", 40), sa.Column("changes", JSON, nullable=False), _number("version"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference_changes")),
    )  # fmt: skip
    op.create_index(op.f("ix_reference_changes_table_name_key_id"), "reference_changes", ["table_name", "key", "id"])


def _tickets() -> None:
    for name in ("complained_unit_code", "lead_unit_code"):  # as SQL: SQLite adds a key with its column or never
        op.execute(
            f"ALTER TABLE tickets ADD COLUMN {name} VARCHAR(40) CONSTRAINT fk_tickets_{name} REFERENCES units (code)"
        )
    op.add_column("tickets", sa.Column("urgency", sa.String(20), nullable=False, server_default="normal"))
    op.add_column("tickets", sa.Column("is_locked", sa.Boolean(), nullable=False, server_default=sa.false()))
    for name in ("return_count", "redo_count", "extension_count"):
        op.add_column("tickets", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.add_column("tickets", _moment("ended_at", is_optional=True))
    op.create_index(op.f("ix_tickets_lead_unit_code_status_id"), "tickets", ["lead_unit_code", "status", "id"])
    op.create_index(op.f("ix_tickets_merged_into_id"), "tickets", ["merged_into_id"])
    op.execute("UPDATE tickets SET ended_at = accepted_at WHERE status = 'finished'")


def _casework() -> None:
    op.create_table(
        "ticket_assignments",
        sa.Column("id", BIG, nullable=False), sa.Column("ticket_id", BIG, nullable=False), _text("unit_code", 40),
        _text("kind", 20), _text("status", 20), _text("task", 400), sa.Column("due_on", sa.Date(), nullable=True),
        _text("assigned_by", 80), _moment("assigned_at"), _text("signed_by", 80),
        _moment("signed_at", is_optional=True), sa.Column("report", sa.Text(), nullable=False),
        _text("reported_by", 80), _moment("reported_at", is_optional=True), _moment("ended_at", is_optional=True),
        sa.Column("why", JSON, nullable=False),
        _points("ticket_assignments", "ticket_id", "tickets.id"),
        _points("ticket_assignments", "unit_code", "units.code"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_assignments")),
    )  # fmt: skip
    op.create_index(op.f("ix_ticket_assignments_ticket_id"), "ticket_assignments", ["ticket_id"])
    op.create_index(
        op.f("ix_ticket_assignments_unit_code_ended_at_ticket_id"), "ticket_assignments",
        ["unit_code", "ended_at", "ticket_id"],
    )  # fmt: skip
    _only_one("uq_ticket_assignments_lead", "ticket_assignments", ["ticket_id"], "kind = 'lead' AND ended_at IS NULL")
    _only_one("uq_ticket_assignments_unit", "ticket_assignments", ["ticket_id", "unit_code"], "ended_at IS NULL")
    _of_ticket(
        "unit_requests",
        _text("unit_code", 40), _text("kind", 20), _text("status", 20), sa.Column("detail", JSON, nullable=False),
        _text("asked_by", 80), _moment("asked_at"), _text("decided_by", 80), _moment("decided_at", is_optional=True),
        _text("decision", 500), _points("unit_requests", "unit_code", "units.code"),
    )  # fmt: skip
    _only_one("uq_unit_requests_pending", "unit_requests", ["ticket_id", "kind"], "status = 'pending'")
    _of_ticket(
        "citizen_contacts",
        _text("unit_code", 40), _moment("at"), _text("by", 80), _text("channel", 20), _flag("is_reached"),
        _text("note", 500), _points("citizen_contacts", "unit_code", "units.code"),
    )  # fmt: skip
    _of_ticket(
        "follow_ups",
        _number("round"), _moment("at"), _text("by", 80), _text("channel", 20), _flag("is_reached"),
        sa.Column("is_solved", sa.Boolean(), nullable=True), _text("satisfaction", 20), _text("reason", 500),
    )  # fmt: skip
    _of_ticket("citizen_notices", _moment("at"), _text("action", 40), _text("text", 400))
    op.create_table(
        "unit_replies",
        sa.Column("id", BIG, nullable=False), sa.Column("ticket_id", BIG, nullable=False), _text("unit_code", 40),
        _number("round"), sa.Column("to_platform", sa.Text(), nullable=False),
        sa.Column("to_citizen", sa.Text(), nullable=False), _text("result", 20), _text("told_how", 20),
        _text("drafted_by", 80), _moment("drafted_at"), _text("approved_by", 80),
        _moment("approved_at", is_optional=True),
        _points("unit_replies", "ticket_id", "tickets.id"), _points("unit_replies", "unit_code", "units.code"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_replies")),
    )  # fmt: skip
    op.create_index(op.f("ix_unit_replies_ticket_id_round"), "unit_replies", ["ticket_id", "round"], unique=True)


def _of_ticket(name: str, *parts: sa.Column[object] | sa.ForeignKeyConstraint) -> None:
    """A table of rows that belong to a ticket, read in the order they came."""
    op.create_table(
        name,
        sa.Column("id", BIG, nullable=False),
        sa.Column("ticket_id", BIG, nullable=False),
        *parts,
        _points(name, "ticket_id", "tickets.id"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index(op.f(f"ix_{name}_ticket_id_id"), name, ["ticket_id", "id"])


def _only_one(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, unique=True, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    for table in (
        "unit_replies", "citizen_notices", "follow_ups", "citizen_contacts", "unit_requests", "ticket_assignments",
        "reference_changes", "dispatch_rules", "exclusions",
    ):  # fmt: skip
        op.drop_table(table)
    op.drop_index(op.f("ix_tickets_lead_unit_code_status_id"), "tickets")
    op.drop_index(op.f("ix_tickets_merged_into_id"), "tickets")
    for name in (
        "urgency", "complained_unit_code", "lead_unit_code", "is_locked", "return_count", "redo_count",
        "extension_count", "ended_at",
    ):  # fmt: skip
        op.drop_column("tickets", name)
    op.drop_column("users", "unit_code")
    op.drop_table("units")
