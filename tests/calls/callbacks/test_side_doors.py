"""Waiting: a key opens a side door, and the caller comes back to the same place; told only to who would wait long."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.calls.callbacks.callback_stage import FlowScripts, Stage, flow_scripts
from tests.calls.dialplan.asterisk_node import AsteriskNode
from tests.calls.handovers.handover_cast import until

pytestmark = [pytest.mark.calls, pytest.mark.timeout(120)]

STARTED, DONE = "SET VARIABLE HL_STARTED 1", "SET VARIABLE HL_DONE 1"
INTAKE = [
    STARTED,
    "SET VARIABLE HL_NOTICE_PLAYED 1",
    "SET VARIABLE HL_ROUTE queue",
    "SET VARIABLE HL_QUEUE common",
    DONE,
]
BACK = [STARTED, "SET VARIABLE HL_ROUTE back", DONE]
GOODBYE = [STARTED, "SET VARIABLE HL_ROUTE hangup", DONE]


@pytest.fixture
def flows(callback_node: AsteriskNode) -> Iterator[FlowScripts]:
    with flow_scripts(callback_node, {"hotline-12345": INTAKE, "waiting": BACK}) as server:
        yield server


async def test_who_is_served_at_once_hears_of_no_doors(stage: Stage, flows: FlowScripts) -> None:
    await stage.agent("8001")

    caller = await stage.talk("13800000001")

    assert flows.asked == ["hotline-12345"]
    caller.hang_up()


async def test_who_would_wait_long_is_told_of_the_doors_before_he_waits(stage: Stage, flows: FlowScripts) -> None:
    await stage.agent("8001")
    await stage.talk("13800000001")

    await stage.caller("13800000002")

    assert flows.asked == ["hotline-12345", "hotline-12345", "waiting"]
    assert stage.waiting() == ["13800000002"]


async def test_whoever_comes_back_from_a_door_stands_where_he_stood(stage: Stage, flows: FlowScripts) -> None:
    await stage.agent("8001")
    talking = await stage.talk("13800000001")
    caller = await stage.caller("13800000002")
    call_id = stage.node.last_call_id()
    await asyncio.sleep(1.1)  # a place is a whole second
    await stage.caller("13800000003")
    flows.may_go_on.clear()

    await asyncio.to_thread(caller.press, "1")
    await until(lambda: stage.waiting() == ["13800000003"], "he is behind the door")
    flows.may_go_on.set()
    await until(lambda: len(stage.waiting()) == 2, "he is back")

    assert stage.waiting() == ["13800000002", "13800000003"]
    talking.hang_up()
    await until(lambda: stage.waiting() == ["13800000003"], "he is served before who came later", seconds=40)
    assert stage.bridge.told(call_id, "CallerAbandoned") == []


@pytest.mark.parametrize("script", [[], [STARTED], [STARTED, "SET VARIABLE HL_QUEUE nowhere", DONE]])
async def test_a_door_that_fails_leads_back_to_the_queue(stage: Stage, flows: FlowScripts, script: list[str]) -> None:
    await stage.agent("8001")
    await stage.talk("13800000001")
    flows.scripts["waiting"] = script

    await stage.caller("13800000002")

    assert stage.waiting() == ["13800000002"]


async def test_who_need_not_wait_any_more_is_let_go_and_has_not_given_up(stage: Stage, flows: FlowScripts) -> None:
    await stage.agent("8001")
    await stage.talk("13800000001")
    caller = await stage.caller("13800000002")
    call_id = stage.node.last_call_id()
    flows.scripts["waiting"] = GOODBYE

    await asyncio.to_thread(caller.press, "4")
    await asyncio.to_thread(caller.wait_for_goodbye)

    await until(lambda: stage.bridge.told(call_id, "CallEnded"), "the end is told")
    assert stage.bridge.told(call_id, "CallerAbandoned") == []


async def test_who_hangs_up_behind_a_door_has_given_up(stage: Stage, flows: FlowScripts) -> None:
    await stage.agent("8001")
    await stage.talk("13800000001")
    caller = await stage.caller("13800000002")
    call_id = stage.node.last_call_id()
    flows.may_go_on.clear()
    await asyncio.to_thread(caller.press, "1")
    await until(lambda: stage.waiting() == [], "he is behind the door")

    caller.hang_up()

    await until(lambda: stage.bridge.told(call_id, "CallEnded"), "the end is told")
    assert len(stage.bridge.told(call_id, "CallerAbandoned")) == 1
    flows.may_go_on.set()
