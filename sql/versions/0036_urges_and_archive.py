"""How often citizens urge; regions that people edit; the archive and the history, kept by the database itself.

An archived ticket changes no more, and no row of the history ever does. The one exception is a person's right to be
deleted (PIPL art. 47): words may be taken out within a transaction that says so by a row of `open_erasures`, which no
other transaction sees and which is gone before its end.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0036"
down_revision: str | None = "0033"
branch_labels: None = None
depends_on: None = None

KEPT = (
    "ticket_number, query_code, status, source_channel, call_id, original_line, caller_number, contact_number, "
    "contact_name, ticket_type, subject_code, region_code, address, title, content, demand, answer, secrecy, "
    "needs_reply, accepted_by, merged_into_id, urgency, complained_unit_code, lead_unit_code, is_locked, return_count, "
    "redo_count, extension_count, reopen_count, urge_count, ended_at, version, created_at, updated_at, accepted_at"
)
"""All columns of a ticket but its id and `next_due_at`, which is computed from its clocks."""
TICKETS, HISTORY = "an archived ticket is immutable", "the history of tickets is append only"
ERASING = "EXISTS (SELECT 1 FROM open_erasures)"
TRIGGERS = {
    "tickets_archive_keep": "tickets", "tickets_archive_stay": "tickets", "ticket_history_keep": "ticket_history",
    "ticket_history_stay": "ticket_history",
}  # fmt: skip

SQLITE_TRIGGERS = (
    f"""CREATE TRIGGER tickets_archive_keep BEFORE UPDATE OF {KEPT} ON tickets
        WHEN OLD.status = 'archived' AND NOT {ERASING} BEGIN SELECT RAISE(ABORT, '{TICKETS}'); END""",
    f"""CREATE TRIGGER tickets_archive_stay BEFORE DELETE ON tickets WHEN OLD.status = 'archived'
        BEGIN SELECT RAISE(ABORT, '{TICKETS}'); END""",
    f"""CREATE TRIGGER ticket_history_keep BEFORE UPDATE ON ticket_history WHEN NOT {ERASING}
        BEGIN SELECT RAISE(ABORT, '{HISTORY}'); END""",
    f"""CREATE TRIGGER ticket_history_stay BEFORE DELETE ON ticket_history
        BEGIN SELECT RAISE(ABORT, '{HISTORY}'); END""",
)
POSTGRESQL_TRIGGERS = (
    f"""CREATE FUNCTION refuse_kept_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' AND {ERASING} THEN RETURN NEW; END IF;
            RAISE EXCEPTION '%', TG_ARGV[0];
        END $$""",
    f"""CREATE TRIGGER tickets_archive_keep BEFORE UPDATE OF {KEPT} ON tickets FOR EACH ROW
        WHEN (OLD.status = 'archived') EXECUTE FUNCTION refuse_kept_change('{TICKETS}')""",
    f"""CREATE TRIGGER tickets_archive_stay BEFORE DELETE ON tickets FOR EACH ROW
        WHEN (OLD.status = 'archived') EXECUTE FUNCTION refuse_kept_change('{TICKETS}')""",
    f"""CREATE TRIGGER ticket_history_keep BEFORE UPDATE ON ticket_history FOR EACH ROW
        EXECUTE FUNCTION refuse_kept_change('{HISTORY}')""",
    f"""CREATE TRIGGER ticket_history_stay BEFORE DELETE ON ticket_history FOR EACH ROW
        EXECUTE FUNCTION refuse_kept_change('{HISTORY}')""",
)


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def upgrade() -> None:
    op.add_column("tickets", sa.Column("urge_count", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("regions", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.create_table(
        "open_erasures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_open_erasures")),
    )
    for statement in POSTGRESQL_TRIGGERS if _is_postgresql() else SQLITE_TRIGGERS:
        op.execute(statement)


def downgrade() -> None:
    for name, table in TRIGGERS.items():
        op.execute(f"DROP TRIGGER {name}" + (f" ON {table}" if _is_postgresql() else ""))
    if _is_postgresql():
        op.execute("DROP FUNCTION refuse_kept_change()")
    op.drop_table("open_erasures")
    op.drop_column("regions", "version")
    op.drop_column("tickets", "urge_count")
