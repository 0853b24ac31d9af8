"""Play a flow to one caller: effects of the pure stepper become AGI commands, the outcome becomes HL_* and a fact."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog

from agi.call import AgiChannel, CallerHungUp, ChannelBroken, PromptMissing
from agi.lookup import Lookup, LookupAnswer
from app.contract import variables
from app.contract.events import CallEvent, IntakeRecorded
from app.contract.lookup import LookupRequest
from ivr_flows.flow import Flow
from ivr_flows.model import (
    Answer,
    Caller,
    CollectDigits,
    End,
    EnterQueue,
    HangUp,
    Keyed,
    LookedUp,
    LookUpCaller,
    Played,
    PlayPrompt,
)
from ivr_flows.stepper import Step, start, step

log = structlog.get_logger(__name__)

NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}")
"""A queue or line that the store names is used only if the dialplan cannot read it as anything else."""
NUMBER_LENGTH = 64


class Journal(Protocol):
    """Where facts are kept until the store has them."""

    def append(self, event: CallEvent) -> int: ...


@dataclass(slots=True)
class Visit:
    """One call in a flow: what is known of it so far."""

    call_id: str
    uniqueid: str
    line: str
    """The hotline the citizen meant, as the dialplan resolved it; from one that does not say, the number dialled."""
    flow: Flow
    lookup: Callable[[], LookupAnswer] | None
    step: Step
    answer: LookupAnswer | None = None
    prompts_missing: list[str] = field(default_factory=list)

    def caller(self) -> Caller:
        """Wait for the lookup (it has its budget) and take from it what is safe to use."""
        if self.lookup is None:
            return Caller()
        self.answer = self.answer or self.lookup()
        card = self.answer.card
        return Caller(
            lookup=self.answer.result,
            is_known=card.is_known,
            is_priority=card.is_priority,
            original_line=card.original_line if NAME.fullmatch(card.original_line) else "",
            queue=card.queue if NAME.fullmatch(card.queue) else "",
            open_tickets=card.open_tickets,
        )


class FlowPlayer:
    """Plays the flow that the AGI address names. Stateless between calls: several servers may share the load."""

    def __init__(
        self, flows: Mapping[str, Flow], *, lookup: Lookup, journal: Journal, sender: str, now: Callable[[], datetime]
    ) -> None:
        self._flows, self._lookup, self._journal = flows, lookup, journal
        self._sender, self._now = sender, now

    def __call__(self, channel: AgiChannel) -> None:
        """From the first command to HL_DONE. Raises what the channel raises; the dialplan then takes over."""
        flow = self._flows.get(channel.script)
        if flow is None:  # HL_STARTED stays unset: another server may know it, else the dialplan queues the call
            log.error("flow_unknown", flow=channel.script, uniqueid=channel.uniqueid)
            return
        channel.set_variables({variables.STARTED: "1"})
        visit = self._begin(channel, flow)
        try:
            end = _play(channel, visit)
        except CallerHungUp:
            self._record(visit, "hung_up")
            raise
        except ChannelBroken:
            self._record(visit, "broken")
            raise
        self._record(visit, "queue" if isinstance(end, EnterQueue) else "hangup", end)
        channel.set_variables(_outputs(end, visit) | {variables.DONE: "1"})

    def _begin(self, channel: AgiChannel, flow: Flow) -> Visit:
        told = channel.get_variables(
            variables.CALL_ID, variables.TRUNK, variables.DNIS, variables.ANI, variables.RESOLVED_LINE
        )
        call_id = (told[variables.CALL_ID] or channel.uniqueid)[:NUMBER_LENGTH]
        dnis = told[variables.DNIS][:NUMBER_LENGTH]
        line = told[variables.RESOLVED_LINE][:NUMBER_LENGTH]
        lookup = None
        if flow.is_lookup_wanted:
            trunk, ani = told[variables.TRUNK][:80], told[variables.ANI][:NUMBER_LENGTH]
            request = LookupRequest(call_id=call_id, trunk=trunk, dnis=dnis, ani=ani, original_line=line)
            lookup = self._lookup.begin(request)
        return Visit(call_id, channel.uniqueid, line or dnis, flow, lookup, start(flow))

    def _record(self, visit: Visit, route: str, end: End | None = None) -> None:
        """Keep the intake. A full disk must not cost the caller his place in the queue."""
        caller = visit.caller()
        payload = IntakeRecorded(
            flow=visit.flow.flow,
            route=route,
            queue=end.queue if isinstance(end, EnterQueue) else "",
            original_line=_original_line(caller.original_line, visit),
            lookup=caller.lookup,
            lookup_ms=visit.answer.took_ms if visit.answer else None,
            answers=dict(visit.step.state.answers),
            prompts_missing=visit.prompts_missing[:50],
        )
        event = CallEvent.make(
            payload,
            node=self._sender,
            occurred_at=self._now(),
            uniqueid=visit.uniqueid[:NUMBER_LENGTH],
            call_id=visit.call_id,
            distinguishers=(visit.flow.flow,),
        )
        try:
            self._journal.append(event)
        except OSError as error:
            log.error("intake_not_journalled", call_id=visit.call_id, error=str(error))
        log.info("flow_ended", call_id=visit.call_id, **payload.model_dump(exclude={"answers"}))


def _play(channel: AgiChannel, visit: Visit) -> End:
    while True:
        effect = visit.step.effect
        match effect:
            case PlayPrompt():
                answer: Answer = _speak(channel, visit, effect)
            case LookUpCaller():
                answer = LookedUp(visit.caller())
            case CollectDigits():
                answer = _ask(channel, visit, effect)
            case EnterQueue() | HangUp():
                return effect
        visit.step = step(visit.flow, visit.step.state, answer)


def _speak(channel: AgiChannel, visit: Visit, effect: PlayPrompt) -> Played:
    try:
        channel.play(effect.prompt)
    except PromptMissing:
        visit.prompts_missing.append(effect.prompt)
        log.error("prompt_missing", call_id=visit.call_id, prompt=effect.prompt)
        return Played(is_heard=False)
    if effect.is_recording_notice:
        channel.set_variables({variables.NOTICE_PLAYED: "1"})
    return Played()


def _ask(channel: AgiChannel, visit: Visit, effect: CollectDigits) -> Keyed:
    try:
        collected = channel.collect(
            effect.prompt,
            max_digits=effect.max_digits,
            timeout_ms=effect.timeout_ms,
            is_barge_in=effect.is_barge_in,
        )
    except PromptMissing:  # a caller who is asked nothing keys nothing
        visit.prompts_missing.append(effect.prompt)
        log.error("prompt_missing", call_id=visit.call_id, prompt=effect.prompt)
        return Keyed()
    return Keyed(collected.digits)


def _outputs(end: End, visit: Visit) -> dict[str, str]:
    if isinstance(end, HangUp):
        return {variables.ROUTE: "hangup"}
    return {
        variables.ROUTE: "queue",
        variables.QUEUE: end.queue,
        variables.PRIORITY: str(end.priority),
        variables.ORIGINAL_LINE: _original_line(end.original_line, visit),
    }


def _original_line(told: str, visit: Visit) -> str:
    """The hotline the citizen meant: as the store told, else as the dialplan did, else the flow's first line."""
    return told or visit.line or next(iter(visit.flow.lines), "")
