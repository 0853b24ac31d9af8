"""Where one person stands in the database: every column of every table that can hold words, and what hangs on it.

Tables are found, not named: a new one is searched as soon as it exists. A person is known by his telephone number; his
names are those that stand beside it.
"""

import importlib
import importlib.util
import pkgutil
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import JSON, Column, ColumnElement, String, Table, Text, cast, or_, select
from sqlalchemy.orm import Session

from app.platform.database import Base

NOT_OF_CITIZENS = frozenset(
    {
        "users", "service_tokens", "login_failures", "audit_entries", "audit_head", "audit_checks",
        "deletion_certificates", "regions", "subjects", "units", "exclusions", "dispatch_rules", "reference_files",
        "reference_changes", "lines", "line_aliases", "line_programmes", "line_programme_steps", "line_periods",
        "trunks", "plan_words", "calendar_years", "sla_profiles",
    }
)  # fmt: skip
"""Tables of our own people, machines and reference data. The audit log is never altered: it masks what it shows."""
NAME_COLUMNS = frozenset({"contact_name", "caller_name"})
NUMBER_COLUMNS = frozenset({"caller_number", "contact_number", "number", "recipient"})
"""Whose row it is. A call that somebody else made about his ticket is not his."""
LEAST_NAME_LENGTH = 2

Key = tuple[Any, ...]
"""The values of a row's primary key."""
Rows = dict[Key, dict[str, Any]]


@dataclass
class Traces:
    """Everything of one person, by table name. `mentions` are other people's rows in which his number stands."""

    number: str
    own: dict[str, Rows] = field(default_factory=dict)
    mentions: dict[str, Rows] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    recordings: set[str] = field(default_factory=set)
    materials: set[str] = field(default_factory=set)
    """File names, as of recordings."""

    @property
    def count(self) -> int:
        return sum(len(rows) for found in (self.own, self.mentions) for rows in found.values())


def pattern_of(number: str) -> re.Pattern[str]:
    """The number as people and networks write it, never a part of a longer one."""
    core = re.escape(number.lstrip("+0"))
    return re.compile(rf"(?<![\d+])(?:\+?86|\+|0)?{core}(?!\d)")


def citizens_tables() -> list[Table]:
    """Every table that may hold a citizen's data; parents before children."""
    package = importlib.import_module("app")
    for found in pkgutil.iter_modules(package.__path__, "app."):
        if found.ispkg and importlib.util.find_spec(f"{found.name}.models"):
            importlib.import_module(f"{found.name}.models")
    return [table for table in Base.metadata.sorted_tables if table.name not in NOT_OF_CITIZENS]


def wordy(table: Table) -> list[Column[Any]]:
    """Its columns that can hold words."""
    return [column for column in table.columns if isinstance(column.type, String | Text | JSON)]


def find_traces(session: Session, number: str) -> Traces:
    """Everything of the person with this number (normalised). Reads every table once: minutes with millions of rows."""
    traces, tables = Traces(number), citizens_tables()
    pattern, core = pattern_of(number), number.lstrip("+0")
    for table in tables:
        holds = [_text(column).contains(core, autoescape=True) for column in wordy(table)]
        found = _rows(session, table, or_(*holds)) if holds else {}
        told = {key: row for key, row in found.items() if _mentions(row, pattern)}
        his = {key: row for key, row in told.items() if _is_his(row, number)}
        traces.own[table.name] = his
        traces.mentions[table.name] = {key: row for key, row in told.items() if key not in his}
    _follow(session, traces, tables)
    for rows in traces.own.values():
        for row in rows.values():
            traces.names |= {
                row[name] for name in NAME_COLUMNS & row.keys() if len(row[name] or "") >= LEAST_NAME_LENGTH
            }
    return traces


def _is_his(row: dict[str, Any], number: str) -> bool:
    return number in {row[name] for name in NUMBER_COLUMNS & row.keys()}


def _follow(session: Session, traces: Traces, tables: list[Table]) -> None:
    """What hangs on his own tickets and calls, whatever words it holds; not what has a number of its own."""
    tickets = sorted(row["id"] for row in traces.own["tickets"].values())
    calls = sorted(row["call_id"] for row in traces.own["calls"].values())
    for table in tables:
        if not wordy(table) or NUMBER_COLUMNS & set(table.columns.keys()):
            continue
        for name, ids in (("ticket_id", tickets), ("call_id", calls)):
            if name in table.columns and ids:
                found = _rows(session, table, table.columns[name].in_(ids))
                traces.own[table.name] |= found
                for key in found:
                    traces.mentions[table.name].pop(key, None)
    for row in traces.own["calls"].values():
        traces.recordings |= {row["recording_file"]} - {None}
    for row in traces.own["citizen_files"].values():
        traces.materials |= {row["file"]} - {None}
    for row in traces.own["call_events"].values():
        traces.recordings |= {row["body"].get("payload", {}).get("file")} - {None}


def key_of(table: Table, row: Mapping[str, Any]) -> Key:
    """The row's primary key."""
    return tuple(row[column.name] for column in table.primary_key.columns)


def _rows(session: Session, table: Table, condition: ColumnElement[bool]) -> Rows:
    query = select(table).where(condition).order_by(*table.primary_key.columns)
    rows = [dict(row) for row in session.execute(query).mappings()]
    return {key_of(table, row): row for row in rows}


def _text(column: Column[Any]) -> ColumnElement[str]:
    return cast(column, Text) if isinstance(column.type, JSON) else column


def _mentions(row: dict[str, Any], pattern: re.Pattern[str]) -> bool:
    return any(pattern.search(str(value)) for value in row.values() if isinstance(value, str | dict | list))
