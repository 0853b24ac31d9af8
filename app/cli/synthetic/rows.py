"""The tables that synthetic lives fill, and the columns they name; the rest takes the model's own defaults."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from sqlalchemy import Table

from app.calls.models import Call
from app.casework.models import CitizenContact, CitizenNotice, FollowUp, UnitReply, UnitRequest
from app.deadlines.models import Notice, Supervision, TicketClock
from app.platform.database import Base, table_of
from app.tickets.follow_up_tasks import FollowUpTask
from app.tickets.models import Assignment, Ticket, TicketHistory

Row = tuple[Any, ...]
"""Text, whole numbers (a truth is 0 or 1), None; moments and JSON as text."""

COLUMNS: dict[type[Base], tuple[str, ...]] = {
    Call: (
        "call_id", "node", "state", "outcome", "dnis", "ani", "caller_number", "original_line", "line_rule", "queue",
        "agent", "arrived_at", "queued_at", "first_ringing_at", "answered_at", "conversation_ended_at", "ended_at",
        "greeting_ms", "hold_ms", "talk_ms", "hangup_cause", "rating", "ticket_id", "missed_at",
    ),
    Ticket: (
        "id", "ticket_number", "query_code", "status", "source_channel", "call_id", "original_line", "caller_number",
        "contact_number", "contact_name", "ticket_type", "subject_code", "region_code", "address", "title", "content",
        "demand", "answer", "secrecy", "accepted_by", "merged_into_id", "next_due_at", "urgency",
        "complained_unit_code", "lead_unit_code", "is_locked", "return_count", "redo_count", "extension_count",
        "reopen_count", "ended_at", "version", "created_at", "updated_at", "accepted_at",
    ),
    TicketHistory: ("ticket_id", "at", "actor", "action", "changes", "ticket_version"),
    Assignment: (
        "ticket_id", "unit_code", "kind", "status", "assigned_by", "assigned_at", "signed_by", "signed_at", "report",
        "reported_by", "reported_at", "ended_at", "why",
    ),
    TicketClock: (
        "id", "ticket_id", "kind", "profile_id", "term", "urgency", "deadline_class", "cause", "unit_code",
        "region_code", "state", "started_at", "due_at", "near_due_at", "missing_year", "paused_since", "pause_reason",
        "pauses", "extensions", "stopped_at", "explanation", "level", "from_level", "raised_at",
    ),
    Supervision: ("ticket_id", "clock_id", "step", "due_at", "raised_at", "reason"),
    Notice: ("ticket_id", "clock_id", "kind", "audience", "send_at", "sent_at", "created_at"),
    UnitRequest: (
        "ticket_id", "unit_code", "kind", "status", "detail", "asked_by", "asked_at", "decided_by", "decided_at",
        "decision",
    ),
    CitizenContact: ("ticket_id", "unit_code", "at", "by", "channel", "is_reached", "note"),
    UnitReply: (
        "ticket_id", "unit_code", "round", "to_platform", "to_citizen", "result", "told_how", "drafted_by",
        "drafted_at", "approved_by", "approved_at", "redone_at",
    ),
    FollowUp: ("ticket_id", "round", "at", "by", "channel", "is_reached", "is_solved", "satisfaction", "reason"),
    FollowUpTask: (
        "ticket_id", "matter_id", "round", "unit_code", "region_code", "ticket_type", "opened_at", "due_at",
        "next_try_at", "tries", "status", "settled_at", "channel", "by", "is_contacted", "is_solved", "satisfaction",
        "reason", "is_unhappy",
    ),
    CitizenNotice: ("ticket_id", "at", "action", "text"),
}  # fmt: skip
"""In the order in which they can be written: calls, then tickets."""


class Rows:
    """Rows of some lives, table by table. Clocks are numbered from `first_clock` on."""

    def __init__(self, first_clock: int = 1) -> None:
        self.clock_ids = count(first_clock)
        self.of: dict[type[Base], list[Row]] = {model: [] for model in COLUMNS}

    def __len__(self) -> int:
        return sum(len(rows) for rows in self.of.values())


Constants = Mapping[type[Base], Mapping[str, Any]]
"""Table → the columns that are the same in every row."""


@dataclass(frozen=True)
class Batch:
    """Rows as they are written: the text that COPY reads, or tuples."""

    tickets: int
    rows: int
    parts: Mapping[type[Base], bytes | list[Row]]


def batch_of(told: Rows, constants: Constants, *, is_text: bool) -> Batch:
    """Table by table, with the constants at the end of each row."""
    parts: dict[type[Base], bytes | list[Row]] = {}
    for model, rows in told.of.items():
        if not rows:
            continue
        tail = tuple(constants[model].values())
        parts[model] = _copied(rows, tail) if is_text else [row + tail for row in rows] if tail else rows
    return Batch(len(told.of[Ticket]), len(told), parts)


def _copied(rows: Sequence[Row], tail: Row) -> bytes:
    """No synthetic text holds a tab or a backslash, or is None: that stands where there is nothing."""
    end = "".join(f"\t{value}" for value in tail) + "\n"
    line = "\t".join(["%s"] * len(rows[0])) + end.replace("%", "%%")
    return "".join([line % row for row in rows]).encode()


def defaults(model: type[Base]) -> dict[str, Any]:
    """The columns that COLUMNS does not name and that may not be empty, with what the model puts there.

    So a column that is added to a table later is filled as the application fills it.
    """
    table: Table = table_of(model)
    given = COLUMNS[model]
    return {
        column.name: _plain(column.default)
        for column in table.columns
        if column.name not in given and not column.nullable and not column.primary_key and not column.server_default
    }


def _plain(default: Any) -> Any:
    """0 or 1 of a truth, the JSON of an empty list or object."""
    value = default.arg(None) if default.is_callable else default.arg
    if isinstance(value, bool):
        return int(value)
    return {"[]": "[]", "{}": "{}"}.get(str(value), value)
