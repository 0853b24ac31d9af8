"""Steps and notices that one clock gives rise to. What a sweep raises for many clocks stands in `sweep.py`."""

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.deadlines.arithmetic import when_to_tell
from app.deadlines.calendar import WorkCalendar
from app.deadlines.effects import CARDED
from app.deadlines.models import Notice, Supervision, TicketClock
from app.deadlines.profile import LADDER, ClockKind, Profile, Step, Urgency
from app.deadlines.versions import load_calendar, load_rules
from app.platform.clock import to_shanghai
from app.platform.database import insert_ignore
from app.platform.topics import publish
from app.tickets.models import Ticket

TOPIC = "supervision"
EMERGENCY = "emergency"
DUTY_ROOM, UNIT, PLATFORM = "duty_room", "unit", "platform"


def audience_of(kind: str, urgency: str) -> str:
    """Who is told that a clock is late: the duty room in an emergency, the unit of its own clocks, else the hotline."""
    if kind not in CARDED:
        return DUTY_ROOM if kind == ClockKind.ACKNOWLEDGEMENT else PLATFORM
    return DUTY_ROOM if urgency == Urgency.EMERGENCY else UNIT


def send_time(calendar: WorkCalendar, profile: Profile, urgency: str, now: datetime) -> datetime:
    """An emergency is told at once; everything else in working hours."""
    if urgency == Urgency.EMERGENCY:
        return now
    return when_to_tell(calendar, now, profile.notice_hours.hours)


def gathered_time(calendar: WorkCalendar, profile: Profile, urgency: str, now: datetime) -> datetime:
    """The same, but what is not urgent waits for the full hour: then a unit reads one message for all of it."""
    if urgency != Urgency.NORMAL:
        return send_time(calendar, profile, urgency, now)
    hour = to_shanghai(now).replace(minute=0, second=0, microsecond=0)
    return when_to_tell(calendar, hour if hour >= now else hour + timedelta(hours=1), profile.notice_hours.hours)


def on_start(
    session: Session,
    clock: TicketClock,
    profile: Profile,
    calendar: WorkCalendar,
    at: datetime,
    *,
    at_least: Step | None = None,
) -> None:
    """A clock begins: an emergency goes to the duty room at once (R45), rework counts as a step (domain.md §2.4)."""
    if clock.kind == ClockKind.ACKNOWLEDGEMENT:
        put_notice(session, clock, EMERGENCY, audience=DUTY_ROOM, send_at=at, now=at)
    if clock.kind == ClockKind.REWORK:
        steps = [step for step in (_rework_step(session, clock, profile), at_least) if step is not None]
        if steps:
            step = max(steps, key=LADDER.index)
            raise_step(session, clock, step, reason="答复不实，退回重办" if at_least else "重办", now=at)
            send_at = send_time(calendar, profile, clock.urgency, at)
            put_notice(session, clock, step, audience=audience_of(clock.kind, clock.urgency), send_at=send_at, now=at)


def _rework_step(session: Session, clock: TicketClock, profile: Profile) -> Step | None:
    query = select(func.count()).select_from(TicketClock)
    done = session.scalar(query.where(TicketClock.ticket_id == clock.ticket_id, TicketClock.kind == clock.kind)) or 0
    steps = [step for times, step in sorted(profile.rework_steps.items()) if times <= done]
    return steps[-1] if steps else None


def raise_step(session: Session, clock: TicketClock, step: Step, *, reason: str, now: datetime) -> None:
    """A step of the ladder for this clock; it is taken once. The steps below it need not be taken any more."""
    row = {"ticket_id": clock.ticket_id, "clock_id": clock.id, "step": step, "due_at": clock.due_at,
           "raised_at": now, "raised_by": "system", "reason": reason}  # fmt: skip
    session.execute(insert_ignore(session, Supervision), [row])
    clock.level = max(clock.level, LADDER.index(step) + 1)
    publish(session, TOPIC, f"ticket {clock.ticket_id}")


def put_notice(
    session: Session, clock: TicketClock, kind: str, *, audience: str, send_at: datetime, now: datetime
) -> None:
    """Something to be told about this clock; once."""
    row = {"ticket_id": clock.ticket_id, "clock_id": clock.id, "kind": kind, "audience": audience,
           "send_at": send_at, "created_at": now}  # fmt: skip
    session.execute(insert_ignore(session, Notice), [row])
    publish(session, TOPIC, f"ticket {clock.ticket_id}")


def put_notice_of_ticket(session: Session, ticket: Ticket, kind: str, *, now: datetime) -> None:
    """Something to be told that no clock gave rise to: to the unit that has the ticket, else to the platform."""
    profile = load_rules(session).profile
    session.add(
        Notice(
            ticket_id=ticket.id, clock_id=None, kind=kind, created_at=now,
            audience=audience_of(ClockKind.REPLY, ticket.urgency) if ticket.lead_unit_code else PLATFORM,
            send_at=send_time(load_calendar(session), profile, ticket.urgency, now),
        )
    )  # fmt: skip
    session.flush()
    publish(session, TOPIC, f"ticket {ticket.id}")
