"""A ticket's open clocks while something happens to it: start, stop, pause, resume, extend; told to its history."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.deadlines import notices
from app.deadlines.calendar import WorkCalendar
from app.deadlines.effects import CARDED, FALSE_REPLY, Act, Effect, is_met
from app.deadlines.models import ClockState, SlaProfile, TicketClock
from app.deadlines.profile import ClockKind, Profile, Step
from app.deadlines.terms import Term, TimeUnit, parse_term
from app.deadlines.timing import read_extensions, read_pauses, time_clock
from app.deadlines.versions import Rules, load_calendar, load_rules, rules_of
from app.platform.clock import to_shanghai
from app.platform.errors import Conflict
from app.tickets.models import Ticket

APPROVED = "经批准挂起"


class PauseRefused(Conflict):
    """A clock does not stand still after its end."""

    code = "pause-refused"
    title = "不能暂停计时"


class OpenClocks:
    """Locked for the transaction. `changes` is in the form of the ticket's history: field → [before, after]."""

    def __init__(self, session: Session, ticket: Ticket, at: datetime) -> None:
        self._session, self._ticket, self._at = session, ticket, at
        query = select(TicketClock).where(TicketClock.ticket_id == ticket.id, TicketClock.stopped_at.is_(None))
        locked = query.with_for_update().execution_options(populate_existing=True)
        self._open = {ClockKind(clock.kind): clock for clock in session.scalars(locked)}
        self._rules: Rules | None = None
        self._calendar: WorkCalendar | None = None
        self.changes: dict[str, list[Any]] = {}

    def apply(self, effect: Effect, *, target: str, cause: str, actor: str, given: Mapping[str, Any]) -> None:
        """What a move does to one clock; nothing where there is none to do it to. Raises PauseRefused."""
        clock = self._open.get(effect.kind)
        if effect.act is Act.EXTEND and clock is None:
            clock = self._open.get(ClockKind.REWORK)
        reason = str(given.get("reason") or "")
        match effect.act:
            case Act.START:
                is_false = given.get("reason_code") == FALSE_REPLY
                self.start(effect.kind, cause, at_least=Step.RED if is_false else None)
            case Act.STOP if clock is not None:
                self._stop(clock, ClockState.MET if is_met(effect.kind, target) else ClockState.CANCELLED)
            case Act.PAUSE if clock is not None:
                self._pause(clock, reason)
            case Act.RESUME if clock is not None:
                self._resume(clock)
            case Act.EXTEND if clock is not None:
                self._extend(clock, _day_of(given["due_on"]), actor, reason)

    def start(self, kind: ClockKind, cause: str, *, until: date | None = None, at_least: Step | None = None) -> None:
        """A clock of this kind begins, unless one runs or the rules have none for such a ticket.

        `until` is a last day that was promised, in place of the rules' term; `at_least` a step of a rework.
        """
        if kind in self._open:
            return
        rules = self._load_rules()
        clock = make_clock(
            self._ticket, kind, rules, self._load_calendar(), started_at=self._start_of(kind), cause=cause,
            term=None if until is None else _term_until(self._at, until),
        )  # fmt: skip
        if clock is None:
            return
        self._session.add(clock)
        self._session.flush()
        self._open[kind] = clock
        self._note(clock, None)
        notices.on_start(self._session, clock, rules.profile, self._load_calendar(), self._at, at_least=at_least)

    def meet(self, kind: ClockKind) -> bool:
        """The clock of this kind is met; False: none is open."""
        clock = self._open.get(kind)
        if clock is not None:
            self._stop(clock, ClockState.MET)
        return clock is not None

    def _start_of(self, kind: ClockKind) -> datetime:
        """Now; a follow-up is counted from the reply, however long its audit took (R58)."""
        if kind is not ClockKind.FOLLOW_UP:
            return self._at
        replied = select(TicketClock.stopped_at).where(
            TicketClock.ticket_id == self._ticket.id, TicketClock.state == ClockState.MET,
            TicketClock.kind.in_((ClockKind.REPLY, ClockKind.REWORK)),
        )  # fmt: skip
        return self._session.scalar(replied.order_by(TicketClock.stopped_at.desc()).limit(1)) or self._at

    def _stop(self, clock: TicketClock, state: ClockState) -> None:
        before = told(clock)
        clock.stopped_at, clock.state, clock.paused_since = self._at, state, None
        del self._open[ClockKind(clock.kind)]
        self._session.flush()
        self._note(clock, before)

    def _pause(self, clock: TicketClock, reason: str) -> None:
        if clock.paused_since is not None:
            return
        if clock.due_at is not None and self._at > clock.due_at:
            raise PauseRefused("期限已过，不能再挂起暂停计时")
        before = told(clock)
        clock.paused_since, clock.pause_reason, clock.state = self._at, (reason or APPROVED)[:120], ClockState.PAUSED
        self._note(clock, before)

    def _resume(self, clock: TicketClock) -> None:
        if clock.paused_since is None:
            return
        before = told(clock)
        pause = [clock.paused_since.isoformat(), self._at.isoformat(), clock.pause_reason]
        clock.pauses = [*clock.pauses, pause]
        clock.paused_since, clock.pause_reason, clock.state = None, "", ClockState.RUNNING
        self._time_again(clock)
        self._note(clock, before)

    def _extend(self, clock: TicketClock, due_on: date, actor: str, reason: str) -> None:
        if any(day == due_on.isoformat() and at == self._at.isoformat() for day, _, at, _ in clock.extensions):
            return
        before = told(clock)
        clock.extensions = [*clock.extensions, [due_on.isoformat(), actor, self._at.isoformat(), reason]]
        clock.state = ClockState.RUNNING
        self._time_again(clock)
        self._note(clock, before)

    def _time_again(self, clock: TicketClock) -> None:
        """By the rules it began with."""
        rules = rules_of(self._session.get_one(SlaProfile, clock.profile_id))
        time_again(clock, self._load_calendar(), rules.profile)

    def _note(self, clock: TicketClock, before: str | None) -> None:
        field = f"clock_{clock.kind}"
        first = self.changes.get(field, [before])[0]
        self.changes[field] = [first, told(clock)]

    def _load_rules(self) -> Rules:
        if self._rules is None:
            self._rules = load_rules(self._session)
        return self._rules

    def _load_calendar(self) -> WorkCalendar:
        if self._calendar is None:
            self._calendar = load_calendar(self._session)
        return self._calendar


def make_clock(
    ticket: Ticket, kind: ClockKind, rules: Rules, calendar: WorkCalendar, *, started_at: datetime, cause: str,
    term: Term | None = None,
) -> TicketClock | None:  # fmt: skip
    """A clock that begins, by `term` or by the rules; None: they have none for such a ticket."""
    term = term or _term_of(ticket, kind, rules.profile)
    if term is None:
        return None
    unit, region = (ticket.lead_unit_code, ticket.region_code) if kind in CARDED else (None, None)
    clock = TicketClock(
        ticket_id=ticket.id, kind=kind, profile_id=rules.id, term=str(term), urgency=ticket.urgency, cause=cause,
        deadline_class=rules.profile.class_of(ticket_type=ticket.ticket_type, urgency=ticket.urgency),
        started_at=started_at, pauses=[], extensions=[], level=0, from_level=0, state=ClockState.RUNNING,
        unit_code=unit, region_code=region,
    )  # fmt: skip
    time_again(clock, calendar, rules.profile)
    return clock


def _term_of(ticket: Ticket, kind: ClockKind, profile: Profile) -> Term | None:
    ticket_type, urgency = ticket.ticket_type, ticket.urgency
    if kind is not ClockKind.REWORK:
        return profile.find_term(kind, ticket_type=ticket_type, urgency=urgency)
    reply = profile.find_term(ClockKind.REPLY, ticket_type=ticket_type, urgency=urgency)
    return profile.rework_term(reply) if reply else None


def time_again(clock: TicketClock, calendar: WorkCalendar, profile: Profile) -> None:
    """Set when the clock ends and why, from what has happened to it so far."""
    timing = time_clock(
        calendar, profile, clock.started_at, parse_term(clock.term),
        pauses=read_pauses(clock.pauses), extensions=read_extensions(clock.extensions),
    )  # fmt: skip
    clock.due_at, clock.near_due_at = timing.due_at, timing.near_due_at
    clock.explanation, clock.missing_year = timing.explanation, timing.missing_year


def told(clock: TicketClock) -> str:
    """The clock in the ticket's history, Chinese."""
    if clock.state == ClockState.CANCELLED:
        return "取消计时"
    if clock.state == ClockState.PAUSED:
        return f"暂停计时（{clock.pause_reason}）"
    is_late = clock.due_at is not None and clock.stopped_at is not None and clock.stopped_at > clock.due_at
    if clock.state == ClockState.MET:
        return "逾期完成" if is_late else "按时完成"
    if clock.due_at is None:
        return f"待导入{clock.missing_year}年工作日历"
    return f"限{to_shanghai(clock.due_at):%Y-%m-%d %H:%M}前"


def _term_until(at: datetime, day: date) -> Term:
    """So many days as lie between; a day that is over or today: until tomorrow."""
    return Term(max(1, (day - to_shanghai(at).date()).days), TimeUnit.NATURAL_DAYS)


def _day_of(value: object) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))
