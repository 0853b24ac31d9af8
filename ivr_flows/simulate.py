"""Play a flow without a telephone: a script answers what the flow asks for, and the ways taken are counted.

A script is a YAML file of cases. All of a case is optional:

    a wrong code, then the right one:
      values: {line: "12345", number: "13800005678", time: "03:00", waiting: "12", flag.flood: "on"}
      lookups: {caller: {is_known: "yes"}, progress: [timeout, {found: "yes", status: handling}]}
      keys: ["123#", "", "12345678"]      # one per question; "" is silence
      records: [kept]                     # kept, empty or failed; one per recording
      refused: "yes"                      # nothing can be kept: call-backs, ratings
      missing: [greeting]                 # prompts without audio
      broken: [callable-number]           # python steps that break
      hears: [greeting, progress-ask]     # checked when given: every prompt, in order
      end: queue common                   # checked when given: the beginning of the end
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ivr_flows.flow import Flow
from ivr_flows.model import (
    Answer,
    CollectDigits,
    Dial,
    Done,
    Effect,
    End,
    EnterQueue,
    GoBack,
    HandOver,
    HangUp,
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
from ivr_flows.nodes import PythonNode
from ivr_flows.stepper import Flows, Move, Step, start, step
from ivr_flows.yaml_source import Problem, read_yaml

SCRIPTS = Path(__file__).parent / "scripts"
MAX_STEPS = 1000
USUAL = {"time": "10:00", "weekday": "mon", "day": "workday", "waiting": "0", "expected_wait_minutes": ""}
"""What a flow observes when the script says nothing else."""
USUAL_CALL = {"line": "12345", "trunk": "carrier", "mode": "direct_merge", "number": "13800005678"}

Told = dict[str, str] | Literal["unknown", "timeout", "failed"]
Speaker = Callable[[Effect], Answer]
"""Whoever answers what a flow asks for: a script, or a person at a terminal."""


class Case(BaseModel):
    """One caller, and how his call should go."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    values: dict[str, str] = Field(default_factory=dict)
    lookups: dict[str, Told | list[Told]] = Field(default_factory=dict)
    keys: list[str] = Field(default_factory=list, max_length=100)
    records: list[Literal["kept", "empty", "failed"]] = Field(default_factory=list)
    refused: bool = False
    missing: list[str] = Field(default_factory=list)
    broken: list[str] = Field(default_factory=list)
    hears: list[str] | None = None
    end: str = ""


@dataclass(slots=True)
class Run:
    """How a case went. `problems`: what differs from what the script expects."""

    heard: list[str] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    end: str = ""
    problems: list[str] = field(default_factory=list)


def read_script(file: Path) -> tuple[dict[str, Case], list[Problem]]:
    """Cases by title, and what is wrong with the file."""
    source = read_yaml(file)
    cases: dict[str, Case] = {}
    if not source.problems and not isinstance(source.value, dict):
        source.report("must be a mapping of titles to cases")
    for title, raw in source.value.items() if isinstance(source.value, dict) else ():
        try:
            cases[title] = Case.model_validate(raw or {})
        except ValidationError as error:
            for item in error.errors(include_url=False):
                where = ".".join(str(part) for part in item["loc"])
                source.report(f"case '{title}': {where}: {item['msg']}", (title, *item["loc"]))
    return cases, source.problems


def keyed(effect: CollectDigits, keys: str) -> Keyed:
    """What a channel makes of these keys: without the terminator, which alone is told as itself."""
    digits = keys.removesuffix(effect.terminator) or keys if effect.terminator else keys
    return Keyed(digits[: effect.max_digits])


def looked_up(kind: str, answer: Told) -> LookedUp:
    """What the case store's answer is to a flow; of a caller it always tells the same few things."""
    if isinstance(answer, str):
        return LookedUp(answer)
    is_found = (answer.get("is_known", "no") if kind == "caller" else answer.get("found", "yes")) == "yes"
    values = {name: value for name, value in answer.items() if name != "found"}
    if kind == "caller":
        has_tickets = "no" if values.get("open_tickets", "0") == "0" else "yes"
        values = {"is_known": "no", "is_priority": "no", "has_open_tickets": has_tickets, **values}
    return LookedUp("known" if is_found else "unknown", values)


class ScriptedCaller:
    """Answers as a case says."""

    def __init__(self, case: Case, run: Run) -> None:
        self._case, self._run = case, run
        self._keys, self._records = list(case.keys), list(case.records)
        self._lookups = {name: [*told] if isinstance(told, list) else [told] for name, told in case.lookups.items()}

    def __call__(self, effect: Effect) -> Answer:
        match effect:
            case PlayPrompt() | Say():
                items = effect.items if isinstance(effect, Say) else (effect.prompt,)
                return Played(self._hear(items) == len(items))
            case CollectDigits():
                return self._key(effect)
            case Record():
                return self._record(effect)
            case LookUp(kind):
                return self._look_up(kind)
            case Observe(names):
                return Observed({name: self._case.values.get(name, USUAL.get(name, "off")) for name in names})
            case Rate(score):
                self._run.kept.append(f"rating {score}")
            case RequestCallback(number):
                self._run.kept.append(f"call-back {number}")
        return Done(not self._case.refused)

    @property
    def left_over(self) -> list[str]:
        """Keys that nobody asked for."""
        return self._keys

    def _hear(self, prompts: tuple[str, ...]) -> int:
        """How many of them have audio."""
        there = [prompt for prompt in prompts if prompt not in self._case.missing]
        self._run.heard += there
        return len(there)

    def _key(self, effect: CollectDigits) -> Keyed:
        if effect.items and not self._hear(effect.items):
            return Keyed()  # who is asked nothing keys nothing
        return keyed(effect, self._keys.pop(0) if self._keys else "")

    def _record(self, effect: Record) -> Recorded:
        self._hear(effect.items)
        result = self._records.pop(0) if self._records else "kept"
        return Recorded(result, f"{effect.name}.wav" if result == "kept" else "", 5)

    def _look_up(self, kind: str) -> LookedUp:
        told = self._lookups.get(kind) or ["unknown" if kind == "caller" else "failed"]
        return looked_up(kind, told.pop(0) if len(told) > 1 else told[0])


def play(flows: Flows, name: str, case: Case) -> Run:
    """A case from the first effect to the end. Raises FlowStuck for a flow that is not valid."""
    run = Run()
    caller = ScriptedCaller(case, run)
    flows = {one: without_steps(flow, case.broken) for one, flow in flows.items()} if case.broken else flows
    run.end = describe_end(go_through(flows, name, case.values, caller, lambda one: run.moves.extend(one.moves)))
    if caller.left_over:
        run.problems.append(f"nobody asked for the keys {', '.join(map(repr, caller.left_over))}")
    if case.hears is not None and run.heard != case.hears:
        run.problems.append(f"heard {', '.join(run.heard) or 'nothing'}; expected {', '.join(case.hears) or 'nothing'}")
    if not f"{run.end} ".startswith(f"{case.end} " if case.end else ""):
        run.problems.append(f"ended with '{run.end}', expected '{case.end}'")
    return run


def without_steps(flow: Flow, broken: Collection[str]) -> Flow:
    """The flow as it is when these python steps break."""
    nodes = {
        name: node.model_copy(update={"step": "broken"})
        if isinstance(node, PythonNode) and node.step in broken
        else node
        for name, node in flow.nodes.items()
    }
    return flow.model_copy(update={"nodes": nodes})


def go_through(
    flows: Flows, name: str, values: Mapping[str, str], speaker: Speaker, watch: Callable[[Step], None]
) -> End | None:
    """The end of a flow that `speaker` answers; None when it went on too long. `watch` sees each step."""
    known = {**USUAL_CALL, **values}
    current = start(flows, name, {**known, "has_number": "yes" if known["number"] else "no"})
    for _ in range(MAX_STEPS):
        watch(current)
        if isinstance(current.effect, End):
            return current.effect
        current = step(flows, current.state, speaker(current.effect))
    return None


def describe_end(end: End | None) -> str:
    """As scripts name it: `queue common priority 10 side doors waiting`."""
    match end:
        case EnterQueue():
            words = [
                f"queue {end.queue}",
                f"priority {end.priority}" if end.priority else "",
                f"seat {end.seat}" if end.seat else "",
                f"side doors {end.side_doors}" if end.side_doors else "",
            ]
            return " ".join(word for word in words if word)  # fmt: skip
        case Dial(target):
            return f"dial {target}"
        case HandOver(target):
            return f"hand over {target}"
        case GoBack(outcome):
            return f"back {outcome}"
        case HangUp():
            return "hang up"
    return "no end"


def edges(flow: Flow) -> set[Move]:
    """Every exit of every node."""
    return {Move(flow.flow, name, exit_name) for name, node in flow.nodes.items() for exit_name in node.exits()}
