"""Use cases of hand-overs: keep what facts say, list, read, and name the targets."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.accounts.scope import of_people
from app.calls.models import Call
from app.calls.service import events_of_calls
from app.contract.events import CallEvent, EventType, HandoverResult
from app.handovers.models import Handover
from app.handovers.rules import EMERGENCY_NUMBERS, UNDER_WAY, attempts_of
from app.lines.models import Line, LinePeriod, Trunk
from app.platform.database import insert_ignore
from app.platform.errors import NotFound
from app.platform.topics import agent_topic, publish

NO_HANDOVER = "没有这条转接记录"
AFTER_CALL = timedelta(minutes=1)
"""The last steps of a hand-over come home with the end of its call."""
LONGEST_RINGING = timedelta(minutes=4)
"""A plan lets nobody ring for more than two minutes, and the switch waits half a minute longer."""


def keep_handovers(session: Session, fresh: Iterable[CallEvent]) -> None:
    """Tell the attempts of the calls anew of which a step has just been stored; the agents' pages look again.

    The calls' rows exist and are locked by whoever stores facts.
    """
    calls = sorted({event.call_id for event in fresh if event.type is EventType.HANDED_OVER and event.call_id})
    for call_id, events in events_of_calls(session, calls).items() if calls else ():
        known = {row.attempt: row for row in list_handovers_of_call(session, call_id)}
        for told in attempts_of(events):
            row = known.get(told.attempt)
            if row is None:
                values = {"call_id": call_id, "attempt": told.attempt, "target": told.target[:20]}
                moments = {"status": told.status, "offered_at": told.offered_at}
                session.execute(insert_ignore(session, Handover).values(**values, **moments))
                row = session.scalars(select(Handover).filter_by(call_id=call_id, attempt=told.attempt)).one()
            row.agent, row.status, row.cause = told.agent, told.status, told.cause
            row.offered_at, row.answered_at, row.settled_at = told.offered_at, told.answered_at, told.settled_at
            if row.agent:
                publish(session, agent_topic(row.agent), f"handover {call_id}")
    session.flush()


def list_handovers_of_call(session: Session, call_id: str) -> list[Handover]:
    """Every attempt of a call, the earliest first."""
    query = select(Handover).where(Handover.call_id == call_id).order_by(Handover.offered_at, Handover.id)
    return list(session.scalars(query))


def get_handover(session: Session, handover_id: int) -> Handover:
    """The attempt of this id. Raises NotFound."""
    row = session.get(Handover, handover_id)
    if row is None:
        raise NotFound(NO_HANDOVER)
    return row


def list_handovers(
    session: Session,
    *,
    call_id: str | None = None,
    target: str | None = None,
    status: str | None = None,
    agent: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[datetime, int] | None = None,
    limit: int = 50,
    seen_by: Actor | None = None,
) -> list[Handover]:
    """Attempts that `seen_by` may see (None: all), the latest first.

    `before` is (offered_at, id) of the last one of the page before.
    """
    query = select(Handover).order_by(Handover.offered_at.desc(), Handover.id.desc()).limit(limit)
    equal = {"call_id": call_id, "target": target, "status": status, "agent": agent}
    query = query.filter_by(**{name: value for name, value in equal.items() if value is not None})
    if seen_by is not None:
        query = query.where(of_people(seen_by, Handover.agent))
    if since is not None:
        query = query.where(Handover.offered_at >= since)
    if until is not None:
        query = query.where(Handover.offered_at < until)
    if before is not None:
        offered_at, row_id = before
        query = query.where(
            (Handover.offered_at < offered_at) | ((Handover.offered_at == offered_at) & (Handover.id < row_id))
        )
    return list(session.scalars(query))


def list_silent(session: Session, *, now: datetime, limit: int = 100) -> list[Handover]:
    """Attempts under way of which nothing more will be heard, the oldest first.

    Their call has ended, or the other side can no longer be ringing: the switch gives up long before.
    """
    is_over = Call.ended_at < now - AFTER_CALL
    rings_no_more = (Handover.status == HandoverResult.OFFERED) & (Handover.offered_at < now - LONGEST_RINGING)
    query = (
        select(Handover)
        .join(Call, Call.call_id == Handover.call_id)
        .where(Handover.status.in_(sorted(UNDER_WAY)), is_over | rings_no_more)
    )
    return list(session.scalars(query.order_by(Handover.offered_at, Handover.id).limit(limit)))


def list_targets(session: Session) -> list[Line]:
    """Where a call can be handed over to: the emergency numbers first, then lines whose department can be rung."""
    dialled = select(Trunk.name).where(Trunk.dials_out)
    by_period = select(LinePeriod.line_number).where(LinePeriod.trunk.in_(dialled))
    by_trunk = select(Trunk.line_number).where(Trunk.dials_out, Trunk.line_number != "")
    lines = session.scalars(
        select(Line)
        .where(Line.number.in_(EMERGENCY_NUMBERS) | Line.number.in_(by_period) | Line.number.in_(by_trunk))
        .order_by(Line.number)
    ).all()
    return sorted(lines, key=lambda line: (line.number not in EMERGENCY_NUMBERS, line.number))
