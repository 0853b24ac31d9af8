"""The file in which a former hotline's own system hands over its records (R17): CSV or JSON lines, row by row. Pure."""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn, TypeVar

from app.calls.rules import normalize_number
from app.platform.clock import SHANGHAI
from app.tickets.models import TicketStatus, TicketType

T = TypeVar("T")
MAX_BYTES = 200 * 1024 * 1024
MOST_LINES = 200
"""Of one record: a quote that is still open then was never meant to be one."""
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
HEADERS = {
    "legacy_id": ("legacy_id", "原编号", "工单编号", "编号"),
    "received_at": ("received_at", "受理时间", "来电时间"),
    "line": ("line", "热线", "热线号码"),
    "caller_number": ("caller_number", "来电号码", "联系电话"),
    "contact_name": ("contact_name", "联系人", "诉求人"),
    "ticket_type": ("ticket_type", "诉求类型", "类型"),
    "title": ("title", "标题"),
    "content": ("content", "诉求内容", "内容"),
    "answer": ("answer", "答复内容", "办理结果"),
    "address": ("address", "地址", "详细地址"),
    "status": ("status", "状态"),
}
"""Column → what its head may be called."""
NEEDED = ("legacy_id", "received_at", "content")
TYPES = {
    "咨询": "consult", "求助": "help", "投诉": "complaint", "举报": "report", "建议": "suggest", "意见": "suggest",
    "表扬": "praise", "其他": "other", "无效": "invalid",
}  # fmt: skip
_FINISHED, _ACCEPTED = TicketStatus.FINISHED, TicketStatus.ACCEPTED
STATUSES = {
    "": _FINISHED, "finished": _FINISHED, "已办结": _FINISHED, "办结": _FINISHED,
    "accepted": _ACCEPTED, "办理中": _ACCEPTED, "已受理": _ACCEPTED,
}  # fmt: skip


class LegacyFileUnreadable(Exception):
    """The file as a whole cannot be used; the text says what to do."""


@dataclass(frozen=True)
class LegacyRow:
    """One record. `received_at` in UTC."""

    row: int
    legacy_id: str
    received_at: datetime
    line: str
    caller_number: str | None
    contact_name: str
    ticket_type: str | None
    title: str
    content: str
    answer: str
    address: str
    status: TicketStatus
    digest: str


@dataclass(frozen=True)
class BrokenRow:
    """A row that is left out: which, why, and what to do."""

    row: int
    reason: str


def read_legacy_file(data: bytes, *, line: str, area_code: str, now: datetime) -> Iterator[LegacyRow | BrokenRow]:
    """Every row in its order, of CSV or of JSON lines. `line` is that of rows that name none.

    Rows of CSV count from 2, as a spreadsheet shows them, JSON lines from 1. Raises LegacyFileUnreadable when text or
    head cannot be read.
    """
    text = _decode(data)
    records = _json_records(text) if text.lstrip()[:1] == "{" else _csv_records(text)
    seen: dict[str, int] = {}
    terms = _Terms(line, area_code, now)
    for number, record in records:
        yield record if isinstance(record, BrokenRow) else _read_row(number, record, seen, terms)


Record = dict[str, str]
"""Column → what stands there."""


def _csv_records(text: str) -> Iterator[tuple[int, Record | BrokenRow]]:
    """Record by record. A quote that is never closed spoils its own line alone: reading goes on with the next."""
    lines = list(io.StringIO(text, newline=""))
    try:
        head, at = _one_record(lines, 0)
    except csv.Error as error:
        raise LegacyFileUnreadable(f"the head is no CSV ({error}); save it as CSV with commas") from error
    columns, number = _columns(head), 1
    while at < len(lines):
        number += 1
        try:
            cells, at = _one_record(lines, at)
        except csv.Error as error:
            at += 1
            yield number, BrokenRow(number, f"no CSV: {error}; correct its quotes")
            continue
        if any(cell.strip() for cell in cells):
            values = {name: cells[place].strip() for name, place in columns.items() if place < len(cells)}
            yield number, values


def _one_record(lines: list[str], at: int) -> tuple[list[str], int]:
    """The record that begins in this line, and where the next one begins. Raises csv.Error."""
    reader = csv.reader((lines[n] for n in range(at, min(at + MOST_LINES, len(lines)))), strict=True)
    return next(reader, []), at + max(reader.line_num, 1)


def _json_records(text: str) -> Iterator[tuple[int, Record | BrokenRow]]:
    """A JSON object a line; its names are those of the columns."""
    names = {name: column for column, known in HEADERS.items() for name in known}
    for number, line in enumerate(io.StringIO(text), start=1):
        if not line.strip():
            continue
        try:
            given = json.loads(line)
        except ValueError as error:
            yield number, BrokenRow(number, f"no JSON: {error}")
            continue
        if not isinstance(given, dict):
            yield number, BrokenRow(number, 'no JSON object; write {"legacy_id": …, "received_at": …} in each line')
            continue
        known = {names[key]: value for key, value in given.items() if key in names and value is not None}
        strange = sorted(column for column, value in known.items() if not _is_plain(value))
        if strange:
            yield number, BrokenRow(number, f"{strange[0]} is no text; write it in quotes, without control characters")
            continue
        yield number, {column: str(value).strip() for column, value in known.items()}


def _is_plain(value: object) -> bool:
    """Text that a database can hold, or a number: JSON can say more."""
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
    return isinstance(value, int | float)


@dataclass(frozen=True)
class _Terms:
    line: str
    area_code: str
    now: datetime


def _decode(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise LegacyFileUnreadable("more than 200 MB; split it")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise LegacyFileUnreadable("neither UTF-8 nor GB18030 text; save it as CSV in UTF-8")


def _columns(head: list[str]) -> dict[str, int]:
    """Column name → its place. Other columns are left alone."""
    names = {name: column for column, known in HEADERS.items() for name in known}
    found = {names[cell.strip()]: place for place, cell in enumerate(head) if cell.strip() in names}
    missing = [f"{column} ({HEADERS[column][1]})" for column in NEEDED if column not in found]
    if missing:
        raise LegacyFileUnreadable(f"the head lacks {', '.join(missing)}; name these columns in the first row")
    return found


def _read_row(number: int, values: Record, seen: dict[str, int], terms: _Terms) -> LegacyRow | BrokenRow:
    def of(name: str) -> str:
        return values.get(name, "")

    try:
        legacy_id = _within(of("legacy_id"), 80, "legacy_id") or _refuse(
            "legacy_id is empty; give every row its number"
        )
        if legacy_id in seen:
            _refuse(f"legacy_id {legacy_id} stands in row {seen[legacy_id]} already; keep one")
        seen[legacy_id] = number
        content = of("content") or _refuse("content is empty; say what the matter was")
        return LegacyRow(
            row=number,
            legacy_id=legacy_id,
            received_at=_moment(of("received_at"), terms.now),
            line=_line(of("line") or terms.line),
            caller_number=normalize_number(of("caller_number"), area_code=terms.area_code),
            contact_name=of("contact_name")[:40],
            ticket_type=_one_of(of("ticket_type"), _type_of, "ticket_type"),
            title=(of("title") or content)[:100],
            content=content,
            answer=of("answer"),
            address=of("address")[:200],
            status=_one_of(of("status"), STATUSES.get, "status") or TicketStatus.FINISHED,
            digest=hashlib.sha256("\x1f".join(of(name) for name in HEADERS).encode()).hexdigest(),
        )
    except ValueError as error:
        return BrokenRow(number, str(error))


def _refuse(reason: str) -> NoReturn:
    raise ValueError(reason)


def _within(text: str, length: int, name: str) -> str:
    if len(text) > length:
        _refuse(f"{name} is longer than {length} characters; shorten it")
    return text


def _moment(text: str, now: datetime) -> datetime:
    """Without a zone it is Asia/Shanghai's."""
    try:
        moment = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        raise ValueError(f"received_at {text!r} is no moment; write 2018-09-30 14:05:00") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)
    if not EARLIEST <= moment <= now:
        _refuse(f"received_at {text} lies outside 1990 and today; correct it")
    return moment.astimezone(UTC)


def _line(text: str) -> str:
    if not (text.isascii() and text.isdigit() and 3 <= len(text) <= 20):
        _refuse(f"line {text!r} is no hotline number; write it in digits, or name it with --line")
    return text


def _type_of(text: str) -> str | None:
    return TYPES.get(text) or (TicketType(text).value if text in set(TicketType) else None)


def _one_of(text: str, find: Callable[[str], T | None], name: str) -> T | None:
    found = find(text)
    if text and found is None:
        _refuse(f"{name} {text!r} is unknown; see `hotline lines import --help`")
    return found
