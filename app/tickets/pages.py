"""Pages of tickets: the list with its filters, one ticket with its calls and its history."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.auth import Actor, require
from app.accounts.models import Role
from app.accounts.rules import Permission
from app.calls.models import Call
from app.catalogue.models import Region, Subject
from app.catalogue.service import list_regions, list_subjects, list_units
from app.lines.rules import label_of_origin
from app.platform.http import ClockDep, Reading, SettingsDep
from app.platform.pages import render
from app.tickets import access, service
from app.tickets.export import EXPORTED_MOST
from app.tickets.filter_form import DUE_CHOICES, FilterForm
from app.tickets.listing import finds_people
from app.tickets.models import Ticket, TicketStatus
from app.tickets.saved_views import list_views
from app.tickets.shown import eyes_of

router = APIRouter(include_in_schema=False)

TicketReader = Annotated[Actor, Depends(require(Permission.TICKETS_READ))]
TicketKey = Annotated[str, Path(pattern=r"^\d{1,20}$", description="id or ticket number")]
PAGE_SIZE = 50


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
    filters = form.filters(now, settings.area_code)
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
        errors=form.problems,
        subjects=[(row.code, row.name) for row in list_subjects(session) if row.level == 1],
        units=[(row.code, row.name) for row in list_units(session)],
        views=list_views(session, actor.name),
        may_export=actor.may(Permission.TICKETS_EXPORT),
        may_find_people=finds_people(actor),
        export_most=EXPORTED_MOST,
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
    eyes = eyes_of(session, actor, ticket, holding)
    calls = session.scalars(select(Call).where(Call.ticket_id == ticket.id).order_by(Call.arrived_at)).all()
    subject = session.get(Subject, ticket.subject_code) if ticket.subject_code else None
    region = session.get(Region, ticket.region_code) if ticket.region_code else None
    return render(
        request,
        "tickets/ticket_detail.html",
        ticket=ticket,
        origin=label_of_origin(ticket.original_line),
        calls=calls,
        subject_name=subject.full_name if subject else "",
        region_name=region.full_name if region else "",
        is_citizen_hidden=eyes.hides_citizen,
        caller_number=eyes.number(ticket.caller_number),
        contact_name=eyes.name(ticket.contact_name),
        contact_number=eyes.number(ticket.contact_number),
        written=eyes.words,
        may_reveal=actor.may(Permission.NUMBERS_REVEAL) and not eyes.is_full,
        may_ring=actor.may(Permission.NUMBERS_REVEAL) and bool(ticket.contact_number or ticket.caller_number),
        may_read_calls=actor.may(Permission.CALLS_READ),
        is_own_draft=_is_own_draft(actor, ticket),
    )


def _is_own_draft(actor: Actor, ticket: Ticket) -> bool:
    return actor.role is Role.AGENT and ticket.status == TicketStatus.DRAFT and ticket.accepted_by == actor.name


def _names(session: Session, subjects: set[str | None], regions: set[str | None]) -> dict[str, str]:
    """`subject:code` and `region:code` → name."""
    subject_rows = session.scalars(select(Subject).where(Subject.code.in_(subjects - {None})))
    region_rows = session.scalars(select(Region).where(Region.code.in_(regions - {None})))
    return {f"subject:{row.code}": row.name for row in subject_rows} | {
        f"region:{row.code}": row.name for row in region_rows
    }
