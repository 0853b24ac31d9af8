"""The consumer: from what was heard to the journal, over gaps, garbage and full disks. Real journal, real files."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from ami_bridge import pipeline as module
from ami_bridge.fifo import Fifo
from ami_bridge.log_tail import LogTail
from ami_bridge.pipeline import Item, Pipeline
from ami_bridge.state import ParkingLot, StateFile
from ami_bridge.switch import Answered, Connected, Disconnected, Headers, Received
from app.contract.journal import Journal
from app.contract.records import encode_record
from tests.fakes.ami_server import listing, success
from tests.fakes.switch import FakeSwitch

NOW = 1_795_402_500.0


class Bridge:
    """A pipeline with its files, and a switch that answers snapshots."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "queue_log"
        self.members: list[Headers] = []
        self.channels: list[Headers] = []
        self.start()

    def start(self) -> None:
        self.journal = Journal(self.folder / "journal", fsync_interval_ms=0)
        self.parking = ParkingLot(self.folder)
        self.fifo: Fifo[Item] = Fifo(100)
        self.switch = FakeSwitch(self.fifo.put)
        self.switch.answers["QueueStatus"] = self.list_members
        self.switch.answers["CoreShowChannels"] = self.list_channels
        self.switch.answers["Ping"] = success
        self.pipeline = Pipeline(
            node="node1",
            journal=self.journal,
            tail=LogTail(self.log, None),
            state=StateFile(self.folder),
            parking=self.parking,
            fifo=self.fifo,
            switch=self.switch,
            clock=lambda: NOW + 10,
        )
        self.pipeline.remember()

    def list_members(self, action: Headers) -> list[Headers]:
        return listing("QueueStatus", self.members)(action)

    def list_channels(self, action: Headers) -> list[Headers]:
        return listing("CoreShowChannels", self.channels)(action)

    def restart(self) -> None:
        """As after kill -9: nothing is said good-bye to."""
        self.journal.close()
        self.start()

    async def hear(self, *items: Item) -> None:
        for item in items:
            self.fifo.put(item)
        for _ in range(5):
            await self.pipeline.drain()
            await asyncio.sleep(0)

    def lines(self, *lines: str) -> None:
        with self.log.open("a") as file:
            file.writelines(f"{line}\n" for line in lines)

    @property
    def told(self) -> list[tuple[str, bool]]:
        return [(event["type"], event["is_reconstructed"]) for event in self.events]

    @property
    def events(self) -> list[dict[str, Any]]:
        return [record.as_dict() for record in self.journal.read_after(0, 10_000)]


@pytest.fixture
def bridge(tmp_path: Path) -> Iterator[Bridge]:
    bridge = Bridge(tmp_path)
    yield bridge
    bridge.journal.close()


def arrived(at: float = NOW) -> Received:
    return Received(
        "UserEvent", {"Timestamp": str(at), "UserEvent": "HotlineArrived", "CallId": "n-1.1", "Trunk": "carrier"}
    )


def joined(at: float = NOW + 1) -> Received:
    caller = {"Timestamp": str(at), "Uniqueid": "n-1.1", "Linkedid": "n-1.1", "AccountCode": "n-1.1"}
    return Received("QueueCallerJoin", {**caller, "Queue": "common", "Position": "1"})


ARRIVED_LINE = "1795402500|n-1.1|NONE|NONE|HLARRIVED|carrier|12345|138|张三"
JOINED_LINE = "1795402501|n-1.1|common|NONE|ENTERQUEUE||138|1"
ENDED_LINE = "1795402502|n-1.1|NONE|NONE|HLENDED|queue|common||1795402501|0"
CHANNEL = {"Event": "CoreShowChannel", "Uniqueid": "n-1.1", "Channel": "PJSIP/x"}
MEMBER = {"Event": "QueueMember", "Queue": "common", "Name": "1001", "Location": "PJSIP/8001", "Paused": "0"}


async def test_live_events_are_journalled_in_order(bridge: Bridge) -> None:
    await bridge.hear(Connected(), arrived(), joined())

    assert bridge.told == [("CallArrived", False), ("CallerQueued", False)]
    assert [event["seq"] for event in bridge.events] == [1, 2]


def connected_with_agent(at: float = NOW + 2) -> Received:
    caller = {"Timestamp": str(at), "Uniqueid": "n-1.1", "Linkedid": "n-1.1", "AccountCode": "n-1.1"}
    member = {"Queue": "common", "MemberName": "1001", "Interface": "PJSIP/8001", "DestUniqueid": "n-1.2"}
    return Received("AgentConnect", {**caller, **member})


COMPLETED_WITHOUT_CHANNEL = Received(
    "AgentComplete",
    {"Timestamp": str(NOW + 4), "Queue": "common", "MemberName": "1001", "Interface": "PJSIP/8001", "TalkTime": "2"},
)


async def test_the_end_of_a_talk_is_told_even_when_both_channels_are_gone(bridge: Bridge) -> None:
    await bridge.hear(Connected(), arrived(), joined(), connected_with_agent(), COMPLETED_WITHOUT_CHANNEL)

    assert bridge.told[-1] == ("ConversationEnded", False)
    assert bridge.events[-1]["call_id"] == "n-1.1"
    assert bridge.events[-1]["payload"]["talk_time_seconds"] == 2


async def test_the_end_of_a_talk_nobody_knows_of_is_parked(bridge: Bridge) -> None:
    await bridge.hear(Connected(), arrived(), COMPLETED_WITHOUT_CHANNEL)

    assert bridge.told == [("CallArrived", False)]
    assert bridge.parking.count == 1


async def test_a_gap_is_filled_from_the_log_once(bridge: Bridge) -> None:
    bridge.channels = [CHANNEL]
    await bridge.hear(Connected(), arrived(), Disconnected())
    bridge.lines(ARRIVED_LINE, JOINED_LINE, ENDED_LINE)

    await bridge.hear(Connected())

    assert bridge.told == [
        ("CallArrived", False),
        ("CallerQueued", True),
        ("CallerAbandoned", True),
        ("CallEnded", True),
    ]


async def test_what_is_heard_after_the_log_in_and_stands_in_the_log_too_is_told_once(bridge: Bridge) -> None:
    bridge.lines(ARRIVED_LINE, JOINED_LINE)

    await bridge.hear(Connected(), joined(), arrived())

    assert bridge.told == [("CallArrived", True), ("CallerQueued", True)]


async def test_killed_after_the_journal_and_before_the_checkpoint_nothing_is_doubled(bridge: Bridge) -> None:
    bridge.channels = [CHANNEL]
    bridge.lines(ARRIVED_LINE)
    await bridge.hear(Connected(), joined())
    bridge.lines(JOINED_LINE)
    bridge.restart()

    await bridge.hear(Connected())

    assert bridge.told == [("CallArrived", True), ("CallerQueued", False)]


async def test_killed_in_a_gap_nothing_is_lost(bridge: Bridge) -> None:
    bridge.lines(ARRIVED_LINE)
    await bridge.hear(Connected(), arrived())
    bridge.journal.close()
    bridge.lines(JOINED_LINE, ENDED_LINE)
    bridge.start()

    await bridge.hear(Connected())

    assert [kind for kind, _ in bridge.told] == ["CallArrived", "CallerQueued", "CallerAbandoned", "CallEnded"]


async def test_the_checkpoint_moves_only_behind_what_was_heard(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHECKPOINT_SECONDS", 0.001)
    bridge.channels = [CHANNEL]
    await bridge.hear(Connected(), arrived())
    bridge.lines(ARRIVED_LINE)
    keeping = asyncio.create_task(bridge.pipeline.keep_checkpoint())
    while not (bridge.folder / "checkpoint.json").exists():
        await asyncio.sleep(0)
        await bridge.hear()
    await bridge.hear(Disconnected())
    saved = (bridge.folder / "checkpoint.json").read_text()
    bridge.lines(JOINED_LINE)
    for _ in range(20):
        await asyncio.sleep(0.001)
        await bridge.hear()
    keeping.cancel()

    assert json.loads(saved)["queue_log"]["offset"] == len(ARRIVED_LINE.encode()) + 1
    assert (bridge.folder / "checkpoint.json").read_text() == saved


async def test_members_nobody_told_of_come_from_the_snapshot(bridge: Bridge) -> None:
    bridge.members = [MEMBER]

    await bridge.hear(Connected())
    bridge.members = [{**MEMBER, "Paused": "1", "PausedReason": "meal"}]
    await bridge.hear(Disconnected(), Connected())
    bridge.members = []
    await bridge.hear(Disconnected(), Connected())

    assert bridge.told == [("AgentSignedIn", True), ("AgentPaused", True), ("AgentSignedOut", True)]


async def test_members_are_remembered_without_their_journal(bridge: Bridge) -> None:
    bridge.members = [MEMBER]
    await bridge.hear(Connected())
    bridge.pipeline.save_state()
    bridge.journal.close()
    for path in (bridge.folder / "journal").glob("*"):
        path.unlink()
    bridge.start()

    await bridge.hear(Connected())

    assert bridge.told == []


async def test_a_call_whose_channel_is_gone_has_ended(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GONE_AFTER_SECONDS", 0)
    await bridge.hear(Connected(), arrived(), joined(), Disconnected())

    await bridge.hear(Connected())

    assert bridge.told[2:] == [("CallerAbandoned", True), ("CallEnded", True)]


async def test_a_call_that_ends_while_the_snapshot_is_taken_is_told_by_its_own_event(
    bridge: Bridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GONE_AFTER_SECONDS", 0)
    bridge.channels = [CHANNEL]
    await bridge.hear(Connected(), arrived())
    ended = {"Timestamp": str(NOW + 2), "UserEvent": "HotlineEnded", "CallId": "n-1.1", "Cause": "16"}
    snapshot = Answered("CoreShowChannels", listing("CoreShowChannels", [])({}))

    await bridge.hear(snapshot, Received("UserEvent", ended))

    assert [(event["type"], event["payload"]["hangup_cause"]) for event in bridge.events[1:]] == [("CallEnded", 16)]


async def test_unreadable_events_and_lines_are_parked_and_the_rest_goes_on(bridge: Bridge) -> None:
    bridge.lines("garbage", "1795402501|n-1.1|common|1001|CONNECT|soon|leg|2", ARRIVED_LINE)
    broken = Received("AgentConnect", {"Queue": "common"})
    too_long = Received("QueueCallerJoin", {**joined().headers, "Queue": "q" * 500})

    await bridge.hear(Connected(), broken, too_long, joined())

    assert bridge.told == [("CallArrived", True), ("CallerQueued", False)]
    assert bridge.parking.count == 4
    reasons = [json.loads(line)["reason"] for line in (bridge.folder / "parked.jsonl").read_text().splitlines()]
    assert reasons[2] == "AgentConnect without Timestamp"
    assert (bridge.folder / "parked.jsonl").stat().st_mode & 0o077 == 0


async def test_a_callers_number_never_gets_into_the_log(bridge: Bridge) -> None:
    number = "13812345678" * 20
    bridge.lines(f"1795402501|n-1.1|{number}|NONE|ENTERQUEUE||{number}|1")
    with capture_logs() as logs:
        await bridge.hear(Connected(), Received("QueueCallerJoin", {**joined().headers, "Queue": number}))

    assert bridge.parking.count == 2
    assert "13812345678" not in str(logs)


async def test_a_number_where_another_value_belongs_is_parked_and_not_logged(bridge: Bridge) -> None:
    number = "tel:13812345678"
    bridge.lines(
        f"1795402501|n-1.1|common|1001|CONNECT|{number}|leg|2",
        f"1795402501|n-1.1|NONE|NONE|HLENDED|queue|common||{number}|16",
        "1795402501|n-1.1|NONE|NONE|HLENDED|queue|common||13812345678|16",
    )
    broken = [{"Position": number}, {"Timestamp": number}, {"Timestamp": "13812345678000"}]
    with capture_logs() as logs:
        await bridge.hear(
            Connected(), *(Received("QueueCallerJoin", {**joined().headers, **headers}) for headers in broken)
        )

    parked = [json.loads(line) for line in (bridge.folder / "parked.jsonl").read_text().splitlines()]
    assert [one["reason"] for one in parked] == [
        "queue_log CONNECT: ValueError",
        "queue_log HLENDED: ValueError",
        *["QueueCallerJoin: ValueError"] * 3,
    ]
    assert all("13812345678" in str(one["content"]) for one in parked)
    assert "13812345678" not in str(logs)


async def test_what_a_full_fifo_dropped_is_mended_from_the_log(bridge: Bridge) -> None:
    bridge.channels = [CHANNEL]
    await bridge.hear(Connected())
    running = asyncio.create_task(bridge.pipeline.run())
    for _ in range(bridge.fifo.capacity):
        bridge.fifo.put(Received("UserEvent", {"UserEvent": "other"}))
    bridge.fifo.put(arrived())
    bridge.lines(ARRIVED_LINE)
    while not bridge.events:
        await asyncio.sleep(0)
    running.cancel()

    assert bridge.fifo.dropped == 1
    assert bridge.told == [("CallArrived", True)]


async def test_a_disk_that_is_full_is_waited_for(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DISK_RETRY_SECONDS", 0)
    append_all, failures = bridge.journal.append_all, [OSError("disk full"), OSError("disk full")]

    def full_for_a_while(events: Any) -> int:
        if failures:
            raise failures.pop()
        return append_all(events)

    monkeypatch.setattr(bridge.journal, "append_all", full_for_a_while)

    await bridge.hear(Connected(), arrived())

    assert bridge.told == [("CallArrived", False)]


async def test_a_broken_state_file_costs_time_and_no_fact(bridge: Bridge) -> None:
    bridge.channels = [CHANNEL]
    bridge.lines(ARRIVED_LINE)
    await bridge.hear(Connected())
    (bridge.folder / "checkpoint.json").write_text("{")
    bridge.lines(JOINED_LINE)
    bridge.restart()

    await bridge.hear(Connected())

    assert bridge.told == [("CallArrived", True), ("CallerQueued", True)]


@pytest.mark.parametrize("content", [b"[1]", b"none", b"\xff"])
async def test_a_journal_with_a_record_that_is_no_event_does_not_stop_a_restart(bridge: Bridge, content: bytes) -> None:
    await bridge.hear(Connected(), arrived())
    with (bridge.folder / "journal/0000000000000001.journal").open("ab") as file:
        file.write(encode_record(2, content))

    with capture_logs() as logs:
        bridge.restart()
    await bridge.hear(Connected(), arrived())

    assert "journal_event_unreadable" in [line["event"] for line in logs]
    assert [record.seq for record in bridge.journal.read_after(0, 10)] == [1, 2]  # and nothing is told twice
