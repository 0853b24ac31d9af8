"""Notices leave for telephones: each unit reads one message for everything that has become due for telling.

Normal notices fall due on the hour (`notices.gathered_time`), so that a unit with many tickets gets one message an
hour, and one after days of standstill. A clock that has stopped meanwhile is not told any more. A message holds
numbers and steps, nothing of the matter: it leaves the house.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Subquery, and_, case, func, literal, or_, select, true, union_all, update
from sqlalchemy.orm import Session

from app.catalogue.models import Unit, UnitKind
from app.deadlines.models import Notice, TicketClock
from app.deadlines.notices import EMERGENCY, PLATFORM, TOPIC
from app.deadlines.profile import ClockKind, Urgency
from app.deadlines.supervising import STEP_WORDS
from app.deadlines.wording import CLOCKS
from app.outbox.recipients import mobile_of_unit
from app.outbox.service import put_message
from app.platform.clock import to_shanghai
from app.platform.topics import publish
from app.tickets.models import Ticket

NAMED = 3
"""So many are named in one message; of more, the steps are counted."""
NOBODY = ""


@dataclass
class Told:
    """What one unit is to read: lines, or how often each step was taken where there are more than NAMED."""

    counts: dict[str, int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    tickets: set[int] = field(default_factory=set)

    @property
    def count(self) -> int:
        return sum(self.counts.values())


def hand_out(session: Session, now: datetime, *, region_code: str) -> int:
    """Everything whose time has come; how many notices. Run twice, the second finds nothing.

    `region_code`: whose platform reads what concerns the hotline itself.
    """
    waiting = update(Notice).where(Notice.sent_at.is_(None), Notice.send_at <= now).values(sent_at=now)
    handed = session.connection().execute(waiting, execution_options={"preserve_rowcount": True}).rowcount
    if not handed:
        return 0
    office = select(Unit.code).where(
        Unit.kind == UnitKind.PLATFORM, Unit.region_code == region_code, Unit.is_active.is_(True)
    )
    platform = session.scalars(office.order_by(Unit.code).limit(1)).first() or NOBODY
    for is_emergency in (True, False):
        rows = _handed(now, platform, is_emergency=is_emergency)
        for code, told in _gather(session, rows).items():
            _put(session, code, told, now, is_emergency=is_emergency)
    publish(session, TOPIC, "notices")
    return int(handed)


def _handed(now: datetime, platform: str, *, is_emergency: bool) -> Subquery:
    """What was handed out at this moment, of clocks that still run, with who reads it.

    What a duty room owes, its acknowledgement, is the platform's business too.
    """
    unit = case((Notice.audience == PLATFORM, literal(platform)), else_=func.coalesce(Ticket.lead_unit_code, platform))
    is_owed = and_(
        TicketClock.kind == ClockKind.ACKNOWLEDGEMENT, Notice.kind != EMERGENCY, Ticket.lead_unit_code != platform
    )
    is_urgent = Ticket.urgency == Urgency.EMERGENCY

    def read_by(reader: ColumnElement[str], which: ColumnElement[bool]) -> Any:
        query = select(
            reader.label("unit"), Notice.id, Ticket.id.label("ticket_id"), Ticket.ticket_number.label("number"),
            TicketClock.kind.label("clock"), Notice.kind, TicketClock.due_at,
        )  # fmt: skip
        query = query.select_from(Notice).join(Ticket, Ticket.id == Notice.ticket_id)
        query = query.outerjoin(TicketClock, TicketClock.id == Notice.clock_id)
        runs = or_(Notice.clock_id.is_(None), TicketClock.stopped_at.is_(None))
        return query.where(Notice.sent_at == now, runs, is_urgent if is_emergency else ~is_urgent, which)

    return union_all(read_by(unit, true()), read_by(literal(platform), is_owed)).subquery("told")


def _gather(session: Session, rows: Subquery) -> dict[str, Told]:
    """Unit → what it reads."""
    row, found = rows.c, dict[str, Told]()
    counted = (
        select(row.unit, row.kind, func.count())
        .where(row.unit != NOBODY)
        .group_by(row.unit, row.kind)
        .order_by(row.unit)
    )
    for code, kind, count in session.execute(counted):
        found.setdefault(code, Told()).counts[kind] = count
    few = [code for code, told in found.items() if told.count <= NAMED]
    named = select(row.unit, row.ticket_id, row.number, row.clock, row.kind, row.due_at).where(row.unit.in_(few))
    for code, ticket_id, number, clock, kind, due in session.execute(named.order_by(row.id)):
        found[code].lines.append(line_of(number, clock or "", kind, due))
        found[code].tickets.add(ticket_id)
    return found


def line_of(number: str, clock: str, kind: str, due: datetime | None) -> str:
    """One notice, Chinese."""
    if kind == EMERGENCY:
        return f"特急工单{number}已受理待派单"
    ends = f"（{to_shanghai(due):%m月%d日%H:%M}到期）" if due is not None else ""
    return f"工单{number}{CLOCKS.get(clock, '')}{STEP_WORDS.get(kind, kind)}{ends}"


def words_of(told: Told, *, is_emergency: bool) -> str:
    """The message without its greeting, Chinese."""
    how = "立即" if is_emergency else "及时"
    if told.count <= NAMED:
        return "；".join(told.lines) + f"。请{how}处理。"
    return f"有{told.count}条时限和督办提示（{_counted(told.counts)}），请登录系统查看并{how}处理。"


def _counted(counts: Mapping[str, int]) -> str:
    """The ladder's order, the highest step first."""
    order = list(STEP_WORDS)
    known = sorted(counts, key=lambda kind: order.index(kind) if kind in order else -1, reverse=True)
    return "、".join(f"{STEP_WORDS.get(kind, kind)}{counts[kind]}条" for kind in known)


def _put(session: Session, code: str, told: Told, now: datetime, *, is_emergency: bool) -> None:
    unit = session.get_one(Unit, code)
    if mobile := mobile_of_unit(unit, is_emergency=is_emergency):
        put_message(
            session, key=f"clocks:{code}:{'now' if is_emergency else 'hour'}:{now.isoformat()}", recipient=mobile,
            text=f"【12345热线】{unit.name}：{words_of(told, is_emergency=is_emergency)}", send_at=now, now=now,
            ticket_id=told.tickets.pop() if len(told.tickets) == 1 else None,
        )  # fmt: skip
