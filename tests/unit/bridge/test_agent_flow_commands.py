"""Flows at an agent's key: everything is asked before anybody is moved, and live and after a gap the same is told."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from ami_bridge.commands import Commander
from ami_bridge.interpret import interpret
from ami_bridge.parse import parse_event
from ami_bridge.queue_log import parse_line
from app.contract.agent_flows import AGENT_FLOWS
from app.contract.commands import AnyCommand, CommandResult
from app.contract.events import FlowPlayed, PlayedStep
from tests.fakes.ami_server import listing, success
from tests.fakes.switch import FakeSwitch

CALL = "node1-1.0"
CITIZEN = {"Channel": "PJSIP/carrier-00000000", "Uniqueid": CALL, "AccountCode": CALL, "BridgeId": "b"}
LISTENING = {**CITIZEN, "BridgeId": "", "Context": "agent-flow", "Application": "AGI"}
BACK = {**CITIZEN, "Context": "agent-flow", "Application": "ConfBridge"}
AGENT = {"Channel": "PJSIP/8001-00000001", "Uniqueid": "node1-1.1", "AccountCode": CALL, "BridgeId": "b"}
WAITING = {**AGENT, "BridgeId": "room", "Context": "handover-agent", "Application": "ConfBridge"}
THIRD = {"Channel": "Local/110@handover-leg-00000000;1", "Uniqueid": "node1-1.4", "AccountCode": CALL}
PLAY = {"command": "play_flow", "call_id": CALL, "agent": "1001", "seat": "8001", "flow": "nuisance"}
STOP = {"command": "stop_flow", "call_id": CALL}
HAND_OVER = {"command": "hand_over", "call_id": CALL, "agent": "1001", "seat": "8001", "target": "110"}


def switch_with(*channels: dict[str, str], is_known: bool = True) -> FakeSwitch:
    switch = FakeSwitch()
    for action in ("Setvar", "Redirect"):
        switch.answers[action] = success
    switch.answers["GetVar"] = lambda _asked: [{"Response": "Success", "Value": "1" if is_known else "0"}]
    items = [{"Event": "CoreShowChannel", **channel} for channel in channels]
    switch.answers["CoreShowChannels"] = listing("CoreShowChannels", items)
    return switch


async def obey(switch: FakeSwitch, command: dict[str, Any]) -> CommandResult:
    return await Commander(switch).obey(TypeAdapter(AnyCommand).validate_python(command))


def moves(switch: FakeSwitch) -> list[dict[str, str]]:
    return [asked for asked in switch.asked if asked["Action"] == "Redirect"]


@pytest.mark.parametrize("citizen", [CITIZEN, BACK], ids=["in the queue's talk", "back from a flow before"])
async def test_the_citizen_goes_to_the_flow_and_the_agent_waits(citizen: dict[str, str]) -> None:
    switch = switch_with(citizen, AGENT)

    assert (await obey(switch, PLAY)).is_accepted
    [move] = moves(switch)
    assert (move["Channel"], move["Context"], move["Exten"]) == (CITIZEN["Channel"], "agent-flow", "nuisance")
    assert (move["ExtraChannel"], move["ExtraContext"]) == (AGENT["Channel"], "handover-agent")
    told = {(a["Channel"], a["Variable"]): a["Value"] for a in switch.asked if a["Action"] == "Setvar"}
    assert told[CITIZEN["Channel"], "HL_HANDOVER_AGENT"] == "1001"
    assert told[CITIZEN["Channel"], "HL_ROOM"] == told[AGENT["Channel"], "HL_ROOM"]


@pytest.mark.parametrize(
    ("command", "channels", "is_known", "words"),
    [
        (PLAY, (CITIZEN, AGENT), False, "no way to play nuisance"),
        (PLAY, (AGENT,), True, "this call has no channel any more"),
        (PLAY, (CITIZEN, {**AGENT, "BridgeId": "c"}), True, "seat 8001 does not talk in this call"),
        (PLAY, (LISTENING, WAITING), True, "a flow is being played"),
        (PLAY, (CITIZEN, AGENT, THIRD), True, "a hand-over is under way"),
        (HAND_OVER, (LISTENING, WAITING), True, "a flow is being played"),
        (STOP, (AGENT,), True, "this call has no channel any more"),
        (STOP, (CITIZEN, AGENT), True, "no flow is being played"),
        (STOP, (LISTENING,), True, "the agent does not wait any more"),
    ],
)
async def test_what_cannot_be_done_moves_nobody(
    command: dict[str, Any], channels: tuple[dict[str, str], ...], is_known: bool, words: str
) -> None:
    switch = switch_with(*channels, is_known=is_known)

    result = await obey(switch, command)

    assert (result.is_accepted, result.message) == (False, words)
    assert moves(switch) == []


async def test_stopped_the_citizen_goes_to_the_agent_who_waits() -> None:
    switch = switch_with(LISTENING, WAITING)

    assert (await obey(switch, STOP)).is_accepted
    [move] = moves(switch)
    assert (move["Channel"], move["Context"], move["Exten"]) == (CITIZEN["Channel"], "agent-flow", "stopped")
    assert "ExtraChannel" not in move


@pytest.mark.parametrize("flow", ["", "hotline-12345", "nuisance,1", "../nuisance"])
def test_a_flow_that_is_not_for_agents_is_no_command(flow: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(AnyCommand).validate_python({**PLAY, "flow": flow})


@pytest.mark.parametrize("step", PlayedStep)
@pytest.mark.parametrize("flow", AGENT_FLOWS)
def test_live_and_after_a_gap_the_same_is_told(flow: str, step: PlayedStep) -> None:
    live = parse_event(
        "UserEvent",
        {
            "UserEvent": "HotlineFlow", "Timestamp": "1763865600.25", "CallId": CALL, "Flow": flow, "Step": step,
            "Agent": "1001", "Play": "2", "Uniqueid": CALL, "Linkedid": CALL,
        },
    )  # fmt: skip
    [line] = parse_line(f"1763865600|{CALL}|NONE|NONE|HLFLOW|{flow}|{step}|1001|2")

    assert live is not None
    assert [fact.payload for fact in interpret(live)] == [fact.payload for fact in interpret(line)]
    assert interpret(line)[0].payload == FlowPlayed(flow=flow, step=step, agent="1001", play="2")
