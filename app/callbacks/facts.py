"""What facts bring about for call-backs. A request follows its newest offer, in whatever order its facts come."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.callbacks import jobs, rules, service
from app.callbacks.models import Callback, CallbackSource, CallbackStatus, CallbackTry
from app.calls.missed import resolve_by_callback
from app.calls.models import Call, MissedCall
from app.calls.rules import normalize_number
from app.calls.service import events_of_calls
from app.contract.events import CallbackRequested, CallEvent
from app.contract.ids import is_callback_call
from app.platform.job_queue import enqueue
from app.tickets.models import Ticket, TicketStatus

ANSWERED_AGAIN = "answered_again"
UNCONFIRMED = "unconfirmed"

log = structlog.get_logger()


def keep_requests(session: Session, calls: Sequence[Call], fresh: Iterable[CallEvent], *, area_code: str) -> None:
    """What callers asked for in their flows."""
    by_id = {call.call_id: call for call in calls}
    for event in fresh:
        if not isinstance(event.payload, CallbackRequested) or (call := by_id.get(event.call_id or "")) is None:
            continue
        fact = event.payload
        source = CallbackSource.FAILURE if fact.is_failure else CallbackSource.CITIZEN
        number = normalize_number(fact.number, area_code=area_code) or call.caller_number
        try:
            service.request_callback(
                session,
                service.Origin.of(session, call),
                number=number,
                source=source,
                now=event.occurred_at,
                is_confirmed=fact.is_confirmed,
            )
        except service.NumberNotDiallable:
            log.warning("callback_not_possible", call_id=call.call_id)
            continue
        enqueue(session, jobs.offer_due)


def keep_missed(session: Session, call: Call, automatic: frozenset[str], *, now: datetime) -> None:
    """A missed call whose reason the site has named goes on the list of call-backs by itself."""
    if call.missed_call_id is None or call.outcome not in automatic:
        return
    if call.outcome == CallbackSource.ABANDONED and (call.hold_ms or 0) < rules.SHORT_ABANDON_MS:
        return
    missed = session.get_one(MissedCall, call.missed_call_id)
    if missed.resolved_at is not None or missed.callback_id is not None:
        return
    try:
        service.request_for_missed_call(session, missed, by="", now=now)
    except service.NumberNotDiallable:
        return
    enqueue(session, jobs.offer_due)


def carry_drafts(session: Session, calls: Iterable[Call]) -> None:
    """Before drafts are opened: the draft of an earlier offer goes on with the agent who has taken this one."""
    for call in calls:
        if not is_callback_call(call.call_id) or call.ticket_id is not None:
            continue
        row = service.find_callback_of_call(session, call.call_id)
        if row is None or row.ticket_id is None:
            continue
        ticket = session.get_one(Ticket, row.ticket_id, with_for_update=True)
        call.ticket_id = ticket.merged_into_id or ticket.id
        if ticket.status == TicketStatus.DRAFT:
            ticket.call_id = call.call_id


def keep_progress(session: Session, calls: Iterable[Call], *, now: datetime) -> None:
    """What became of the offers that are these calls. Their rows are locked, their tickets opened."""
    ours = sorted(call.call_id for call in calls if is_callback_call(call.call_id))
    if not ours:
        return
    tickets = {call.call_id: call.ticket_id for call in calls}
    for call_id, events in events_of_calls(session, ours).items():
        attempt = session.scalar(select(CallbackTry).filter_by(call_id=call_id))
        if attempt is None:
            continue
        row = session.get_one(Callback, attempt.callback_id, with_for_update=True)
        row.ticket_id = row.ticket_id or tickets[call_id]
        told = rules.tell(events)
        attempt.heard_at, attempt.rang_at, attempt.talked_at = told.heard_at, told.rang_at, told.talked_at
        attempt.ended_at, attempt.agent, attempt.cause = told.ended_at, told.agent, told.cause
        session.flush()
        _follow(session, row, call_id, told, now)
    session.flush()


def _follow(session: Session, row: Callback, call_id: str, told: rules.Told, now: datetime) -> None:
    if told.talked_at is not None:
        if row.status != CallbackStatus.TALKED:
            service.settle(row, CallbackStatus.TALKED, cause="", by=told.agent, at=told.talked_at)
            row.agent = told.agent
            resolve_by_callback(session, row.number, agent=told.agent, at=told.talked_at)
        return
    if row.settled_at is not None or row.call_id != call_id:
        return
    row.agent = told.agent
    if told.ended_at is None:
        row.status = CallbackStatus.RINGING if told.rang_at else CallbackStatus.OFFERED
        return
    rang = [one.rang_at for one in service.list_tries(session, row.id) if one.rang_at and one.cause in rules.COUNTED]
    row.tries, row.cause = len(rang), told.cause
    again_at = rules.after_offer(told, rang, row.offers, now)
    if again_at is None:
        service.settle(row, CallbackStatus.GIVEN_UP, cause=told.cause, by="system", at=now)
    else:
        row.status, row.next_try_at = CallbackStatus.CONFIRMED, again_at
        enqueue(session, jobs.offer_due)


def cancel_by_answer(session: Session, number: str, answered_at: datetime) -> None:
    """The citizen rang again and was answered: nobody needs to call him back for what was before."""
    query = select(Callback).where(Callback.number == number, Callback.settled_at.is_(None))
    row = session.scalar(query.with_for_update())
    if row is None or row.queued_at > answered_at:
        return
    if row.status in rules.UNDER_WAY and row.call_id:
        enqueue(session, jobs.withdraw, row.call_id)
    service.settle(row, CallbackStatus.CANCELLED, cause=ANSWERED_AGAIN, by="system", at=answered_at)


def drop_unconfirmed(session: Session, call_ids: Iterable[str], now: datetime) -> None:
    """Callers who have gone without confirming are not called back."""
    query = select(Callback).where(
        Callback.origin_call_id.in_(sorted(call_ids)), Callback.status == CallbackStatus.REQUESTED
    )
    for row in session.scalars(query.order_by(Callback.id).with_for_update()):
        service.settle(row, CallbackStatus.CANCELLED, cause=UNCONFIRMED, by="system", at=now)
