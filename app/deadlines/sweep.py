"""The sweep over all clocks: three statements per version of the rules, however many clocks there are.

A step is a comparison of `due_at` with one moment (`reached_before`), so the database decides for all clocks at once.
Raised levels are stamped with the sweep's own moment; rows of steps and notices follow from the stamp and are unique
per clock and step. So it may run twice, at the same time, or not at all for days: then each clock gets every row that
it missed, but is told only the highest.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    false,
    literal,
    or_,
    select,
    text,
    true,
    union_all,
    update,
)
from sqlalchemy.orm import Session

from app.deadlines.arithmetic import reached_before
from app.deadlines.calendar import CalendarMissing, WorkCalendar
from app.deadlines.effects import CARDED
from app.deadlines.models import ClockState, Notice, SlaProfile, Supervision, TicketClock
from app.deadlines.notices import DUTY_ROOM, PLATFORM, TOPIC, UNIT, send_time
from app.deadlines.profile import LADDER, ClockKind, Profile, Step, Urgency
from app.deadlines.versions import load_calendar, rules_of
from app.platform.database import UtcDateTime, insert_ignore, table_of
from app.platform.topics import publish

LOCK = 1234507
REMIND, URGE = LADDER.index(Step.REMIND) + 1, LADDER.index(Step.URGE) + 1

_C = table_of(TicketClock).c
RUNS = and_(_C.stopped_at.is_(None), _C.paused_since.is_(None))

log = structlog.get_logger()


@dataclass(frozen=True)
class Swept:
    """How much one sweep did."""

    raised: int = 0
    steps: int = 0
    notices: int = 0


def sweep(session: Session, now: datetime) -> Swept:
    """Raise every step whose time has come. Nothing if another sweep is under way. Times in UTC."""
    if not _is_alone(session):
        return Swept()
    calendar, total = load_calendar(session), Swept()
    for row in session.scalars(select(SlaProfile).where(SlaProfile.id.in_(_used_versions()))).all():
        rules = rules_of(row)
        done = _sweep_version(session, rules.id, rules.profile, calendar, now)
        total = Swept(total.raised + done.raised, total.steps + done.steps, total.notices + done.notices)
    if total.raised:
        publish(session, TOPIC, "swept")
        log.info("clocks_swept", raised=total.raised, steps=total.steps, notices=total.notices)
    return total


def _is_alone(session: Session) -> bool:
    """One sweep at a time; SQLite has one writer anyway."""
    if session.get_bind().dialect.name != "postgresql":
        return True
    return bool(session.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": LOCK}))


def _used_versions() -> Select[int]:
    """Versions of the rules by which some clock may still run: few. Answered from the profiles, not the clocks."""
    runs = select(literal(1)).where(TicketClock.profile_id == SlaProfile.id, TicketClock.stopped_at.is_(None)).limit(1)
    return select(SlaProfile.id).where(runs.exists())


def _sweep_version(session: Session, profile_id: int, profile: Profile, calendar: WorkCalendar, now: datetime) -> Swept:
    raised = _raise_levels(session, profile_id, _target(profile, calendar, now), now)
    if not raised:
        return Swept()
    stamped = and_(_C.profile_id == profile_id, _C.raised_at == now)
    return Swept(raised, _write_steps(session, stamped, now), _write_notices(session, stamped, profile, calendar, now))


def _target(profile: Profile, calendar: WorkCalendar, now: datetime) -> ColumnElement[int]:
    """The level that a late clock has reached by its due time."""
    reached: list[tuple[ColumnElement[bool], int]] = []
    for step, term in profile.ladder.items():
        try:
            bound = reached_before(calendar, now, term)
        except CalendarMissing as missing:  # not guessed: this step waits for the calendar, the others do not
            log.error("ladder_waits_for_calendar", step=step, year=missing.year)
            continue
        reached.append((and_(_C.kind.in_(CARDED), _C.due_at < bound), LADDER.index(step) + 1))
    reached.sort(key=lambda one: -one[1])
    return case(*reached, else_=literal(URGE)) if reached else literal(URGE)


def _raise_levels(session: Session, profile_id: int, target: ColumnElement[int], now: datetime) -> int:
    table = table_of(TicketClock)
    mine = and_(RUNS, _C.profile_id == profile_id)
    late = (
        update(table)
        .where(mine, _C.due_at < now, or_(_C.level < target, _C.state == ClockState.RUNNING))
        .values(
            from_level=_C.level,
            level=case((_C.level < target, target), else_=_C.level),
            raised_at=now,
            state=ClockState.OVERDUE,
        )
    )
    near = (
        update(table)
        .where(mine, _C.level == 0, _C.near_due_at <= now, _C.due_at >= now)
        .values(from_level=0, level=REMIND, raised_at=now)
    )
    return sum(session.connection().execute(statement).rowcount for statement in (late, near))


def _write_steps(session: Session, stamped: ColumnElement[bool], now: datetime) -> int:
    ranked = [
        select(literal(str(step)).label("step"), literal(rank).label("rank"))
        for rank, step in enumerate(LADDER, start=1)
    ]
    ladder = union_all(*ranked).subquery("ladder")
    rows = (
        select(
            _C.ticket_id, _C.id, ladder.c.step, _C.due_at, _moment(now), literal("system"), literal(""),
            case((ladder.c.rank < _C.level, true()), else_=false()),
        )
        .join_from(table_of(TicketClock), ladder, and_(ladder.c.rank > _C.from_level, ladder.c.rank <= _C.level))
        .where(stamped)
    )  # fmt: skip
    names = ["ticket_id", "clock_id", "step", "due_at", "raised_at", "raised_by", "reason", "is_caught_up"]
    return _insert_from(session, Supervision, names, rows)


def _write_notices(
    session: Session, stamped: ColumnElement[bool], profile: Profile, calendar: WorkCalendar, now: datetime
) -> int:
    is_emergency = _C.urgency == Urgency.EMERGENCY
    kinds = [(_C.level == rank, str(step)) for rank, step in enumerate(LADDER, start=1)]
    audience = case(
        (_C.kind == ClockKind.ACKNOWLEDGEMENT, DUTY_ROOM),
        (_C.kind.not_in(CARDED), PLATFORM),
        (is_emergency, DUTY_ROOM),
        else_=UNIT,
    )
    later = send_time(calendar, profile, Urgency.NORMAL, now)
    rows = select(
        _C.ticket_id, _C.id, case(*kinds, else_=""), audience,
        case((is_emergency, _moment(now)), else_=_moment(later)), _moment(now),
    ).where(stamped, _C.level > _C.from_level)  # fmt: skip
    names = ["ticket_id", "clock_id", "kind", "audience", "send_at", "created_at"]
    return _insert_from(session, Notice, names, rows)


def _moment(value: datetime) -> ColumnElement[datetime]:
    return literal(value, UtcDateTime())


def _insert_from(session: Session, model: type[Supervision | Notice], names: list[str], rows: Select[Any]) -> int:
    """INSERT … SELECT … ON CONFLICT DO NOTHING; how many rows are new."""
    statement = insert_ignore(session, model).from_select(names, rows, include_defaults=False)
    return int(session.connection().execute(statement, execution_options={"preserve_rowcount": True}).rowcount)
