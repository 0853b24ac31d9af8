"""Use cases of clocks: they follow a ticket's moves, stand still for an approved reason, are given more time.

Everything may happen twice: a move told again finds its clocks as it left them. What happened to clocks stands in the
ticket's history, as an entry of its own beside the move's.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.deadlines.arithmetic import due_after
from app.deadlines.calendar import CalendarMissing, WorkCalendar
from app.deadlines.effects import effects_of
from app.deadlines.models import SlaProfile, TicketClock
from app.deadlines.profile import ClockKind, Urgency
from app.deadlines.running import OpenClocks, time_again
from app.deadlines.terms import parse_term
from app.deadlines.versions import load_calendar, rules_of
from app.platform.clock import to_shanghai
from app.platform.errors import Conflict
from app.tickets.models import Ticket, TicketHistory
from app.tickets.moving import Moved, listen

SYSTEM = "system"
ACTION = "timed"
"""What the history calls a change of clocks."""


class ExtensionRefused(Conflict):
    """More time is given before the end only, so often and so much as the rules allow (R47)."""

    code = "extension-refused"
    title = "不能延期"


def on_move(session: Session, moved: Moved) -> None:
    """The ticket's clocks follow its move, in the same transaction. Told twice, it changes nothing the second time.

    Reads of `moved.given`: `due_on` of an extension, `reason`. A due time that needs a missing calendar year stays
    open (`missing_year`) and is filled in when the year is imported. Sets `ticket.next_due_at`. Raises PauseRefused.
    """
    effects = effects_of(moved.move)
    if not effects:
        return
    clocks = OpenClocks(session, moved.ticket, moved.at)
    for effect in effects:
        clocks.apply(effect, target=moved.move.target, cause=moved.move.verb, actor=moved.actor, given=moved.given)
    _keep(session, moved.ticket, clocks, moved.actor, moved.at)


def stop_clock(session: Session, ticket: Ticket, kind: ClockKind, *, actor: str, at: datetime) -> bool:
    """The open clock of this kind is met, apart from any move: the duty room answered, the unit explained itself.

    False: there is none.
    """
    clocks = OpenClocks(session, ticket, at)
    is_done = clocks.meet(kind)
    _keep(session, ticket, clocks, actor, at)
    return is_done


def start_clock(
    session: Session,
    ticket: Ticket,
    kind: ClockKind,
    *,
    actor: str,
    at: datetime,
    cause: str,
    until: date | None = None,
) -> None:
    """A clock begins, apart from any move; one that runs already goes on. `until`: a last day that was promised."""
    clocks = OpenClocks(session, ticket, at)
    clocks.start(kind, cause, until=until)
    _keep(session, ticket, clocks, actor, at)


def due_at(session: Session, ticket_id: int, clock: str) -> datetime | None:
    """When this clock of the ticket ends; None: it does not run, stands still, or waits for a calendar year."""
    query = select(TicketClock.due_at).where(
        TicketClock.ticket_id == ticket_id,
        TicketClock.kind == clock,
        TicketClock.stopped_at.is_(None),
        TicketClock.paused_since.is_(None),
    )
    return session.scalar(query)


def last_due_at(session: Session, ticket_id: int, clock: str) -> datetime | None:
    """When the newest clock of this kind ends or would have ended, whatever became of it; None: there was none."""
    query = select(TicketClock.due_at).where(TicketClock.ticket_id == ticket_id, TicketClock.kind == clock)
    return session.scalar(query.order_by(TicketClock.started_at.desc(), TicketClock.id.desc()).limit(1))


def list_clocks(session: Session, ticket_id: int) -> list[TicketClock]:
    """Every clock of a ticket, the oldest first."""
    query = select(TicketClock).where(TicketClock.ticket_id == ticket_id)
    return list(session.scalars(query.order_by(TicketClock.started_at, TicketClock.id)))


def check_extension(session: Session, ticket_id: int, due_on: date, at: datetime) -> None:
    """Whether the reply or the rework may be put off until this day: no longer than it was given, nor than the rules'

    most; before its end; for one ticket so often as the rules allow. Raises ExtensionRefused.
    """
    query = select(TicketClock).where(
        TicketClock.ticket_id == ticket_id, TicketClock.kind.in_((ClockKind.REPLY, ClockKind.REWORK))
    )
    clocks = session.scalars(query.order_by(TicketClock.started_at.desc())).all()
    clock = next((clock for clock in clocks if clock.stopped_at is None), None)
    if clock is None or clock.due_at is None:
        raise ExtensionRefused("没有正在计时的办理期限，或期限尚未算出")
    extension = rules_of(session.get_one(SlaProfile, clock.profile_id)).profile.extension
    if at > clock.due_at:
        raise ExtensionRefused("期限已过，不能再申请延期")
    if sum(len(one.extensions) for one in clocks) >= extension.times:
        raise ExtensionRefused(f"最多延期{extension.times}次")
    most = min(extension.at_most, parse_term(clock.term), key=lambda term: term.span)
    try:
        latest = due_after(load_calendar(session), clock.due_at, most).date()
    except CalendarMissing as missing:
        raise ExtensionRefused(missing.detail) from missing
    if not to_shanghai(clock.due_at).date() < due_on <= latest:
        raise ExtensionRefused(f"最多可延期至{latest:%Y-%m-%d}（延长{most.chinese}），且须晚于原期限")


def emergency_plan(session: Session, clocks: Sequence[TicketClock]) -> str:
    """The plan (应急预案) by which an emergency among these clocks is handled (R45); empty for any other ticket."""
    urgent = next((clock for clock in clocks if clock.urgency == Urgency.EMERGENCY), None)
    return rules_of(session.get_one(SlaProfile, urgent.profile_id)).profile.emergency_plan if urgent else ""


def recompute(session: Session, clocks: Sequence[TicketClock], calendar: WorkCalendar) -> int:
    """Time these open clocks again after a calendar has changed; of how many tickets something moved."""
    used = select(SlaProfile).where(SlaProfile.id.in_({clock.profile_id for clock in clocks}))
    rules = {row.id: rules_of(row).profile for row in session.scalars(used)}
    moved = set()
    for clock in clocks:
        before = clock.due_at
        time_again(clock, calendar, rules[clock.profile_id])
        if clock.due_at != before:
            moved.add(clock.ticket_id)
    session.flush()
    refresh_next_due(session, moved)
    return len(moved)


def _keep(session: Session, ticket: Ticket, clocks: OpenClocks, actor: str, at: datetime) -> None:
    session.flush()
    if not clocks.changes:
        return
    refresh_next_due(session, {ticket.id})
    session.refresh(ticket, ["next_due_at"])
    session.add(
        TicketHistory(
            ticket_id=ticket.id, at=at, actor=actor, action=ACTION, changes=clocks.changes,
            ticket_version=ticket.version,
        )
    )  # fmt: skip
    session.flush()


def refresh_next_due(session: Session, ticket_ids: Collection[int]) -> None:
    """When the first of a ticket's running clocks ends stands on the ticket, so that lists sort by it."""
    first = select(func.min(TicketClock.due_at)).where(
        TicketClock.ticket_id == Ticket.id, TicketClock.stopped_at.is_(None), TicketClock.paused_since.is_(None)
    )
    session.execute(
        update(Ticket)
        .where(Ticket.id.in_(ticket_ids))
        .values(next_due_at=first.correlate(Ticket).scalar_subquery())
        .execution_options(synchronize_session=False)
    )


listen(on_move)
