"""Pages of tickets: the list with its filters, one ticket with its calls and its history."""

from datetime import date, datetime, time, timedelta
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.auth import Actor, require
from app.accounts.models import Role
from app.accounts.rules import Permission
from app.calls.models import Call
from app.catalogue.models import Region, Subject, Unit
from app.catalogue.service import list_regions, list_subjects
from app.lines.rules import label_of_origin
from app.platform.clock import SHANGHAI, to_shanghai
from app.platform.http import ClockDep, Reading, SettingsDep
from app.platform.pages import render
from app.tickets import access, service
from app.tickets.listing import TicketFilters
from app.tickets.models import Ticket, TicketHistory, TicketStatus
from app.tickets.rules import FIELD_LABELS
from app.tickets.states import ACTION_WORDS

router = APIRouter(include_in_schema=False)

TicketReader = Annotated[Actor, Depends(require(Permission.TICKETS_READ))]
TicketKey = Annotated[str, Path(pattern=r"^\d{1,20}$", description="id or ticket number")]
PAGE_SIZE = 50
DUE_CHOICES = {"overdue": "已逾期", "today": "今天到期", "soon": "三天内到期", "any": "按到期先后"}


class FilterForm(BaseModel):
    """The filter form as it stands in the address; empty fields say nothing."""

    text: str = Field(default="", max_length=100)
    status: str = Field(default="", max_length=20)
    ticket_type: str = Field(default="", max_length=20)
    subject: str = Field(default="", max_length=6)
    region: str = Field(default="", max_length=12)
    agent: str = Field(default="", max_length=80)
    line: str = Field(default="", max_length=20)
    since: str = Field(default="", max_length=10)
    until: str = Field(default="", max_length=10)
    due: str = Field(default="", max_length=10)
    cursor: str = Field(default="", max_length=200)

    @property
    def shown(self) -> dict[str, str]:
        """Without the place in the list, and without what is empty."""
        return self.model_dump(exclude={"cursor"}, exclude_defaults=True)


@router.get("/tickets")
def show_tickets(
    *,
    request: Request,
    actor: TicketReader,
    session: Reading,
    settings: SettingsDep,
    clock: ClockDep,
    form: Annotated[FilterForm, Query()],
) -> HTMLResponse:
    """The tickets that this person may see, the newest first; by their time limit, the first to end first."""
    now = clock()
    since, since_error = _day(form.since)
    until, until_error = _day(form.until)
    filters = TicketFilters(
        statuses=(TicketStatus(form.status),) if form.status in set(TicketStatus) else (),
        ticket_type=form.ticket_type or None,
        subject=form.subject if form.subject.isdigit() else None,
        region=form.region if form.region.isdigit() else None,
        agent=form.agent.strip() or None,
        line=form.line.strip() or None,
        text=form.text,
        area_code=settings.area_code,
        since=since,
        until=until + timedelta(days=1) if until else None,
        due_before=_due_before(form.due, now),
        is_by_due=form.due in DUE_CHOICES,
    )
    page = service.list_tickets(session, filters, cursor=form.cursor or None, limit=PAGE_SIZE, actor=actor)
    return render(
        request,
        "tickets/ticket_list.html",
        actor=actor,
        tickets=page.items,
        origin=label_of_origin,
        form=form,
        now=now,
        due_choices=DUE_CHOICES.items(),
        errors={"since": since_error, "until": until_error},
        subjects=[(row.code, row.name) for row in list_subjects(session) if row.level == 1],
        regions=[(row.code, row.name) for row in list_regions(session) if row.level == 3],
        names=_names(
            session, {ticket.subject_code for ticket in page.items}, {ticket.region_code for ticket in page.items}
        ),
        next_url="/tickets?" + urlencode({**form.shown, "cursor": page.next_cursor}) if page.next_cursor else "",
        first_url="/tickets?" + urlencode(form.shown) if form.cursor else "",
        is_filtered=bool(form.shown),
    )


@router.get("/tickets/{key}")
def show_ticket(request: Request, key: TicketKey, actor: TicketReader, session: Reading) -> HTMLResponse:
    """One ticket, its calls and every change of it. NotFound: no such ticket, or not for this person's eyes."""
    ticket = service.get_ticket(session, key)
    holding = access.holding_of(session, actor)
    access.check_sees(session, actor, ticket, holding)
    is_full = access.sees_full_number(actor, ticket, holding)
    calls = session.scalars(select(Call).where(Call.ticket_id == ticket.id).order_by(Call.arrived_at)).all()
    subject = session.get(Subject, ticket.subject_code) if ticket.subject_code else None
    region = session.get(Region, ticket.region_code) if ticket.region_code else None
    entries = service.history(session, ticket.id)
    return render(
        request,
        "tickets/ticket_detail.html",
        ticket=ticket,
        origin=label_of_origin(ticket.original_line),
        calls=calls,
        history=entries,
        labels=FIELD_LABELS,
        actions=ACTION_WORDS,
        names=_names(session, _codes_of(entries, "subject_code"), _codes_of(entries, "region_code"))
        | _unit_names(session, _codes_of(entries, "lead_unit_code") | _codes_of(entries, "complained_unit_code")),
        subject_name=subject.full_name if subject else "",
        region_name=region.full_name if region else "",
        caller_number=access.shown_number(ticket.caller_number, is_full=is_full),
        contact_name=access.shown_name(actor, ticket),
        contact_number=access.shown_number(ticket.contact_number, is_full=is_full),
        may_reveal=actor.may(Permission.NUMBERS_REVEAL) and not is_full,
        may_read_calls=actor.may(Permission.CALLS_READ),
        is_own_draft=_is_own_draft(actor, ticket),
    )


def _is_own_draft(actor: Actor, ticket: Ticket) -> bool:
    return actor.role is Role.AGENT and ticket.status == TicketStatus.DRAFT and ticket.accepted_by == actor.name


def _codes_of(entries: list[TicketHistory], field: str) -> set[str | None]:
    return {code for entry in entries for code in entry.changes.get(field, [])}


def _names(session: Session, subjects: set[str | None], regions: set[str | None]) -> dict[str, str]:
    """`subject:code` and `region:code` → name."""
    subject_rows = session.scalars(select(Subject).where(Subject.code.in_(subjects - {None})))
    region_rows = session.scalars(select(Region).where(Region.code.in_(regions - {None})))
    return {f"subject:{row.code}": row.name for row in subject_rows} | {
        f"region:{row.code}": row.name for row in region_rows
    }


def _due_before(choice: str, now: datetime) -> datetime | None:
    """Until when a ticket's first clock may end to be on the list."""
    midnight = datetime.combine(to_shanghai(now).date(), time.min, SHANGHAI)
    days = {"today": 1, "soon": 3}
    return now if choice == "overdue" else midnight + timedelta(days=days[choice]) if choice in days else None


def _unit_names(session: Session, codes: set[str | None]) -> dict[str, str]:
    """`unit:code` → name."""
    return {
        f"unit:{unit.code}": unit.name for unit in session.scalars(select(Unit).where(Unit.code.in_(codes - {None})))
    }


def _day(text: str) -> tuple[datetime | None, str]:
    """The beginning of a day in Asia/Shanghai, and what is wrong with the text."""
    if not text:
        return None, ""
    try:
        return datetime.combine(date.fromisoformat(text), time.min, SHANGHAI), ""
    except ValueError:
        return None, "日期格式不正确"
