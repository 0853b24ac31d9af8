"""From journal to store: in order, at least once, for as long as it takes (ADR 0041)."""

import asyncio
import time

import structlog

from app.contract.backoff import Backoff
from app.contract.client import StoreClient, StoreRefused, StoreUnauthorized, StoreUnavailable
from app.contract.events import EventBatch
from app.contract.journal import Journal
from app.contract.records import JournalRecord, RecordUnreadable
from app.contract.set_aside import SetAside

log = structlog.get_logger(__name__)

CURSOR_AGE_SECONDS = 5.0
"""After a silence this long the store's cursor is asked for again: it may have been restored from a backup."""
SLOW_RETRY_SECONDS = 30.0


class Delivery:
    """One task per journal. An event is sent at once while the store keeps up, and in batches while it does not."""

    def __init__(
        self,
        journal: Journal,
        client: StoreClient,
        node: str,
        *,
        batch_size: int = 200,
        backoff: Backoff | None = None,
    ) -> None:
        self.node = node
        self.is_store_reachable = False
        self._journal = journal
        self._refused = SetAside(journal.folder)
        self._client = client
        self._batch_size = batch_size
        self._backoff = backoff or Backoff()
        self._position: int | None = None
        self._asked_at = 0.0
        self._parked: set[int] = set()
        self._news = asyncio.Event()
        self._settled = asyncio.Event()
        self._is_told = False
        self._loop = asyncio.get_running_loop()
        journal.on_append(self._tell)

    async def run(self) -> None:
        """Deliver until cancelled. Never raises for what a store, a network or one bad record does."""
        while True:
            try:
                await self._send_what_is_new()
            except StoreUnauthorized as error:
                self._position = None
                log.error("store_rejects_token", node=self.node, error=str(error))
                await asyncio.sleep(SLOW_RETRY_SECONDS)
            except (StoreUnavailable, StoreRefused, OSError) as error:
                self._position = None
                seconds = self._backoff.next_seconds()
                log.warning("store_unreachable", node=self.node, error=str(error), retry_seconds=round(seconds, 2))
                self.is_store_reachable = False
                await asyncio.sleep(seconds)

    async def flush(self, *, timeout_seconds: float) -> bool:
        """Wait until everything journalled so far is acknowledged; False when that took too long."""
        try:
            async with asyncio.timeout(timeout_seconds):
                while self._journal.acknowledged_seq < self._journal.last_seq:
                    self._settled.clear()
                    await self._settled.wait()
        except TimeoutError:
            return False
        return True

    async def _send_what_is_new(self) -> None:
        if self._position is None or time.monotonic() - self._asked_at > CURSOR_AGE_SECONDS:
            self._position = await self._agree_on_position()
        self._is_told = False
        self._news.clear()
        end = self._journal.last_seq  # before reading: another thread may append meanwhile
        records = self._journal.read_after(self._position, self._batch_size)
        if records:
            await self._send(records)
        self._position = records[-1].seq if records else max(end, self._position)
        self._journal.acknowledge(self._position)
        if self._position >= self._journal.last_seq:
            self._settled.set()
        if not records:
            await self._news.wait()

    async def _agree_on_position(self) -> int:
        """Where to go on: behind what both sides know to be kept; a store restored from a backup is told again.

        Not simply behind the store's cursor: after a power failure this journal may have lost its tail and used
        those numbers again for other events. Telling twice is harmless, so the lower of both marks is right.
        """
        cursor = await self._client.get_cursor(self.node)
        own = self._journal.acknowledged_seq if self._position is None else self._position
        if cursor > self._journal.last_seq:
            log.error("store_is_ahead", node=self.node, cursor=cursor, last_seq=self._journal.last_seq)
            self._journal.go_on_after(cursor)
        if cursor < own:
            log.warning("store_is_behind", node=self.node, cursor=cursor, acknowledged_seq=own)
        self._store_answered()
        return min(cursor, own)

    async def _send(self, records: list[JournalRecord]) -> None:
        """One batch; when the store refuses it as a whole, its halves, so that one record cannot block the rest."""
        records = [record for record in records if record.seq not in self._parked]
        if not records:
            return
        try:
            result = await self._client.post_events(_batch(self.node, records))
        except RecordUnreadable:
            self._set_aside_unreadable(records)
            await self._send(records)
            return
        except StoreRefused as refusal:
            if len(records) == 1:
                await self._park(records[0], refusal)
                return
            middle = len(records) // 2
            await self._send(records[:middle])
            await self._send(records[middle:])
            return
        self._store_answered()
        if result.parked:
            log.warning("store_parked_events", node=self.node, parked=result.parked, last_seq=records[-1].seq)

    async def _park(self, record: JournalRecord, refusal: StoreRefused) -> None:
        """Put a refused record aside, if it is the record's fault: a store that refuses an empty batch refuses all."""
        try:
            await self._client.post_events(_batch(self.node, []))
        except StoreRefused as error:
            raise StoreUnavailable(f"the store refuses even an empty batch: {error}") from error
        log.error("event_parked_locally", node=self.node, seq=record.seq, status=refusal.status)
        self._set_aside(record, str(refusal))

    def _set_aside_unreadable(self, records: list[JournalRecord]) -> None:
        """What is no event can never be sent: it is kept beside the journal, and what stands behind it goes on."""
        for record in records:
            try:
                record.as_dict()
            except RecordUnreadable as error:
                log.error("journal_record_unreadable", node=self.node, seq=record.seq, bytes=len(record.json))
                self._set_aside(record, str(error))

    def _set_aside(self, record: JournalRecord, reason: str) -> None:
        self._refused.add(record, reason)
        self._parked.add(record.seq)

    def _store_answered(self) -> None:
        self._asked_at = time.monotonic()
        self._backoff.reset()
        if not self.is_store_reachable:
            self.is_store_reachable = True
            log.info("store_reachable", node=self.node, acknowledged_seq=self._journal.acknowledged_seq)

    def _tell(self) -> None:
        """From the journal, in any thread: there is news."""
        if not self._is_told:
            self._is_told = True
            self._loop.call_soon_threadsafe(self._news.set)


def _batch(node: str, records: list[JournalRecord]) -> EventBatch:
    return EventBatch.model_construct(node=node, events=[record.as_dict() for record in records])
