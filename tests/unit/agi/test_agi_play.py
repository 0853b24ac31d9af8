"""A flow and a caller: what is heard, set, asked and reported."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agi.call import CallerHungUp, ChannelBroken
from agi.effects import Services
from agi.facts import Facts
from agi.lookup import LookupAnswer
from agi.messages import MessageFolder
from agi.play import FlowPlayer
from app.contract.events import CallEvent, IntakeRecorded
from app.contract.lookup import CallerCard, FlowLookup, LookupRequest
from ivr_flows.loader import FLOWS, load_flow
from ivr_flows.model import LookedUp
from tests.fakes.agi_call import CallScript, FakeChannel
from tests.fakes.static_flows import StaticFlows

NOW = datetime(2026, 5, 1, 8, tzinfo=UTC)
TOLD = {"HL_CALL_ID": "node1-1.1", "HL_TRUNK": "carrier", "HL_DNIS": "12345", "HL_ANI": "13800005678"}


@dataclass
class ScriptedLookup:
    answer: LookupAnswer = field(default_factory=lambda: LookupAnswer(CallerCard(), "unknown", 12))
    told: dict[str, LookedUp] = field(default_factory=dict)
    asked: list[LookupRequest] = field(default_factory=list)
    questions: list[tuple[str, FlowLookup, int]] = field(default_factory=list)

    def begin(self, request: LookupRequest) -> Callable[[], LookupAnswer]:
        self.asked.append(request)
        return lambda: self.answer

    def ask(self, what: str, request: FlowLookup, budget_ms: int) -> LookedUp:
        self.questions.append((what, request, budget_ms))
        return self.told.get(what, LookedUp("timeout"))


class FullDisk:
    def append(self, event: CallEvent) -> int:
        raise OSError("No space left on device")


class KeptEvents(list[CallEvent]):
    def append(self, event: CallEvent) -> int:  # type: ignore[override]
        super().append(event)
        return len(self)

    def intake(self) -> IntakeRecorded:
        (event,) = self
        assert isinstance(event.payload, IntakeRecorded)
        return event.payload


SIDE_DOORS = Path(__file__).parents[1] / "ivr_flows" / "golden" / "side-doors.yaml"


def play(call: CallScript, lookup: ScriptedLookup | None = None, journal: KeptEvents | FullDisk | None = None) -> None:
    FlowPlayer(services(lookup, journal))(FakeChannel(call))


def services(lookup: ScriptedLookup | None = None, journal: KeptEvents | FullDisk | None = None) -> Services:
    flows = StaticFlows({file.stem: load_flow(file) for file in (FLOWS / "hotline-12345.yaml", SIDE_DOORS)})
    facts = Facts(KeptEvents() if journal is None else journal, "node1.agi", lambda: NOW)
    return Services(flows, lookup or ScriptedLookup(), facts, MessageFolder(Path("nowhere")))


def card(**facts: object) -> ScriptedLookup:
    return ScriptedLookup(LookupAnswer(CallerCard.model_validate(facts), "known", 20))


def test_a_caller_hears_the_greeting_and_goes_to_the_queue() -> None:
    call = CallScript(variables=dict(TOLD))

    play(call)

    assert call.heard == ["greeting"]
    assert call.variables == TOLD | {
        "HL_STARTED": "1",
        "HL_FLOW_RUN": "1",
        "HL_NOTICE_PLAYED": "1",
        "HL_ROUTE": "queue",
        "HL_QUEUE": "common",
        "HL_PRIORITY": "0",
        "HL_ORIGINAL_LINE": "12345",
        "HL_DONE": "1",
    }


def test_started_is_set_first_and_done_last() -> None:
    call = CallScript(variables={})

    play(call)

    names = list(call.variables)
    assert (names[0], names[-1]) == ("HL_STARTED", "HL_DONE")


def test_the_lookup_asks_with_what_the_dialplan_told() -> None:
    lookup = ScriptedLookup()

    play(CallScript(variables=dict(TOLD)), lookup)

    assert lookup.asked == [LookupRequest(call_id="node1-1.1", trunk="carrier", dnis="12345", ani="13800005678")]


def test_a_flagged_caller_gets_priority_in_the_queue_of_his_line() -> None:
    call = CallScript(variables=dict(TOLD))

    play(call, card(is_known=True, is_priority=True, queue="labour", original_line="12333"))

    assert (call.variables["HL_QUEUE"], call.variables["HL_PRIORITY"]) == ("labour", "10")
    assert call.variables["HL_ORIGINAL_LINE"] == "12333"


@pytest.mark.parametrize("evil", ["common,r", "${SHELL(id)}", "a b", "x" * 81, "队列"])
def test_a_queue_or_line_that_the_dialplan_could_read_as_more_is_not_used(evil: str) -> None:
    call = CallScript(variables=dict(TOLD))

    play(call, ScriptedLookup(LookupAnswer(CallerCard.model_construct(queue=evil, original_line=evil), "known", 1)))

    assert (call.variables["HL_QUEUE"], call.variables["HL_ORIGINAL_LINE"]) == ("common", "12345")


def test_the_intake_is_reported_under_an_id_that_follows_from_the_call() -> None:
    first, second = KeptEvents(), KeptEvents()

    play(CallScript(variables=dict(TOLD)), journal=first)
    play(CallScript(variables=dict(TOLD)), journal=second)

    assert first[0].event_id == second[0].event_id == "node1.agi:node1-1763865600.1:IntakeRecorded:hotline-12345"
    assert (first[0].call_id, first[0].occurred_at) == ("node1-1.1", NOW)
    assert first.intake().model_dump(exclude={"path"}) == IntakeRecorded(
        flow="hotline-12345", flow_version=7, queue="common", original_line="12345", lookup_ms=12
    ).model_dump(exclude={"path"})
    assert [(visit.node, visit.left_by) for visit in first.intake().path] == [
        ("greet", "next"), ("who", "next"), ("order", "otherwise"), ("news", "otherwise"), ("person", ""),
    ]  # fmt: skip


def test_a_caller_who_hangs_up_in_the_greeting_is_reported_too() -> None:
    call, kept = CallScript(variables=dict(TOLD), hangs_up_during="greeting"), KeptEvents()

    with pytest.raises(CallerHungUp):
        play(call, card(is_known=True), kept)

    assert (kept.intake().route, kept.intake().queue, kept.intake().lookup) == ("hung_up", "", "known")
    assert "HL_NOTICE_PLAYED" not in call.variables
    assert "HL_DONE" not in call.variables


def test_a_missing_prompt_is_reported_and_the_caller_goes_on() -> None:
    call, kept = CallScript(variables=dict(TOLD), missing=frozenset({"greeting"})), KeptEvents()

    play(call, journal=kept)

    assert kept.intake().prompts_missing == ["greeting"]
    assert call.variables["HL_DONE"] == "1"
    assert "HL_NOTICE_PLAYED" not in call.variables  # nobody heard it, so nothing may be recorded


def test_a_full_disk_does_not_cost_the_caller_his_place() -> None:
    call = CallScript(variables=dict(TOLD))

    play(call, journal=FullDisk())

    assert call.variables["HL_DONE"] == "1"


def test_an_unknown_flow_leaves_the_call_to_another_server_or_the_dialplan() -> None:
    call, kept = CallScript(script="no-such-flow", variables=dict(TOLD)), KeptEvents()

    play(call, journal=kept)

    assert call.variables == TOLD
    assert kept == []


def test_answers_are_reported() -> None:
    call, kept = CallScript(script="side-doors", variables=dict(TOLD), keys=deque(["5", "9"])), KeptEvents()

    play(call, card(open_tickets=1), kept)

    assert (kept.intake().answers, kept.intake().route) == ({"choice": "9"}, "hangup")
    assert call.variables["HL_ROUTE"] == "hangup"
    assert call.heard == ["greeting", "side-keys", "long-wait"]


def test_a_question_without_its_prompt_counts_as_silence() -> None:
    call = CallScript(script="side-doors", variables=dict(TOLD), missing=frozenset({"side-keys", "long-wait"}))
    kept = KeptEvents()

    play(call, card(open_tickets=1), kept)

    assert call.variables["HL_ROUTE"] == "queue"
    assert kept.intake().prompts_missing == ["side-keys", "long-wait"]


def test_a_number_of_three_hundred_characters_is_cut_and_not_refused() -> None:
    call, lookup = CallScript(variables=TOLD | {"HL_ANI": "1" * 300, "HL_CALL_ID": "c" * 300}), ScriptedLookup()

    play(call, lookup)

    assert lookup.asked[0].ani == "1" * 64
    assert call.variables["HL_DONE"] == "1"


def test_without_a_call_id_the_channel_names_the_call() -> None:
    kept = KeptEvents()

    play(CallScript(variables={}), journal=kept)

    assert kept[0].call_id == "node1-1763865600.1"


def test_without_the_store_the_number_dialled_is_the_line_and_without_it_the_flow_s_own() -> None:
    for dnis, line in (("12315", "12315"), ("", "12345")):
        call = CallScript(variables=TOLD | {"HL_DNIS": dnis})

        play(call)

        assert call.variables["HL_ORIGINAL_LINE"] == line


def test_the_line_that_the_dialplan_resolved_is_asked_for_and_kept() -> None:
    lookup = ScriptedLookup()
    call = CallScript(variables=TOLD | {"HL_LINE": "12315"})

    play(call, lookup=lookup)

    assert lookup.asked[0].original_line == "12315"
    assert call.variables["HL_ORIGINAL_LINE"] == "12315"


def test_a_broken_connection_is_reported_and_left_to_the_dialplan() -> None:
    class BrokenChannel(FakeChannel):
        def play(self, prompt: str, *, is_skippable: bool = False) -> str:
            raise ChannelBroken("no answer")

    kept = KeptEvents()
    player = FlowPlayer(services(journal=kept))
    with pytest.raises(ChannelBroken):
        player(BrokenChannel(CallScript(variables=dict(TOLD))))

    assert kept.intake().route == "broken"
