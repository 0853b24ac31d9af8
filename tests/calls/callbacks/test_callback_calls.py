"""Call-backs on real Asterisk: the place in the queue is kept, the agent is there before the citizen's phone rings."""

import asyncio
import time

import pytest

from app.callbacks.rules import tell
from app.calls.record import CallStory
from app.contract.commands import HangUp
from tests.calls.callbacks.callback_stage import NUMBER, Stage
from tests.calls.dialplan.sip_answerer import BUSY, REJECT, RING, header
from tests.calls.handovers.handover_cast import until

pytestmark = [pytest.mark.calls, pytest.mark.timeout(120)]


async def test_the_agent_has_the_call_before_the_citizen_s_phone_rings_with_12345(stage: Stage) -> None:
    agent, citizen = await stage.agent("8001"), await stage.citizen()

    assert (await stage.call_back("cb-1-1")).is_accepted
    facts = await stage.steps("cb-1-1", "offered", "ringing", "talked")

    order = [fact["payload"].get("step", fact["type"]) for fact in facts]
    assert order.index("AgentRinging") < order.index("AgentAnswered") < order.index("ringing") < order.index("talked")
    assert citizen.invites[0].startswith(f"INVITE sip:{NUMBER}@")
    assert "12345" in header(citizen.invites[0], "From")
    assert len(agent.invites) == 1
    await until((stage.node.home / "recordings/cb-1-1.wav").exists, "it is recorded, after the notice")
    citizen.hang_up()
    await stage.is_over("cb-1-1")
    await until(lambda: stage.bridge.told("cb-1-1", "RecordingSaved"), "the recording is told")
    record = CallStory(stage.told("cb-1-1"), area_code="0375").record
    assert (record.outcome, record.agent, record.caller_number) == ("answered", "1001", NUMBER)
    assert record.recording_file == "cb-1-1.wav"


@pytest.mark.parametrize(
    ("behaviour", "cause", "call_id"),
    [(BUSY, "busy", "cb-2-1"), (REJECT, "rejected", "cb-2-2"), (RING, "no_answer", "cb-2-3")],
)
async def test_a_citizen_who_is_not_reached_is_told_and_the_agent_is_free(
    stage: Stage, behaviour: str, cause: str, call_id: str
) -> None:
    await stage.agent("8001")
    await stage.citizen(behaviour)

    await stage.call_back(call_id)
    await stage.steps(call_id, "offered", "ringing", "missed")
    await stage.is_over(call_id)

    told = tell(stage.told(call_id))
    assert (told.cause, told.agent) == (cause, "1001")
    assert CallStory(stage.told(call_id), area_code="0375").record.outcome == "not_reached"


async def test_an_agent_who_hangs_up_takes_the_ringing_from_the_citizen(stage: Stage) -> None:
    agent, citizen = await stage.agent("8001"), await stage.citizen(RING)

    await stage.call_back("cb-3-1")
    await stage.steps("cb-3-1", "offered", "ringing")
    await asyncio.to_thread(citizen.wait_for, 1)
    agent.hang_up()

    await stage.steps("cb-3-1", "offered", "ringing", "missed")
    await stage.is_over("cb-3-1")
    assert tell(stage.told("cb-3-1")).cause == "withdrawn"
    assert citizen.cancelled == 1


async def test_without_agents_nobody_is_rung(stage: Stage) -> None:
    citizen = await stage.citizen()

    await stage.call_back("cb-4-1")
    await stage.steps("cb-4-1", "offered", "no_agent")

    await stage.is_over("cb-4-1")
    assert citizen.invites == []


async def test_the_same_offer_twice_is_one_call(stage: Stage) -> None:
    agent, citizen = await stage.agent("8001", RING), await stage.citizen()

    results = await asyncio.gather(*(stage.call_back("cb-5-1") for _ in range(3)))
    await asyncio.to_thread(agent.wait_for, 1)
    again = await stage.call_back("cb-5-1")

    assert all(result.is_accepted for result in [*results, again])
    await stage.steps("cb-5-1", "offered")
    channels = stage.node.cli("core show channels concise").splitlines()
    assert len([line for line in channels if line.startswith("Local/common@callback") and ";2" in line]) == 1
    assert citizen.invites == []


async def test_what_waits_can_be_taken_back(stage: Stage) -> None:
    agent = await stage.agent("8001", RING)
    await stage.call_back("cb-6-1")
    await asyncio.to_thread(agent.wait_for, 1)

    assert (await stage.bridge.commander.obey(HangUp(call_id="cb-6-1"))).is_accepted

    await stage.is_over("cb-6-1")
    assert stage.bridge.told("cb-6-1", "CallerAbandoned") == []


async def test_a_call_back_stands_between_those_who_came_before_and_after_it(stage: Stage) -> None:
    """One agent is busy; three wait: the first caller, who came last, and the call-back that came between them."""
    agent = await stage.agent("8001")
    busy = await stage.caller("13800000001")
    await until(lambda: stage.node.queue_log("CONNECT"), "the agent talks")
    citizen = await stage.citizen()
    started = time.time()
    earlier = await stage.caller("13800000002")
    await asyncio.sleep(2.1 - (time.time() - started) % 1)  # a place is a whole second: the next comes in another one
    place = time.time()
    await asyncio.sleep(1.1)
    later = await stage.caller("13800000003")
    connected = len(stage.node.queue_log("CONNECT"))

    await stage.call_back("cb-7-1", place_at=place)
    await stage.steps("cb-7-1", "offered")
    busy.hang_up()
    await until(lambda: len(stage.node.queue_log("CONNECT")) > connected, "the next is served", seconds=40)

    assert citizen.invites == []
    earlier.hang_up()
    await stage.steps("cb-7-1", "offered", "ringing", "talked")
    assert len(stage.node.queue_log("CONNECT")) == connected + 2
    citizen.hang_up()
    await until(lambda: len(stage.node.queue_log("CONNECT")) == connected + 3, "the last is served", seconds=40)
    later.hang_up()
    assert len(agent.invites) == 4


async def test_a_call_back_of_hours_ago_stands_first(stage: Stage) -> None:
    agent = await stage.agent("8001", RING)
    waiting = await stage.caller("13800000004")
    await asyncio.to_thread(agent.wait_for, 1)

    await stage.call_back("cb-8-1", place_at=time.time() - 7200)
    await stage.steps("cb-8-1", "offered")

    shown = stage.node.cli("queue show common")
    assert shown.index("Local/common@callback") < shown.index("PJSIP/carrier")
    waiting.hang_up()
