"""What a supervisor looks at first: which step of the ladder comes next, what he ordered, how each unit stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.deadlines.arithmetic import due_after, midnight, reached_before
from app.deadlines.calendar import DAY, CalendarMissing, WorkCalendar
from app.deadlines.effects import CARDED
from app.deadlines.models import SlaProfile, Supervision, TicketClock
from app.deadlines.profile import LADDER, ClockKind, Profile, Step
from app.deadlines.supervising import ORDERED
from app.deadlines.sweep import used_versions
from app.deadlines.versions import load_calendar, rules_of
from app.platform.clock import to_shanghai
from app.tickets.access import holding_of, visible
from app.tickets.models import Ticket

SHOWN = 12
UNITS_SHOWN = 20
RUNS = and_(TicketClock.stopped_at.is_(None), TicketClock.paused_since.is_(None))


@dataclass(frozen=True)
class NextStep:
    """A late clock that climbs to `step` at `at`, unless its unit acts before."""

    ticket: Ticket
    clock: TicketClock
    step: Step
    at: datetime


@dataclass(frozen=True)
class Ordered:
    """A ticket under supervision by hand; its unit has until `due_at` to answer. The newest order first."""

    ticket: Ticket
    orders: Sequence[Supervision]
    due_at: datetime | None


@dataclass(frozen=True)
class UnitStanding:
    """How many tickets of a leading unit are late, and how many soon will be."""

    unit_code: str
    overdue: int
    near_due: int


def horizon_of(calendar: WorkCalendar, now: datetime) -> datetime:
    """The end of the next working day; of tomorrow where the calendar ends."""
    today = to_shanghai(now).date()
    try:
        return midnight(calendar.shift(today, 1) + DAY)
    except CalendarMissing:
        return midnight(today + DAY + DAY)


def next_step(clock: TicketClock, profile: Profile, calendar: WorkCalendar, now: datetime) -> tuple[Step, datetime]:
    """The first card or supervision that a late clock has not come to, and when it does. CalendarMissing."""
    assert clock.due_at is not None  # noqa: S101 - narrows: a late clock has an end
    for step in LADDER:
        if step in profile.ladder and LADDER.index(step) + 1 > clock.level:
            at = due_after(calendar, clock.due_at, profile.ladder[step])
            if at >= now:
                return step, at
    raise LookupError("the clock is at the top of the ladder")


def list_next_steps(session: Session, *, actor: Actor, now: datetime) -> tuple[list[NextStep], datetime]:
    """Which late clocks climb a step until the moment that is told beside them, the first first; at most SHOWN."""
    calendar = load_calendar(session)
    until = horizon_of(calendar, now)
    profiles = {row.id: rules_of(row).profile for row in session.scalars(_versions())}
    climbing = [
        condition for key, profile in profiles.items() for condition in _climbing(key, profile, calendar, now, until)
    ]
    if not climbing:
        return [], until
    query = (
        select(Ticket, TicketClock)
        .join(TicketClock, TicketClock.ticket_id == Ticket.id)
        .where(RUNS, TicketClock.kind.in_(CARDED), or_(*climbing), visible(actor, holding_of(session, actor)))
        .order_by(TicketClock.due_at, TicketClock.id)
        .limit(SHOWN)
    )
    found = [
        NextStep(ticket, clock, *next_step(clock, profiles[clock.profile_id], calendar, now))
        for ticket, clock in session.execute(query)
    ]
    return sorted(found, key=lambda one: one.at), until


def _versions() -> Select[SlaProfile]:
    return select(SlaProfile).where(SlaProfile.id.in_(used_versions()))


def _climbing(
    key: int, profile: Profile, calendar: WorkCalendar, now: datetime, until: datetime
) -> list[ColumnElement[bool]]:
    """One range of due times for each step: what is late and the sweep will find there at `until`, and not yet now."""
    found = []
    for step, term in profile.ladder.items():
        try:
            late, later = (reached_before(calendar, moment, term) for moment in (now, until))
        except CalendarMissing:  # this step waits for the calendar, as it does in the sweep
            continue
        due = TicketClock.due_at
        rank = LADDER.index(step) + 1
        found.append(
            and_(
                TicketClock.profile_id == key, TicketClock.level < rank, due >= late, due < min(later, to_shanghai(now))
            )
        )
    return found


def list_ordered(session: Session, *, actor: Actor) -> list[Ordered]:
    """What people ordered and units have not answered, the first to end first (联合督办, 现场督办 and the others)."""
    clock = and_(
        TicketClock.ticket_id == Ticket.id, TicketClock.kind == ClockKind.SUPERVISION, TicketClock.stopped_at.is_(None)
    )
    query = (
        select(Ticket, TicketClock.due_at)
        .join(TicketClock, clock)
        .where(visible(actor, holding_of(session, actor)))
        .order_by(TicketClock.due_at, Ticket.id)
        .limit(SHOWN)
    )
    waiting = session.execute(query).all()
    orders = select(Supervision).where(
        Supervision.ticket_id.in_([ticket.id for ticket, _ in waiting]),
        Supervision.clock_id.is_(None),
        Supervision.step.in_(ORDERED),
    )
    given = list(session.scalars(orders.order_by(Supervision.id.desc())))
    return [Ordered(ticket, [one for one in given if one.ticket_id == ticket.id], due) for ticket, due in waiting]


def units_behind(session: Session, *, actor: Actor, now: datetime) -> list[UnitStanding]:
    """Leading units with tickets that are late or soon will be, who has most first; at most UNITS_SHOWN."""
    is_late = TicketClock.due_at < now
    overdue = func.count(TicketClock.ticket_id.distinct()).filter(is_late)
    near_due = func.count(TicketClock.ticket_id.distinct()).filter(~is_late)
    query = (
        select(Ticket.lead_unit_code, overdue, near_due)
        .join(TicketClock, TicketClock.ticket_id == Ticket.id)
        .where(RUNS, TicketClock.near_due_at <= now, Ticket.lead_unit_code.is_not(None))
        .where(visible(actor, holding_of(session, actor)))
        .group_by(Ticket.lead_unit_code)
        .order_by(overdue.desc(), near_due.desc(), Ticket.lead_unit_code)
        .limit(UNITS_SHOWN)
    )
    return [UnitStanding(code or "", late, near) for code, late, near in session.execute(query)]
