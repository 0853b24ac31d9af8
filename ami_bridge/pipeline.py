"""The one consumer: what was heard becomes facts, facts become news, news goes into the journal. In order of arrival.

After each log-in it repairs the gap: first queue_log from where it stopped, then a snapshot, whose answers stand in the
same FIFO as the events, so that they are merged at the moment they speak of (ADR 0042).
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog
from pydantic import ValidationError

from ami_bridge.events import AmiAgentCompleted, AmiEvent, AmiLegOfCall
from ami_bridge.facts import Fact
from ami_bridge.fifo import Fifo
from ami_bridge.interpret import interpret
from ami_bridge.knowledge import Knowledge, Source
from ami_bridge.log_tail import Checkpoint, LogTail
from ami_bridge.parse import Unreadable, parse_channels, parse_event, parse_members
from ami_bridge.queue_log import parse_line
from ami_bridge.resync import end_facts, gone_calls, member_facts
from ami_bridge.state import ParkingLot, StateFile
from ami_bridge.switch import (
    Answered,
    Connected,
    Disconnected,
    Headers,
    Heard,
    Received,
    SwitchConnection,
    SwitchRefused,
    SwitchUnavailable,
)
from app.contract.events import CallEvent
from app.contract.ids import CallId
from app.contract.journal import Journal

log = structlog.get_logger(__name__)

AT_ONCE = 500
REMEMBERED_EVENTS = 20_000
CHECKPOINT_SECONDS = 5.0
GONE_AFTER_SECONDS = 2.0
DISK_RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Barrier:
    """Everything in queue_log up to this place was heard live, unless it was replayed since."""

    place: Checkpoint
    replays: int


@dataclass(frozen=True, slots=True)
class StillGone:
    """These calls had no channel a moment ago. If they have not ended by now, they ended unseen."""

    calls: frozenset[CallId]


Item = Heard | Barrier | StillGone


class Pipeline:
    """Owns knowledge and checkpoint; nobody else writes them."""

    def __init__(
        self,
        *,
        node: str,
        journal: Journal,
        tail: LogTail,
        state: StateFile,
        parking: ParkingLot,
        fifo: Fifo[Item],
        switch: SwitchConnection,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.knowledge = Knowledge(node)
        self.fifo = fifo
        self.last_event_at: float | None = None
        self.is_listening = False
        self._journal = journal
        self._tail = tail
        self._state = state
        self._parking = parking
        self._clock = clock
        self._tasks: set[asyncio.Task[None]] = set()
        self._switch = switch
        self._replays = 0

    def remember(self) -> int:
        """Learn from state file and journal what was told before the restart; the number of events read."""
        self._tail.checkpoint, members = self._state.load()
        self.knowledge.members.update(members)
        records = self._journal.read_last(REMEMBERED_EVENTS)
        for record in records:
            try:
                self.knowledge.remember(record.event)
            except ValueError as error:
                log.error("journal_event_unreadable", seq=record.seq, error=_reason(error))
        return len(records)

    async def run(self) -> None:
        """Consume until cancelled."""
        while True:
            await self.take_some()
            if self.fifo.has_lost and not len(self.fifo):
                self.fifo.has_lost = False
                log.error("fifo_lost_events", dropped=self.fifo.dropped)
                await self._repair()

    async def take_some(self) -> None:
        """Wait for an item; handle it and those behind it. Events in a row share one write."""
        news: list[CallEvent] = []
        for item in await self.fifo.take(AT_ONCE):
            if type(item) is Received:
                self.last_event_at = self._clock()
                news += self._news(self._read(item), Source.LIVE)
                continue
            await self._keep(news)
            news = []
            await self._handle(item)
        await self._keep(news)

    async def drain(self) -> None:
        """Handle what is already waiting; after `run` was cancelled."""
        while len(self.fifo):
            await self.take_some()

    async def keep_checkpoint(self) -> None:
        """Every few seconds: what queue_log held a while ago, and AMI answered since, needs no repair any more."""
        while True:
            place, replays = self._tail.end(), self._replays
            was_listening = self.is_listening
            await asyncio.sleep(CHECKPOINT_SECONDS)
            if place is None or not was_listening or not self.is_listening:
                continue
            try:
                await self._switch.call("Ping", {})
            except (SwitchUnavailable, SwitchRefused):
                continue
            self.fifo.put(Barrier(place, replays))

    # inside

    async def _handle(self, item: Item) -> None:
        match item:
            case Connected():
                self.is_listening = True
                await self._repair()
            case Disconnected():
                self.is_listening = False
            case Answered():
                await self._keep(self._merge(item.action, item.messages))
            case Barrier():
                self._pass(item)
            case StillGone():
                await self._end_unseen(item.calls)

    async def _repair(self) -> None:
        await self._replay()
        for action in ("QueueStatus", "CoreShowChannels"):
            task = asyncio.get_running_loop().create_task(self._ask(action))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _ask(self, action: str) -> None:
        try:
            await self._switch.ask_in_order(action)
        except (SwitchUnavailable, SwitchRefused) as error:
            log.error("snapshot_failed", action=action, error=str(error))

    async def _replay(self) -> None:
        """Tell what queue_log has and nobody told. In pieces, so that the socket is read meanwhile."""
        self._replays += 1
        lines, told = 0, 0
        try:
            for line in self._tail.read_new():
                news = self._news_of_line(line)
                lines, told = lines + 1, told + len(news)
                await self._keep(news)
                if lines % AT_ONCE == 0:
                    await asyncio.sleep(0)
        except OSError as error:
            log.error("queue_log_unreadable", error=str(error))
        self.knowledge.replayed_at = self._clock()
        log.info("queue_log_replayed", lines=lines, told=told)

    def _news_of_line(self, line: str) -> list[CallEvent]:
        try:
            happened = parse_line(line)
        except Unreadable as error:
            self._parking.park(str(error), line[:1000])
            return []
        return [news for event in happened for news in self._news(event, Source.LINE)]

    def _merge(self, action: str, messages: list[Headers]) -> list[CallEvent]:
        if messages[0].get("Response") == "Error":
            return []
        now = self._clock()
        if action == "QueueStatus":
            facts = member_facts(self.knowledge.members, parse_members(messages), now)
            return self._told(facts, Source.SNAPSHOT)
        gone = gone_calls(self.knowledge.live_calls(), parse_channels(messages))
        if gone:
            still_gone = StillGone(frozenset(gone))
            asyncio.get_running_loop().call_later(GONE_AFTER_SECONDS, self.fifo.put, still_gone)
        return []

    async def _end_unseen(self, calls: frozenset[CallId]) -> None:
        await self._replay()
        for call_id in sorted(calls & self.knowledge.live_calls()):
            log.warning("call_ended_unseen", call_id=call_id)
            facts = end_facts(call_id, self.knowledge.calls[call_id], self._clock())
            await self._keep(self._told(facts, Source.SNAPSHOT))

    def _pass(self, barrier: Barrier) -> None:
        if barrier.replays == self._replays:
            self._tail.checkpoint = barrier.place
        self.knowledge.forget(self._clock())
        self.save_state()

    def save_state(self) -> None:
        """What is behind the checkpoint must be in the journal by now."""
        try:
            self._state.save(self._tail.checkpoint, self.knowledge.members)
        except OSError as error:
            log.error("bridge_state_not_saved", error=str(error))

    def _read(self, item: Received) -> AmiEvent | None:
        try:
            return parse_event(item.name, item.headers)
        except Unreadable as error:
            self._parking.park(str(error), item.headers)
            return None

    def _news(self, event: AmiEvent | None, source: Source) -> list[CallEvent]:
        if isinstance(event, AmiAgentCompleted) and event.caller is None:
            caller = self.knowledge.find_caller(event.queue, event.agent)
            if caller is None:
                self._parking.park("AgentComplete without a channel, of a call we do not know", repr(event))
                return []
            event = replace(event, caller=caller)
        if event is None:
            return []
        if isinstance(event, AmiLegOfCall):
            self.knowledge.learn_leg(event.uniqueid, event.call_id, event.at)
        try:
            return self._told(interpret(event), source)
        except (ValueError, ArithmeticError) as error:  # a value that breaks the contract
            self._parking.park(f"{type(event).__name__}: {_reason(error)}", repr(event))
            return []

    def _told(self, facts: list[Fact], source: Source) -> list[CallEvent]:
        told = (self.knowledge.tell(fact, source) for fact in facts)
        return [event for event in told if event is not None]

    async def _keep(self, news: list[CallEvent]) -> None:
        """Into the journal. A full disk is waited for: the FIFO holds what comes meanwhile."""
        while news:
            try:
                self._journal.append_all(news)
                return
            except OSError as error:
                log.error("journal_write_failed", error=str(error))
                await asyncio.sleep(DISK_RETRY_SECONDS)


def _reason(error: ValueError | ArithmeticError) -> str:
    """What is wrong and where, without the value: it may be a caller's number, and this goes into the log."""
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['type']}" for one in error.errors())
    return type(error).__name__
