"""The sweep over all clocks: a handful of statements per version of the rules, however many clocks there are.

A step is a comparison of `due_at` with one moment (`reached_before`), so the database decides for all clocks at once.
Raised levels are stamped with the transaction's own moment; rows of steps and notices follow from the stamp and are
unique per clock and step. So it may run twice, at the same time, or not at all for days: then each clock gets every row
that it missed, each with its reason, but is told only the highest. A transaction raises AT_ONCE clocks at most, so that
nobody waits long for a ticket.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
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
from app.deadlines.notices import DUTY_ROOM, PLATFORM, TOPIC, UNIT, gathered_time
from app.deadlines.profile import LADDER, ClockKind, Profile, Step, Urgency
from app.deadlines.versions import Rules, load_calendar, rules_of
from app.platform.database import Database, UtcDateTime, insert_ignore, table_of
from app.platform.topics import publish

LOCK = 1234507
AT_ONCE = 20_000
"""Clocks that one transaction raises, of each kind of lateness and each version of the rules."""
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
    is_all: bool = True
    """Nothing is left to raise."""

    def __add__(self, other: "Swept") -> "Swept":
        steps, notices = self.steps + other.steps, self.notices + other.notices
        return Swept(self.raised + other.raised, steps, notices, self.is_all and other.is_all)


def sweep_all(database: Database, now: datetime) -> Swept:
    """Transaction after transaction, until every step is raised whose time has come."""
    total = Swept()
    for turn in count():
        with database.transaction() as session:
            done = sweep(session, now, turn=turn)
        total += done
        if done.is_all:
            return Swept(total.raised, total.steps, total.notices)
    raise AssertionError("count() has no end")


def sweep(session: Session, now: datetime, *, turn: int = 0) -> Swept:
    """Raise steps whose time has come. Nothing if another sweep is under way. Times in UTC.

    `turn` counts the transactions of one moment: each needs a stamp of its own.
    """
    if not _is_alone(session):
        return Swept()
    calendar, total, stamp = load_calendar(session), Swept(), now + timedelta(microseconds=turn)
    for row in session.scalars(select(SlaProfile).where(SlaProfile.id.in_(used_versions()))).all():
        rules = rules_of(row)
        total += _sweep_version(session, rules, calendar, now, stamp)
    if total.raised:
        publish(session, TOPIC, "swept")
        log.info("clocks_swept", raised=total.raised, steps=total.steps, notices=total.notices)
    return total


def _is_alone(session: Session) -> bool:
    """One sweep at a time; SQLite has one writer anyway."""
    if session.get_bind().dialect.name != "postgresql":
        return True
    return bool(session.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": LOCK}))


def used_versions() -> Select[int]:
    """Versions of the rules by which some clock may still run: few. Answered from the profiles, not the clocks."""
    runs = select(literal(1)).where(TicketClock.profile_id == SlaProfile.id, TicketClock.stopped_at.is_(None)).limit(1)
    return select(SlaProfile.id).where(runs.exists())


def _sweep_version(session: Session, rules: Rules, calendar: WorkCalendar, now: datetime, stamp: datetime) -> Swept:
    profile = rules.profile
    target = _target(profile, calendar, now)
    raised = [
        _raise(session, and_(RUNS, _C.profile_id == rules.id, condition), {**values, "raised_at": stamp})
        for condition, values in (_late(target, now), _near(now))
    ]
    ids = [one for batch in raised for one in batch]
    if not ids:
        return Swept()
    stamped = and_(_C.raised_at == stamp, _C.profile_id == rules.id, _C.id.between(min(ids), max(ids)))
    steps = _write_steps(session, stamped, profile, now)
    notices = _write_notices(session, stamped, profile, calendar, now)
    return Swept(len(ids), steps, notices, is_all=all(len(batch) < AT_ONCE for batch in raised))


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


def _late(target: ColumnElement[int], now: datetime) -> tuple[ColumnElement[bool], dict[str, Any]]:
    condition = and_(_C.due_at < now, or_(_C.level < target, _C.state == ClockState.RUNNING))
    level = case((_C.level < target, target), else_=_C.level)
    return condition, {"from_level": _C.level, "level": level, "state": ClockState.OVERDUE}


def _near(now: datetime) -> tuple[ColumnElement[bool], dict[str, Any]]:
    return and_(_C.level == 0, _C.near_due_at <= now, _C.due_at >= now), {"from_level": 0, "level": REMIND}


def _raise(session: Session, condition: ColumnElement[bool], values: dict[str, Any]) -> list[int]:
    """The ids of those that were raised: AT_ONCE at most, the lowest first, so that they lie side by side."""
    table = table_of(TicketClock)
    batch = select(_C.id).where(condition).order_by(_C.id).limit(AT_ONCE)
    statement = update(table).where(_C.id.in_(batch)).values(**values).returning(_C.id)
    return list(session.connection().execute(statement).scalars())


def reasons_of(profile: Profile) -> dict[Step, str]:
    """Why a clock is raised to each step of the ladder, Chinese."""
    near = profile.near_due
    told = {
        Step.REMIND: f"临期：剩余时间不足{near.percent}%或{near.at_least.chinese}",
        Step.URGE: "到期仍未完成",
    }
    return told | {step: f"逾期超过{term.chinese}" for step, term in profile.ladder.items()}


def _write_steps(session: Session, stamped: ColumnElement[bool], profile: Profile, now: datetime) -> int:
    reasons = reasons_of(profile)
    ranked = [
        select(
            literal(str(step)).label("step"),
            literal(rank).label("rank"),
            literal(reasons.get(step, "")).label("reason"),
        )
        for rank, step in enumerate(LADDER, start=1)
    ]
    ladder = union_all(*ranked).subquery("ladder")
    rows = (
        select(
            _C.ticket_id, _C.id, ladder.c.step, _C.due_at, _moment(now), literal("system"), ladder.c.reason,
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
    told_at = ((_C.urgency == one, _moment(gathered_time(calendar, profile, one, now))) for one in Urgency)
    rows = select(
        _C.ticket_id, _C.id, case(*kinds, else_=""), audience,
        case(*told_at, else_=_moment(now)), _moment(now),
    ).where(stamped, _C.level > _C.from_level)  # fmt: skip
    names = ["ticket_id", "clock_id", "kind", "audience", "send_at", "created_at"]
    return _insert_from(session, Notice, names, rows)


def _moment(value: datetime) -> ColumnElement[datetime]:
    return literal(value, UtcDateTime())


def _insert_from(session: Session, model: type[Supervision | Notice], names: list[str], rows: Select[Any]) -> int:
    """INSERT … SELECT … ON CONFLICT DO NOTHING; how many rows are new."""
    statement = insert_ignore(session, model).from_select(names, rows, include_defaults=False)
    return int(session.connection().execute(statement, execution_options={"preserve_rowcount": True}).rowcount)
