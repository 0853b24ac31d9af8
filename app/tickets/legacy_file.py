"""The file in which a former hotline's own system hands over its records (R17): CSV, judged row by row. Pure."""

import csv
import hashlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn, TypeVar

from app.calls.rules import normalize_number
from app.platform.clock import SHANGHAI
from app.tickets.models import TicketStatus, TicketType

T = TypeVar("T")
MAX_BYTES = 200 * 1024 * 1024
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
    """Every row in its order; rows count from 2, as a spreadsheet shows them. `line` is that of rows that name none.

    Raises LegacyFileUnreadable when text or head cannot be read.
    """
    text = _decode(data)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = _columns(next(reader, []))
    except csv.Error as error:
        raise LegacyFileUnreadable(f"the head is no CSV ({error}); save it as CSV with commas") from error
    seen: dict[str, int] = {}
    number = 1
    while True:
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            yield BrokenRow(number, f"no CSV: {error}. Rows after it cannot be told apart: correct it and run again.")
            return
        if cells is None:
            return
        if not any(cell.strip() for cell in cells):
            continue
        yield _read_row(number, cells, columns, seen, _Terms(line, area_code, now))


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


def _read_row(
    number: int, cells: list[str], columns: dict[str, int], seen: dict[str, int], terms: _Terms
) -> LegacyRow | BrokenRow:
    values = {name: cells[place].strip() if place < len(cells) else "" for name, place in columns.items()}

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
