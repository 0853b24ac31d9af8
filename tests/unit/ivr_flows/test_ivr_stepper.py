"""Flows as input and output: the answers of a channel in, the effects out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ivr_flows.flow import Flow
from ivr_flows.loader import FLOWS, load_flow
from ivr_flows.model import (
    Answer,
    Caller,
    CollectDigits,
    Effect,
    EnterQueue,
    HangUp,
    Keyed,
    LookedUp,
    LookUpCaller,
    Played,
    PlayPrompt,
)
from ivr_flows.nodes import BranchNode, QueueNode
from ivr_flows.stepper import FlowStuck, start, step

GOLDEN = Path(__file__).parent / "golden"


def describe(effect: Effect) -> str:
    match effect:
        case PlayPrompt(prompt, is_recording_notice):
            return f"play {prompt}" + (" (recording notice)" if is_recording_notice else "")
        case LookUpCaller():
            return "look up"
        case CollectDigits(prompt, max_digits, timeout_ms):
            return f"collect {prompt} {max_digits} digit {timeout_ms} ms"
        case EnterQueue(queue, priority, line):
            return f"queue {queue} priority {priority}" + (f" for {line}" if line else "")
        case HangUp():
            return "hang up"


def answer_of(raw: dict[str, Any]) -> Answer:
    match raw:
        case {"played": is_heard}:
            return Played(is_heard)
        case {"looked_up": facts}:
            return LookedUp(Caller(**facts))
        case {"keyed": digits}:
            return Keyed(digits)
    raise ValueError(raw)


def golden_cases() -> Iterator[Any]:
    for file in sorted(GOLDEN.glob("*.golden.yaml")):
        flow_name = file.name.removesuffix(".golden.yaml")
        for title, case in yaml.safe_load(file.read_text()).items():
            yield pytest.param(flow_name, case["answers"], case["effects"], id=f"{flow_name}: {title}")


def flow_of(name: str) -> Flow:
    folder = GOLDEN if (GOLDEN / f"{name}.yaml").exists() else FLOWS
    return load_flow(folder / f"{name}.yaml")


@pytest.mark.parametrize(("flow_name", "answers", "effects"), list(golden_cases()))
def test_a_flow_asks_for_what_its_golden_file_says(
    flow_name: str, answers: list[dict[str, Any]], effects: list[str]
) -> None:
    flow = flow_of(flow_name)
    current = start(flow)
    asked = [describe(current.effect)]
    for raw in answers:
        current = step(flow, current.state, answer_of(raw))
        asked.append(describe(current.effect))

    assert asked == effects


def test_a_step_is_a_pure_function_of_state_and_answer() -> None:
    flow = flow_of("side-doors")
    first = start(flow)

    assert step(flow, first.state, Played()) == step(flow, first.state, Played())
    assert first == start(flow)


def test_answers_are_kept_in_the_state() -> None:
    flow = flow_of("side-doors")
    current = start(flow)
    for answer in (Played(), LookedUp(Caller(open_tickets=1)), Keyed("9")):
        current = step(flow, current.state, answer)

    assert current.state.answers == (("choice", "9"),)


def test_an_answer_of_the_wrong_kind_is_refused_by_an_end() -> None:
    flow = flow_of("hotline-12345")
    current = start(flow)
    for answer in (Played(), LookedUp(Caller())):
        current = step(flow, current.state, answer)

    with pytest.raises(TypeError, match="queue node 'person' got Played"):
        step(flow, current.state, Played())


def test_a_flow_built_by_hand_that_goes_round_is_stopped() -> None:
    round_and_round = BranchNode(on="is_known", cases={"yes": "end"}, otherwise="round")
    flow = Flow(flow="loop", title="t", start="round", nodes={"round": round_and_round, "end": QueueNode(queue="q")})

    with pytest.raises(FlowStuck, match="goes round at node 'round'"):
        start(flow)
