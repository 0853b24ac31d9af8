"""The ticket list: filters, and pages that stay stable while tickets are added."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, select, true, tuple_
from sqlalchemy.orm import Session, defer

from app.accounts.auth import Actor
from app.accounts.rules import Permission
from app.accounts.scope import lies_in
from app.calls.rules import HOME_AREA_CODE
from app.platform.cursors import make_cursor, read_cursor, read_moment
from app.platform.errors import NotAllowed
from app.tickets.access import Holding, holding_of, visible
from app.tickets.models import Ticket, TicketStatus
from app.tickets.search import is_of_words, lies_at, matches

AnySelect = TypeVar("AnySelect", bound=Select[*tuple[Any, ...]])

PAGE = 50
LARGEST_PAGE = 200
READ_ALONG = 10_000
"""So many of the newest tickets are read along for words before the index is asked."""


@dataclass(frozen=True)
class TicketFilters:
    """What the list shows; None or empty: no condition. `subject` and `region` hold all that lies below them.

    `area_code` is no condition: a number in `text` that has none is a landline there.
    """

    statuses: tuple[TicketStatus, ...] = ()
    ticket_type: str | None = None
    subject: str | None = None
    region: str | None = None
    agent: str | None = None
    line: str | None = None
    caller_number: str | None = None
    unit: str | None = None
    place: str = ""
    text: str = ""
    area_code: str = HOME_AREA_CODE
    since: datetime | None = None
    until: datetime | None = None
    due_before: datetime | None = None
    is_by_due: bool = False
    """The first to end comes first, and only tickets with a running clock; else the newest first."""


@dataclass(frozen=True)
class TicketPage:
    """One page, in the order of the filters. `next_cursor` is None on the last one."""

    items: list[Ticket]
    next_cursor: str | None


def list_tickets(
    session: Session,
    filters: TicketFilters = TicketFilters(),
    *,
    cursor: str | None = None,
    limit: int = PAGE,
    actor: Actor | None = None,
    holding: Holding | None = None,
) -> TicketPage:
    """The page after `cursor`, of what `actor` may see (None: everything). Raises CursorRefused.

    `holding` is what is on his telephone, for who knows it already. The long texts of the rows are left in the
    database until somebody asks for them.
    """
    limit = max(1, min(limit, LARGEST_PAGE))
    seen = true() if actor is None else visible(actor, holding or holding_of(session, actor))

    def read(query: Select[Ticket]) -> list[Ticket]:
        query = _ordered(query, cursor, is_by_due=filters.is_by_due).where(seen).limit(limit + 1)
        query = query.options(defer(Ticket.content), defer(Ticket.demand), defer(Ticket.answer))
        return list(session.scalars(query))

    found: list[Ticket] = []
    if _may_be_common(session, filters, actor):
        found = read(filtered(session, filters, actor, is_read_along=True).where(_lately(session, cursor)))
    if len(found) <= limit:
        found = read(filtered(session, filters, actor))
    items = found[:limit]
    return TicketPage(items, _cursor(items[-1], is_by_due=filters.is_by_due) if len(found) > limit else None)


def _lately(session: Session, cursor: str | None) -> ColumnElement[bool]:
    """The newest READ_ALONG tickets after `cursor`.

    A bound, not a list of ids: words are estimated to be so rare that PostgreSQL would rather read the whole table for
    them and join the list afterwards (145 ms instead of 14 with 100,000 tickets).
    """
    key = tuple_(Ticket.created_at, Ticket.id)
    keys = _ordered(select(Ticket.created_at, Ticket.id), cursor, is_by_due=False)
    last = session.execute(keys.offset(READ_ALONG - 1).limit(1)).one_or_none()
    return true() if last is None else key >= tuple_(*last)


def _may_be_common(session: Session, filters: TicketFilters, actor: Actor | None) -> bool:
    """Words that stand in every two-hundredth ticket fill a page with the newest ones: no need to find them all first.

    Only where an index would find them all.
    """
    is_indexed = session.get_bind().dialect.name == "postgresql" and not filters.is_by_due
    return is_indexed and is_of_words(filters.text, area_code=filters.area_code, finds_people=finds_people(actor))


def _ordered(query: AnySelect, cursor: str | None, *, is_by_due: bool) -> AnySelect:
    if is_by_due:
        query = query.where(Ticket.next_due_at.is_not(None)).order_by(Ticket.next_due_at, Ticket.id)
        after = tuple_(Ticket.next_due_at, Ticket.id)
        return query.where(after > read_cursor(cursor, read_moment)) if cursor else query
    query = query.order_by(Ticket.created_at.desc(), Ticket.id.desc())
    return query.where(tuple_(Ticket.created_at, Ticket.id) < read_cursor(cursor, read_moment)) if cursor else query


def finds_people(actor: Actor | None) -> bool:
    """Whether this person may ask for a citizen's number or query code: who may see numbers, and machines."""
    return actor is None or actor.role is None or actor.may(Permission.NUMBERS_REVEAL)


def filtered(
    session: Session, filters: TicketFilters, actor: Actor | None = None, *, is_read_along: bool = False
) -> Select[Ticket]:
    """Tickets that fit. Raises NotAllowed for a number asked by somebody who may not see numbers."""
    if filters.caller_number and not finds_people(actor):
        raise NotAllowed("您的岗位不能按电话号码查询")
    query = select(Ticket)
    if len(filters.statuses) == 1:
        query = query.where(Ticket.status == filters.statuses[0])
    elif filters.statuses:
        query = query.where(Ticket.status.in_(filters.statuses))
    plain = (
        (Ticket.ticket_type, filters.ticket_type), (Ticket.accepted_by, filters.agent),
        (Ticket.original_line, filters.line), (Ticket.caller_number, filters.caller_number),
        (Ticket.lead_unit_code, filters.unit),
    )  # fmt: skip
    query = query.where(*(column == value for column, value in plain if value))
    if filters.subject:
        query = query.where(lies_in(Ticket.subject_code, filters.subject))
    if filters.region:
        query = query.where(lies_in(Ticket.region_code, filters.region))
    if filters.since:
        query = query.where(Ticket.created_at >= filters.since)
    if filters.until:
        query = query.where(Ticket.created_at < filters.until)
    if filters.due_before:
        query = query.where(Ticket.next_due_at < filters.due_before)
    if filters.place.strip():
        query = query.where(lies_at(session, filters.place))
    if filters.text.strip():
        may = finds_people(actor)
        found = matches(
            session, filters.text, area_code=filters.area_code, finds_people=may, is_read_along=is_read_along
        )
        query = query.where(found)
    return query


def _cursor(last: Ticket, *, is_by_due: bool) -> str:
    key = last.next_due_at if is_by_due and last.next_due_at else last.created_at
    return make_cursor(key.isoformat(), last.id)
