"""The bridge's connection and pipeline with a real Asterisk: what the fakes promise is so."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from ami_bridge.commands import Commander
from ami_bridge.connection import AmiConnection
from ami_bridge.fifo import Fifo
from ami_bridge.log_tail import LogTail
from ami_bridge.parse import WANTED
from ami_bridge.pipeline import Item, Pipeline
from ami_bridge.state import ParkingLot, StateFile
from ami_bridge.switch import SwitchRefused, UnsafeValue
from app.contract.commands import HangUp, Pause, QueueSkill, Resume, SignIn, SignOut
from app.contract.journal import Journal
from dialplan.seats import seat_password
from sipp_scenarios.sipp import SippPlan, digest, start_sipp
from sipp_scenarios.templates import COMMON, render
from sipp_scenarios.waiting import until
from tests.calls.dialplan import asterisk_node
from tests.calls.dialplan.asterisk_node import AsteriskNode, own_settings
from tests.calls.dialplan.sip_phone import SipPhone

pytestmark = pytest.mark.calls

SIGN_IN = SignIn(
    agent="1001", seat="8001", queues=[QueueSkill(queue="common"), QueueSkill(queue="consumer", penalty=1)]
)
SIGN_OUT = SignOut(agent="1001", seat="8001")


@pytest.fixture(scope="module")
def own_node() -> Iterator[AsteriskNode]:
    home = asterisk_node.HOME.with_name("bridge")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asterisk_node, "HOME", home)
        with AsteriskNode(own_settings()) as running:
            yield running


class Bridge:
    """Listener, pipeline and journal of one bridge, in this process."""

    def __init__(self, node: AsteriskNode, folder: Path) -> None:
        self.journal = Journal(folder / "journal", fsync_interval_ms=0)
        fifo: Fifo[Item] = Fifo(10_000)
        self.parking = ParkingLot(folder)
        settings = node.settings
        self.events = AmiConnection(
            host=settings.ami_host,
            port=settings.ami_port,
            username=settings.ami_events_user,
            secret=settings.ami_events_secret.get_secret_value(),
            listener=fifo.put,
            wanted=WANTED,
        )
        self.commands = AmiConnection(
            host=settings.ami_host,
            port=settings.ami_port,
            username=settings.ami_commands_user,
            secret=settings.ami_commands_secret.get_secret_value(),
        )
        self.commander = Commander(self.commands)
        self.pipeline = Pipeline(
            node=settings.node,
            journal=self.journal,
            tail=LogTail(node.home / "log/queue_log", None),
            state=StateFile(folder),
            parking=self.parking,
            fifo=fifo,
            switch=self.events,
        )
        self.pipeline.remember()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        self._tasks = [
            asyncio.create_task(one) for one in (self.events.run(), self.commands.run(), self.pipeline.run())
        ]
        await self.until(lambda: self.pipeline.is_listening and self.commands.is_connected)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.journal.close()

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(30):
            while not condition():
                await asyncio.sleep(0.01)

    @property
    def told(self) -> list[dict[str, Any]]:
        return [record.as_dict() for record in self.journal.read_after(0, 10_000)]

    @property
    def live(self) -> list[dict[str, Any]]:
        """Without what earlier tests left in queue_log."""
        return [event for event in self.told if not event["is_reconstructed"]]

    @property
    def agent_kinds(self) -> list[str]:
        return [event["type"] for event in self.live if event["call_id"] is None]

    def kinds(self, call_id: str) -> list[str]:
        return [event["type"] for event in self.told if event["call_id"] == call_id]


@pytest.fixture(scope="module")
def seated(own_node: AsteriskNode, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A phone registers at seat 8001 and stays there."""
    settings = own_node.settings
    password = seat_password(settings.seat_secret.get_secret_value(), "8001")
    xml = render("register", COMMON, {"seat": "8001", "authentication": digest("8001", password), "stay_ms": 60_000})
    target = f"127.0.0.1:{settings.sip_port}"
    folder, phone_xml = (
        tmp_path_factory.mktemp("seat"),
        render("load-seat", COMMON, {"seat": "8001", "ring_ms": 0, "talk_ms": 1000}),
    )
    phone = start_sipp(SippPlan("seat", folder, xml, target, "127.0.0.1", out_of_call_xml=phone_xml))
    try:
        until(lambda: any(fact.what == "registered" for fact in phone.facts()), what="8001 registers", within_ms=10_000)
        yield
    finally:
        phone.kill()


@pytest.fixture
async def bridge(own_node: AsteriskNode, tmp_path: Path) -> AsyncIterator[Bridge]:
    bridge = Bridge(own_node, tmp_path)
    await bridge.start()
    yield bridge
    await bridge.commander.obey(SIGN_OUT)
    await bridge.stop()


async def test_a_seat_without_a_phone_is_not_signed_in(bridge: Bridge) -> None:
    for seat in ("8002", "8999"):
        result = await bridge.commander.obey(SIGN_IN.model_copy(update={"seat": seat}))

        assert (result.is_accepted, result.message) == (False, f"seat {seat} is not registered")
    assert bridge.agent_kinds == []


@pytest.mark.usefixtures("seated")
async def test_commands_take_effect_and_come_home_as_events(bridge: Bridge) -> None:
    for command in (
        SIGN_IN,
        SIGN_IN,
        Pause(agent="1001", seat="8001", reason="meal"),
        Resume(agent="1001", seat="8001"),
    ):
        assert (await bridge.commander.obey(command)).is_accepted
    assert (await bridge.commander.obey(SIGN_OUT)).is_accepted
    await bridge.until(lambda: bridge.agent_kinds.count("AgentSignedOut") == 2)

    assert bridge.agent_kinds == [
        *["AgentSignedIn"] * 2,
        *["AgentPaused"] * 2,
        *["AgentResumed"] * 2,
        *["AgentSignedOut"] * 2,
    ]
    assert {event["payload"]["agent"] for event in bridge.live} == {"1001"}
    assert bridge.live[0]["payload"]["seat"] == "8001"


@pytest.mark.usefixtures("seated")
async def test_signing_in_for_a_pause_is_one_step(bridge: Bridge) -> None:
    await bridge.commander.obey(SIGN_IN.model_copy(update={"pause_reason": "meal"}))
    await bridge.until(lambda: len(bridge.agent_kinds) == 4)

    assert bridge.agent_kinds == ["AgentSignedIn", "AgentPaused"] * 2
    assert bridge.live[1]["payload"]["reason"] == "meal"


@pytest.mark.usefixtures("seated")
async def test_what_asterisk_refuses_is_told(bridge: Bridge) -> None:
    nowhere = await bridge.commander.obey(SIGN_IN.model_copy(update={"queues": [QueueSkill(queue="nowhere")]}))
    nobody = await bridge.commander.obey(Pause(agent="1009", seat="8009", reason="meal"))
    no_call = await bridge.commander.obey(HangUp(call_id="node1-1.1"))

    assert [result.is_accepted for result in (nowhere, nobody, no_call)] == [False] * 3
    assert "No such queue" in nowhere.message


async def test_the_accounts_may_do_nothing_else(bridge: Bridge) -> None:
    for application in ("System", "TrySystem", "AGI", "MixMonitor", "ExecIf"):
        program = {"Application": application, "Data": "id", "Channel": "Local/s@arrive"}
        with pytest.raises(SwitchRefused):
            await bridge.commands.call("Originate", program)
    with pytest.raises(SwitchRefused):
        await bridge.events.call("Originate", {"Application": "Wait", "Data": "1", "Channel": "Local/s@arrive"})
    with pytest.raises(SwitchRefused):
        await bridge.commands.call("Command", {"Command": "core show version"})
    with pytest.raises(SwitchRefused):
        await bridge.events.call("QueueAdd", {"Queue": "common", "Interface": "PJSIP/8001"})
    with pytest.raises(UnsafeValue):
        await bridge.commands.call("QueuePause", {"Interface": "x\r\n\r\nAction: Originate"})


async def test_a_call_nobody_takes_is_told_from_its_arrival_to_its_end(bridge: Bridge, own_node: AsteriskNode) -> None:
    name = '"张三" <sip:13812345678@c>'.encode()
    with SipPhone(own_node.settings.sip_port) as phone:
        assert await asyncio.to_thread(phone.invite, "12345", name) == 200
        await asyncio.to_thread(phone.wait_for_goodbye)
    call_id = own_node.last_call_id()
    await bridge.until(lambda: "CallEnded" in bridge.kinds(call_id))

    assert bridge.kinds(call_id) == ["CallArrived", "QueueTimedOut", "CallEnded"]
    arrived = next(event for event in bridge.told if event["call_id"] == call_id)
    assert arrived["payload"]["caller_name"] == "张三"
    assert bridge.parking.count == 0


async def test_what_a_bridge_told_live_another_rebuilds_with_the_same_ids(
    bridge: Bridge, own_node: AsteriskNode, tmp_path: Path
) -> None:
    with SipPhone(own_node.settings.sip_port) as phone:
        assert await asyncio.to_thread(phone.invite, "12345", b"<sip:13812345678@c>") == 200
        await asyncio.to_thread(phone.wait_for_goodbye)
    call_id = own_node.last_call_id()
    await bridge.until(lambda: "CallEnded" in bridge.kinds(call_id))

    later = Bridge(own_node, tmp_path / "later")
    await later.start()
    await later.until(lambda: "CallEnded" in later.kinds(call_id))
    await later.stop()

    def ids(of: Bridge) -> list[str]:
        return [event["event_id"] for event in of.told if event["call_id"] == call_id]

    assert ids(later) == ids(bridge)
    assert {event["is_reconstructed"] for event in later.told} == {True}


async def test_a_hung_up_call_ends(bridge: Bridge, own_node: AsteriskNode) -> None:
    with SipPhone(own_node.settings.sip_port) as phone:
        assert await asyncio.to_thread(phone.invite, "12345", b"<sip:13812345678@c>") == 200
        call_id = own_node.last_call_id()
        assert (await bridge.commander.obey(HangUp(call_id=call_id))).is_accepted
        await asyncio.to_thread(phone.wait_for_goodbye)
    await bridge.until(lambda: "CallEnded" in bridge.kinds(call_id))

    assert "QueueTimedOut" not in bridge.kinds(call_id)
