"""One synthetic ticket walks the table of moves and leaves the rows that the application would leave.

Every step asks the table of states whether it is allowed; clocks follow by `effects_of` and the stored rules. What
would happen after the present is cut off, so the last weeks' tickets stand in every state there is.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from app.casework.models import CitizenContact, CitizenNotice, UnitReply, UnitRequest
from app.casework.notices import SOMEBODY
from app.cli.synthetic.asked import Asked
from app.cli.synthetic.leg import Leg
from app.cli.synthetic.rows import Row, Rows
from app.cli.synthetic.running import RunningClock, keep
from app.cli.synthetic.times import stamp, utc
from app.cli.synthetic.world import Choice, World
from app.deadlines.arithmetic import Pause
from app.deadlines.effects import CARDED, Act, effects_of, is_met
from app.deadlines.models import ClockState, Notice
from app.deadlines.notices import DUTY_ROOM, EMERGENCY
from app.deadlines.profile import ClockKind
from app.deadlines.running import APPROVED
from app.deadlines.service import ACTION
from app.tickets.models import Assignment, AssignmentKind, AssignmentStatus, TicketHistory, TicketStatus
from app.tickets.states import BY_VERB

EFFECTS = {verb: tuple((effect.act, effect.kind) for effect in effects_of(move)) for verb, move in BY_VERB.items()}
STARTS = frozenset(verb for verb, effects in EFFECTS.items() if any(act is Act.START for act, _ in effects))
"""Verbs that begin a clock: the others do nothing to a ticket that has none."""
NAMES = {kind: f"clock_{kind}" for kind in ClockKind}
"""As the history calls them."""
_to_json = json.JSONEncoder(ensure_ascii=False).encode


def _changes(source: str, target: str, told: tuple[tuple[str, str], ...]) -> dict[str, list[Any]]:
    """As `move_ticket` keeps them: the status, then what the form said."""
    status = {"status": [source, target]} if source != target else {}
    return {**status, **{label: [None, words] for label, words in told}}


@lru_cache(10_000)
def _usual_changes(source: str, target: str, told: tuple[tuple[str, str], ...]) -> str:
    return _to_json(_changes(source, target, told))


class Cut(Exception):
    """The present is reached."""


class NoSuchMove(Exception):
    """A script that the table of states does not allow: a mistake here, not in the data."""


@dataclass(slots=True)
class Life:
    """A ticket while it is told. `facts` are the fields of its form."""

    world: World
    rows: Rows
    id: int
    number: str
    ticket_type: str
    urgency: str
    region: str
    agent: str
    opened: int
    status: TicketStatus = TicketStatus.DRAFT
    version: int = 1
    updated: int = 0
    accepted: int | None = None
    ended: int | None = None
    lead: str | None = None
    is_locked: bool = False
    returns: int = 0
    redos: int = 0
    extensions: int = 0
    reopens: int = 0
    merged_into: int | None = None
    legs: list[Leg] = field(default_factory=list)
    notices: list[tuple[int, str, str, str]] = field(default_factory=list)
    """(at, action, text with {number}, unit): those who are merged into this one are told the same."""
    asked: list[Asked] = field(default_factory=list)
    """Follow-up, round by round: those who are merged into this one are asked as well."""
    clocks: dict[ClockKind, RunningClock] = field(default_factory=dict)
    requests: list[list[Any]] = field(default_factory=list)
    replies: dict[int, list[Any]] = field(default_factory=dict)
    reworks: int = 0
    replied_at: int | None = None

    def open(self, changes: str) -> None:
        """The draft."""
        self.updated = self.opened
        self._history(self.opened, self.agent, "opened", changes)

    def move(
        self, verb: str, actor: str, at: int, *, changed: Mapping[str, list[Any]] | None = None,
        told: Mapping[str, str] | None = None, more: tuple[date, str] | None = None, lead: str | None = None,
    ) -> None:  # fmt: skip
        """A row of the table, with its history, clocks and notice. Raises Cut, NoSuchMove.

        `more`: until when an extension is approved, and why. `lead`: who leads from now on.
        """
        if at > self.world.until:
            raise Cut
        move = BY_VERB[verb]
        if self.status not in move.sources:
            raise NoSuchMove(f"{verb} from {self.status}")
        words = tuple(told.items()) if told else ()
        if changed:
            changes = _to_json({**_changes(self.status, move.target, words), **changed})
        else:
            changes = _usual_changes(self.status, move.target, words)
        self.status, self.updated, self.lead = move.target, at, lead or self.lead
        self.version += 1
        self._history(at, actor, move.action, changes)
        if EFFECTS[verb] and (self.clocks or verb in STARTS):
            self._run_clocks(verb, actor, at, more)
        if move.notice:
            unit = self.world.names[self.lead] if self.lead else SOMEBODY
            self.notices.append((at, move.action, move.notice, unit))

    def _history(self, at: int, actor: str, action: str, changes: str) -> None:
        self.rows.of[TicketHistory].append((self.id, stamp(at), actor, action, changes, self.version))

    # clocks

    def _run_clocks(self, verb: str, actor: str, at: int, more: tuple[date, str] | None) -> None:
        changes: dict[ClockKind, tuple[str, str]] = {}
        for act, kind in EFFECTS[verb]:
            clock = self.clocks.get(kind)
            if clock is None:
                if act is Act.EXTEND:
                    clock = self.clocks.get(ClockKind.REWORK)
                elif act is not Act.START:
                    continue
            before = f'"{self._told(clock)}"' if clock else "null"
            after = self._act(act, kind, clock, verb, actor, at, more)
            if after is not None:
                name = clock.kind if clock else kind
                changes[name] = (changes[name][0] if name in changes else before, after)
        if changes:
            told = [f'"{NAMES[kind]}": [{before}, "{after}"]' for kind, (before, after) in changes.items()]
            self._history(at, actor, ACTION, "{" + ", ".join(told) + "}")

    def _act(  # noqa: PLR0917 - one caller, beside it
        self, act: Act, kind: ClockKind, clock: RunningClock | None, verb: str, actor: str, at: int,
        more: tuple[date, str] | None,
    ) -> str | None:  # fmt: skip
        if act is Act.START:
            return self._start(kind, verb, at) if clock is None else None
        if clock is None:
            return None
        if act is Act.STOP:
            return self._stop(clock, at)
        if act is Act.PAUSE:
            clock.paused_since, clock.pause_reason = at, APPROVED
        elif act is Act.RESUME:
            self._resume(clock, at)
        elif more is not None:
            clock.extend(self.world.timetable, more[0], by=actor, at=at, reason=more[1])
        return self._told(clock)

    def _start(self, kind: ClockKind, cause: str, at: int) -> str | None:
        world = self.world
        term = world.term(kind, self.ticket_type, self.urgency)
        if term is None:
            return None
        started = (self.replied_at or at) if kind is ClockKind.FOLLOW_UP else at
        clock = RunningClock(
            next(self.rows.clock_ids), kind, term, cause, started, world.timetable.timed(term, started), self.urgency,
            world.profile.class_of(ticket_type=self.ticket_type, urgency=self.urgency),
            *((self.lead, self.region) if kind in CARDED else (None, None)),
        )  # fmt: skip
        if kind is ClockKind.REWORK:
            self.reworks += 1
            steps = [step for times, step in sorted(world.profile.rework_steps.items()) if times <= self.reworks]
            clock.first_step = steps[-1] if steps else None
        if kind is ClockKind.ACKNOWLEDGEMENT:
            now = stamp(at)
            self.rows.of[Notice].append((self.id, clock.id, EMERGENCY, DUTY_ROOM, now, now, now))
        self.clocks[kind] = clock
        return clock.timed.told

    def _stop(self, clock: RunningClock, at: int) -> str:
        state = ClockState.MET if is_met(clock.kind, self.status) else ClockState.CANCELLED
        if state is ClockState.MET and clock.kind in {ClockKind.REPLY, ClockKind.REWORK}:
            self.replied_at = at
        clock.paused_since = None
        del self.clocks[clock.kind]
        self._keep(clock, at, state)
        if state is ClockState.CANCELLED:
            return "取消计时"
        return "逾期完成" if clock.timed.due is not None and at > clock.timed.due else "按时完成"

    def _resume(self, clock: RunningClock, at: int) -> None:
        if clock.paused_since is not None:
            clock.pauses.append(Pause(utc(clock.paused_since), utc(at), clock.pause_reason))
            clock.paused_since, clock.pause_reason = None, ""
            clock.time_again(self.world.timetable)

    def _told(self, clock: RunningClock) -> str:
        return f"暂停计时（{clock.pause_reason}）" if clock.paused_since is not None else clock.timed.told

    def _keep(self, clock: RunningClock, stopped: int | None, state: ClockState) -> None:
        keep(
            clock, self.rows, self.world.timetable, ticket_id=self.id, profile_id=self.world.profile_id,
            stopped=stopped, state=state,
        )  # fmt: skip

    def due(self, kind: ClockKind) -> float | None:
        """When this running clock ends."""
        clock = self.clocks.get(kind)
        return clock.timed.due if clock else None

    # what belongs to moves

    def assign(self, choice: Choice, supports: tuple[str, ...], by: str, at: int) -> None:
        """Legs of the lead and of those who support it; after the move that gives them."""
        self.legs.append(Leg(choice.lead, AssignmentKind.LEAD, by, at, choice.why))
        self.legs += [Leg(unit, AssignmentKind.SUPPORTING, by, at) for unit in supports]

    @property
    def lead_leg(self) -> Leg:
        """The running leg of who leads."""
        return next(leg for leg in reversed(self.legs) if leg.kind is AssignmentKind.LEAD and leg.ended is None)

    def end_legs(self, at: int, lead_as: AssignmentStatus) -> None:
        for leg in self.legs:
            if leg.ended is None:
                leg.ended = at
                leg.status = lead_as if leg.kind is AssignmentKind.LEAD else AssignmentStatus.CLOSED

    def ask(self, kind: str, detail: Mapping[str, Any], by: str, at: int) -> None:
        """What the lead unit asks of the hotline."""
        row = [self.id, self.lead, kind, "pending", _to_json(detail), by, stamp(at), "", None, ""]
        self.requests.append(row)

    def decide(self, status: str, by: str, at: int, decision: str = "") -> None:
        """The hotline's word on what was asked last."""
        self.requests[-1][3], self.requests[-1][7:] = status, [by, stamp(at), decision]

    def contact(self, by: str, at: int, *, is_reached: bool, note: str) -> None:
        self.rows.of[CitizenContact].append((self.id, self.lead, stamp(at), by, "phone", int(is_reached), note))

    @property
    def round(self) -> int:
        """Of handling."""
        return self.redos + self.reopens

    def ask_citizens(self, at: int) -> None:
        """Follow-up begins."""
        clock = self.clocks.get(ClockKind.FOLLOW_UP)
        due, first = clock.timed.due_text if clock else None, self.world.timetable.next_try(frozenset(), at)
        self.asked.append(Asked(self.round, self.lead, self.region, self.ticket_type, at, due, first))

    # the end of the telling

    def finish(self, form: Row) -> Row:
        """Everything that is kept once: running clocks, legs, requests, replies, notices; and the ticket's own row.

        `form` holds what the citizen said: (query code, channel, call, line, caller, contact number and name,
        subject, region, address, title, content, demand, answer, secrecy, complained unit).
        """
        dues = [clock.timed for clock in self.clocks.values() if clock.paused_since is None and clock.timed.due]
        for clock in self.clocks.values():
            state = ClockState.PAUSED if clock.paused_since is not None else ClockState.RUNNING
            self._keep(clock, None, state)
        self.rows.of[Assignment] += [leg.row(self.id, self.world.until) for leg in self.legs]
        self.rows.of[UnitRequest] += [tuple(row) for row in self.requests]
        for asked in self.asked:
            asked.keep(self.rows, self.id, self.id)
        self.rows.of[UnitReply] += [tuple(row) for row in self.replies.values()]
        self.rows.of[CitizenNotice] += [
            (self.id, stamp(at), action, text.format(number=self.number, unit=unit))
            for at, action, text, unit in self.notices
        ]
        (code, channel, call, line, caller, contact, name, subject, region, address, title, content, demand, answer,
         secrecy, complained) = form  # fmt: skip
        return (
            self.id, self.number, code, str(self.status), channel, call, line, caller, contact, name,
            self.ticket_type, subject, region, address, title, content, demand, answer, secrecy, self.agent,
            self.merged_into, min(dues, key=lambda timed: timed.due or 0).due_text if dues else None, self.urgency,
            complained,
            self.lead, int(self.is_locked), self.returns, self.redos, self.extensions, self.reopens,
            _stamp(self.ended), self.version, stamp(self.opened), stamp(self.updated), _stamp(self.accepted),
        )  # fmt: skip


def _stamp(moment: int | None) -> str | None:
    return None if moment is None else stamp(moment)
