"""Tickets as a table to take away: CSV or XLSX, with a watermark on it, numbers masked, so many rows at most."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.catalogue.models import Region, Subject, Unit
from app.contract.masks import mask_text
from app.platform.clock import to_shanghai
from app.platform.pages import make_environment
from app.tickets.access import holding_of, visible
from app.tickets.listing import TicketFilters, filtered
from app.tickets.models import Ticket
from app.tickets.reports import note_reading
from app.tickets.shown import Eyes, eyes_for_many

EXPORTED_MOST = 5000
COLUMNS = {
    "工单号": 22, "标题": 40, "状态": 12, "诉求类型": 10, "紧急程度": 10, "事项分类": 24, "事发区域": 24,
    "详细地址": 30, "联系电话": 16, "主办单位": 26, "受理人": 10, "建立时间": 18, "受理时间": 18,
    "到期时间": 18, "办结时间": 18, "诉求内容": 60,
}  # fmt: skip
"""Name → width in characters."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


MEDIA = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True)
class Export:
    """What is taken away. `total` is how many tickets fit; `rows` at most EXPORTED_MOST of them."""

    code: str
    total: int
    rows: list[list[str]]


def read_export(session: Session, filters: TicketFilters, actor: Actor, now: datetime) -> Export:
    """The tickets that fit and that this person may see, the newest first. Reports among them count as read."""
    query = filtered(session, filters, actor).where(visible(actor, holding_of(session, actor)))
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    newest = query.order_by(Ticket.created_at.desc(), Ticket.id.desc()).limit(EXPORTED_MOST)
    tickets = session.scalars(newest).all()
    note_reading(session, actor, *tickets, is_anew=True)
    names = _names(session)
    rows = [_row(one, eyes_for_many(actor, one), names) for one in tickets]
    return Export(f"EXP{to_shanghai(now):%Y%m%d%H%M%S}-{actor.name}", total, rows)


def watermark(export: Export, actor: Actor, reason: str, now: datetime) -> str:
    """Who took it, when and what for: it stands on the table itself."""
    left_out = f"，符合条件{export.total}件，只导出最新{len(export.rows)}件" if export.total > len(export.rows) else ""
    return "｜".join(
        (
            "12345政务服务便民热线 内部资料 不得外传", f"导出人 {actor.display_name}（{actor.name}）",
            f"{to_shanghai(now):%Y-%m-%d %H:%M:%S}", f"编号 {export.code}", f"用途 {mask_text(reason)}",
            f"共{len(export.rows)}件{left_out}",
        )
    )  # fmt: skip


def write(export: Export, mark: str, form: Format) -> bytes:
    """The file."""
    return _write_csv(export.rows, mark) if form is Format.CSV else _write_xlsx(export.rows, mark)


@cache
def _words() -> Any:
    """What codes are called: the same words as on the pages."""
    return make_environment().get_template("platform/words.html").module


def _names(session: Session) -> Mapping[str, str]:
    """Code of a subject, region or unit → full name."""
    queries = (
        select(Subject.code, Subject.full_name), select(Region.code, Region.full_name), select(Unit.code, Unit.name)
    )  # fmt: skip
    return {code: name for query in queries for code, name in session.execute(query)}


def _row(ticket: Ticket, eyes: Eyes, names: Mapping[str, str]) -> list[str]:
    words = _words()
    moments = (ticket.created_at, ticket.accepted_at, ticket.next_due_at, ticket.ended_at)
    return [
        ticket.ticket_number, eyes.words(ticket.title), words.TICKET_STATUSES[ticket.status],
        words.TICKET_TYPES.get(ticket.ticket_type, ""), words.URGENCIES[ticket.urgency],
        names.get(ticket.subject_code or "", ""), names.get(ticket.region_code or "", ""),
        eyes.words(ticket.address), eyes.number(ticket.contact_number or ticket.caller_number),
        names.get(ticket.lead_unit_code or "", ""), ticket.accepted_by,
        *(f"{to_shanghai(at):%Y-%m-%d %H:%M}" if at else "" for at in moments), eyes.words(ticket.content),
    ]  # fmt: skip


def _safe(rows: Iterable[Sequence[str]]) -> Iterator[list[str]]:
    """Nothing that a spreadsheet would run as a formula, nothing that it cannot keep."""
    for row in rows:
        cells = (_CONTROL.sub("", text) for text in row)
        yield [f"'{text}" if text.startswith(_FORMULA) else text for text in cells]


def _write_csv(rows: Sequence[Sequence[str]], mark: str) -> bytes:
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([mark])
    writer.writerow(COLUMNS)
    writer.writerows(_safe(rows))
    return file.getvalue().encode("utf-8-sig")


def _write_xlsx(rows: Sequence[Sequence[str]], mark: str) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("工单")
    for number, width in enumerate(COLUMNS.values()):
        sheet.column_dimensions[chr(ord("A") + number)].width = width
    sheet.freeze_panes = "A3"
    sheet.oddHeader.center.text = mark.replace("&", "&&")
    sheet.oddFooter.center.text = mark.replace("&", "&&")
    top = WriteOnlyCell(sheet, mark)
    top.font = Font(bold=True, color="C00000")
    sheet.append([top])
    heads = [WriteOnlyCell(sheet, name) for name in COLUMNS]
    for head in heads:
        head.font = Font(bold=True)
    sheet.append(heads)
    for row in _safe(rows):
        sheet.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
