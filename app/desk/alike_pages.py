"""Part of the desk: tickets that may be about the same matter, while the agent still types (R06)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.casework.duplicates import Likeness, find_alike
from app.catalogue.models import Region, Unit
from app.platform.http import Reading
from app.platform.pages import render
from app.tickets.access import holding_of, visible
from app.tickets.models import Secrecy, Ticket, TicketStatus

router = APIRouter(include_in_schema=False)

DeskUser = Annotated[Actor, Depends(require(Permission.DESK_USE))]


@router.get("/desk/alike")
def show_alike(
    request: Request, actor: DeskUser, session: Reading, ticket_id: Annotated[int, Query(ge=1, lt=2**63)]
) -> HTMLResponse:
    """What is like one of the agent's own drafts; nothing for a ticket that is no draft of his any more.

    Of a ticket that he may not open he is told number, state, place and unit, not its words; of a secret one nothing.
    """
    request.state.renews_session = False
    draft = session.get(Ticket, ticket_id)
    is_own = draft is not None and draft.accepted_by == actor.name and draft.status == TicketStatus.DRAFT
    found = _alike(session, actor, draft) if draft is not None and is_own else []
    tickets = [one.ticket for one, _ in found]
    return render(
        request,
        "desk/duplicates.html",
        found=found,
        regions=_names(session, Region, {ticket.region_code for ticket in tickets}),
        units=_names(session, Unit, {ticket.lead_unit_code for ticket in tickets}),
    )


def _alike(session: Session, actor: Actor, draft: Ticket) -> list[tuple[Likeness, bool]]:
    own = visible(actor, holding_of(session, actor))
    found = find_alike(session, draft, or_(own, Ticket.secrecy == Secrecy.PUBLIC))
    ids = [one.ticket.id for one in found]
    open_to_him = set(session.scalars(select(Ticket.id).where(Ticket.id.in_(ids), own)))
    return [(one, one.ticket.id in open_to_him) for one in found]


def _names(session: Session, model: type[Region | Unit], codes: set[str | None]) -> dict[str, str]:
    return dict(session.execute(select(model.code, model.name).where(model.code.in_(codes - {None}))).all())
