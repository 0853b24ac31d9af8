"""Use cases of handling: one door for every move; what a move does beside changing the status stands in `steps.py`."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts.auth import SYSTEM, Actor
from app.casework import forms
from app.casework.case import Case, read_case
from app.casework.duties import check_duty, refusal
from app.casework.fields import words_of
from app.casework.guards import GUARDS
from app.casework.models import CitizenNotice
from app.casework.notices import tell
from app.casework.refusals import refuse
from app.casework.schemas import CaseOut
from app.casework.steps import STEPS, Effects
from app.deadlines.service import on_move
from app.platform.errors import Conflict, NotFound
from app.tickets import service as tickets
from app.tickets.access import Holding, check_sees, holding_of, visible
from app.tickets.idempotency import is_repeated
from app.tickets.models import Ticket, TicketStatus
from app.tickets.moving import TransitionRefused, check_version, listen, move_ticket
from app.tickets.shown import eyes_of
from app.tickets.states import BY_VERB, Move, moves_from

listen(on_move)
listen(tell)

AT_THE_DESK = frozenset({"accept", "finish"})
"""These two have rules of their own in `app.tickets.service`."""


class Overtaken(Conflict):
    """Two did the same at the same time: the other was first."""

    code = "overtaken"
    title = "他人刚刚处理了本工单，请刷新后再试"


def open_case(session: Session, key: int | str, actor: Actor, now: datetime, *, is_locked: bool = False) -> Case:
    """The case of a ticket that this person may see. Raises NotFound."""
    ticket = tickets.get_ticket(session, key, is_locked=is_locked)
    check_sees(session, actor, ticket, holding_of(session, actor))
    return read_case(session, ticket, actor, now)


def show(session: Session, ticket: Ticket, actor: Actor, now: datetime) -> CaseOut:
    """How a ticket is handled, as this person sees it."""
    return show_case(session, read_case(session, ticket, actor, now))


def show_case(session: Session, case: Case) -> CaseOut:
    """The same of a case that was read already."""
    ids = [case.ticket.id, *(follower.id for follower in case.followers)]
    told = select(CitizenNotice).where(CitizenNotice.ticket_id.in_(ids)).order_by(CitizenNotice.id)
    eyes = replace(eyes_of(session, case.actor, case.ticket, Holding()), is_full=False)
    return CaseOut.of(case, list(session.scalars(told)), eyes)


def count(session: Session, actor: Actor) -> tuple[int, int]:
    """件 and 人次 of what this person may see, drafts left out."""
    seen = visible(actor, holding_of(session, actor))
    query = select(func.count().filter(Ticket.merged_into_id.is_(None)), func.count()).where(
        seen, Ticket.status != TicketStatus.DRAFT
    )
    matters, citizens = session.execute(query).one()
    return matters, citizens


def list_possible(case: Case) -> list[Move]:
    """What this person may do with the ticket now, as far as duties go; guards speak when it is tried."""
    return [move for move in moves_from(TicketStatus(case.ticket.status)) if not refusal(case, move)]


def move(
    session: Session,
    key: int | str,
    verb: str,
    given: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
    version: int | None = None,
) -> Ticket:
    """Make a move: form, table, duty, guard, then the step itself, the history and the notices, in one transaction.

    Raises NotFound, GivenRefused, PreconditionFailed, TransitionRefused, NotAllowed, NotNow, TicketIncomplete.
    """
    if verb not in BY_VERB:
        raise NotFound(f"没有“{verb}”这种操作")
    if verb == "dispatch" and _is_to_be_released(session, key, actor):
        move(session, key, "release", {}, actor=actor, now=now, version=version)
        version = None
    case, row, form = check_move(session, key, verb, given, actor=actor, now=now, version=version)
    if verb in AT_THE_DESK:
        act = tickets.accept_ticket if verb == "accept" else tickets.finish_ticket
        return act(session, case.ticket.id, actor=actor.name, now=now)
    try:
        _make(session, case, row, form)
    except IntegrityError as error:
        raise Overtaken() from error
    return case.ticket


def check_move(
    session: Session,
    key: int | str,
    verb: str,
    given: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
    version: int | None = None,
) -> tuple[Case, Move, forms.Form]:
    """What `move` makes: this person may make it now, the ticket is locked. Raises as `move` does; changes nothing."""
    form = forms.read_form(verb, dict(given))
    case = open_case(session, key, actor, now, is_locked=True)
    check_version(session, case.ticket, version)
    row = _row(case.ticket, verb)
    check_duty(case, row)
    refuse(GUARDS[row.guard](case, form))
    return case, row, form


def move_once(
    session: Session,
    ticket_key: int | str,
    verb: str,
    given: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
    version: int | None,
    key: str | None,
) -> Ticket:
    """The same, but a request that carries the key of one that was carried out changes nothing. Raises KeyReused."""
    ticket = tickets.get_ticket(session, ticket_key, is_locked=True)
    check_sees(session, actor, ticket, holding_of(session, actor))
    request = {"verb": verb, "given": dict(given)}
    if is_repeated(session, key, ticket, request, actor=actor.name, now=now):
        return ticket
    return move(session, ticket.id, verb, given, actor=actor, now=now, version=version)


def _is_to_be_released(session: Session, key: int | str, actor: Actor) -> bool:
    """Whether the dispatcher may pass and dispatch in one go: two moves, one click."""
    ticket = tickets.get_ticket(session, key, is_locked=True)
    check_sees(session, actor, ticket, holding_of(session, actor))
    return ticket.status in BY_VERB["release"].sources


def _row(ticket: Ticket, verb: str) -> Move:
    row = BY_VERB[verb]
    if ticket.status not in row.sources:
        possible = "、".join(move.text for move in moves_from(TicketStatus(ticket.status)))
        raise TransitionRefused(f"工单当前状态不能“{row.text}”；可进行的操作：{possible or '无'}", status=ticket.status)
    return row


def _make(session: Session, case: Case, row: Move, form: forms.Form) -> None:
    step = STEPS.get(row.verb)
    effects = step(session, case, form) if step else Effects()
    given = {**form.model_dump(mode="json", exclude_none=True), **effects.noted}
    told = words_of(form, case.units, leave_out=effects.changed)
    move_ticket(
        session, case.ticket, row.verb,
        actor=case.actor.name, now=case.now, changed=effects.changed, given=given, told=told,
    )  # fmt: skip
    for verb in effects.then:
        _follow(session, case.ticket, verb, case.now)


def _follow(session: Session, ticket: Ticket, verb: str, now: datetime) -> None:
    """A move that follows by itself, if its guard is content."""
    row = BY_VERB[verb]
    if ticket.status not in row.sources:
        return
    case = read_case(session, ticket, SYSTEM, now)
    if not GUARDS[row.guard](case, forms.Form()):
        _make(session, case, row, forms.Form())
