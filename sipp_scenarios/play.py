"""Playing the steps of a scenario, one after another, and noting when each was done."""

import re
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import singledispatchmethod

from sipp_scenarios import steps
from sipp_scenarios.cast import Cast, Player
from sipp_scenarios.faults import FAULTS
from sipp_scenarios.keys import press, speak, wait_for_turn
from sipp_scenarios.report import Stage
from sipp_scenarios.screen_pops import await_pop
from sipp_scenarios.stack_control import StackControl
from sipp_scenarios.store import Store
from sipp_scenarios.target import TargetError
from sipp_scenarios.templates import Role
from sipp_scenarios.waiting import TooLate, until
from sipp_scenarios.words import Part

SERVES_WITHIN_MS = 30_000
REGISTERS_WITHIN_MS = 10_000


@dataclass
class Play:
    """One performance. Use as a context manager: whatever was stopped or broken is in order again at the end."""

    cast: Cast
    store: Store
    control: StackControl
    watch: Callable[[Stage], None] = lambda _: None
    started_at: float = field(default_factory=time.time)
    stages: list[Stage] = field(default_factory=list)
    _mending: ExitStack = field(default_factory=ExitStack)
    _broken: dict[str, AbstractContextManager[None]] = field(default_factory=dict)
    _rehearsed: dict[str, datetime] = field(default_factory=dict)
    """Line → the moment of its change for which the clock was set."""
    _down: set[str] = field(default_factory=set)

    def note(self, who: str, what: str) -> None:
        """Put a moment on the timeline."""
        self.stages.append(Stage(round((time.time() - self.started_at) * 1000), who, what, "runner"))
        self.watch(self.stages[-1])

    def perform(self) -> None:
        """Play all steps. Raises TooLate, StoreUnavailable, TargetError."""
        for step in self.cast.scenario.steps:
            self._do(step)

    def mend_all(self) -> None:
        """Undo every fault that is left, and start every process that is down."""
        for name in list(self._broken):
            self._mend(name)
        for name in sorted(self._down):
            self._start(name)
        self.store.wait_until_it_serves(within_ms=SERVES_WITHIN_MS)
        self.cast.switch.put_right(self.cast.folder)

    @singledispatchmethod
    def _do(self, step: Part) -> None:
        raise NotImplementedError(type(step).__name__)

    @_do.register
    def _(self, step: steps.SignIn) -> None:
        for name in step.sign_in:
            self.cast.register(name)
        for name in step.sign_in:
            phone = self._registered(name)
            self.store.sign_in(phone.username)
            self.note(name, f"signed in as {phone.username}")

    def _registered(self, name: str) -> Player:
        phone = self.cast.players[name]
        until(
            lambda: phone.has_seen("registered"), what=f"{name}'s phone registers", within_ms=REGISTERS_WITHIN_MS
        )  # fmt: skip
        return phone

    @_do.register
    def _(self, step: steps.SignOut) -> None:
        for name in step.sign_out:
            self.store.sign_out(self.cast.players[name].username)
            self.note(name, "signed out")

    @_do.register
    def _(self, step: steps.Dial) -> None:
        for name in step.dial:
            self.note(name, "dials")
            self.cast.dial(name)

    @_do.register
    def _(self, step: steps.HangUp) -> None:
        for name in step.hang_up:
            player = self.cast.players[name]
            player.phone.cue("" if player.actor.role is Role.CALLER else self._dialog(player))
            self.note(name, "is told to hang up")

    @_do.register
    def _(self, step: steps.Transfer) -> None:
        phone, colleague = self.cast.players[step.transfer], self.cast.players[step.to].person
        if colleague is None:
            raise TargetError(f"{step.to} is no agent with a seat")
        phone.phone.cue(self._dialog(phone), colleague.seat)
        self.note(step.transfer, f"transfers to {step.to}")

    @_do.register
    def _(self, step: steps.Open) -> None:
        for name in step.open:
            player = self.cast.players[name]
            if player.actor.role is Role.OWN_SEAT:
                self.cast.register(name)
                self._registered(name)
            else:
                self.cast.open_exchange(name)
                self.cast.switch.wait_for_trunk(player.actor.trunk or "", is_reached=True)
            self.note(name, "is there")

    @_do.register
    def _(self, step: steps.Close) -> None:
        for name in step.close:
            player = self.cast.players[name]
            if player.process:
                player.process.kill()
            self.cast.switch.wait_for_trunk(player.actor.trunk or "", is_reached=False)
            self.note(name, "is gone, and the switch knows it")

    @_do.register
    def _(self, step: steps.Answer) -> None:
        players = [self.cast.players[name] for name in step.answer]
        dialogs = [self._dialog(player) for player in players]
        for place, (player, dialog) in enumerate(zip(players, dialogs, strict=True)):
            time.sleep(step.apart_ms / 1000 if place else 0)
            player.phone.cue(dialog)
        self.note(" and ".join(step.answer), "told to answer")

    @staticmethod
    def _dialog(player: Player) -> str:
        if dialog := player.dialog():
            return dialog
        raise TargetError(f"{player.name}'s phone got no call: check the steps")

    @_do.register
    def _(self, step: steps.Finish) -> None:
        for name in step.finish:
            self.cast.players[name].phone.wait()

    @_do.register
    def _(self, step: steps.AwaitEvent) -> None:
        player = self.cast.players[step.of]
        until(
            lambda: self.store.has_event(self.cast, player, step.await_event, step.having),
            what=f"{step.await_event} {step.having or ''} of {step.of}'s call".replace("  ", " "),
            within_ms=step.within_ms,
        )

    @_do.register
    def _(self, step: steps.AwaitSip) -> None:
        player = self.cast.players[step.of]
        until(
            lambda: player.has_seen(step.await_sip, step.times),
            what=f"{step.of}'s phone has seen {step.await_sip}",
            within_ms=step.within_ms,
        )

    @_do.register
    def _(self, step: steps.Talk) -> None:
        time.sleep(step.talk_ms / 1000)

    @_do.register
    def _(self, step: steps.Stop) -> None:
        self._down.add(step.stop)
        self.control.stop(step.stop)
        self.note(step.stop, "stopped")

    @_do.register
    def _(self, step: steps.Start) -> None:
        self._start(step.start)

    @_do.register
    def _(self, step: steps.Kill) -> None:
        self._down.add(step.kill)
        self.control.kill(step.kill, is_kept=step.is_kept)
        self.note(step.kill, "killed (-9)")

    @_do.register
    def _(self, step: steps.Break) -> None:
        fault = FAULTS[step.break_](self.cast.target, self.control)
        fault.__enter__()
        self._broken[step.break_] = fault
        self.note("stack", f"broken: {step.break_}")

    @_do.register
    def _(self, step: steps.Mend) -> None:
        self._mend(step.mend)

    @_do.register
    def _(self, step: steps.Pop) -> None:
        await_pop(self.cast, self.store, step)
        self.note(step.to, f"has {step.pop}'s call on the screen")

    @_do.register
    def _(self, step: steps.AcceptTicket) -> None:
        ticket = self.store.accept_ticket(
            self.cast, self.cast.players[step.accept_ticket_of], self.cast.players[step.by].username
        )
        self.note(step.by, f"accepts ticket {ticket}")

    @_do.register
    def _(self, step: steps.SetClock) -> None:
        change = self.cast.switch.next_change_of(step.set_clock)
        self._rehearsed[step.set_clock] = change
        self.cast.switch.set_clock(change - timedelta(seconds=step.seconds_before))
        self.note("switch", f"believes that it is {step.seconds_before} s before {change.isoformat()}")

    @_do.register
    def _(self, step: steps.AwaitChange) -> None:
        if (change := self._rehearsed.get(step.await_change_of)) is None:
            raise TargetError(f"await_change_of {step.await_change_of}: there is no set_clock for this line before it")
        until(
            lambda: self.cast.switch.clock() >= change.timestamp(),
            what=f"the switch's clock reaches {change.isoformat()}",
            within_ms=step.within_ms,
        )
        self.note("switch", f"its clock has reached {change.isoformat()}")

    @_do.register
    def _(self, step: steps.ApplyPlan) -> None:
        report = self.cast.switch.apply(step.apply_plan, self.cast.folder, settings=step.settings)
        done = "; ".join(f"{one.name} {one.outcome}: {one.detail}" for one in report.steps if one.outcome == "failed")
        self.note("plan", f"{report.outcome}: {report.message} {done}".strip())
        if report.outcome != step.ends or step.says not in f"{report.message} {report.remedy} {done}":
            expected = f"{step.ends} {step.says}".strip()
            raise TooLate(f"the plan was {report.outcome}, not {expected}: {report.message} {report.remedy} {done}")

    @_do.register
    def _(self, step: steps.HandOverTo) -> None:
        caller, agent = self.cast.players[step.hand_over], self.cast.players[step.by]
        self.store.hand_over(self.cast, caller, agent.username, step.target)
        self.note(step.by, f"hands over to {step.target}")

    @_do.register
    def _(self, step: steps.LeaveToThem) -> None:
        caller, agent = self.cast.players[step.leave_to_them], self.cast.players[step.by]
        self.store.move_handover(self.cast, caller, agent.username, "leave")
        self.note(step.by, "leaves the conversation to them")

    @_do.register
    def _(self, step: steps.TakeBackStep) -> None:
        caller, agent = self.cast.players[step.take_back], self.cast.players[step.by]
        self.store.move_handover(self.cast, caller, agent.username, "take-back")
        self.note(step.by, "takes the call back")

    @_do.register
    def _(self, step: steps.PlayFlow) -> None:
        caller, agent = self.cast.players[step.of], self.cast.players[step.by]
        self.store.play_flow(self.cast, caller, agent.username, step.play_flow)
        self.note(step.by, f"plays {step.play_flow} to {step.of}")

    @_do.register
    def _(self, step: steps.Refer) -> None:
        caller = self.cast.players[step.refer]
        with self.cast.switch.machine("scenario-psap", "referrals:write") as token:
            ticket = self.store.refer(self.cast, caller, token, category=step.category, kind=step.transfer_kind)
        self.note("110", f"refers {step.category}: ticket {ticket}")

    @_do.register
    def _(self, step: steps.Press) -> None:
        player = self.cast.players[step.of]
        wait_for_turn(player, step.after, self.cast.target.prompts)
        keys = re.sub(r"\{(.+?)\}", lambda found: self.store.query_code(self.cast, found[1]), step.press)
        press(player, keys)
        self.note(step.of, f"presses {keys}")

    @_do.register
    def _(self, step: steps.Speak) -> None:
        player = self.cast.players[step.speak]
        wait_for_turn(player, step.after, self.cast.target.prompts)
        speak(player)
        self.note(step.speak, "speaks")

    @_do.register
    def _(self, step: steps.Announce) -> None:
        self.store.duty_officer.announce(step.announce, step.kind)
        self.note("duty officer", f"announces: {step.announce}")

    @_do.register
    def _(self, step: steps.EndBroadcast) -> None:
        players = self.cast.players
        self.store.duty_officer.end([Store.shown_number(players[name]) for name in step.end_broadcast_followed_by])
        self.note("duty officer", "says that it is over")

    @_do.register
    def _(self, step: steps.AwaitNotice) -> None:
        player = self.cast.players[step.await_notice_of]
        self.store.duty_officer.await_notice(Store.shown_number(player), step.way, step.within_ms)
        self.note(step.await_notice_of, f"is told that it is over: {step.way}")

    @_do.register
    def _(self, step: steps.ReplyToTicket) -> None:
        ticket = self.store.ticket_of(self.cast, step.reply_to_ticket_of)
        self.store.office.reply_to(ticket)
        self.note("office", f"replies to ticket {ticket}, and it is judged good")

    @_do.register
    def _(self, step: steps.RingForFollowUp) -> None:
        self.store.office.ring(self.store.ticket_of(self.cast, step.ring_for_follow_up))
        self.note("office", f"has {step.ring_for_follow_up} rung by machine")

    @_do.register
    def _(self, step: steps.PutInForce) -> None:
        self.note("flows", self.cast.switch.put_in_force(step.put_in_force, step.line))

    @_do.register
    def _(self, step: steps.FlagCaller) -> None:
        self.store.flag(self.cast.players[step.flag])
        self.note(step.flag, "is flagged: comes first")

    def _start(self, name: str) -> None:
        self.control.start(name)
        self._down.discard(name)
        self.note(name, "started")
        if name == "web":
            self.store.wait_until_it_serves(within_ms=SERVES_WITHIN_MS)

    def _mend(self, name: str) -> None:
        self._broken.pop(name).__exit__(None, None, None)
        self.note("stack", f"mended: {name}")
