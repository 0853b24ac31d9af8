"""A caller who hangs up at every single moment of every flow: each call is reported, and none breaks the server."""

from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agi.call import CallerHungUp
from agi.effects import Services
from agi.facts import Facts
from agi.lookup import LookupAnswer
from agi.messages import MessageFolder
from agi.play import FlowPlayer
from app.contract.events import CallEvent, IntakeRecorded
from app.contract.lookup import CallerCard, FlowLookup, LookupRequest
from ivr_flows.loader import FLOWS, read_flows
from ivr_flows.model import LookedUp, LookUp
from ivr_flows.simulate import SCRIPTS, USUAL_CALL, Case, Run, ScriptedCaller, read_script, without_steps
from tests.fakes.agi_call import CallScript, FakeChannel
from tests.fakes.static_flows import StaticFlows

OURS = Path(__file__).parents[2] / "flows"
RECORDS = {"kept": 5000, "empty": 1000, "failed": 0}
"""Milliseconds that Asterisk will say it wrote."""
NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
LIBRARIES = {folder: read_flows(sorted(folder.glob("*.yaml")))[0] for folder in (OURS, FLOWS)}


def scripted_calls() -> Iterator[Any]:
    for folder, scripts in ((OURS, OURS / "scripts"), (FLOWS, SCRIPTS)):
        for file in sorted(scripts.glob("*.yaml")):
            for title, case in read_script(file)[0].items():
                yield pytest.param(folder, file.stem, case, id=f"{file.stem}: {title}")


class Scene:
    """One scripted caller on a fake channel; the same again, with another moment of hanging up."""

    def __init__(self, folder: Path, flow: str, case: Case) -> None:
        library = LIBRARIES[folder]
        self.flows = {name: without_steps(one, case.broken) for name, one in library.items()}
        self.flow, self.case = flow, case
        self.facts: list[CallEvent] = []

    def begin(self, request: LookupRequest) -> Callable[[], LookupAnswer]:
        told = self.script("caller")
        card = CallerCard(
            is_known=told.values.get("is_known") == "yes", is_priority=told.values.get("is_priority") == "yes",
            queue=told.values.get("queue", ""), day=self.case.values.get("day", "workday"),
            last_agent_seat=told.values.get("last_agent_seat", ""),
            has_broadcast=told.values.get("has_broadcast") == "yes",
        )  # fmt: skip
        return lambda: LookupAnswer(card, told.result, 1)

    def ask(self, what: str, request: FlowLookup, budget_ms: int) -> LookedUp:
        return self.script(what)

    def append(self, event: CallEvent) -> int:
        if self.case.refused and not isinstance(event.payload, IntakeRecorded):
            raise OSError("No space left on device")
        self.facts.append(event)
        return len(self.facts)

    def call(self, hangs_up_at: int | None) -> CallScript:
        """How the call went."""
        self.facts.clear()
        self.answers = ScriptedCaller(self.case, Run())
        values = {**USUAL_CALL, **self.case.values}
        variables = {
            "HL_CALL_ID": "node1-1.1", "HL_LINE": values["line"], "HL_ANI": values["number"], "HL_LINE_QUEUE": "common",
            "QUEUE_WAITING_COUNT(common)": values.get("waiting", "0"),
        }  # fmt: skip
        keys = deque(key.rstrip("#") or key for key in self.case.keys)
        messages = deque(RECORDS[result] for result in (*self.case.records, "kept", "kept"))
        call = CallScript(
            script=self.flow, variables=variables, keys=keys, messages=messages, hangs_up_at=hangs_up_at
        )  # fmt: skip
        flags = frozenset(name[5:] for name, value in values.items() if name.startswith("flag.") and value == "on")
        services = Services(
            StaticFlows(self.flows, flags), self, Facts(self, "node1.agi", lambda: NOW), MessageFolder(Path("nowhere"))
        )
        FlowPlayer(services)(FakeChannel(call))
        return call

    def script(self, kind: str) -> LookedUp:
        if not hasattr(self, "answers"):
            self.answers = ScriptedCaller(self.case, Run())
        answer = self.answers(LookUp(kind))
        assert isinstance(answer, LookedUp)
        return answer

    def intake(self) -> IntakeRecorded:
        (payload,) = [fact.payload for fact in self.facts if isinstance(fact.payload, IntakeRecorded)]
        return payload


@pytest.mark.parametrize(("folder", "flow", "case"), list(scripted_calls()))
def test_a_hang_up_at_every_moment_is_an_ending_that_is_reported(folder: Path, flow: str, case: Case) -> None:
    scene = Scene(folder, flow, case)
    whole = scene.call(None)
    assert whole.variables["HL_DONE"] == "1"

    for moment in range(whole.commands):
        with pytest.raises(CallerHungUp):
            scene.call(moment)
        assert scene.intake().route == "hung_up"
        assert scene.intake().path[-1].left_by == "hung_up"


def test_the_walk_comes_to_every_node_that_asks_something_of_the_channel() -> None:
    reached: set[tuple[str, str]] = set()
    for parameters in scripted_calls():
        scene = Scene(*parameters.values)
        scene.call(None)
        prefix = scene.flow
        for visit in scene.intake().path:
            flow, _, node = visit.node.rpartition("/")
            reached.add((flow or prefix, node))
    scripted = {file.stem for scripts in (OURS / "scripts", SCRIPTS) for file in scripts.glob("*.yaml")}
    nodes = {(name, node) for flows in LIBRARIES.values() for name, flow in flows.items() for node in flow.nodes
             if name in scripted}  # fmt: skip

    assert nodes - reached == set()
