"""Commands as AMI actions, and the door in front of them."""

import httpx
import pytest
from pydantic import SecretStr, TypeAdapter

from ami_bridge.commands import Commander
from ami_bridge.door import Health, make_door
from ami_bridge.switch import Headers
from app.contract.commands import AnyCommand, CommandResult
from tests.fakes.ami_server import listing, refusal, success
from tests.fakes.switch import FakeSwitch

TOKEN = "t" * 32
SIGN_IN = {
    "command": "sign_in",
    "agent": "1001",
    "seat": "8001",
    "queues": [{"queue": "common"}, {"queue": "consumer", "penalty": 1}],
}


@pytest.fixture
def switch() -> FakeSwitch:
    switch = FakeSwitch()
    for action in ("QueueAdd", "QueueRemove", "QueuePause", "Hangup"):
        switch.answers[action] = success
    has_phone(switch, "NOT_INUSE")
    holds(switch)
    return switch


def has_phone(switch: FakeSwitch, state: str) -> None:
    switch.answers["GetVar"] = lambda _asked: [{"Response": "Success", "Value": state}]


def holds(switch: FakeSwitch, *members: tuple[str, str, str]) -> None:
    """Members the switch has: queue, agent, reason of the pause ('' when not paused)."""
    items = [
        {
            "Event": "QueueMember",
            "Queue": queue,
            "Name": agent,
            "Location": "PJSIP/8001",
            "Paused": "1" if reason else "0",
            "PausedReason": reason,
        }
        for queue, agent, reason in members
    ]
    switch.answers["QueueStatus"] = listing("QueueStatus", items)


async def obey(switch: FakeSwitch, command: dict[str, object]) -> CommandResult:
    return await Commander(switch).obey(TypeAdapter(AnyCommand).validate_python(command))


def done(switch: FakeSwitch) -> list[Headers]:
    return [asked for asked in switch.asked if asked["Action"] not in ("QueueStatus", "CoreShowChannels", "GetVar")]


async def test_signing_in_adds_the_seat_to_each_queue(switch: FakeSwitch) -> None:
    assert (await obey(switch, SIGN_IN)).is_accepted

    common = {
        "Action": "QueueAdd",
        "Queue": "common",
        "Interface": "PJSIP/8001",
        "StateInterface": "PJSIP/8001",
        "MemberName": "1001",
        "Penalty": "0",
        "Paused": "false",
    }
    assert done(switch) == [common, {**common, "Queue": "consumer", "Penalty": "1"}]


@pytest.mark.parametrize("state", ["UNAVAILABLE", "INVALID"])
async def test_a_seat_without_a_phone_is_not_signed_in(switch: FakeSwitch, state: str) -> None:
    has_phone(switch, state)

    result = await obey(switch, SIGN_IN)

    assert result == CommandResult(is_accepted=False, message="seat 8001 is not registered")
    assert switch.asked == [{"Action": "GetVar", "Variable": "DEVICE_STATE(PJSIP/8001)"}]


async def test_signing_in_for_a_pause_never_offers_a_call_in_between(switch: FakeSwitch) -> None:
    await obey(switch, {**SIGN_IN, "pause_reason": "meal"})

    assert [(asked["Paused"], asked["Reason"]) for asked in done(switch)] == [("true", "meal")] * 2


async def test_signing_in_twice_does_nothing_more(switch: FakeSwitch) -> None:
    holds(switch, ("common", "1001", ""), ("consumer", "1001", ""))

    assert (await obey(switch, SIGN_IN)).is_accepted
    assert done(switch) == []


async def test_signing_in_ready_ends_a_pause(switch: FakeSwitch) -> None:
    holds(switch, ("common", "1001", "meal"), ("consumer", "1001", "meal"))

    await obey(switch, SIGN_IN)

    assert done(switch) == [{"Action": "QueuePause", "Interface": "PJSIP/8001", "Paused": "false"}]


async def test_who_sat_there_before_is_signed_out(switch: FakeSwitch) -> None:
    holds(switch, ("common", "1002", ""))

    await obey(switch, SIGN_IN)

    assert [(asked["Action"], asked["Queue"]) for asked in done(switch)] == [
        ("QueueRemove", "common"),
        ("QueueAdd", "common"),
        ("QueueAdd", "consumer"),
    ]


async def test_a_race_that_somebody_else_won_is_accepted(switch: FakeSwitch) -> None:
    switch.answers["QueueAdd"] = refusal("Unable to add interface: Already there")
    assert (await obey(switch, SIGN_IN)).is_accepted

    holds(switch, ("common", "1001", ""))
    switch.answers["QueueRemove"] = refusal("Unable to remove interface: Not there")
    assert (await obey(switch, {"command": "sign_out", "agent": "1001", "seat": "8001"})).is_accepted


async def test_what_asterisk_refuses_is_told(switch: FakeSwitch) -> None:
    switch.answers["QueueAdd"] = refusal("Unable to add interface to queue: No such queue")

    result = await obey(switch, SIGN_IN)

    assert not result.is_accepted
    assert "No such queue" in result.message


async def test_signing_out_leaves_every_queue_of_that_agent_only(switch: FakeSwitch) -> None:
    holds(switch, ("common", "1001", ""), ("consumer", "1002", ""))

    await obey(switch, {"command": "sign_out", "agent": "1001", "seat": "8001"})

    assert done(switch) == [{"Action": "QueueRemove", "Queue": "common", "Interface": "PJSIP/8001"}]


async def test_a_pause_is_for_all_queues(switch: FakeSwitch) -> None:
    await obey(switch, {"command": "pause", "agent": "1001", "seat": "8001", "reason": "meal"})
    await obey(switch, {"command": "resume", "agent": "1001", "seat": "8001"})

    assert done(switch) == [
        {"Action": "QueuePause", "Interface": "PJSIP/8001", "Paused": "true", "Reason": "meal"},
        {"Action": "QueuePause", "Interface": "PJSIP/8001", "Paused": "false"},
    ]


async def test_hanging_up_finds_the_callers_channel(switch: FakeSwitch) -> None:
    channel = {"Event": "CoreShowChannel", "Uniqueid": "n-1.1", "Channel": "PJSIP/carrier-1"}
    switch.answers["CoreShowChannels"] = listing("CoreShowChannels", [channel])

    assert (await obey(switch, {"command": "hang_up", "call_id": "n-1.1"})).is_accepted
    assert not (await obey(switch, {"command": "hang_up", "call_id": "n-1.2"})).is_accepted
    assert done(switch) == [{"Action": "Hangup", "Channel": "PJSIP/carrier-1", "Cause": "16"}]


def health() -> Health:
    return Health(
        ami_connected=True,
        ami_since=None,
        commands_connected=True,
        store_reachable=True,
        journal_seq=5,
        acknowledged_seq=4,
        journal_bytes=1,
        queue_depth=0,
        dropped_events=0,
        parked_events=0,
        last_event_at=None,
    )


def at_the_door(switch: FakeSwitch, token: str = TOKEN) -> httpx.AsyncClient:
    app = make_door(Commander(switch), SecretStr(TOKEN), health)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://bridge", headers=headers)


async def test_the_door_obeys_who_has_the_token(switch: FakeSwitch) -> None:
    async with at_the_door(switch) as door:
        response = await door.post("/commands", json=SIGN_IN)

    assert (response.status_code, response.json()) == (200, {"is_accepted": True, "message": ""})


@pytest.mark.parametrize("token", ["", "wrong", "ключ".encode().decode("latin-1"), TOKEN + "x"])
async def test_the_door_stays_shut_without_the_token(switch: FakeSwitch, token: str) -> None:
    async with at_the_door(switch, "") as door:
        response = await door.post(
            "/commands", json=SIGN_IN, headers={"Authorization": f"Bearer {token}".encode("latin-1")}
        )

    assert response.status_code == 401
    assert switch.asked == []


@pytest.mark.parametrize(
    "command",
    [
        {},
        {"command": "originate"},
        {"command": "pause", "agent": "1001", "seat": "8001\r\nAction: Originate", "reason": "x"},
        {"command": "pause", "agent": "1001", "seat": "8001/../x", "reason": "x"},
        {**SIGN_IN, "queues": []},
        {**SIGN_IN, "extra": 1},
    ],
)
async def test_the_door_refuses_what_is_no_command(switch: FakeSwitch, command: dict[str, object]) -> None:
    async with at_the_door(switch) as door:
        response = await door.post("/commands", json=command)

    assert response.status_code == 422
    assert switch.asked == []


async def test_the_door_says_when_asterisk_is_away(switch: FakeSwitch) -> None:
    switch.is_connected = False
    async with at_the_door(switch) as door:
        response = await door.post("/commands", json=SIGN_IN)

    assert response.status_code == 503


async def test_health_needs_no_token(switch: FakeSwitch) -> None:
    async with at_the_door(switch, "") as door:
        response = await door.get("/health")

    assert response.json()["journal_seq"] == 5
