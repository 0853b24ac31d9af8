"""Pages of the desk: the agent's page and its parts, and the board of all agents."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.callbacks import wording
from app.calls.models import Call
from app.calls.rules import may_see_number
from app.catalogue.models import Region, Subject, Unit
from app.catalogue.service import list_active_subjects, list_regions, list_units
from app.contract.masks import mask_number
from app.desk import rules, service, views
from app.desk.agent_flow_view import read_agent_flow_panel
from app.desk.handover_view import read_handover_panel
from app.desk.service import Agent
from app.handovers.rules import EMERGENCY_NUMBERS
from app.handovers.service import list_targets
from app.platform.errors import NotFound
from app.platform.http import ClockDep, Reading
from app.platform.pages import render
from app.platform.plan_words import pause_reasons, queue_names
from app.tickets.models import Ticket
from app.tickets.reports import note_reading

router = APIRouter(include_in_schema=False)

DeskUser = Annotated[Actor, Depends(require(Permission.DESK_USE))]
Watcher = Annotated[Actor, Depends(require(Permission.AGENTS_READ))]

LEAF_SUBJECT_LEVEL = 3
COUNTY_LEVEL = 3


@router.get("/desk")
def show_desk(
    request: Request,
    actor: DeskUser,
    session: Reading,
    clock: ClockDep,
    ticket_id: Annotated[int | None, Query()] = None,
) -> HTMLResponse:
    """The agent's page, with whatever rings or is talked on now; the form holds the wanted draft, or the call's own."""
    now = clock()
    agent = service.get_agent(session, actor.name, now)
    call = views.find_current_call(session, actor.name, now)
    card = views.read_card(session, call, actor) if call else None
    drafts = views.list_drafts(session, actor.name)
    own = card.draft if card and card.draft in drafts else None
    wanted = next((draft for draft in drafts if draft.id == ticket_id), own)
    return render(
        request,
        "desk/desk.html",
        agent=agent,
        counters=views.count_day(session, actor.name, now),
        drafts=drafts,
        now=now,
        reasons=rules.chosen_reasons(pause_reasons(session)),
        subjects=_options(list_active_subjects(session), LEAF_SUBJECT_LEVEL),
        regions=_options(list_regions(session), COUNTY_LEVEL),
        units=[{"code": u.code, "name": u.name, "full_name": u.name} for u in list_units(session)],
        targets=list_targets(session),
        emergency_numbers=EMERGENCY_NUMBERS,
        **_call_context(session, agent, card, now),
        **_form_context(session, actor, wanted or (drafts[0] if drafts else None)),
    )


@router.get("/desk/bar")
def show_bar(request: Request, actor: DeskUser, session: Reading, clock: ClockDep) -> HTMLResponse:
    """Part: state, buttons, counters."""
    now = clock()
    return render(
        request,
        "desk/agent_bar.html",
        agent=service.get_agent(session, actor.name, now),
        counters=views.count_day(session, actor.name, now),
    )


@router.get("/desk/call")
def show_call(
    request: Request,
    actor: DeskUser,
    session: Reading,
    clock: ClockDep,
    call_id: Annotated[str, Query(max_length=64)] = "",
) -> HTMLResponse:
    """Part: the card of a call of this agent; without an id the current one."""
    now = clock()
    agent = service.get_agent(session, actor.name, now)
    current = views.find_current_call(session, actor.name, now)
    call = views.find_own_call(session, actor.name, call_id) if call_id else current
    card = views.read_card(session, call, actor) if call else None
    return render(request, "desk/call_panel.html", agent=agent, **_call_context(session, agent, card, now))


@router.get("/desk/drafts")
def show_drafts(
    request: Request, actor: DeskUser, session: Reading, open_id: Annotated[str, Query(alias="open")] = ""
) -> HTMLResponse:
    """Part: the agent's drafts; `open` is the one in the form."""
    drafts = views.list_drafts(session, actor.name)
    ticket = next((draft for draft in drafts if str(draft.id) == open_id), None)
    return render(request, "desk/drafts.html", drafts=drafts, ticket=ticket)


@router.get("/desk/form")
def show_form(
    request: Request, actor: DeskUser, session: Reading, ticket_id: Annotated[int | None, Query()] = None
) -> HTMLResponse:
    """Part: the form of one of the agent's drafts; without an id the newest. NotFound: not his, or no draft."""
    drafts = views.list_drafts(session, actor.name)
    if ticket_id is None:
        ticket = drafts[0] if drafts else None
    else:
        ticket = next((draft for draft in drafts if draft.id == ticket_id), None)
        if ticket is None:
            raise NotFound("没有这份草稿，可能已经提交")
    return render(request, "desk/ticket_form.html", **_form_context(session, actor, ticket))


@router.get("/agents")
def show_board(request: Request, actor: Watcher, session: Reading, clock: ClockDep) -> HTMLResponse:
    """What every agent is doing: the supervisors' board. htmx asks for the table alone."""
    now = clock()
    is_part = request.headers.get("HX-Request") == "true"
    if is_part:
        request.state.renews_session = False  # a board that is only looked at is no activity
    name = "desk/agent_table.html" if is_part else "desk/agents.html"
    return render(
        request,
        name,
        agents=service.list_agents(session, now, actor),
        calls=views.list_waiting_calls(session),
        ratings=views.ratings_of_today(session, now),
        queue_names=queue_names(session),
        may_control=actor.may(Permission.AGENTS_CONTROL),
        now=now,
    )


def _options(rows: list[Subject] | list[Region], level: int) -> list[dict[str, str]]:
    """What the search field offers: rows precise enough to work with, their path without their own name doubled."""
    return [{"code": r.code, "name": r.name, "full_name": r.full_name} for r in rows if r.level >= level]


def _call_context(session: Session, agent: Agent, card: views.CallCard | None, now: datetime) -> dict[str, Any]:
    if card is None:
        return {
            "card": None,
            "number": "",
            "handover": None,
            "flows": None,
            "callback_words": wording,
            "queue_names": {},
        }
    handover = read_handover_panel(session, agent, card.call, now)
    flows = read_agent_flow_panel(session, agent, card.call, handover)
    if flows.present is not None:
        handover = replace(handover, may_hand_over=False)
    number = _shown_number(agent, card.call, card.draft)
    return {
        "card": card, "number": number, "handover": handover, "flows": flows, "callback_words": wording,
        "queue_names": queue_names(session),
    }  # fmt: skip


def _shown_number(agent: Agent, call: Call, draft: Ticket | None) -> str:
    number = call.caller_number or call.ani
    owner = draft.accepted_by if draft and draft.status == "draft" else None
    is_holder = may_see_number(agent.username, call_id=call.call_id, viewer_call_id=agent.call_id, draft_owner=owner)
    return number if is_holder else mask_number(number)


def _form_context(session: Session, actor: Actor, ticket: Ticket | None) -> dict[str, Any]:
    """What the form needs; the draft is the agent's own, so its numbers are shown in full."""
    if ticket is None:
        return {"ticket": None}
    note_reading(session, actor, ticket)
    subject = session.get(Subject, ticket.subject_code) if ticket.subject_code else None
    region = session.get(Region, ticket.region_code) if ticket.region_code else None
    complained = session.get(Unit, ticket.complained_unit_code) if ticket.complained_unit_code else None
    return {
        "ticket": ticket,
        "etag": f'"{ticket.version}"',
        "subject_name": subject.full_name if subject else "",
        "region_name": region.full_name if region else "",
        "complained_name": complained.name if complained else "",
        "contact_number": ticket.contact_number,
    }
