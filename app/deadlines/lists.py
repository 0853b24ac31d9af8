"""The four lists of what is to be supervised first (R57): 临期, 逾期, 反复多发, 群众不满. Computed when read."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, or_, select, tuple_, union_all
from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.calls.models import Call
from app.calls.ratings import DISSATISFIED
from app.deadlines.models import TicketClock
from app.platform.cursors import make_cursor, read_cursor, read_moment
from app.tickets.access import holding_of, visible
from app.tickets.follow_up_tasks import FollowUpTask
from app.tickets.models import Ticket, TicketStatus

PAGE = 50
COUNTED_MOST = 1000
"""More than so many are not counted: a page says 1000+."""
RECURRING_DAYS = 30
SAME_PERSON, SAME_PLACE = 2, 3
"""反复: one person's matter so often; 多发: one place's matter so often; within RECURRING_DAYS."""
COUNTED_OUT = (TicketStatus.DRAFT, TicketStatus.MERGED)


class ListName(StrEnum):
    """Which list."""

    NEAR_DUE = "near-due"
    OVERDUE = "overdue"
    RECURRING = "recurring"
    DISSATISFIED = "dissatisfied"


@dataclass(frozen=True)
class ListedTicket:
    """A ticket with what put it on the list: a clock, or how often its matter came."""

    ticket: Ticket
    clock: TicketClock | None
    times: int | None = None


@dataclass(frozen=True)
class SupervisionPage:
    """One page; `next_cursor` is None on the last one."""

    items: list[ListedTicket]
    next_cursor: str | None


def supervision_list(
    session: Session,
    name: ListName,
    *,
    actor: Actor,
    now: datetime,
    cursor: str | None = None,
    limit: int = PAGE,
    unit: str = "",
) -> SupervisionPage:
    """What this person may see of the list, of all units or one that leads: clocks by their end, the rest the newest
    ticket first. CursorRefused.
    """
    seen = _seen(session, actor, unit)
    if name in {ListName.NEAR_DUE, ListName.OVERDUE}:
        return _by_clock(session, and_(_condition(name, now), seen), cursor, limit)
    query = _recurring(now) if name is ListName.RECURRING else _dissatisfied()
    return _by_ticket(session, query.where(seen), cursor, limit)


def count_lists(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    names: Collection[ListName] = tuple(ListName),
    unit: str = "",
) -> dict[ListName, int]:
    """How many stand on each of these lists, as this person sees it, of all units or one; not beyond COUNTED_MOST."""
    seen = _seen(session, actor, unit)
    counts: dict[ListName, int] = {}
    for name in names:
        if name in {ListName.NEAR_DUE, ListName.OVERDUE}:
            clocks = select(TicketClock.id).join(Ticket, Ticket.id == TicketClock.ticket_id)
            counts[name] = _count(session, clocks.where(_condition(name, now), seen))
        else:
            query = _recurring(now) if name is ListName.RECURRING else _dissatisfied()
            counts[name] = _count(session, query.with_only_columns(Ticket.id).where(seen))
    return counts


def _seen(session: Session, actor: Actor, unit: str) -> ColumnElement[bool]:
    own = visible(actor, holding_of(session, actor))
    return and_(own, Ticket.lead_unit_code == unit) if unit else own


def _count(session: Session, query: Select[int]) -> int:
    return session.scalar(select(func.count()).select_from(query.limit(COUNTED_MOST).subquery())) or 0


def _condition(name: ListName, now: datetime) -> ColumnElement[bool]:
    runs = and_(TicketClock.stopped_at.is_(None), TicketClock.paused_since.is_(None))
    if name is ListName.OVERDUE:
        return and_(runs, TicketClock.due_at < now)
    return and_(runs, TicketClock.near_due_at <= now, TicketClock.due_at >= now)


def _by_clock(session: Session, condition: ColumnElement[bool], cursor: str | None, limit: int) -> SupervisionPage:
    query = (
        select(Ticket, TicketClock)
        .join(TicketClock, TicketClock.ticket_id == Ticket.id)
        .where(condition)
        .order_by(TicketClock.due_at, TicketClock.id)
        .limit(limit + 1)
    )
    if cursor:
        query = query.where(tuple_(TicketClock.due_at, TicketClock.id) > read_cursor(cursor, read_moment))
    found = [ListedTicket(ticket, clock) for ticket, clock in session.execute(query)]
    last = found[limit - 1].clock if len(found) > limit else None
    more = make_cursor(last.due_at.isoformat(), last.id) if last is not None and last.due_at else None
    return SupervisionPage(found[:limit], more)


def _by_ticket(session: Session, query: Select[Ticket, int], cursor: str | None, limit: int) -> SupervisionPage:
    query = query.order_by(Ticket.created_at.desc(), Ticket.id.desc()).limit(limit + 1)
    if cursor:
        query = query.where(tuple_(Ticket.created_at, Ticket.id) < read_cursor(cursor, read_moment))
    found = [ListedTicket(ticket, None, times) for ticket, times in session.execute(query)]
    last = found[limit - 1].ticket if len(found) > limit else None
    return SupervisionPage(found[:limit], make_cursor(last.created_at.isoformat(), last.id) if last else None)


def _recurring(now: datetime) -> Select[Ticket, int]:
    """Open tickets whose caller told the same subject before, or whose place and subject come from several people."""
    lately = and_(Ticket.created_at >= now - timedelta(days=RECURRING_DAYS), Ticket.status.not_in(COUNTED_OUT))
    person = (
        select(Ticket.contact_number, Ticket.subject_code, func.count().label("times"))
        .where(lately, Ticket.contact_number != "", Ticket.subject_code.is_not(None))
        .group_by(Ticket.contact_number, Ticket.subject_code)
        .having(func.count() >= SAME_PERSON)
        .subquery()
    )
    place = (
        select(Ticket.region_code, Ticket.address, Ticket.subject_code, func.count().label("times"))
        .where(lately, Ticket.address != "", Ticket.subject_code.is_not(None))
        .group_by(Ticket.region_code, Ticket.address, Ticket.subject_code)
        .having(func.count() >= SAME_PLACE)
        .subquery()
    )
    by_person = and_(person.c.contact_number == Ticket.contact_number, person.c.subject_code == Ticket.subject_code)
    by_place = and_(
        place.c.region_code == Ticket.region_code,
        place.c.address == Ticket.address,
        place.c.subject_code == Ticket.subject_code,
    )
    times = func.coalesce(person.c.times, place.c.times)
    return (
        select(Ticket, times.label("times"))
        .outerjoin(person, by_person)
        .outerjoin(place, by_place)
        .where(lately, or_(person.c.times.is_not(None), place.c.times.is_not(None)))
    )


def _dissatisfied() -> Select[Ticket, int]:
    """Tickets of citizens who said that they are not content: in a follow-up, or after a talk about the ticket."""
    said = select(FollowUpTask.matter_id.label("ticket_id")).where(FollowUpTask.is_unhappy)
    rated = select(Call.ticket_id).where(Call.rating == literal_column(str(DISSATISFIED)), Call.ticket_id.is_not(None))
    voices = union_all(said, rated.where(Call.is_test.is_(False))).subquery("voices")
    counted = select(voices.c.ticket_id, func.count().label("times")).group_by(voices.c.ticket_id).subquery()
    query = select(Ticket, counted.c.times).join(counted, counted.c.ticket_id == Ticket.id)
    return query.where(Ticket.status != TicketStatus.ARCHIVED)
