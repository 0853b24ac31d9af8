"""Follow-up calls on real Asterisk: the citizen is rung, the flow speaks with him, and what came of it is told."""

import asyncio
from collections.abc import Iterator

import pytest

from app.calls.follow_up import hear
from app.calls.record import CallStory
from app.contract.commands import FollowUpCall, IncidentOverCall
from tests.calls.callbacks.callback_stage import NUMBER, FlowScripts, Stage, flow_scripts
from tests.calls.callbacks.test_side_doors import DONE, GOODBYE, STARTED
from tests.calls.dialplan.asterisk_node import AsteriskNode
from tests.calls.dialplan.sip_answerer import BUSY, REJECT, RING, header
from tests.calls.handovers.handover_cast import until

pytestmark = [pytest.mark.calls, pytest.mark.timeout(120)]

PERSON = [
    STARTED,
    "SET VARIABLE HL_NOTICE_PLAYED 1",
    "SET VARIABLE HL_ROUTE queue",
    "SET VARIABLE HL_QUEUE common",
    DONE,
]


@pytest.fixture
def flows(callback_node: AsteriskNode) -> Iterator[FlowScripts]:
    with flow_scripts(callback_node, {"follow-up": GOODBYE, "incident-over": GOODBYE}) as server:
        yield server


async def ring(stage: Stage, call_id: str) -> bool:
    command = FollowUpCall(call_id=call_id, number=NUMBER, line="12345")
    return (await stage.bridge.commander.obey(command)).is_accepted


async def test_who_answers_hears_the_flow_and_no_agent_is_there(stage: Stage, flows: FlowScripts) -> None:
    agent, citizen = await stage.agent("8001"), await stage.citizen()

    assert await ring(stage, "fu-1-1")
    await stage.is_over("fu-1-1")

    assert flows.asked == ["follow-up"]
    assert agent.invites == []
    assert citizen.invites[0].startswith(f"INVITE sip:{NUMBER}@")
    assert "12345" in header(citizen.invites[0], "From")
    record = CallStory(stage.told("fu-1-1"), area_code="0375").record
    assert (record.outcome, record.caller_number, record.agent, record.line_mode) == (
        "answered", NUMBER, None, "follow_up",
    )  # fmt: skip
    steps = [fact["payload"]["step"] for fact in stage.bridge.told("fu-1-1", "CallbackProgressed")]
    assert steps == ["ringing", "talked"]


async def test_who_follows_an_outage_hears_the_flow_of_its_end(stage: Stage, flows: FlowScripts) -> None:
    citizen = await stage.citizen()

    command = IncidentOverCall(call_id="io-1-1", number=NUMBER, line="12345")
    assert (await stage.bridge.commander.obey(command)).is_accepted
    await stage.is_over("io-1-1")

    assert flows.asked == ["incident-over"]
    assert len(citizen.invites) == 1
    record = CallStory(stage.told("io-1-1"), area_code="0375").record
    assert (record.outcome, record.caller_number, record.line_mode) == ("answered", NUMBER, "incident_over")


@pytest.mark.usefixtures("flows")
@pytest.mark.parametrize(
    ("behaviour", "cause", "call_id"),
    [(BUSY, "busy", "fu-2-1"), (REJECT, "rejected", "fu-2-2"), (RING, "no_answer", "fu-2-3")],
)
async def test_who_is_not_reached_is_told_with_the_reason(
    stage: Stage, behaviour: str, cause: str, call_id: str
) -> None:
    await stage.citizen(behaviour)

    await ring(stage, call_id)
    await stage.is_over(call_id)

    heard = hear(stage.told(call_id))
    assert heard is not None
    assert (heard.is_reached, heard.cause) == (False, cause)
    assert CallStory(stage.told(call_id), area_code="0375").record.outcome == "not_reached"


async def test_who_wants_a_person_waits_for_one_and_is_one_call(stage: Stage, flows: FlowScripts) -> None:
    flows.scripts["follow-up"] = PERSON
    await stage.agent("8001")
    citizen = await stage.citizen()

    await ring(stage, "fu-3-1")
    await until(lambda: stage.bridge.told("fu-3-1", "AgentAnswered"), "an agent answers")
    await until((stage.node.home / "recordings/fu-3-1.wav").exists, "it is recorded, after the notice")
    citizen.hang_up()
    await stage.is_over("fu-3-1")

    await until(lambda: stage.bridge.told("fu-3-1", "RecordingSaved"), "the recording is told")
    record = CallStory(stage.told("fu-3-1"), area_code="0375").record
    assert (record.outcome, record.agent, record.queue) == ("answered", "1001", "common")
    assert stage.bridge.told("fu-3-1", "CallerAbandoned") == []


async def test_without_an_agi_server_the_call_simply_ends(stage: Stage) -> None:
    await stage.citizen()

    await ring(stage, "fu-4-1")

    await stage.is_over("fu-4-1")
    assert hear(stage.told("fu-4-1")) is None, "nobody has told what was keyed: he is rung another time"


async def test_the_same_call_twice_rings_once(stage: Stage, flows: FlowScripts) -> None:
    flows.may_go_on.clear()
    citizen = await stage.citizen()

    accepted = await asyncio.gather(*(ring(stage, "fu-5-1") for _ in range(3)))
    await until(lambda: flows.asked, "the flow begins")

    assert await ring(stage, "fu-5-1")
    assert all(accepted)
    assert len(citizen.invites) == 1
    flows.may_go_on.set()
    await stage.is_over("fu-5-1")
