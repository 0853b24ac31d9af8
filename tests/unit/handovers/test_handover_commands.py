"""Hand-over commands: everything is asked before anybody is moved, and nobody is left alone with silence."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from ami_bridge.call_locks import CallLocks
from ami_bridge.commands import Commander
from ami_bridge.events import AmiHandedOver
from ami_bridge.interpret import interpret
from ami_bridge.parse import Unreadable, parse_event
from ami_bridge.queue_log import parse_line
from ami_bridge.switch import Headers
from app.contract.commands import AnyCommand, CommandResult
from tests.fakes.ami_server import listing, success
from tests.fakes.switch import FakeSwitch

CITIZEN = {"Channel": "PJSIP/carrier-00000000", "Uniqueid": "node1-1.0", "AccountCode": "node1-1.0", "BridgeId": "b"}
AGENT = {"Channel": "PJSIP/8001-00000001", "Uniqueid": "node1-1.1", "AccountCode": "node1-1.0", "BridgeId": "b"}
IN_ROOM = {"Context": "handover-agent", "Application": "ConfBridge"}
NEAR = {"Channel": "Local/110@handover-leg-00000000;1", "Uniqueid": "node1-1.4", "AccountCode": "node1-1.0"}
FAR = {"Channel": "Local/110@handover-leg-00000000;2", "Uniqueid": "node1-1.5", "AccountCode": "node1-1.0"}
STRANGER = {"Channel": "PJSIP/8002-00000009", "Uniqueid": "node1-9.1", "AccountCode": "node1-9.0", "BridgeId": "c"}

HAND_OVER = {"command": "hand_over", "call_id": "node1-1.0", "agent": "1001", "seat": "8001", "target": "110"}
LEAVE = {"command": "leave_hand_over", "call_id": "node1-1.0", "seat": "8001"}
TAKE_BACK = {"command": "take_back", "call_id": "node1-1.0"}


def switch_with(*channels: dict[str, str], has_target: bool = True) -> FakeSwitch:
    switch = FakeSwitch()
    for action in ("Setvar", "Redirect", "Hangup"):
        switch.answers[action] = success
    switch.answers["GetVar"] = lambda _asked: [{"Response": "Success", "Value": "1" if has_target else "0"}]
    items = [{"Event": "CoreShowChannel", **channel} for channel in (*channels, STRANGER)]
    switch.answers["CoreShowChannels"] = listing("CoreShowChannels", items)
    return switch


async def obey(switch: FakeSwitch, command: dict[str, Any]) -> CommandResult:
    return await Commander(switch).obey(TypeAdapter(AnyCommand).validate_python(command))


def moved(switch: FakeSwitch) -> list[dict[str, str]]:
    return [asked for asked in switch.asked if asked["Action"] in ("Redirect", "Hangup")]


async def test_citizen_and_agent_are_moved_together() -> None:
    switch = switch_with(CITIZEN, AGENT)

    assert (await obey(switch, HAND_OVER)).is_accepted
    [redirect] = moved(switch)
    assert (redirect["Channel"], redirect["Context"], redirect["Exten"]) == (CITIZEN["Channel"], "handover", "110")
    assert (redirect["ExtraChannel"], redirect["ExtraContext"]) == (AGENT["Channel"], "handover-agent")
    told = {(a["Channel"], a["Variable"]): a["Value"] for a in switch.asked if a["Action"] == "Setvar"}
    assert told[AGENT["Channel"], "HL_CITIZEN"] == CITIZEN["Channel"]
    assert told[CITIZEN["Channel"], "HL_HANDOVER_AGENT"] == "1001"
    assert told[CITIZEN["Channel"], "HL_ROOM"] == told[AGENT["Channel"], "HL_ROOM"]


async def test_each_attempt_has_a_room_of_its_own() -> None:
    switch = switch_with(CITIZEN, AGENT)
    for _ in range(2):
        assert (await obey(switch, HAND_OVER)).is_accepted

    assert len({a["Value"] for a in switch.asked if a["Action"] == "Setvar" and a["Variable"] == "HL_ROOM"}) == 2


async def test_an_agent_who_answered_a_parallel_call_hands_over_too() -> None:
    halves = [
        {"Channel": f"Local/common@half-00000000;{n}", "Uniqueid": f"node1-1.{n + 6}", "BridgeId": bridge}
        for n, bridge in ((1, "b"), (2, "further"))
    ]
    halves = [{**half, "AccountCode": "node1-1.0"} for half in halves]
    switch = switch_with(CITIZEN, *halves, {**AGENT, "BridgeId": "further"})

    assert (await obey(switch, HAND_OVER)).is_accepted
    assert moved(switch)[0]["ExtraChannel"] == AGENT["Channel"]


@pytest.mark.parametrize(
    ("channels", "has_target", "words"),
    [
        ((CITIZEN, AGENT), False, "no way to hand over to 110"),
        ((AGENT,), True, "this call has no channel any more"),
        ((CITIZEN,), True, "seat 8001 does not talk in this call"),
        ((CITIZEN, {**AGENT, "BridgeId": ""}), True, "seat 8001 does not talk in this call"),
        (({**CITIZEN, "BridgeId": ""}, {**AGENT, "BridgeId": ""}), True, "seat 8001 does not talk in this call"),
        ((CITIZEN, {**AGENT, "Channel": "PJSIP/80011-00000001"}), True, "seat 8001 does not talk in this call"),
        ((CITIZEN, AGENT, NEAR, FAR), True, "a hand-over is under way"),
    ],
)
async def test_what_cannot_be_handed_over_moves_nobody(
    channels: tuple[dict[str, str], ...], has_target: bool, words: str
) -> None:
    switch = switch_with(*channels, has_target=has_target)

    result = await obey(switch, HAND_OVER)

    assert (result.is_accepted, result.message) == (False, words)
    assert moved(switch) == []


def standing_in(switch: FakeSwitch, context: str, extension: str, state: str) -> FakeSwitch:
    """Where the citizen's channel really is, whatever the list of channels still says."""
    values = {"CONTEXT": context, "EXTEN": extension, "SHARED(HL_HANDOVER_STATE)": state}
    switch.answers["GetVar"] = lambda asked: [{"Response": "Success", "Value": values.get(asked["Variable"], "1")}]
    return switch


@pytest.mark.parametrize(
    ("context", "extension", "state"),
    [
        ("handover", "110", ""),
        ("handover", "119", "kept"),
        ("handover-citizen", "s", "kept"),
        ("handover-citizen", "room", "ringing"),
        ("handover-citizen", "room", "answered"),
        ("handover-citizen", "room", "joined"),
        ("handover-citizen", "lost", "lost"),
    ],
)
async def test_an_attempt_that_is_not_settled_is_the_only_one(context: str, extension: str, state: str) -> None:
    switch = standing_in(switch_with(CITIZEN, AGENT), context, extension, state)

    assert (await obey(switch, HAND_OVER)).message == "a hand-over is under way"
    assert moved(switch) == []


@pytest.mark.parametrize(
    ("context", "extension", "state"),
    [("handover-citizen", "room", "kept"), ("way", "back", "lost"), ("agents", "s", "kept")],
)
async def test_after_an_attempt_that_is_settled_another_may_follow(context: str, extension: str, state: str) -> None:
    switch = standing_in(switch_with(CITIZEN, AGENT), context, extension, state)

    assert (await obey(switch, HAND_OVER)).is_accepted
    assert len(moved(switch)) == 1


class SlowSwitch(FakeSwitch):
    """Another task runs while an answer is on its way; after a redirect the citizen stands in its context."""

    async def call(
        self, action: str, headers: Mapping[str, str], *, timeout_seconds: float = 5.0, is_list: bool = False
    ) -> list[Headers]:
        await asyncio.sleep(0)
        answer = await super().call(action, headers, timeout_seconds=timeout_seconds, is_list=is_list)
        if action == "Redirect":
            standing_in(self, headers["Context"], headers["Exten"], "")
        return answer


async def test_of_two_requests_at_once_one_moves_the_call() -> None:
    switch = SlowSwitch()
    switch.answers = switch_with(CITIZEN, AGENT).answers
    commander = Commander(switch)
    commands = [TypeAdapter(AnyCommand).validate_python({**HAND_OVER, "target": one}) for one in ("110", "119", "110")]

    results = await asyncio.gather(*(commander.obey(command) for command in commands))

    assert [(one.is_accepted, one.message) for one in results] == [
        (True, ""), (False, "a hand-over is under way"), (False, "a hand-over is under way"),
    ]  # fmt: skip
    assert [asked["Exten"] for asked in moved(switch)] == ["110"]


async def test_a_calls_lock_is_its_own_and_dropped_after_use() -> None:
    locks = CallLocks()

    async with locks.of("node1-1.0"):
        assert locks.of("node1-1.0").locked()
        assert not locks.of("node1-9.0").locked()
    assert len(locks) == 0


async def test_the_agent_leaves_once_the_other_side_is_there() -> None:
    near = {**NEAR, "Application": "ConfBridge"}
    switch = switch_with(CITIZEN, {**AGENT, **IN_ROOM}, near, FAR)

    assert (await obey(switch, LEAVE)).is_accepted
    assert [asked["Channel"] for asked in moved(switch)] == [AGENT["Channel"]]


async def test_the_agent_may_not_leave_the_citizen_alone() -> None:
    switch = switch_with(CITIZEN, {**AGENT, **IN_ROOM}, NEAR, FAR)

    assert (await obey(switch, LEAVE)).message == "the other side is not in the conversation"
    assert moved(switch) == []


async def test_taking_back_ends_the_way_to_the_other_side_alone() -> None:
    switch = switch_with(CITIZEN, {**AGENT, **IN_ROOM}, NEAR, FAR)

    assert (await obey(switch, TAKE_BACK)).is_accepted
    assert [asked["Channel"] for asked in moved(switch)] == [FAR["Channel"]]


@pytest.mark.parametrize(
    ("channels", "words"),
    [
        ((CITIZEN, {**AGENT, **IN_ROOM}), "no hand-over is under way"),
        ((CITIZEN, NEAR, FAR), "the agent has left it to the other side"),
    ],
)
async def test_there_must_be_something_to_take_back(channels: tuple[dict[str, str], ...], words: str) -> None:
    switch = switch_with(*channels)

    assert (await obey(switch, TAKE_BACK)).message == words
    assert moved(switch) == []


@pytest.mark.parametrize("target", ["", "11", "110&PJSIP/8001", "110,1)", "1" * 21, "１１０"])
def test_a_target_is_nothing_but_digits(target: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(AnyCommand).validate_python({**HAND_OVER, "target": target})


TOLD = {
    "UserEvent": "HotlineHandover", "Timestamp": "1795413367.5", "Linkedid": "node1-1.0", "CallId": "node1-1.0",
    "Target": "110", "Result": "refused", "Agent": "1001", "Attempt": "1", "Cause": "busy",
}  # fmt: skip


def test_live_event_and_line_tell_the_same() -> None:
    live = parse_event("UserEvent", TOLD)
    [line] = parse_line("1795413367|node1-1.0|NONE|NONE|HLHANDOVER|110|refused|1001|1|busy")

    assert isinstance(live, AmiHandedOver)
    assert isinstance(line, AmiHandedOver)
    assert [fact.payload for fact in interpret(live)] == [fact.payload for fact in interpret(line)]


@pytest.mark.parametrize("missing", ["CallId", "Target", "Result", "Timestamp"])
def test_a_step_without_its_words_is_unreadable(missing: str) -> None:
    with pytest.raises(Unreadable):
        parse_event("UserEvent", {name: value for name, value in TOLD.items() if name != missing})


def test_a_result_nobody_knows_is_refused() -> None:
    event = parse_event("UserEvent", {**TOLD, "Result": "exploded"})
    assert event is not None

    with pytest.raises(ValueError, match="exploded"):
        interpret(event)


def test_a_line_that_is_too_short_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        parse_line("1795413367|node1-1.0|NONE|NONE|HLHANDOVER|110")
