"""A flow at an agent's key, on real Asterisk: the citizen hears it, and somebody has him afterwards, whatever fails."""

import asyncio
from collections.abc import Iterator

import pytest

from app.calls.models import AgentStatus
from app.calls.played import plays_of
from app.calls.record import CallStory
from app.contract.commands import CommandResult, PlayFlow, StopFlow
from tests.calls.callbacks.callback_stage import FlowScripts, Stage, flow_scripts
from tests.calls.callbacks.test_side_doors import BACK, DONE, GOODBYE, INTAKE, STARTED
from tests.calls.dialplan.asterisk_node import AsteriskNode
from tests.calls.dialplan.sip_phone import SipPhone
from tests.calls.handovers.handover_cast import until

pytestmark = [pytest.mark.calls, pytest.mark.timeout(120)]

PETITION = "out-of-scope-petition"
SUPERVISORS = [STARTED, "SET VARIABLE HL_ROUTE queue", "SET VARIABLE HL_QUEUE supervisors", DONE]
IN_DANGER = [STARTED, "SET VARIABLE HL_ROUTE handover", "SET VARIABLE HL_TARGET 110", DONE]


@pytest.fixture
def flows(callback_node: AsteriskNode) -> Iterator[FlowScripts]:
    scripts = {"hotline-12345": INTAKE, "rating": GOODBYE, PETITION: BACK, "nuisance": SUPERVISORS}
    with flow_scripts(callback_node, scripts) as server:
        yield server


async def talk(stage: Stage) -> tuple[SipPhone, str]:
    """A citizen who talks with 1001 at seat 8001, and the call's id."""
    phone = await stage.talk("13800000001")
    call_id = stage.node.last_call_id()
    await until(lambda: stage.bridge.told(call_id, "AgentAnswered"), "the answer is told")
    return phone, call_id


async def play(stage: Stage, call_id: str, flow: str = PETITION) -> CommandResult:
    command = PlayFlow.model_validate({"call_id": call_id, "agent": "1001", "seat": "8001", "flow": flow})
    return await stage.bridge.commander.obey(command)


def in_room(stage: Stage, call_id: str) -> int:
    """How many are in the call's room."""
    rooms = [line.split() for line in stage.node.cli("confbridge list").splitlines() if line.startswith(call_id)]
    return int(rooms[0][1]) if len(rooms) == 1 else 0


async def steps_are(stage: Stage, call_id: str, *steps: str) -> None:
    def told() -> list[str]:
        return [fact["payload"]["step"] for fact in stage.bridge.told(call_id, "FlowPlayed")]

    await until(lambda: len(told()) >= len(steps), f"steps {steps}")
    assert told() == list(steps)


async def test_the_citizen_hears_the_text_and_has_the_same_agent_again(stage: Stage, flows: FlowScripts) -> None:
    agent = await stage.agent("8001")
    citizen, call_id = await talk(stage)
    flows.may_go_on.clear()

    assert (await play(stage, call_id)).is_accepted
    await until(lambda: flows.asked[-1] == PETITION, "the text begins")
    await until(lambda: in_room(stage, call_id) == 1, "the agent waits")
    assert (await play(stage, call_id)).message == "a flow is being played"
    flows.may_go_on.set()

    await steps_are(stage, call_id, "started", "returned")
    await until(lambda: in_room(stage, call_id) == 2, "both talk again")
    assert len(agent.invites) == 1, "nobody was rung anew"
    story = CallStory(stage.told(call_id), area_code="0375")
    assert (story.record.state, story.engagements["1001"].status) == ("talking", AgentStatus.TALKING)
    assert (await play(stage, call_id)).is_accepted, "and once more"
    await steps_are(stage, call_id, "started", "returned", "started", "returned")
    await until(lambda: in_room(stage, call_id) == 2, "both talk again")

    agent.hang_up()
    await asyncio.to_thread(citizen.wait_for_goodbye)
    await stage.is_over(call_id)
    assert flows.asked[-1] == "rating", "the citizen rates the talk as after any other"
    record = CallStory(stage.told(call_id), area_code="0375").record
    assert (record.outcome, record.agent) == ("answered", "1001")
    assert [(one.flow, one.agent, one.play) for one in plays_of(stage.told(call_id))] == [
        (PETITION, "1001", "1"), (PETITION, "1001", "2"),
    ]  # fmt: skip


async def test_the_agent_stops_it_and_talks_on(stage: Stage, flows: FlowScripts) -> None:
    await stage.agent("8001")
    citizen, call_id = await talk(stage)
    flows.may_go_on.clear()
    assert (await play(stage, call_id)).is_accepted
    await until(lambda: flows.asked[-1] == PETITION, "the text begins")
    await until(lambda: in_room(stage, call_id) == 1, "the agent waits")

    assert (await stage.bridge.commander.obey(StopFlow(call_id=call_id))).is_accepted

    await steps_are(stage, call_id, "started", "stopped")
    await until(lambda: in_room(stage, call_id) == 2, "both talk again")
    assert (await stage.bridge.commander.obey(StopFlow(call_id=call_id))).message == "no flow is being played"
    flows.may_go_on.set()
    citizen.hang_up()
    await stage.is_over(call_id)


async def test_two_warnings_lead_to_the_supervisor_and_the_agent_is_free(stage: Stage, flows: FlowScripts) -> None:
    agent = await stage.agent("8001")
    citizen, call_id = await talk(stage)
    supervisor = await stage.agent("8002")

    assert (await play(stage, call_id, "nuisance")).is_accepted

    await steps_are(stage, call_id, "started", "queued")
    await until(lambda: len(stage.bridge.told(call_id, "AgentAnswered")) == 2, "somebody else answers")
    await until(lambda: stage.bridge.told(call_id, "ConversationEnded"), "the agent is free")
    assert flows.asked[-1] == "nuisance"
    assert (len(agent.invites), len(supervisor.invites)) == (1, 1)
    story = CallStory(stage.told(call_id), area_code="0375")
    assert (story.record.agent, story.record.state) == ("1002", "talking")
    assert story.engagements["1001"].status is AgentStatus.WRAP_UP
    citizen.hang_up()
    await stage.is_over(call_id)


async def test_who_is_in_danger_comes_to_110_and_the_agent_stays(stage: Stage, flows: FlowScripts) -> None:
    """Nobody is at 110's trunk here: the agent goes on with the citizen, as after any hand-over that failed."""
    flows.scripts["nuisance"] = IN_DANGER
    await stage.agent("8001")
    citizen, call_id = await talk(stage)

    assert (await play(stage, call_id, "nuisance")).is_accepted

    await steps_are(stage, call_id, "started", "handed_over")
    await until(lambda: len(stage.bridge.steps(call_id)) == 2, "the hand-over is told")
    assert [step[:2] for step in stage.bridge.steps(call_id)] == [("110", "offered"), ("110", "refused")]
    await until(lambda: in_room(stage, call_id) == 2, "citizen and agent are together")
    citizen.hang_up()
    await stage.is_over(call_id)


async def test_without_a_flow_server_the_citizen_is_back_at_once(stage: Stage, flows: FlowScripts) -> None:
    flows.scripts[PETITION] = []
    await stage.agent("8001")
    citizen, call_id = await talk(stage)

    assert (await play(stage, call_id)).is_accepted

    await steps_are(stage, call_id, "started", "returned")
    await until(lambda: in_room(stage, call_id) == 2, "both talk again")
    citizen.hang_up()
    await stage.is_over(call_id)


async def test_an_agent_who_left_meanwhile_leaves_nobody_in_silence(stage: Stage, flows: FlowScripts) -> None:
    agent = await stage.agent("8001")
    citizen, call_id = await talk(stage)
    flows.may_go_on.clear()
    assert (await play(stage, call_id)).is_accepted
    await until(lambda: in_room(stage, call_id) == 1, "the agent waits")
    agent.hang_up()
    await until(lambda: stage.bridge.told(call_id, "ConversationEnded"), "the agent is free")
    flows.may_go_on.set()

    await steps_are(stage, call_id, "started", "queued")
    await until(lambda: len(stage.bridge.told(call_id, "AgentAnswered")) == 2, "he is answered again")
    citizen.hang_up()
    await stage.is_over(call_id)


async def test_a_citizen_who_hangs_up_while_he_listens_frees_the_agent(stage: Stage, flows: FlowScripts) -> None:
    await stage.agent("8001")
    citizen, call_id = await talk(stage)
    flows.may_go_on.clear()
    assert (await play(stage, call_id)).is_accepted
    await until(lambda: in_room(stage, call_id) == 1, "the agent waits")

    citizen.hang_up()

    await steps_are(stage, call_id, "started", "ended")
    flows.may_go_on.set()
    await stage.is_over(call_id)
    assert CallStory(stage.told(call_id), area_code="0375").record.outcome == "answered"
