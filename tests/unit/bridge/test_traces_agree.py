"""The same calls, once as AMI told them and once as queue_log kept them (recorded on real Asterisk): the same ids."""

from pathlib import Path

import pytest

from ami_bridge.events import AmiLegOfCall
from ami_bridge.frames import parse_frame
from ami_bridge.interpret import interpret
from ami_bridge.knowledge import Knowledge, Source
from ami_bridge.parse import parse_event
from ami_bridge.queue_log import parse_line
from app.contract.events import CallEvent, EventType

TRACES = Path(__file__).parents[2] / "traces"
NAMES = sorted(path.name for path in (TRACES / "queue_log").glob("*.txt"))
LIVE_ONLY = {EventType.AGENT_RINGING}


def tell_live(name: str, knowledge: Knowledge) -> list[CallEvent]:
    text = (TRACES / "ami" / name).read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    told = []
    for frame in text.split(b"\r\n\r\n"):
        headers = parse_frame(frame.strip())
        event = parse_event(headers.get("Event", ""), headers)
        told += [knowledge.tell(fact, Source.LIVE) for fact in (interpret(event) if event else [])]
    return [event for event in told if event]


def tell_lines(name: str, knowledge: Knowledge) -> list[CallEvent]:
    told = []
    for line in (TRACES / "queue_log" / name).read_text().splitlines():
        for event in parse_line(line):
            if isinstance(event, AmiLegOfCall):  # as the pipeline does
                knowledge.learn_leg(event.uniqueid, event.call_id, event.at)
            told += [knowledge.tell(fact, Source.LINE) for fact in interpret(event)]
    return [event for event in told if event]


def with_twins(events: list[CallEvent]) -> set[str]:
    return {event.event_id for event in events if event.type not in LIVE_ONLY}


@pytest.mark.parametrize("name", NAMES)
def test_ami_and_queue_log_give_the_same_ids(name: str) -> None:
    live = tell_live(name, Knowledge("node1"))
    lines = tell_lines(name, Knowledge("node1"))

    assert with_twins(live) == with_twins(lines)
    assert len(live) > 1


@pytest.mark.parametrize("name", NAMES)
def test_what_was_told_live_is_not_told_again_from_the_log(name: str) -> None:
    knowledge = Knowledge("node1")
    live = tell_live(name, knowledge)

    told_again = tell_lines(name, knowledge)

    assert [event.event_id for event in told_again] == []
    assert live


@pytest.mark.parametrize("name", NAMES)
def test_what_was_rebuilt_from_the_log_is_not_told_again_live(name: str) -> None:
    knowledge = Knowledge("node1")
    tell_lines(name, knowledge)
    knowledge.replayed_at = 2e9

    told_again = tell_live(name, knowledge)

    assert {event.type for event in told_again} <= LIVE_ONLY


@pytest.mark.parametrize("name", NAMES)
def test_a_restarted_bridge_knows_from_its_journal_what_it_told(name: str) -> None:
    before = Knowledge("node1")
    live = tell_live(name, before)
    after = Knowledge("node1")
    for event in live:
        after.remember(CallEvent.model_validate_json(event.model_dump_json()))

    assert tell_lines(name, after) == []
    assert after.live_calls() == before.live_calls()
    assert after.members.keys() == before.members.keys()


@pytest.mark.parametrize("name", NAMES)
def test_what_we_build_without_validation_is_valid(name: str) -> None:
    for event in tell_live(name, Knowledge("node1")) + tell_lines(name, Knowledge("node1")):
        assert CallEvent.model_validate_json(event.model_dump_json()) == event
