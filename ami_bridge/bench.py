"""How fast the bridge is on the same bytes: framing alone, panoramisk alone, the bridge from socket bytes to journal.

Called by `make bench`. Rates are events per second of one core. panoramisk's own share is measured in `connection.py`,
the only module that knows it.
"""

import resource
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ami_bridge.connection import AmiConnection, make_panoramisk_reader, make_reader
from ami_bridge.fifo import Fifo
from ami_bridge.log_tail import LogTail
from ami_bridge.parse import WANTED
from ami_bridge.pipeline import Item, Pipeline
from ami_bridge.state import ParkingLot, StateFile
from app.contract.journal import Journal

CHUNK_BYTES = 65_536
MEMBERS = 100
START = 1_800_000_000.0

SNAPSHOT = (
    "{p}Channel: PJSIP/{name}-{n:08x}\r\n{p}ChannelState: 6\r\n{p}ChannelStateDesc: Up\r\n"
    "{p}CallerIDNum: 13812345678\r\n{p}CallerIDName: 张三\r\n{p}ConnectedLineNum: <unknown>\r\n"
    "{p}ConnectedLineName: <unknown>\r\n{p}Language: zh\r\n{p}AccountCode: node1-{c}.0\r\n{p}Context: queue\r\n"
    "{p}Exten: common\r\n{p}Priority: 1\r\n{p}Uniqueid: node1-{c}.{leg}\r\n{p}Linkedid: node1-{c}.0\r\n"
)
MEMBER = "Queue: common\r\nInterface: PJSIP/{seat}\r\nMemberName: {agent}\r\n"
ARRIVED = (
    "UserEvent: HotlineArrived\r\nCallId: node1-{c}.0\r\nTrunk: carrier\r\nDnis: 12345\r\nAni: 13812345678\r\n"
    "CallerName: 张三\r\n"
)
ENDED = (
    "UserEvent: HotlineEnded\r\nCallId: node1-{c}.0\r\nStage: queue\r\nQueue: common\r\nMember: {agent}\r\n"
    "QueuedAt: {c}\r\nCause: 16\r\n"
)
CALLER, LEG = "caller", "leg"

CALL: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("UserEvent", (CALLER,), ARRIVED),
    ("QueueCallerJoin", (CALLER,), "Queue: common\r\nPosition: 1\r\nCount: 1\r\n"),
    ("QueueMemberStatus", (), MEMBER + "StateInterface: PJSIP/{seat}\r\nStatus: 6\r\nPaused: 0\r\n"),
    ("AgentCalled", (CALLER, LEG), MEMBER),
    ("DialBegin", (CALLER, LEG), "DialString: {seat}\r\n"),
    ("QueueMemberStatus", (), MEMBER + "StateInterface: PJSIP/{seat}\r\nStatus: 2\r\nPaused: 0\r\n"),
    ("DialEnd", (CALLER, LEG), "DialStatus: ANSWER\r\n"),
    ("QueueCallerLeave", (CALLER,), "Queue: common\r\nPosition: 1\r\nCount: 0\r\n"),
    ("AgentConnect", (CALLER, LEG), MEMBER + "HoldTime: 7\r\nRingTime: 3\r\n"),
    ("BridgeEnter", (CALLER,), "BridgeUniqueid: b-{c}\r\nBridgeType: basic\r\nBridgeNumChannels: 1\r\n"),
    ("BridgeEnter", (LEG,), "BridgeUniqueid: b-{c}\r\nBridgeType: basic\r\nBridgeNumChannels: 2\r\n"),
    ("BridgeLeave", (LEG,), "BridgeUniqueid: b-{c}\r\nBridgeType: basic\r\nBridgeNumChannels: 1\r\n"),
    ("Hangup", (LEG,), "Cause: 16\r\nCause-txt: Normal Clearing\r\n"),
    ("AgentComplete", (CALLER, LEG), MEMBER + "HoldTime: 7\r\nTalkTime: 60\r\nReason: caller\r\n"),
    ("UserEvent", (CALLER,), "UserEvent: HotlineRecording\r\nCallId: node1-{c}.0\r\nFile: node1-{c}.0.wav\r\n"),
    ("UserEvent", (CALLER,), ENDED),
    ("Hangup", (CALLER,), "Cause: 16\r\nCause-txt: Normal Clearing\r\n"),
)  # fmt: skip
"""The 17 events of one queue call, as telephony.md §2 counts them: 7 tell us something."""


@dataclass(frozen=True)
class Rates:
    """Events per second; memory in KiB after a quarter of the events and at their end."""

    events: int
    bytes: int
    framing: float
    panoramisk: float
    bridge: float
    memory_at_quarter_kib: int
    memory_at_end_kib: int

    @property
    def ratio(self) -> float:
        """The bridge, journal included, beside panoramisk alone. The aim is 0.7."""
        return self.bridge / self.panoramisk


def make_stream(calls: int, first: int = 0) -> bytes:
    """The bytes of so many queue calls."""
    return b"".join(_call(number) for number in range(first, first + calls))


def _call(number: int) -> bytes:
    epoch = int(START) + number
    names = {"c": epoch, "n": number, "seat": 8001 + number % MEMBERS, "agent": 1001 + number % MEMBERS}
    frames = []
    for step, (name, snapshots, rest) in enumerate(CALL):
        text = f"Event: {name}\r\nPrivilege: agent,all\r\nTimestamp: {epoch + step / 100:.6f}\r\nSystemName: node1\r\n"
        for snapshot in snapshots:
            prefix = "Dest" if snapshot == LEG and len(snapshots) > 1 else ""
            text += SNAPSHOT.format(p=prefix, name="carrier", leg=1 if snapshot == LEG else 0, **names)
        frames.append(f"{text}{rest.format(**names)}\r\n".encode())
    return b"".join(frames)


def _chunks(stream: bytes) -> Iterator[bytes]:
    for start in range(0, len(stream), CHUNK_BYTES):
        yield stream[start : start + CHUNK_BYTES]


def _rate(events: int, work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return events / (time.process_time() - started)


async def measure(events: int = 51_000, *, progress: Callable[[float], None] = lambda _share: None) -> Rates:
    """Feed `events` to the bridge, and a tenth of them (at most 51,000) to what it is compared with."""
    calls = max(1, events // len(CALL))
    sample = make_stream(min(calls, 3000))
    count = min(calls, 3000) * len(CALL)
    framing = _rate(count, lambda: sample.split(b"\r\n\r\n"))
    alone = make_panoramisk_reader(lambda _manager, _event: None)
    panoramisk = _rate(count, lambda: [alone(chunk) for chunk in _chunks(sample)])
    folder = Path(tempfile.mkdtemp(prefix="hotline-bench-"))
    try:
        bridge, memory = await _feed_bridge(folder, calls, progress)
    finally:
        shutil.rmtree(folder)
    return Rates(
        events=calls * len(CALL),
        bytes=len(sample) * calls // min(calls, 3000),
        framing=framing,
        panoramisk=panoramisk,
        bridge=bridge,
        memory_at_quarter_kib=memory[len(memory) // 4],
        memory_at_end_kib=memory[-1],
    )


async def _feed_bridge(folder: Path, calls: int, progress: Callable[[float], None]) -> tuple[float, list[int]]:
    """From socket bytes to the journal; what makes the bytes is not timed."""
    journal = Journal(folder / "journal", max_bytes=64 * 1024 * 1024)
    fifo: Fifo[Item] = Fifo(50_000)
    pipeline = Pipeline(
        node="node1",
        journal=journal,
        tail=LogTail(folder / "queue_log", None),
        state=StateFile(folder),
        parking=ParkingLot(folder),
        fifo=fifo,
        switch=AmiConnection(host="", port=0, username="", secret=""),
    )
    read = make_reader(WANTED, fifo.put)
    memory, spent, done = [], 0.0, 0
    while done < calls:
        step = min(500, calls - done)
        stream = make_stream(step, done)
        done += step
        started = time.process_time()
        for chunk in _chunks(stream):
            read(chunk)
            await pipeline.drain()
        spent += time.process_time() - started
        journal.acknowledge(journal.last_seq)
        pipeline.knowledge.forget(START + done)
        memory.append(resident_kib())
        progress(done / calls)
    journal.close()
    return calls * len(CALL) / spent, memory


def resident_kib() -> int:
    """Memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024
