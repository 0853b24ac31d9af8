"""Parallel answer, both at once: who waits has the same side doors as in the queue, and rates our agent's talk."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.calls.callbacks.callback_stage import FlowScripts, Stage, flow_scripts
from tests.calls.callbacks.test_side_doors import BACK, GOODBYE, INTAKE
from tests.calls.dialplan.asterisk_node import AsteriskNode
from tests.calls.dialplan.sip_answerer import RING
from tests.calls.handovers.handover_cast import until

pytestmark = [pytest.mark.calls, pytest.mark.timeout(120)]

LINE = "12328"


@pytest.fixture
def flows(callback_node: AsteriskNode) -> Iterator[FlowScripts]:
    scripts = {"hotline-12345": INTAKE, "waiting": BACK, "rating": GOODBYE}
    with flow_scripts(callback_node, scripts) as server:
        yield server


async def test_the_caller_rates_when_our_agent_has_hung_up(stage: Stage, flows: FlowScripts) -> None:
    await stage.department()
    agent = await stage.agent("8001")
    caller = await stage.talk("13800000001", LINE)
    call_id = stage.node.last_call_id()

    await until(lambda: "AppQueue" in stage.node.cli("core show channels concise"), "both are connected")
    agent.hang_up()
    await until(lambda: flows.asked[-1] == "rating", "the rating begins")
    await asyncio.to_thread(caller.wait_for_goodbye)

    await stage.is_over(call_id)
    assert [row[2] for row in stage.node.queue_log("HLFORWARDED", call_id)] == ["elsewhere"]


async def test_nobody_rates_the_talk_with_the_department(stage: Stage, flows: FlowScripts) -> None:
    department = await stage.department()
    await stage.agent("8001", RING)
    caller = await stage.caller("13800000001", LINE)
    call_id = stage.node.last_call_id()
    await asyncio.to_thread(department.wait_for)
    department.answer_now()
    await until(lambda: stage.node.cli("core show channels concise").count("AppDial") == 1, "they talk")

    department.hang_up()
    await asyncio.to_thread(caller.wait_for_goodbye)

    await stage.is_over(call_id)
    assert "rating" not in flows.asked
    assert [row[2] for row in stage.node.queue_log("HLFORWARDED", call_id)] == ["answered"]


async def test_a_key_opens_a_door_and_leads_back_to_both(stage: Stage, flows: FlowScripts) -> None:
    department = await stage.department()
    await stage.agent("8001")
    talking = await stage.talk("13800000001")
    caller = await stage.caller("13800000002", LINE)
    call_id = stage.node.last_call_id()
    await asyncio.to_thread(department.wait_for)
    assert flows.asked == ["hotline-12345", "hotline-12345", "waiting"]
    flows.may_go_on.clear()

    await asyncio.to_thread(caller.press, "1")
    await until(lambda: department.cancelled == 1, "the department is no longer rung")
    await until(lambda: stage.waiting() == [], "he is behind the door")
    flows.may_go_on.set()
    await asyncio.to_thread(department.wait_for, 2)
    await until(lambda: len(stage.waiting()) == 1, "he waits for both again")

    assert flows.asked[-1] == "waiting"
    talking.hang_up()
    caller.hang_up()
    await stage.is_over(call_id)
    assert [row[0] for row in stage.node.queue_log("HLENDED", call_id)] == ["queue"]
