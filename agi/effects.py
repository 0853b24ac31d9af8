"""What a flow asks for, done on the caller's channel."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import structlog

from agi.call import AgiChannel, CallerHungUp, PromptMissing, RecordingFailed
from agi.facts import Facts
from agi.lookup import NAME, Lookup
from agi.messages import MessageFolder
from agi.visit import Visit
from app.contract import variables
from app.contract.events import CallbackRequested, CallRated, MessageLeft
from app.contract.lookup import FlowLookup
from ivr_flows.model import (
    Answer,
    CollectDigits,
    Done,
    Effect,
    Keyed,
    LookedUp,
    LookUp,
    Observe,
    Observed,
    Played,
    PlayPrompt,
    Rate,
    Record,
    Recorded,
    RequestCallback,
    Say,
)
from ivr_flows.published import Choice
from ivr_flows.say import SOUND_FOLDERS
from ivr_flows.versions import SHANGHAI

log = structlog.get_logger(__name__)

CALLABLE = re.compile(r"\+?[0-9]{3,20}")
BEEP = "beep"
WAIT_BUDGET_MS = 300
LANGUAGE = "CHANNEL(language)"
TIME_LIMIT = "TIMEOUT(absolute)"
PROMPT_SECONDS = 15.0
"""Longest prompt, for the time limit alone."""


class FlowSource(Protocol):
    """Flows in force, and switches."""

    def choose(self, name: str, line: str = "") -> Choice | None: ...
    def flag(self, name: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class Services:
    """What effects need beside the channel."""

    flows: FlowSource
    lookup: Lookup
    facts: Facts
    messages: MessageFolder
    time_limit_seconds: float = 20.0
    """After which the dialplan cuts a server that hangs."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One call's channel. `clock`: seconds, monotonic."""

    channel: AgiChannel
    visit: Visit
    services: Services
    clock: Callable[[], float]

    def perform(self, effect: Effect) -> Answer:
        """Do it. Raises CallerHungUp, ChannelBroken; TypeError for an end, which is the dialplan's to do."""
        handle = HANDLERS.get(type(effect))
        if handle is None:
            raise TypeError(f"{effect} is no effect for a channel")
        self._put_off_cut(longest_seconds(effect))
        return handle(self, effect)

    def _put_off_cut(self, seconds: float) -> None:
        """A flow that lives may take its time: the dialplan's limit for a server that hangs is set anew when what
        comes next could reach it."""
        now = self.clock()
        if self.visit.cut_at - now < seconds:
            limit = math.ceil(seconds + self.services.time_limit_seconds)
            self.channel.set_variables({TIME_LIMIT: str(limit)})
            self.visit.cut_at = now + limit

    def _tell(self, payload: CallRated | CallbackRequested | MessageLeft) -> bool:
        return self.services.facts.tell(self.visit, payload, self.visit.step.state.node)

    def _speak(self, prompt: str, *, is_skippable: bool) -> str | None:
        """The key that ended it, or none; None when the prompt is missing, which does not stop a caller."""
        self._set_language()
        try:
            return self.channel.play(prompt, is_skippable=is_skippable)
        except PromptMissing:
            self._miss(prompt)
            return None

    def _set_language(self) -> None:
        language = self.visit.step.state.value("language")
        if language != self.visit.language:
            self.channel.set_variables({LANGUAGE: SOUND_FOLDERS.get(language, language)})
            self.visit.language = language

    def _miss(self, prompt: str) -> None:
        self.visit.prompts_missing.append(prompt)
        log.error("prompt_missing", call_id=self.visit.call_id, prompt=prompt)

    def _play(self, effect: PlayPrompt) -> Played:
        if self._speak(effect.prompt, is_skippable=effect.is_skippable) is None:
            return Played(is_heard=False)
        if effect.is_recording_notice:
            self.channel.set_variables({variables.NOTICE_PLAYED: "1"})
        return Played()

    def _say(self, effect: Say) -> Played:
        is_heard = True
        for prompt in effect.items:
            key = self._speak(prompt, is_skippable=effect.is_skippable)
            is_heard = is_heard and key is not None
            if key:
                break
        return Played(is_heard)

    def _ask(self, effect: CollectDigits) -> Keyed:
        """All prompts but the last are spoken one by one; the last and the keys are one command, so none is lost."""
        *before, last = effect.items or ("",)
        spoken = 0
        first = ""
        for prompt in before:
            key = self._speak(prompt, is_skippable=effect.is_barge_in)
            spoken += key is not None
            if first := key or "":
                break
        try:
            return self._collect("" if first else last, effect, first)
        except PromptMissing:
            self._miss(last)
        return self._collect("", effect, "") if spoken else Keyed()  # who is asked nothing keys nothing

    def _collect(self, prompt: str, effect: CollectDigits, first: str) -> Keyed:
        self._set_language()
        collected = self.channel.collect(
            prompt,
            max_digits=effect.max_digits,
            timeout_ms=effect.timeout_ms,
            is_barge_in=effect.is_barge_in,
            terminator=effect.terminator,
            first=first,
        )
        return Keyed(collected.digits)

    def _record(self, effect: Record) -> Recorded:
        """A message. Who hangs up instead of pressing a key has left one too."""
        messages, run = self.services.messages, self.visit.run
        if not messages.has_room():
            log.error("message_disk_full", call_id=self.visit.call_id)
            return Recorded("failed")
        for prompt in (*effect.items, BEEP):
            self._speak(prompt, is_skippable=False)
        name = re.sub(r"[^A-Za-z0-9._-]", "", f"{self.visit.call_id}-{run}-{effect.name}")
        try:
            told_ms = self.channel.record(
                messages.path(name), max_seconds=effect.max_seconds, silence_seconds=effect.silence_seconds,
                terminator=effect.terminator,
            )  # fmt: skip
        except RecordingFailed:
            log.error("message_not_written", call_id=self.visit.call_id)
            return Recorded("failed")
        recorded = messages.judge(name, told_ms)
        if recorded.result == "kept" and not self._tell(MessageLeft(file=recorded.file, seconds=recorded.seconds)):
            return Recorded("failed")
        if self.channel.has_hung_up:
            raise CallerHungUp
        return recorded

    def _rate(self, effect: Rate) -> Done:
        return Done(self._tell(CallRated(score=effect.score)))

    def _call_back(self, effect: RequestCallback) -> Done:
        is_usable = CALLABLE.fullmatch(effect.number) is not None
        if not is_usable:
            return Done(is_kept=False)
        return Done(self._tell(CallbackRequested(number=effect.number, is_failure=effect.is_failure)))

    def _look_up(self, effect: LookUp) -> LookedUp:
        if effect.kind == "caller":
            answer = self.visit.who()
            return LookedUp(answer.result, answer.values) if answer else LookedUp()
        return self._ask_store(effect.kind, dict(effect.arguments), effect.budget_ms)

    def _ask_store(self, what: str, arguments: dict[str, str], budget_ms: int) -> LookedUp:
        visit = self.visit
        request = FlowLookup(call_id=visit.call_id, line=visit.line, ani=visit.ani, arguments=arguments)
        return self.services.lookup.ask(what, request, budget_ms)

    def _look(self, effect: Observe) -> Observed:
        return Observed({name: self._observe(name, effect.queue) for name in effect.names})

    def _observe(self, name: str, queue: str) -> str:
        now = self.services.facts.now().astimezone(SHANGHAI)
        match name:
            case "time":
                return f"{now:%H:%M}"
            case "weekday":
                return f"{now:%a}".lower()
            case "day":
                return self._day(now)
            case "waiting":
                return self._waiting(queue or self.visit.line_queue)
            case "expected_wait_minutes":
                return self._expected_wait(queue or self.visit.line_queue)
        return "on" if self.services.flows.flag(name.removeprefix("flag.")) else "off"

    def _day(self, now: datetime) -> str:
        """As the store's calendar says; without it, by the day of the week."""
        answer = self.visit.who()
        told = answer.card.day if answer else ""
        return told or ("rest_day" if now.isoweekday() > 5 else "workday")

    def _waiting(self, queue: str) -> str:
        if not NAME.fullmatch(queue):
            return ""
        function = f"QUEUE_WAITING_COUNT({queue})"
        return self.channel.get_variables(function)[function]

    def _expected_wait(self, queue: str) -> str:
        return self._ask_store("wait", {"queue": queue}, WAIT_BUDGET_MS).values.get("minutes", "")


def longest_seconds(effect: Effect) -> float:
    """How long the caller may be busy with this effect."""
    match effect:
        case PlayPrompt():
            return PROMPT_SECONDS
        case Say(items):
            return PROMPT_SECONDS if len(items) < 2 else PROMPT_SECONDS + len(items)
        case CollectDigits():
            return PROMPT_SECONDS + len(effect.items) + effect.max_digits * effect.timeout_ms / 1000
        case Record():
            return PROMPT_SECONDS + len(effect.items) + effect.max_seconds
    return 0.0


HANDLERS: dict[type[Effect], Callable[[Stage, Any], Answer]] = {
    PlayPrompt: Stage._play, Say: Stage._say, CollectDigits: Stage._ask, Record: Stage._record, LookUp: Stage._look_up,
    Observe: Stage._look, Rate: Stage._rate, RequestCallback: Stage._call_back,
}  # fmt: skip
