"""Play a flow to one caller: the stepper's effects are done on the channel, the outcome becomes HL_* and a fact."""

import time
from collections.abc import Callable

import structlog

from agi.call import AgiChannel, CallerHungUp, ChannelBroken
from agi.effects import LANGUAGE, Services, Stage
from agi.facts import NUMBER_LENGTH
from agi.visit import Visit
from app.contract import variables
from app.contract.events import IntakeRecorded
from app.contract.lookup import LookupRequest
from ivr_flows.flow import ANY
from ivr_flows.model import Dial, End, EnterQueue, GoBack, HandOver, HangUp
from ivr_flows.published import Choice
from ivr_flows.say import SOUND_FOLDERS
from ivr_flows.stepper import start, step

log = structlog.get_logger(__name__)

ROUTES: dict[type[End], str] = {
    EnterQueue: "queue", Dial: "dial", HandOver: "handover", GoBack: "back", HangUp: "hangup",
}  # fmt: skip
TOLD = (
    variables.CALL_ID, variables.TRUNK, variables.DNIS, variables.ANI, variables.RESOLVED_LINE, variables.LINE_MODE,
    variables.LINE_QUEUE, variables.FLOW_RUN, LANGUAGE,
)  # fmt: skip
USUAL_LANGUAGE = "zh"
LANGUAGE_OF_FOLDER = {folder: language for language, folder in SOUND_FOLDERS.items()}


class FlowPlayer:
    """Plays the flow that the AGI address names. Stateless between calls: several servers may share the load."""

    def __init__(self, services: Services, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._services, self._clock = services, clock

    def __call__(self, channel: AgiChannel) -> None:
        """From the first command to HL_DONE. Raises what the channel raises; the dialplan then takes over."""
        told = channel.get_variables(*TOLD)
        line = (told[variables.RESOLVED_LINE] or told[variables.DNIS])[:NUMBER_LENGTH]
        choice = self._services.flows.choose(channel.script, line)
        if choice is None:  # HL_STARTED stays unset: another server may know it, else the dialplan queues the call
            log.error("flow_unknown", flow=channel.script, uniqueid=channel.uniqueid)
            return
        run = int(told[variables.FLOW_RUN]) if told[variables.FLOW_RUN].isdecimal() else 0
        channel.set_variables({variables.STARTED: "1", variables.FLOW_RUN: str(run + 1)})
        visit = self._begin(channel, choice, told, line=line, run=run)
        try:
            end = self._play(Stage(channel, visit, self._services, self._clock))
        except CallerHungUp:
            self._record(visit, "hung_up")
            raise
        except ChannelBroken:
            self._record(visit, "broken")
            raise
        self._record(visit, ROUTES[type(end)], end)
        channel.set_variables(_outputs(end, visit) | {variables.DONE: "1"})

    def _begin(self, channel: AgiChannel, choice: Choice, told: dict[str, str], *, line: str, run: int) -> Visit:
        call_id = (told[variables.CALL_ID] or channel.uniqueid)[:NUMBER_LENGTH]
        ani, trunk = told[variables.ANI][:NUMBER_LENGTH], told[variables.TRUNK][:80]
        lookup = None
        if choice.is_lookup_wanted:
            request = LookupRequest(
                call_id=call_id, trunk=trunk, dnis=told[variables.DNIS][:NUMBER_LENGTH], ani=ani,
                original_line=told[variables.RESOLVED_LINE][:NUMBER_LENGTH],
            )  # fmt: skip
            lookup = self._services.lookup.begin(request)
        values = {
            "line": line, "trunk": trunk, "mode": told[variables.LINE_MODE], "number": ani,
            "has_number": "yes" if ani else "no", "language": _language(told[LANGUAGE]),
        }  # fmt: skip
        first, now = start(choice.flows, choice.name, values), self._clock()
        return Visit(
            call_id, channel.uniqueid, line, ani, told[variables.LINE_QUEUE], run, _language(told[LANGUAGE]),
            choice, lookup, first, now, now + self._services.time_limit_seconds,
        )  # fmt: skip

    def _play(self, stage: Stage) -> End:
        visit = stage.visit
        visit.go_on(visit.step, visit.entered_at)
        while True:
            effect = visit.step.effect
            if isinstance(effect, End):
                return effect
            answer = stage.perform(effect)
            visit.go_on(step(visit.choice.flows, visit.step.state, answer), self._clock())

    def _record(self, visit: Visit, route: str, end: End | None = None) -> None:
        """Keep the intake."""
        answer, state = visit.who(), visit.step.state
        visit.end("" if end else route, self._clock())
        payload = IntakeRecorded(
            flow=visit.choice.name,
            flow_version=visit.choice.version,
            route=route,
            queue=end.queue if isinstance(end, EnterQueue) else "",
            original_line=_original_line(state.value("original_line") or _told_line(visit), visit),
            lookup=answer.result if answer else "unknown",
            lookup_ms=answer.took_ms if answer else None,
            answers=dict(list(state.answers.items())[:50]),
            prompts_missing=visit.prompts_missing[:50],
            path=visit.path,
            is_settled=state.is_settled,
        )
        self._services.facts.tell(visit, payload)
        log.info("flow_ended", call_id=visit.call_id, **payload.model_dump(exclude={"answers", "path"}))


def _told_line(visit: Visit) -> str:
    answer = visit.answer
    return answer.values.get("original_line", "") if answer else ""


def _language(folder: str) -> str:
    """In which the call went on before this flow. Where nothing is spoken in it, the usual one."""
    return LANGUAGE_OF_FOLDER.get(folder, USUAL_LANGUAGE)


def _outputs(end: End, visit: Visit) -> dict[str, str]:
    outputs = {variables.ROUTE: ROUTES[type(end)]}
    match end:
        case Dial(target) | HandOver(target):
            outputs[variables.TARGET] = target
        case EnterQueue():
            outputs |= {
                variables.QUEUE: end.queue,
                variables.PRIORITY: str(end.priority),
                variables.ORIGINAL_LINE: _original_line(end.original_line, visit),
            }
            if end.seat:
                outputs[variables.AGENT_SEAT] = end.seat
            if end.side_doors:
                outputs |= {variables.SIDE_DOORS: end.side_doors, variables.DOORS_AFTER: str(end.doors_after_seconds)}
    return outputs


def _original_line(told: str, visit: Visit) -> str:
    """The hotline the citizen meant: as the store told, else as the dialplan did, else the flow's first line."""
    lines = visit.choice.flows[visit.choice.name].lines
    return told or visit.line or next((line for line in lines if line != ANY), "")
