"""After the talk: who is still there when the agent has hung up goes on to the flow of the rating."""

import asyncio
from collections.abc import Iterator

import pytest

from app.calls.models import AgentStatus
from app.calls.record import CallStory
from tests.calls.callbacks.callback_stage import FlowScripts, Stage, flow_scripts
from tests.calls.callbacks.test_side_doors import GOODBYE, INTAKE
from tests.calls.dialplan.asterisk_node import AsteriskNode
from tests.calls.handovers.handover_cast import until

pytestmark = [pytest.mark.calls, pytest.mark.timeout(120)]


@pytest.fixture
def flows(callback_node: AsteriskNode) -> Iterator[FlowScripts]:
    with flow_scripts(callback_node, {"hotline-12345": INTAKE, "rating": GOODBYE}) as server:
        yield server


async def test_the_caller_rates_when_the_agent_has_hung_up(stage: Stage, flows: FlowScripts) -> None:
    agent = await stage.agent("8001")
    caller = await stage.talk("13800000001")
    call_id = stage.node.last_call_id()
    flows.may_go_on.clear()

    agent.hang_up()
    await until(lambda: flows.asked[-1] == "rating", "the rating begins")
    await until(lambda: stage.bridge.told(call_id, "ConversationEnded"), "the agent is free meanwhile")
    story = CallStory(stage.told(call_id), area_code="0375")
    assert story.engagements["1001"].status is AgentStatus.WRAP_UP
    assert story.record.ended_at is None
    flows.may_go_on.set()
    await asyncio.to_thread(caller.wait_for_goodbye)

    await until(lambda: stage.bridge.told(call_id, "CallEnded"), "the call ends")
    assert CallStory(stage.told(call_id), area_code="0375").record.outcome == "answered"


async def test_a_caller_who_hangs_up_first_is_asked_nothing(stage: Stage, flows: FlowScripts) -> None:
    await stage.agent("8001")
    caller = await stage.talk("13800000001")
    call_id = stage.node.last_call_id()

    caller.hang_up()

    await stage.is_over(call_id)
    assert "rating" not in flows.asked


async def test_a_caller_may_hang_up_in_the_middle_of_the_rating(stage: Stage, flows: FlowScripts) -> None:
    agent = await stage.agent("8001")
    caller = await stage.talk("13800000001")
    call_id = stage.node.last_call_id()
    flows.may_go_on.clear()
    agent.hang_up()
    await until(lambda: flows.asked[-1] == "rating", "the rating begins")

    caller.hang_up()

    await stage.is_over(call_id)
    flows.may_go_on.set()


async def test_without_an_agi_server_the_call_simply_ends(stage: Stage) -> None:
    agent = await stage.agent("8001")
    caller = await stage.talk("13800000001")

    agent.hang_up()

    await asyncio.to_thread(caller.wait_for_goodbye)


async def test_who_was_called_back_rates_too(stage: Stage, flows: FlowScripts) -> None:
    agent, citizen = await stage.agent("8001"), await stage.citizen()
    await stage.call_back("cb-90-1")
    await stage.steps("cb-90-1", "offered", "ringing", "talked")
    await until((stage.node.home / "recordings/cb-90-1.wav").exists, "they talk")

    agent.hang_up()

    await until(lambda: flows.asked == ["rating"], "the rating begins")
    await until(lambda: citizen.ended == 1, "the citizen is let go afterwards")
    await stage.is_over("cb-90-1")
