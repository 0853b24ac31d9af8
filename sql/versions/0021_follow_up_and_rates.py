"""Follow-up tasks, objections to scores; what rates are counted by: whose a clock is, when a reply was sent back."""

import sqlalchemy as sa
from alembic import op

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels: None = None
depends_on: None = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _moment(name: str, *, is_optional: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=is_optional)


def _text(name: str, length: int, *, is_optional: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.String(length), nullable=is_optional)


def _flag(name: str, *, is_optional: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.Boolean(), nullable=is_optional)


def _points(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [to], name=f"fk_{table}_{column}")


def _some(name: str, table: str, columns: list[str], where: str, *, is_unique: bool = False, sqlite: str = "") -> None:
    """An index of some rows."""
    there, here = sa.text(sqlite or where), sa.text(where)
    op.create_index(name, table, columns, unique=is_unique, sqlite_where=there, postgresql_where=here)


def upgrade() -> None:
    op.add_column("tickets", sa.Column("reopen_count", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("unit_replies", _moment("redone_at", is_optional=True))
    op.execute(
        "UPDATE unit_replies SET redone_at = approved_at WHERE approved_at IS NOT NULL AND round < "
        "(SELECT redo_count FROM tickets WHERE tickets.id = unit_replies.ticket_id)"
    )
    op.create_index(op.f("ix_unit_replies_approved_at"), "unit_replies", ["approved_at"])
    op.create_index(op.f("ix_ticket_assignments_kind_assigned_at"), "ticket_assignments", ["kind", "assigned_at"])
    _clocks()
    _some("ix_calls_dissatisfied", "calls", ["ticket_id"], "rating = 1 AND ticket_id IS NOT NULL")
    _tasks()
    _objections()


def _clocks() -> None:
    op.add_column("ticket_clocks", _text("unit_code", 40, is_optional=True))
    op.add_column("ticket_clocks", _text("region_code", 12, is_optional=True))
    for name, source in (("unit_code", "lead_unit_code"), ("region_code", "region_code")):
        op.execute(
            f"UPDATE ticket_clocks SET {name} = (SELECT {source} FROM tickets WHERE tickets.id = "  # noqa: S608
            "ticket_clocks.ticket_id) WHERE kind IN ('sign', 'first_contact', 'reply', 'rework')"
        )
    op.create_index(op.f("ix_ticket_clocks_kind_due_at"), "ticket_clocks", ["kind", "due_at"])
    op.drop_index("ix_ticket_clocks_dissatisfied", "ticket_clocks")


def _tasks() -> None:
    op.create_table(
        "follow_up_tasks",
        sa.Column("id", BIG, nullable=False), sa.Column("ticket_id", BIG, nullable=False),
        sa.Column("matter_id", BIG, nullable=False), sa.Column("round", sa.Integer(), nullable=False),
        _text("unit_code", 40, is_optional=True), _text("region_code", 12, is_optional=True),
        _text("ticket_type", 20, is_optional=True), _text("status", 12), _moment("opened_at"),
        _moment("due_at", is_optional=True), _moment("next_try_at"), sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("calls_placed", sa.Integer(), nullable=False), _text("token_hash", 64, is_optional=True),
        _moment("invited_at", is_optional=True), _moment("settled_at", is_optional=True), _text("channel", 20),
        _text("by", 80), _flag("is_contacted", is_optional=True), _flag("is_solved", is_optional=True),
        _text("satisfaction", 20), _text("reason", 500), _flag("is_unhappy"),
        _flag("adjusted_solved", is_optional=True), _text("adjusted_satisfaction", 20, is_optional=True),
        _points("follow_up_tasks", "ticket_id", "tickets.id"), _points("follow_up_tasks", "matter_id", "tickets.id"),
        _points("follow_up_tasks", "unit_code", "units.code"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_up_tasks")),
        sa.UniqueConstraint("ticket_id", "round", name=op.f("uq_follow_up_tasks_ticket_id_round")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_follow_up_tasks_token_hash")),
    )  # fmt: skip
    for columns in (["matter_id"], ["opened_at"], ["settled_at"], ["unit_code", "settled_at"]):
        op.create_index(op.f(f"ix_follow_up_tasks_{'_'.join(columns)}"), "follow_up_tasks", columns)
    _some("ix_follow_up_tasks_open", "follow_up_tasks", ["next_try_at"], "status = 'open'")
    _some("ix_follow_up_tasks_unhappy", "follow_up_tasks", ["matter_id"], "is_unhappy", sqlite="is_unhappy = 1")
    op.execute(_TASKS_OF_ANSWERS)


_TASKS_OF_ANSWERS = """
INSERT INTO follow_up_tasks (
    ticket_id, matter_id, round, unit_code, region_code, ticket_type, status, opened_at, next_try_at, tries,
    calls_placed, settled_at, channel, by, is_solved, satisfaction, reason, is_unhappy
)
SELECT f.ticket_id, m.id, f.round, m.lead_unit_code, m.region_code, m.ticket_type, 'answered', f.at, f.at, 0,
    0, f.at, f.channel, f.by, f.is_solved, f.satisfaction, f.reason,
    f.satisfaction = 'dissatisfied' OR NOT coalesce(f.is_solved, false)
FROM follow_ups f
JOIN tickets t ON t.id = f.ticket_id
JOIN tickets m ON m.id = coalesce(t.merged_into_id, t.id)
WHERE f.is_reached AND f.id = (
    SELECT max(g.id) FROM follow_ups g WHERE g.ticket_id = f.ticket_id AND g.round = f.round AND g.is_reached
)
"""
"""What was asked before there were tasks; who waits to be asked gets his task from the sweep."""


def _objections() -> None:
    op.create_table(
        "score_objections",
        sa.Column("id", BIG, nullable=False), sa.Column("ticket_id", BIG, nullable=False),
        sa.Column("task_id", BIG, nullable=True), _text("unit_code", 40), _text("kind", 12), _text("ground", 20),
        _text("reason", 500), _text("evidence", 500), _text("status", 12), _text("asked_by", 80), _moment("asked_at"),
        _text("decided_by", 80), _moment("decided_at", is_optional=True), _text("opinion", 500),
        _points("score_objections", "ticket_id", "tickets.id"),
        _points("score_objections", "task_id", "follow_up_tasks.id"),
        _points("score_objections", "unit_code", "units.code"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_score_objections")),
    )  # fmt: skip
    op.create_index(op.f("ix_score_objections_status_id"), "score_objections", ["status", "id"])
    op.create_index(op.f("ix_score_objections_unit_code_id"), "score_objections", ["unit_code", "id"])
    _some("uq_score_objections_task", "score_objections", ["task_id"], "task_id IS NOT NULL", is_unique=True)
    _some(
        "uq_score_objections_exclusion", "score_objections", ["ticket_id"], "kind = 'exclude' AND status <> 'refused'",
        is_unique=True,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("score_objections")
    op.drop_table("follow_up_tasks")
    op.drop_index("ix_calls_dissatisfied", "calls")
    redone = sa.text("kind = 'rework' AND cause = 'follow_up_redo'")
    op.create_index(
        "ix_ticket_clocks_dissatisfied", "ticket_clocks", ["ticket_id"], sqlite_where=redone, postgresql_where=redone
    )
    op.drop_index(op.f("ix_ticket_clocks_kind_due_at"), "ticket_clocks")
    op.drop_column("ticket_clocks", "unit_code")
    op.drop_column("ticket_clocks", "region_code")
    op.drop_index(op.f("ix_ticket_assignments_kind_assigned_at"), "ticket_assignments")
    op.drop_index(op.f("ix_unit_replies_approved_at"), "unit_replies")
    op.drop_column("unit_replies", "redone_at")
    op.drop_column("tickets", "reopen_count")
