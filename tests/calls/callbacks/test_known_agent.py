"""Who called lately is put through to the agent he spoke with, if that one is free; he never waits longer for it."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.calls.callbacks.callback_stage import FlowScripts, Stage, flow_scripts
from tests.calls.callbacks.test_side_doors import INTAKE
from tests.calls.dialplan.asterisk_node import AsteriskNode
from tests.calls.dialplan.sip_answerer import RING
from tests.calls.handovers.handover_cast import until

pytestmark = [pytest.mark.calls, pytest.mark.timeout(120)]

KNOWN = "SET VARIABLE HL_AGENT_SEAT 8003"
TO_THE_LAST = [*INTAKE[:-1], KNOWN, INTAKE[-1]]


@pytest.fixture
def flows(callback_node: AsteriskNode) -> Iterator[FlowScripts]:
    with flow_scripts(callback_node, {"hotline-12345": TO_THE_LAST}) as server:
        yield server


@pytest.mark.usefixtures("flows")
async def test_the_agent_of_last_time_is_rung_alone_and_all_is_told_as_ever(stage: Stage) -> None:
    others = [await stage.agent(seat) for seat in ("8001", "8002")]
    own = await stage.agent("8003")

    for number in range(3):  # the queue takes turns: by chance it would not be the same one three times
        caller = await stage.talk(f"1380000000{number}")
        call_id = stage.node.last_call_id()
        await until(lambda call_id=call_id: stage.bridge.told(call_id, "AgentAnswered"), "it is told")
        assert [one["payload"]["agent"] for one in stage.bridge.told(call_id, "AgentRinging")] == ["1003"]
        assert [one["payload"]["queue"] for one in stage.bridge.told(call_id, "CallerQueued")] == ["common"]
        caller.hang_up()
        await stage.is_over(call_id)
        assert len(stage.bridge.told(call_id, "ConversationEnded")) == 1

    assert [phone.invites for phone in others] == [[], []]
    assert len(own.invites) == 3


@pytest.mark.usefixtures("flows")
async def test_who_does_not_answer_in_time_is_followed_by_everybody_at_the_same_place(stage: Stage) -> None:
    await stage.agent("8003", RING)
    caller = await stage.caller("13800000001")
    call_id = stage.node.last_call_id()
    await until(lambda: stage.bridge.told(call_id, "AgentRinging"), "the known agent's phone rings")
    await stage.agent("8001")

    await until(lambda: stage.bridge.told(call_id, "AgentAnswered"), "somebody answers", seconds=40)

    assert stage.bridge.told(call_id, "AgentAnswered")[0]["payload"]["agent"] == "1001"
    assert stage.bridge.told(call_id, "QueueTimedOut") == []
    caller.hang_up()


@pytest.mark.usefixtures("flows")
@pytest.mark.parametrize("hindrance", ["not signed in", "paused", "on a call", "somebody waits"])
async def test_an_agent_who_is_not_free_is_not_waited_for(stage: Stage, hindrance: str) -> None:
    if hindrance != "not signed in":
        own = await stage.agent("8003")
    if hindrance == "paused":
        stage.node.cli("queue pause member PJSIP/8003")
    if hindrance == "on a call":
        await stage.talk("13800000008")
    if hindrance == "somebody waits":
        own.behaviour = RING
        await stage.caller("13800000009")
    await stage.agent("8001")

    caller = await stage.calls("13800000001")
    call_id = stage.node.last_call_id()
    if hindrance == "somebody waits":  # who came earlier is served first
        await until(lambda: len(stage.node.queue_log("CONNECT")) > 0, "the first is served", seconds=40)
    await until(lambda: stage.bridge.told(call_id, "AgentRinging"), "a phone rings", seconds=40)

    entered = stage.node.queue_log("ENTERQUEUE", call_id)
    assert len(entered) == 1
    caller.hang_up()
    await asyncio.to_thread(stage.node.cli, "queue unpause member PJSIP/8003")


async def test_a_caller_behind_a_side_door_meets_everybody(stage: Stage, flows: FlowScripts) -> None:
    """A key leads out of the queue while the known agent's phone rings: afterwards anybody may answer."""
    flows.scripts["waiting"] = ["SET VARIABLE HL_STARTED 1", "SET VARIABLE HL_ROUTE back", "SET VARIABLE HL_DONE 1"]
    await stage.agent("8003", RING)
    caller = await stage.caller("13800000001")
    call_id = stage.node.last_call_id()
    await until(lambda: stage.bridge.told(call_id, "AgentRinging"), "the known agent's phone rings")
    await stage.agent("8001")

    await asyncio.to_thread(caller.press, "1")

    await until(lambda: stage.bridge.told(call_id, "AgentAnswered"), "somebody answers", seconds=40)
    assert flows.asked == ["hotline-12345", "waiting"]
    caller.hang_up()


async def test_a_seat_that_the_dialplan_could_read_as_more_rings_nothing(stage: Stage, flows: FlowScripts) -> None:
    flows.scripts["hotline-12345"] = [*INTAKE[:-1], 'SET VARIABLE HL_AGENT_SEAT "${SHELL(id)}"', INTAKE[-1]]
    await stage.agent("8001")

    caller = await stage.talk("13800000001")

    caller.hang_up()
