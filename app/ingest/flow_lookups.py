"""What a flow asks in the middle of a call: the wait, a ticket, what is broadcast. Any "no" is the same answer.

Nothing of a ticket's content is told: who keys a code hears its status and the day it is due, whatever its secrecy.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.accounts.lockout import Limit
from app.accounts.login import reserve_attempt
from app.broadcasts import service as broadcasts
from app.broadcasts import telling
from app.broadcasts.models import BroadcastKind
from app.callbacks.models import Callback, CallbackStatus
from app.callbacks.service import WAITING_STATES, serving_agents
from app.calls.models import Call, CallOutcome
from app.calls.rules import normalize_number
from app.calls.waiting import expected_wait_seconds, learn
from app.contract.ids import follow_up_task, incident_follower
from app.contract.lookup import FlowLookup, FlowLookupAnswer
from app.evaluation.by_call import reported_on
from app.lines.service import find_line
from app.platform.clock import to_shanghai
from app.tickets.models import Ticket

UNKNOWN = FlowLookupAnswer()
LATELY = timedelta(hours=2)
TALKS_READ = 50
TRIES_OF_CALLER = Limit(free_failures=9)
TRIES_OF_CODE = Limit(free_failures=9)
"""A call has three; beyond three calls' worth each further try doubles a wait, as with passwords."""
CODE_LENGTH = 8
ID_LENGTH = 18


@dataclass(frozen=True)
class Asked:
    """One look-up. `number` is the caller's, normalised; None: withheld."""

    session: Session
    request: FlowLookup
    number: str | None
    now: datetime
    wrap_up_seconds: int

    def argument(self, name: str) -> str:
        return self.request.arguments.get(name, "")


def answer(
    session: Session, what: str, request: FlowLookup, *, area_code: str, now: datetime, wrap_up_seconds: int
) -> FlowLookupAnswer:
    """The answer to this kind of question; an unknown kind is not found."""
    find = LOOKUPS.get(what)
    if find is None:
        return UNKNOWN
    number = normalize_number(request.ani, area_code=area_code)
    return find(Asked(session, request, number, now, wrap_up_seconds))


def _wait(asked: Asked) -> FlowLookupAnswer:
    """How many stand before the caller, and how long that takes. Nobody serving: nobody can tell."""
    session, call = asked.session, _call_of(asked)
    queue = asked.argument("queue") or (call.queue if call else "") or _queue_of_line(asked)
    place = call.queued_at if call and call.queued_at else asked.now
    earlier = Call.queued_at < place, Call.call_id != asked.request.call_id
    waiting = select(func.count()).where(Call.queue == queue, Call.state.in_(WAITING_STATES), *earlier)
    offered = select(func.count()).where(
        Callback.queue == queue, Callback.status == CallbackStatus.OFFERED, Callback.queued_at < place
    )
    not_ours = ~Call.call_id.startswith("cb-")
    ahead = (session.scalar(waiting.where(not_ours, Call.is_test.is_(False))) or 0) + (session.scalar(offered) or 0)
    agents, talks = serving_agents(session)[queue], _talks(asked, queue)
    load = learn(agents, talks, waited_seconds=_waited(asked, queue), left=_left(asked, queue))
    seconds = expected_wait_seconds(ahead, load)
    if seconds is None:
        return UNKNOWN
    return FlowLookupAnswer(
        found=True, values={"ahead": ahead, "seconds": round(seconds), "minutes": math.ceil(seconds / 60)}
    )


def _call_of(asked: Asked) -> Call | None:
    return asked.session.scalar(select(Call).where(Call.call_id == asked.request.call_id))


def _queue_of_line(asked: Asked) -> str:
    line = find_line(asked.session, asked.request.line) if asked.request.line else None
    return line.queue if line else ""


def _talks(asked: Asked, queue: str) -> list[float]:
    """Seconds for which agents were taken by the last calls of this queue, wrap-up in it."""
    query = (
        select(Call.talk_ms)
        .where(Call.queue == queue, Call.arrived_at > asked.now - LATELY, Call.conversation_ended_at.is_not(None))
        .where(Call.talk_ms.is_not(None))
        .order_by(Call.arrived_at.desc())
        .limit(TALKS_READ)
    )
    return [talk_ms / 1000 + asked.wrap_up_seconds for talk_ms in asked.session.scalars(query) if talk_ms is not None]


def _waited(asked: Asked, queue: str) -> float:
    query = select(func.sum(Call.hold_ms)).where(Call.queue == queue, Call.arrived_at > asked.now - LATELY)
    return float(asked.session.scalar(query) or 0) / 1000


def _left(asked: Asked, queue: str) -> int:
    gone = Call.outcome.in_([CallOutcome.ABANDONED, CallOutcome.CALLBACK])
    query = select(func.count()).where(Call.queue == queue, Call.arrived_at > asked.now - LATELY, gone)
    return asked.session.scalar(query) or 0


def _progress(asked: Asked) -> FlowLookupAnswer:
    """A ticket by its code and the number that calls. A wrong code and another's number are told alike."""
    code = asked.argument("query-code")
    if asked.number is None or len(code) != CODE_LENGTH or not code.isdecimal():
        return UNKNOWN
    limits = {f"progress:caller:{asked.number}": TRIES_OF_CALLER, f"progress:code:{code}": TRIES_OF_CODE}
    if reserve_attempt(asked.session, limits, asked.now) is not None:
        return UNKNOWN
    own = or_(Ticket.caller_number == asked.number, Ticket.contact_number == asked.number)
    query = select(Ticket).where(Ticket.query_code == code, own).order_by(Ticket.created_at.desc()).limit(1)
    ticket = asked.session.scalar(query)
    while ticket is not None and ticket.merged_into_id is not None:
        ticket = asked.session.get(Ticket, ticket.merged_into_id)
    if ticket is None:
        return UNKNOWN
    due_on = to_shanghai(ticket.next_due_at).date().isoformat() if ticket.next_due_at else ""
    return FlowLookupAnswer(
        found=True, values={"status_prompt": f"status-{ticket.status.replace('_', '-')}", "due_on": due_on}
    )


def _broadcast(asked: Asked) -> FlowLookupAnswer:
    """What a caller of this line hears now."""
    line = asked.argument("line") or asked.request.line
    row = broadcasts.current_for(asked.session, line=line, number=asked.number, now=asked.now)
    if row is None:
        return UNKNOWN
    until = to_shanghai(row.expected_at) if row.expected_at else None
    return FlowLookupAnswer(
        found=True,
        values={
            "id": row.id,
            "prompt": row.prompt,
            "is_incident": row.kind == BroadcastKind.INCIDENT,
            "until_date": until.date().isoformat() if until else "",
            "until_time": f"{until:%H:%M}" if until else "",
        },
    )


def _follow_broadcast(asked: Asked) -> FlowLookupAnswer:
    """The caller wants to know when it is over."""
    broadcast_id = asked.argument("broadcast")
    if asked.number is None or not (broadcast_id.isdecimal() and len(broadcast_id) < ID_LENGTH):
        return UNKNOWN
    call_id = asked.request.call_id
    is_kept = broadcasts.follow(asked.session, int(broadcast_id), number=asked.number, call_id=call_id, now=asked.now)
    return FlowLookupAnswer(found=is_kept)


def _follow_up(asked: Asked) -> FlowLookupAnswer:
    """When the unit replied in the matter for which we ring this citizen."""
    task_id = follow_up_task(asked.request.call_id)
    replied_on = reported_on(asked.session, task_id) if task_id is not None else None
    return FlowLookupAnswer(found=True, values={"reported_on": replied_on.isoformat()}) if replied_on else UNKNOWN


def _incident_over(asked: Asked) -> FlowLookupAnswer:
    """The audio of the outage of which we tell this citizen that it is over."""
    found = incident_follower(asked.request.call_id)
    prompt = telling.prompt_for(asked.session, found[0]) if found else None
    return FlowLookupAnswer(found=True, values={"prompt": prompt}) if prompt else UNKNOWN


LOOKUPS: Mapping[str, Callable[[Asked], FlowLookupAnswer]] = MappingProxyType(
    {
        "wait": _wait,
        "progress": _progress,
        "broadcast": _broadcast,
        "follow-broadcast": _follow_broadcast,
        "follow-up": _follow_up,
        "incident-over": _incident_over,
    }
)
"""Kind of question → who answers it."""
KEEPING = frozenset({"progress", "follow-broadcast"})
"""Those that also write."""
