"""A clock of a synthetic life while it runs, and the rows that it leaves when it is over."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from app.cli.synthetic.rows import Rows
from app.cli.synthetic.times import Timed, Timetable, iso, stamp
from app.deadlines.arithmetic import Pause
from app.deadlines.effects import CARDED
from app.deadlines.models import ClockState, Notice, Supervision, TicketClock
from app.deadlines.notices import audience_of
from app.deadlines.profile import LADDER, ClockKind, Step
from app.deadlines.sweep import URGE
from app.deadlines.terms import Term
from app.deadlines.timing import read_extensions

EMPTY = "[]"


@dataclass(slots=True)
class RunningClock:
    """`level` is what it began with: rework is a step of the ladder by itself."""

    id: int
    kind: ClockKind
    term: Term
    cause: str
    started: int
    timed: Timed
    urgency: str
    deadline_class: str
    unit: str | None = None
    region: str | None = None
    first_step: Step | None = None
    paused_since: int | None = None
    pause_reason: str = ""
    pauses: list[Pause] = field(default_factory=list)
    extensions: list[tuple[str, str, str, str]] = field(default_factory=list)

    def time_again(self, timetable: Timetable) -> None:
        """After a pause or an extension."""
        self.timed = timetable.time_with(self.term, self.started, self.pauses, read_extensions(self.extensions))

    def extend(self, timetable: Timetable, due_on: date, *, by: str, at: int, reason: str) -> None:
        """More time was approved."""
        self.extensions.append((due_on.isoformat(), by, iso(at), reason))
        self.time_again(timetable)


def keep(
    clock: RunningClock, rows: Rows, timetable: Timetable, *, ticket_id: int, profile_id: int, stopped: int | None,
    state: ClockState,
) -> None:  # fmt: skip
    """The clock's row, and those of every step that sweeps raised while it ran. `stopped` None: it still runs."""
    level, from_level, raised = _climb(clock, rows, timetable, ticket_id, stopped)
    is_late = clock.timed.due is not None and clock.timed.due < timetable.until and clock.paused_since is None
    if stopped is None and state is ClockState.RUNNING and is_late and level >= URGE:
        state = ClockState.OVERDUE
    timed = clock.timed
    rows.of[TicketClock].append(
        (
            clock.id, ticket_id, str(clock.kind), profile_id, str(clock.term), clock.urgency, clock.deadline_class,
            clock.cause, clock.unit, clock.region, str(state), stamp(clock.started), timed.due_text,
            timed.near_text, timed.missing_year,
            stamp(clock.paused_since) if clock.paused_since is not None else None, clock.pause_reason,
            _pauses(clock.pauses), _json(clock.extensions), stamp(stopped) if stopped is not None else None,
            timed.explanation, level, from_level, stamp(raised) if raised is not None else None,
        )
    )  # fmt: skip


def _climb(
    clock: RunningClock, rows: Rows, timetable: Timetable, ticket_id: int, stopped: int | None
) -> tuple[int, int, int | None]:
    """(level, level before, raised at) after every sweep that met the running clock."""
    level = LADDER.index(clock.first_step) + 1 if clock.first_step else 0
    if clock.first_step is not None:
        rows.of[Supervision].append(
            (ticket_id, clock.id, str(clock.first_step), clock.timed.due_text, stamp(clock.started), "重办")
        )
        _tell(clock, rows, timetable, ticket_id, clock.first_step, clock.started)
    from_level, raised = 0, None
    end = clock.paused_since if clock.paused_since is not None else stopped
    end = timetable.until + 1 if end is None else end
    for rank, at in timetable.ladder(clock.timed, is_carded=clock.kind in CARDED, end=end):
        if rank > level:
            step = LADDER[rank - 1]
            rows.of[Supervision].append(
                (ticket_id, clock.id, str(step), clock.timed.due_text, stamp(at), timetable.reasons[step])
            )
            _tell(clock, rows, timetable, ticket_id, step, at)
            from_level, level, raised = level, rank, at
        elif rank == URGE:  # late, but its first step stands higher
            from_level, raised = level, at
    return level, from_level, raised


def _tell(  # noqa: PLR0917 - two callers, beside it
    clock: RunningClock, rows: Rows, timetable: Timetable, ticket_id: int, step: Step, at: int
) -> None:
    send_at = timetable.tell_at(clock.urgency, at)
    sent_at = stamp(send_at) if send_at <= timetable.until else None
    audience = audience_of(clock.kind, clock.urgency)
    rows.of[Notice].append((ticket_id, clock.id, str(step), audience, stamp(send_at), sent_at, stamp(at)))


def _pauses(pauses: Sequence[Pause]) -> str:
    return _json([(p.began_at.isoformat(), p.ended_at.isoformat(), p.reason) for p in pauses])


def _json(rows: Sequence[Sequence[str]]) -> str:
    return json.dumps(rows, ensure_ascii=False) if rows else EMPTY
