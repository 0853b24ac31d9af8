"""What a flow asks for, on a caller's channel: sentences, questions, messages, look-ups, what is kept."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agi.call import CallerHungUp
from agi.effects import Services
from agi.facts import Facts
from agi.lookup import LookupAnswer
from agi.messages import HEADER_BYTES, MessageFolder
from agi.play import FlowPlayer
from app.contract.events import CallbackRequested, CallEvent, CallRated, IntakeRecorded, MessageLeft
from app.contract.lookup import CallerCard, FlowLookup, LookupRequest
from ivr_flows.loader import read_flows
from ivr_flows.model import LookedUp
from tests.fakes.agi_call import CallScript, FakeChannel
from tests.fakes.static_flows import StaticFlows

FLOWS, _ = read_flows(sorted((Path(__file__).parents[2] / "flows").glob("*.yaml")))
TOLD = {
    "HL_CALL_ID": "node1-1.1", "HL_LINE": "12315", "HL_LINE_QUEUE": "common", "HL_ANI": "13800005678",
    "CHANNEL(language)": "zh",
}  # fmt: skip
MONDAY_MORNING = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@dataclass
class Caller:
    """One call through `every-kind`: what is scripted, and afterwards what came of it."""

    folder: Path
    call: CallScript = field(default_factory=lambda: CallScript(script="every-kind", variables=dict(TOLD)))
    card: CallerCard = field(default_factory=CallerCard)
    told: dict[str, LookedUp] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()
    now: datetime = MONDAY_MORNING
    is_disk_full: bool = False
    least_free_bytes: int = 0
    asked: list[tuple[str, FlowLookup, int]] = field(default_factory=list)
    events: list[CallEvent] = field(default_factory=list)

    def begin(self, request: LookupRequest) -> Callable[[], LookupAnswer]:
        return lambda: LookupAnswer(self.card, "known", 1)

    def ask(self, what: str, request: FlowLookup, budget_ms: int) -> LookedUp:
        self.asked.append((what, request, budget_ms))
        return self.told.get(what, LookedUp("timeout"))

    def append(self, event: CallEvent) -> int:
        if self.is_disk_full:
            raise OSError("No space left on device")
        self.events.append(event)
        return len(self.events)

    def play(self, *keys: str, **variables: str) -> dict[str, str]:
        """Call; the channel's variables afterwards."""
        self.call.keys = deque(keys)
        self.call.variables |= variables
        facts = Facts(self, "node1.agi", lambda: self.now)
        messages = MessageFolder(self.folder, self.least_free_bytes)
        FlowPlayer(Services(StaticFlows(FLOWS, self.flags), self, facts, messages))(FakeChannel(self.call))
        return self.call.variables

    def payloads(self) -> list[object]:
        return [event.payload for event in self.events]

    def intake(self) -> IntakeRecorded:
        (payload,) = [one for one in self.payloads() if isinstance(one, IntakeRecorded)]
        return payload

    def write_message(self, written_ms: int, told_ms: int | None = None) -> None:
        """Asterisk will write so much, and say so."""
        self.call.messages.append(told_ms if told_ms is not None else written_ms)
        (self.folder / "node1-1.1-0-message.wav").write_bytes(bytes(HEADER_BYTES + written_ms * 16))


@pytest.fixture
def caller(tmp_path: Path) -> Caller:
    return Caller(tmp_path)


def test_a_sentence_is_spoken_prompt_by_prompt_and_a_key_ends_it(caller: Caller) -> None:
    caller.told["wait"] = LookedUp("known", {"minutes": "5"})
    caller.call.skips["say-2"] = "1"

    caller.play("#", **{"QUEUE_WAITING_COUNT(common)": "12"})

    assert caller.call.heard[:5] == ["greeting", "ahead", "say-10", "say-2", "menu"]


def test_the_load_of_the_queue_and_the_expected_wait_are_asked_when_needed(caller: Caller) -> None:
    caller.told["wait"] = LookedUp("known", {"minutes": "5"})

    caller.play("#", **{"QUEUE_WAITING_COUNT(common)": "12"})

    assert [(what, request.arguments) for what, request, _ in caller.asked] == [("wait", {"queue": "common"})]
    heard = caller.call.heard
    assert heard[heard.index("callers") + 1 : heard.index("menu")] == ["say-5", "say-minutes"]


@pytest.mark.parametrize(
    ("now", "heard"),
    [
        (datetime(2026, 11, 23, 15, 0, tzinfo=UTC), ["greeting", "night-notice"]),  # 23:00 in Shanghai
        (datetime(2026, 11, 23, 13, 59, tzinfo=UTC), ["greeting", "menu", "say-0"]),
    ],
)
def test_the_hour_is_that_of_shanghai(caller: Caller, now: datetime, heard: list[str]) -> None:
    caller.now = now

    caller.play("#", **{"QUEUE_WAITING_COUNT(common)": "0"})

    assert caller.call.heard == heard


def test_the_store_s_calendar_says_what_day_it_is(caller: Caller) -> None:
    caller.card = CallerCard(day="holiday")

    caller.play()

    assert caller.call.heard == ["greeting", "night-notice"]


def test_a_switch_decides_at_once(caller: Caller) -> None:
    caller.flags = frozenset({"flood"})

    assert caller.play()["HL_ROUTE"] == "queue"
    assert caller.call.heard == ["greeting"]


def test_a_queue_s_wishes_go_out_with_it(caller: Caller) -> None:
    caller.card = CallerCard(is_known=True, is_priority=True, last_agent="1001", last_agent_seat="8001")
    first = caller.play()
    caller.card = CallerCard()
    second = Caller(caller.folder).play("#")

    assert (first["HL_PRIORITY"], first["HL_AGENT_SEAT"]) == ("10", "8001")
    assert (second["HL_SIDE_DOORS"], second["HL_DOORS_AFTER"]) == ("every-door", "20")
    assert "HL_AGENT_SEAT" not in second


@pytest.mark.parametrize("evil", ["8001,r", "${SHELL(id)}", "a b"])
def test_a_seat_that_the_dialplan_could_read_as_more_is_not_used(caller: Caller, evil: str) -> None:
    caller.card = CallerCard.model_construct(is_priority=True, last_agent="1001", last_agent_seat=evil)

    assert "HL_AGENT_SEAT" not in caller.play()


@pytest.mark.parametrize(
    ("key", "outputs"),
    [
        ("6", {"HL_ROUTE": "dial", "HL_TARGET": "12333"}),
        ("7", {"HL_ROUTE": "handover", "HL_TARGET": "110"}),
        ("8", {"HL_ROUTE": "hangup"}),
    ],
)
def test_each_end_tells_the_dialplan_what_to_do(caller: Caller, key: str, outputs: dict[str, str]) -> None:
    assert caller.play(key).items() >= (outputs | {"HL_DONE": "1"}).items()


def test_a_side_door_leads_back(caller: Caller) -> None:
    caller.call.script = "every-door"

    variables = caller.play(HL_FLOW_RUN="1")

    assert (variables["HL_ROUTE"], variables["HL_FLOW_RUN"]) == ("back", "2")
    assert caller.events[0].event_id == "node1.agi:node1-1763865600.1:IntakeRecorded:every-door:1"


def test_the_language_is_set_before_the_first_prompt_in_it(caller: Caller) -> None:
    assert caller.play("5", "1")["CHANNEL(language)"] == "en_GB"


def test_a_sub_flow_s_nodes_are_named_with_it_in_the_path(caller: Caller) -> None:
    caller.play("5", "1")

    assert [(visit.node, visit.left_by) for visit in caller.intake().path][-4:] == [
        ("menu", "keys.5"), ("every-part/ask", "keys.1"), ("part", "outcomes.english"), ("person-english", ""),
    ]  # fmt: skip


def test_a_look_up_gets_the_citizen_s_key_and_its_own_budget(caller: Caller) -> None:
    caller.told["progress"] = LookedUp("known", {"status": "status-handling", "due_on": "2026-12-01"})

    caller.play("1", "12345678")

    assert caller.asked == [
        ("progress", FlowLookup(call_id="node1-1.1", line="12315", ani="13800005678",
                                arguments={"query_code": "12345678"}), 200)
    ]  # fmt: skip
    assert caller.call.heard[-6:] == ["status-handling", "say-10", "say-2", "say-month", "say-1", "say-day"]


def test_a_look_up_that_hangs_leads_to_a_person(caller: Caller) -> None:
    variables = caller.play("1", "12345678")

    assert (variables["HL_ROUTE"], caller.intake().path[-2].left_by) == ("queue", "failed")


def test_a_rating_is_a_fact_of_the_call(caller: Caller) -> None:
    caller.play("4", "3")

    assert caller.payloads()[0] == CallRated(score=3)
    assert caller.events[0].event_id == "node1.agi:node1-1763865600.1:CallRated:every-kind:rate"


def test_a_call_back_is_a_fact_of_the_call(caller: Caller) -> None:
    assert caller.play("3")["HL_ROUTE"] == "hangup"
    assert caller.payloads()[0] == CallbackRequested(number="13800005678")


def test_a_call_back_that_cannot_be_kept_leads_to_a_person(caller: Caller) -> None:
    caller.is_disk_full = True

    assert caller.play("3")["HL_ROUTE"] == "queue"


def test_a_message_is_a_fact_of_the_call(caller: Caller) -> None:
    caller.write_message(8000)

    assert caller.play("2")["HL_ROUTE"] == "hangup"
    assert caller.call.heard[-2:] == ["leave-message", "beep"]
    assert caller.call.recorded == [str(caller.folder / "node1-1.1-0-message")]
    assert caller.payloads()[0] == MessageLeft(file="node1-1.1-0-message.wav", seconds=8)
    assert caller.intake().answers["message"] == "node1-1.1-0-message.wav"


def test_a_message_whose_caller_hangs_up_is_kept(caller: Caller) -> None:
    caller.write_message(8000, told_ms=-8000)

    with pytest.raises(CallerHungUp):
        caller.play("2")

    assert caller.payloads()[0] == MessageLeft(file="node1-1.1-0-message.wav", seconds=8)
    assert caller.intake().route == "hung_up"


def test_who_says_nothing_has_left_no_message(caller: Caller) -> None:
    caller.write_message(1000)

    assert caller.play("2")["HL_ROUTE"] == "queue"
    assert caller.intake().path[-2].left_by == "empty"
    assert [*caller.folder.iterdir()] == []


@pytest.mark.parametrize("written_ms", [0, 4000])
def test_a_message_that_the_disk_did_not_take_whole_has_failed(caller: Caller, written_ms: int) -> None:
    caller.write_message(written_ms, told_ms=8000)

    assert caller.play("2")["HL_ROUTE"] == "queue"
    assert caller.intake().path[-2].left_by == "failed"
    assert not any(isinstance(payload, MessageLeft) for payload in caller.payloads())


def test_a_message_of_which_there_is_no_file_has_failed(caller: Caller) -> None:
    caller.call.messages.append(8000)

    assert caller.play("2")["HL_ROUTE"] == "queue"


def test_asterisk_refusing_to_write_leads_to_a_person(caller: Caller) -> None:
    assert caller.play("2")["HL_ROUTE"] == "queue"


def test_a_full_disk_is_seen_before_anybody_speaks_into_it(caller: Caller) -> None:
    caller.least_free_bytes = 1 << 62

    caller.play("2")

    assert "leave-message" not in caller.call.heard
    assert caller.intake().path[-2].left_by == "failed"


def test_a_caller_who_skips_the_first_prompt_of_a_question_has_keyed_already(caller: Caller) -> None:
    caller.call.skips["menu"] = "8"

    assert caller.play(**{"QUEUE_WAITING_COUNT(common)": "0"})["HL_ROUTE"] == "hangup"


def test_a_question_of_which_one_prompt_is_missing_is_asked_all_the_same(caller: Caller) -> None:
    caller.call.missing = frozenset({"say-0"})

    assert caller.play("8", **{"QUEUE_WAITING_COUNT(common)": "0"})["HL_ROUTE"] == "hangup"
    assert caller.intake().prompts_missing == ["say-0"]


@pytest.mark.parametrize("keys", [("0" * 30, "*#*#"), ("#", "#"), ("*", "*", "*"), ("1", "1" * 30, "#")])
def test_whatever_is_keyed_the_caller_reaches_an_end(caller: Caller, keys: tuple[str, ...]) -> None:
    assert caller.play(*keys)["HL_DONE"] == "1"


@pytest.mark.parametrize("number", ["", "x", "1,2", "9" * 64])
def test_a_number_that_nobody_could_dial_is_not_kept(caller: Caller, number: str) -> None:
    caller.play("3", HL_ANI=number)

    assert not any(isinstance(payload, CallbackRequested) for payload in caller.payloads())


class SlowChannel(FakeChannel):
    """Each prompt takes as long as it is told."""

    def __init__(self, call: CallScript, prompt_seconds: float) -> None:
        super().__init__(call)
        self.now, self.prompt_seconds = 100.0, prompt_seconds

    def play(self, prompt: str, *, is_skippable: bool = False) -> str:
        self.now += self.prompt_seconds
        return super().play(prompt, is_skippable=is_skippable)


def play_slowly(caller: Caller, *keys: str, prompt_seconds: float) -> None:
    caller.call.keys = deque(keys)
    channel = SlowChannel(caller.call, prompt_seconds)
    facts = Facts(caller, "node1.agi", lambda: MONDAY_MORNING)
    services = Services(StaticFlows(FLOWS), caller, facts, MessageFolder(caller.folder, 0))
    FlowPlayer(services, clock=lambda: channel.now)(channel)


def test_the_time_spent_stands_at_the_node_where_it_was_spent(caller: Caller) -> None:
    play_slowly(caller, "", "8", prompt_seconds=2)

    spent = {visit.node: visit.ms for visit in caller.intake().path}
    assert spent == {"greet": 2000, "who": 0, "first": 0, "hour": 0, "day": 0, "flood": 0, "load": 0, "menu": 4000,
                     "goodbye": 0}  # fmt: skip


def test_a_short_flow_needs_no_more_time_than_the_dialplan_gives(caller: Caller) -> None:
    caller.call.script = "every-door"

    play_slowly(caller, prompt_seconds=2)

    assert "TIMEOUT(absolute)" not in caller.call.variables


def test_a_long_flow_puts_off_the_cut_before_what_could_reach_it(caller: Caller) -> None:
    caller.write_message(8000)

    play_slowly(caller, "2", prompt_seconds=10)

    # the message: 15 s for its prompt, 1 for the tone's turn, 20 of speech, and 20 until a server that hangs is cut
    assert caller.call.variables["TIMEOUT(absolute)"] == "56"
