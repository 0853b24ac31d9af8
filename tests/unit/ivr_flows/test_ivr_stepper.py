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
    CollectDigits,
    Effect,
    EnterQueue,
    HangUp,
    Keyed,
    LookedUp,
    LookUp,
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
        case LookUp("caller"):
            return "look up"
        case CollectDigits((prompt,), max_digits, timeout_ms):
            return f"collect {prompt} {max_digits} digit {timeout_ms} ms"
        case EnterQueue(queue, priority, line):
            return f"queue {queue} priority {priority}" + (f" for {line}" if line else "")
        case HangUp():
            return "hang up"
    raise ValueError(effect)


def looked_up(lookup: str = "unknown", **facts: Any) -> LookedUp:
    """Facts as the golden files write them: `is_known: true`."""
    words = {True: "yes", False: "no"}
    values = {name: words[value] if isinstance(value, bool) else str(value) for name, value in facts.items()}
    return LookedUp(lookup, {**values, "has_open_tickets": words[bool(facts.get("open_tickets"))]})  # type: ignore[arg-type]


def answer_of(raw: dict[str, Any]) -> Answer:
    match raw:
        case {"played": is_heard}:
            return Played(is_heard)
        case {"looked_up": facts}:
            return looked_up(**facts)
        case {"keyed": digits}:
            return Keyed(digits)
    raise ValueError(raw)


def golden_cases() -> Iterator[Any]:
    for file in sorted(GOLDEN.glob("*.golden.yaml")):
        flow_name = file.name.removesuffix(".golden.yaml")
        for title, case in yaml.safe_load(file.read_text()).items():
            yield pytest.param(flow_name, case["answers"], case["effects"], id=f"{flow_name}: {title}")


def flows_with(name: str) -> dict[str, Flow]:
    folder = GOLDEN if (GOLDEN / f"{name}.yaml").exists() else FLOWS
    return {name: load_flow(folder / f"{name}.yaml")}


@pytest.mark.parametrize(("flow_name", "answers", "effects"), list(golden_cases()))
def test_a_flow_asks_for_what_its_golden_file_says(
    flow_name: str, answers: list[dict[str, Any]], effects: list[str]
) -> None:
    flows = flows_with(flow_name)
    current = start(flows, flow_name)
    asked = [describe(current.effect)]
    for raw in answers:
        current = step(flows, current.state, answer_of(raw))
        asked.append(describe(current.effect))

    assert asked == effects


def test_a_step_is_a_pure_function_of_state_and_answer() -> None:
    flows = flows_with("side-doors")
    first = start(flows, "side-doors")

    assert step(flows, first.state, Played()) == step(flows, first.state, Played())
    assert first == start(flows, "side-doors")


def test_answers_are_kept_in_the_state() -> None:
    flows = flows_with("side-doors")
    current = start(flows, "side-doors")
    for answer in (Played(), looked_up(open_tickets=1), Keyed("9")):
        current = step(flows, current.state, answer)

    assert current.state.answers == {"choice": "9"}


def test_an_answer_of_the_wrong_kind_is_refused_by_an_end() -> None:
    flows = flows_with("hotline-12345")
    current = start(flows, "hotline-12345")
    for answer in (Played(), LookedUp()):
        current = step(flows, current.state, answer)

    with pytest.raises(TypeError, match="queue node 'person' got Played"):
        step(flows, current.state, Played())


def test_a_flow_built_by_hand_that_goes_round_is_stopped() -> None:
    round_and_round = BranchNode(on="is_known", cases={"yes": "end"}, otherwise="round")
    flow = Flow(flow="loop", title="t", start="round", nodes={"round": round_and_round, "end": QueueNode(queue="q")})

    with pytest.raises(FlowStuck, match="goes round at node 'round'"):
        start({"loop": flow}, "loop")
