"""The bridge as a process: killed, stopped, started again, between an AMI server and a store on real sockets."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from app.contract.ports import free_port
from tests.fakes.ami_server import SECRET, AmiServer, ami_server, frame, listing, success
from tests.fakes.recording_store import RecordingStore
from tests.fakes.store_server import store_server

pytestmark = pytest.mark.services

TOKEN = "c" * 32


class Rig:
    """An Asterisk that says things over AMI and writes them into queue_log, and the bridge between it and a store."""

    def __init__(self, home: Path, server: AmiServer, store: RecordingStore, store_url: str) -> None:
        self.server = server
        self.store = store
        self.log = home / "asterisk/log/queue_log"
        self.log.parent.mkdir(parents=True)
        self.alive: list[str] = []
        self.expected: list[str] = []
        self.port = free_port()
        self.environment = {
            **os.environ,
            "HOTLINE_HOME": str(home),
            "HOTLINE_AMI_PORT": str(server.port),
            "HOTLINE_AMI_EVENTS_SECRET": SECRET,
            "HOTLINE_AMI_COMMANDS_SECRET": SECRET,
            "HOTLINE_FACTS_URL": store_url,
            "HOTLINE_BRIDGE_TOKEN": "token",
            "HOTLINE_BRIDGE_PORT": str(self.port),
            "HOTLINE_COMMAND_TOKEN": TOKEN,
        }
        server.answers["QueueStatus"] = listing("QueueStatus", [])
        server.answers["CoreShowChannels"] = self.list_channels
        self.process: asyncio.subprocess.Process | None = None

    def list_channels(self, action: dict[str, str]) -> list[dict[str, str]]:
        channels = [{"Event": "CoreShowChannel", "Uniqueid": uniqueid, "Channel": "x"} for uniqueid in self.alive]
        return listing("CoreShowChannels", channels)(action)

    async def start(self) -> None:
        logins = self.server.logins
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "-m", "ami_bridge", env=self.environment, stdout=asyncio.subprocess.PIPE
        )
        await asyncio.wait_for(self.server.until_logins(logins + 2), 20)

    async def end(self, number: signal.Signals) -> list[dict[str, object]]:
        """Send a signal, and wait; what the bridge logged."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(number)
        output, _ = await asyncio.wait_for(self.process.communicate(), 20)
        return [json.loads(line) for line in output.splitlines() if line.startswith(b"{")]

    async def happen(self, number: int) -> None:
        """One call arrives, and one ends: into the log first, then over AMI, as Asterisk may."""
        now = time.time()
        call_id = f"node1-1.{number}"
        self.alive.append(call_id)
        self.expected.append(f"node1:{call_id}:CallArrived")
        with self.log.open("a") as file:
            file.write(f"{int(now)}|{call_id}|NONE|NONE|HLARRIVED|carrier|12345|138|张三\n")
        about = {"Event": "UserEvent", "Timestamp": f"{now:.6f}", "CallId": call_id}
        await self.server.send(frame({**about, "UserEvent": "HotlineArrived", "Trunk": "carrier", "Ani": "138"}))
        if len(self.alive) > 5:
            await self._hang_up(self.alive.pop(0), now)

    async def _hang_up(self, call_id: str, now: float) -> None:
        self.expected.append(f"node1:{call_id}:CallEnded")
        with self.log.open("a") as file:
            file.write(f"{int(now)}|{call_id}|NONE|NONE|HLENDED|after_queue|||||16\n")
        about = {"Event": "UserEvent", "Timestamp": f"{now:.6f}", "CallId": call_id}
        await self.server.send(frame({**about, "UserEvent": "HotlineEnded", "Stage": "after_queue", "Cause": "16"}))

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not condition():
                await asyncio.sleep(0.01)

    @property
    def told(self) -> list[str]:
        return [event["event_id"] for event in self.store.events]


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    store = RecordingStore()
    async with ami_server() as server:
        with store_server(store) as url:
            rig = Rig(tmp_path, server, store, url)
            await rig.start()
            yield rig
            await rig.end(signal.SIGKILL)


async def test_killed_again_and_again_it_loses_nothing_and_doubles_nothing(rig: Rig) -> None:
    for number in range(300):
        await rig.happen(number)
        if number in (50, 120, 200):
            await rig.end(signal.SIGKILL)
        if number in (80, 121, 260):
            await rig.start()

    await rig.until(lambda: len(rig.told) >= len(rig.expected))

    assert sorted(rig.told) == sorted(rig.expected)
    assert any(event["is_reconstructed"] for event in rig.store.events)


async def test_sigterm_lets_everything_heard_reach_the_store(rig: Rig) -> None:
    for number in range(100):
        await rig.happen(number)
    await rig.until(lambda: len(rig.told) > 0)

    logs = await rig.end(signal.SIGTERM)

    assert rig.process is not None
    assert rig.process.returncode == 0
    stopped = logs[-1]
    assert (stopped["event"], stopped["is_flushed"]) == ("bridge_stopped", True)
    journalled = stopped["journal_seq"]
    assert len(rig.told) == journalled
    await rig.start()
    await rig.until(lambda: len(rig.told) == len(rig.expected))


async def test_a_store_that_is_away_gets_everything_when_it_is_back(rig: Rig) -> None:
    rig.store.failures = [503] * 8
    for number in range(50):
        await rig.happen(number)

    await rig.until(lambda: len(rig.told) == len(rig.expected))

    assert sorted(rig.told) == sorted(rig.expected)
    assert [event["seq"] for event in rig.store.events] == sorted(event["seq"] for event in rig.store.events)


async def test_the_door_acts_and_tells_how_the_bridge_is(rig: Rig) -> None:
    rig.server.answers["QueuePause"] = success
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{rig.port}", trust_env=False) as door:
        command = {"command": "pause", "agent": "1001", "seat": "8001", "reason": "meal"}
        answer = await door.post("/commands", json=command, headers={"Authorization": f"Bearer {TOKEN}"})
        health = (await door.get("/health")).json()

    assert answer.json()["is_accepted"]
    asked = await rig.server.until_asked("QueuePause")
    assert (asked["Interface"], asked["Reason"]) == ("PJSIP/8001", "meal")
    assert health["ami_connected"]
    assert health["queue_depth"] == 0


async def test_no_secret_is_logged(rig: Rig) -> None:
    rig.server.drop()
    await rig.server.until_logins(4)

    logs = await rig.end(signal.SIGTERM)

    text = json.dumps(logs)
    assert {"bridge_starts", "ami_connected", "ami_lost", "bridge_stopped"} <= {str(line["event"]) for line in logs}
    assert TOKEN not in text
    assert f'"{SECRET}"' not in text
