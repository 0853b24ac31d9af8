"""What every SwitchConnection promises; the fake and the real one over a socket pass the same tests."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from ami_bridge.connection import AmiConnection
from ami_bridge.switch import (
    Answered,
    Heard,
    SwitchConnection,
    SwitchRefused,
    SwitchTimeout,
    SwitchUnavailable,
    UnsafeValue,
)
from tests.fakes.ami_server import SECRET, Answer, ami_server, listing, refusal, success
from tests.fakes.switch import FakeSwitch

pytestmark = pytest.mark.services

MEMBERS = [{"Event": "QueueMember", "Name": "1001"}, {"Event": "QueueMember", "Name": "张敏"}]


@dataclass
class Subject:
    switch: SwitchConnection
    answers: dict[str, Answer]
    heard: list[Heard]


@pytest.fixture(params=["fake", "ami"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    heard: list[Heard] = []
    if request.param == "fake":
        fake = FakeSwitch(heard.append)
        yield Subject(fake, fake.answers, heard)
        return
    async with ami_server() as server:
        connection = AmiConnection(
            host="127.0.0.1", port=server.port, username="u", secret=SECRET, listener=heard.append
        )
        running = asyncio.create_task(connection.run())
        await server.until_logins(1)
        while not connection.is_connected:
            await asyncio.sleep(0)
        yield Subject(connection, server.answers, heard)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        with pytest.raises(SwitchUnavailable):
            await connection.call("Ping", {})


async def test_a_call_is_answered(subject: Subject) -> None:
    subject.answers["QueueAdd"] = lambda action: [
        {"Response": "Success", "Message": f"Added {action['Queue']} to queue"}
    ]

    [response] = await subject.switch.call("QueueAdd", {"Queue": "common"})

    assert response["Message"] == "Added common to queue"


async def test_a_list_is_answered_with_its_items(subject: Subject) -> None:
    subject.answers["QueueStatus"] = listing("QueueStatus", MEMBERS)

    messages = await subject.switch.call("QueueStatus", {}, is_list=True)

    assert [message["Name"] for message in messages if message.get("Event") == "QueueMember"] == ["1001", "张敏"]


async def test_an_empty_list_is_answered(subject: Subject) -> None:
    subject.answers["CoreShowChannels"] = listing("CoreShowChannels", [])

    assert len(await subject.switch.call("CoreShowChannels", {}, is_list=True)) == 2


@pytest.mark.parametrize("is_list", [True, False])
async def test_a_refusal_is_an_error_with_the_switchs_words(subject: Subject, is_list: bool) -> None:
    subject.answers["QueueAdd"] = refusal("Unable to add interface: Already there")

    with pytest.raises(SwitchRefused, match="Already there"):
        await subject.switch.call("QueueAdd", {}, is_list=is_list)


async def test_no_answer_is_a_time_out(subject: Subject) -> None:
    subject.answers.pop("Never", None)
    if not isinstance(subject.switch, FakeSwitch):
        subject.answers["Never"] = lambda _action: []

    with pytest.raises(SwitchTimeout):
        await subject.switch.call("Never", {}, timeout_seconds=0.02)


async def test_a_value_cannot_smuggle_in_a_second_action(subject: Subject) -> None:
    with pytest.raises(UnsafeValue):
        await subject.switch.call("QueueAdd", {"Queue": "a\r\n\r\nAction: Originate"})


async def test_concurrent_calls_get_their_own_answers(subject: Subject) -> None:
    subject.answers["Echo"] = lambda action: [{"Response": "Success", "Message": action["Value"]}]

    answers = await asyncio.gather(*(subject.switch.call("Echo", {"Value": str(number)}) for number in range(50)))

    assert [answer[0]["Message"] for answer in answers] == [str(number) for number in range(50)]


async def test_an_answer_in_order_comes_to_the_listener(subject: Subject) -> None:
    subject.answers["QueueStatus"] = listing("QueueStatus", MEMBERS)
    subject.answers["Ping"] = success

    await subject.switch.ask_in_order("QueueStatus")

    [answered] = [one for one in subject.heard if isinstance(one, Answered)]
    assert answered.action == "QueueStatus"
    assert len(answered.messages) == 4
