"""Use cases of call-backs: ask for one, cancel it, let those whose turn it is be dialled, list.

The commands that `claim_due` returns are sent when its transaction is true. The rows are locked for the claim, so that
of two sweeps at the same time one dials.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import User
from app.callbacks import rules, wording
from app.callbacks.models import Callback, CallbackSource, CallbackStatus, CallbackTry
from app.calls.models import AgentState, AgentStatus, Call, CallState, MissedCall
from app.contract.commands import CallBack
from app.contract.ids import callback_call_id, is_callback_call
from app.lines.rules import MAIN_LINE
from app.lines.service import find_line
from app.platform.database import insert_ignore
from app.platform.errors import Conflict, NotFound
from app.tickets.models import Ticket

WAITING_STATES = (CallState.QUEUED, CallState.RINGING)
SERVING = (AgentStatus.READY, AgentStatus.RINGING, AgentStatus.TALKING, AgentStatus.WRAP_UP)


class NumberNotDiallable(Conflict):
    """Anonymous, or abroad: only a person can call back, if anybody can."""

    code = "number-not-diallable"
    title = "该号码无法由系统回拨"


class CallbackSettled(Conflict):
    """It is over: talked, cancelled or given up."""

    code = "callback-settled"
    title = "该回拨已结束"


class NoQueue(Conflict):
    """Neither the ticket's calls nor the account of who asks names a queue whose agents could ring."""

    code = "no-queue"
    title = "该工单没有来电记录，您的账号也没有队列，请联系班长"


@dataclass(frozen=True)
class Origin:
    """What led to a request: whose agents ring the citizen, for which line, and since when he has waited."""

    queue: str
    line: str
    call_id: str | None
    queued_at: datetime | None

    @classmethod
    def of(cls, session: Session, call: Call) -> Self:
        """A caller who never came to a queue would have waited in that of his line."""
        return cls(call.queue or _queue_of_line(session, call), call.original_line, call.call_id, call.queued_at)


def request_callback(
    session: Session,
    origin: Origin,
    *,
    number: str | None,
    source: CallbackSource,
    now: datetime,
    requested_by: str = "",
    is_confirmed: bool = True,
) -> Callback:
    """The open request of this number, made if need be; it keeps the earliest place that the citizen ever had.

    Raises NumberNotDiallable.
    """
    if number is None or not rules.is_diallable(number):
        raise NumberNotDiallable()
    place = (
        origin.queued_at or now
    )  # behind a side door before he joined: his arrival would pass who was greeted meanwhile
    values = {
        "number": number,
        "status": CallbackStatus.CONFIRMED if is_confirmed else CallbackStatus.REQUESTED,
        "source": source,
        "queue": origin.queue,
        "original_line": origin.line,
        "priority": 0,
        "queued_at": place,
        "requested_at": now,
        "requested_by": requested_by,
        "origin_call_id": origin.call_id,
        "next_try_at": now,
    }
    session.execute(insert_ignore(session, Callback).values(**values))
    query = select(Callback).where(Callback.number == number, Callback.settled_at.is_(None)).with_for_update()
    row = session.scalars(query.execution_options(populate_existing=True)).one()
    row.queued_at = min(row.queued_at, place)
    if is_confirmed and row.status == CallbackStatus.REQUESTED:
        row.status = CallbackStatus.CONFIRMED
    if source is CallbackSource.CITIZEN and is_confirmed:
        row.source, row.requested_at = source, now
    session.flush()
    return row


def _queue_of_line(session: Session, call: Call) -> str:
    """The queue of the line that he meant."""
    line = find_line(session, call.original_line or MAIN_LINE)
    return line.queue if line else ""


def request_for_missed_call(session: Session, missed: MissedCall, *, by: str, now: datetime) -> Callback:
    """A row of the missed-call list goes the same way. Raises NumberNotDiallable, NotFound."""
    call = session.scalar(select(Call).where(Call.call_id == missed.call_id))
    if call is None:
        raise NotFound("没有这条未接来电的通话记录")
    row = request_callback(
        session,
        Origin.of(session, call),
        number=missed.caller_number,
        source=CallbackSource(missed.reason),
        now=now,
        requested_by=by,
    )
    missed.callback_id = row.id
    session.flush()
    return row


def request_for_ticket(session: Session, ticket: Ticket, *, by: str, now: datetime) -> Callback:
    """Have the citizen of a ticket rung: an agent of the queue takes it, and this ticket is before him.

    The queue is that of the ticket's newest call, else the first of who asks. NoQueue, NumberNotDiallable.
    """
    last = select(Call).where(Call.ticket_id == ticket.id, Call.queue != "").order_by(Call.arrived_at.desc()).limit(1)
    call = session.scalar(last)
    if call is not None:
        origin = Origin(call.queue, call.original_line, call.call_id, None)
    else:
        queues: dict[str, int] = session.scalar(select(User.queues).where(User.username == by)) or {}
        if not queues:
            raise NoQueue()
        origin = Origin(min(queues, key=lambda name: (queues[name], name)), ticket.original_line, None, None)
    number = ticket.contact_number or ticket.caller_number
    row = request_callback(session, origin, number=number, source=CallbackSource.STAFF, now=now, requested_by=by)
    row.ticket_id = row.ticket_id or ticket.id
    session.flush()
    return row


def get_callback(session: Session, callback_id: int) -> Callback:
    """The request of this id. Raises NotFound."""
    row = session.get(Callback, callback_id)
    if row is None:
        raise NotFound("没有这条回拨")
    return row


def find_callback_of_call(session: Session, call_id: str) -> Callback | None:
    """The request whose newest offer is this call."""
    if not is_callback_call(call_id):
        return None
    return session.scalar(select(Callback).where(Callback.call_id == call_id))


def list_tries(session: Session, callback_id: int) -> list[CallbackTry]:
    """Every offer of a request, the first one first."""
    return list(session.scalars(select(CallbackTry).filter_by(callback_id=callback_id).order_by(CallbackTry.offer)))


def list_callbacks(
    session: Session,
    *,
    is_open: bool | None = None,
    status: str | None = None,
    source: str | None = None,
    number: str | None = None,
    before: tuple[datetime, int] | None = None,
    limit: int = 50,
) -> list[Callback]:
    """Requests, the newest first. `before` is (requested_at, id) of the last one of the page before."""
    query = select(Callback).order_by(Callback.requested_at.desc(), Callback.id.desc()).limit(limit)
    equal = {"status": status, "source": source, "number": number}
    query = query.filter_by(**{name: value for name, value in equal.items() if value is not None})
    if is_open is not None:
        query = query.where(Callback.settled_at.is_(None) if is_open else Callback.settled_at.is_not(None))
    if before is not None:
        at, row_id = before
        query = query.where((Callback.requested_at < at) | ((Callback.requested_at == at) & (Callback.id < row_id)))
    return list(session.scalars(query))


def cancel_callback(session: Session, callback_id: int, *, by: str, cause: str, now: datetime) -> Callback:
    """Nobody calls back any more. Asked twice, the first one counts. Raises NotFound, CallbackSettled."""
    row = session.get(Callback, callback_id, with_for_update=True)
    if row is None:
        raise NotFound("没有这条回拨")
    if row.status in {CallbackStatus.TALKED, CallbackStatus.GIVEN_UP}:
        raise CallbackSettled(wording.explain(row.status, row.cause))
    if row.settled_at is None:
        settle(row, CallbackStatus.CANCELLED, cause=cause, by=by, at=now)
        session.flush()
    return row


def settle(row: Callback, status: CallbackStatus, *, cause: str, by: str, at: datetime) -> None:
    """End a request."""
    row.status, row.cause, row.settled_by, row.settled_at = status, cause, by, at


def claim_due(session: Session, *, now: datetime, hours: tuple[int, int] = rules.USUAL_HOURS) -> list[CallBack]:
    """Those whose turn it is, each marked as offered, and the command that puts it into its queue. `hours`: `may_ring`.

    The open requests are locked in one order, so a second sweep waits and then finds them taken.
    """
    query = select(Callback).where(Callback.settled_at.is_(None)).order_by(Callback.id).with_for_update()
    rows = list(session.scalars(query.execution_options(populate_existing=True)))
    waiting = [row for row in rows if row.status == CallbackStatus.CONFIRMED and _may_be_tried(row, now, hours)]
    commands: list[CallBack] = []
    if not waiting:
        return commands
    serving = serving_agents(session)
    ringing = sum(row.status == CallbackStatus.RINGING for row in rows)
    for queue in sorted({row.queue for row in waiting}):
        offered = [row for row in rows if row.queue == queue and row.status == CallbackStatus.OFFERED]
        line = [
            *_callers(session, queue, {row.origin_call_id for row in rows}),
            *(rules.Waiting(row.queued_at, row.priority) for row in offered),
        ]
        requests = {row.id: row for row in waiting if row.queue == queue}
        asked = [rules.Waiting(row.queued_at, row.priority, row.id) for row in requests.values()]
        turns = rules.turns(line, asked, agents=serving[queue] - ringing)
        commands += [_offer(session, requests[callback_id], now) for callback_id in turns]
    session.flush()
    return commands


def _may_be_tried(row: Callback, now: datetime, hours: tuple[int, int]) -> bool:
    return row.next_try_at <= now and rules.may_ring(now, row.requested_at, row.source, hours)


def serving_agents(session: Session) -> Counter[str]:
    """Queue → agents who serve it and are not paused."""
    query = select(AgentState.queues).where(AgentState.status.in_(SERVING), AgentState.pause_reason == "")
    return Counter(name for queues in session.scalars(query) for name, is_in in queues.items() if is_in)


def _callers(session: Session, queue: str, left: set[str | None]) -> list[rules.Waiting]:
    """The callers who wait in this queue on the telephone; not those who have left it for a call-back."""
    query = select(Call).where(Call.state.in_(WAITING_STATES), Call.queue == queue, Call.is_test.is_(False))
    calls: Sequence[Call] = session.scalars(query).all()
    return [
        rules.Waiting(call.queued_at or call.arrived_at)
        for call in calls
        if not (is_callback_call(call.call_id) or call.call_id in left)
    ]


def _offer(session: Session, row: Callback, now: datetime) -> CallBack:
    row.offers += 1
    row.status, row.call_id = CallbackStatus.OFFERED, callback_call_id(row.id, row.offers)
    session.add(CallbackTry(callback_id=row.id, offer=row.offers, call_id=row.call_id, offered_at=now))
    return command_of(row)


def command_of(row: Callback) -> CallBack:
    """What puts the newest offer of this request into its queue; sent again it changes nothing."""
    return CallBack(
        call_id=row.call_id or "",
        number=row.number,
        queue=row.queue,
        line=row.original_line,
        place_at=int(row.queued_at.timestamp()),
        priority=row.priority,
    )


def put_back(session: Session, call_ids: Iterable[str], *, cause: str, now: datetime) -> None:
    """Telephony did not take these offers: they wait a little, and no try is counted."""
    query = select(Callback).where(Callback.call_id.in_(sorted(call_ids)), Callback.status == CallbackStatus.OFFERED)
    for row in session.scalars(query.order_by(Callback.id).with_for_update()):
        row.status, row.cause, row.next_try_at = CallbackStatus.CONFIRMED, cause, now + rules.SOON
        attempt = session.scalars(select(CallbackTry).filter_by(call_id=row.call_id)).one()
        attempt.ended_at, attempt.cause = now, cause
    session.flush()
