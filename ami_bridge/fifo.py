"""The one queue between the socket and the journal: bounded, in order, and loud when it fills."""

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar

import structlog

log = structlog.get_logger(__name__)
Item = TypeVar("Item")


class Fifo(Generic[Item]):
    """`put` never waits and never raises. What does not fit is dropped, counted and marked, for a resync to mend."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.dropped = 0
        self.has_lost = False
        self._items: asyncio.Queue[Item] = asyncio.Queue(capacity)
        self._has_warned = False

    def __len__(self) -> int:
        return self._items.qsize()

    def put(self, item: Item) -> None:
        try:
            self._items.put_nowait(item)
        except asyncio.QueueFull:
            self.dropped += 1
            if not self.has_lost:
                self.has_lost = True
                log.error("fifo_full", capacity=self.capacity, dropped=self.dropped)
            return
        if not self._has_warned and self._items.qsize() * 2 > self.capacity:
            self._has_warned = True
            log.error("fifo_filling", waiting=self._items.qsize(), capacity=self.capacity)

    async def take(self, limit: int) -> list[Item]:
        """Wait for one item, and take those that are already behind it, up to `limit`."""
        taken = [await self._items.get()]
        get_nowait: Callable[[], Item] = self._items.get_nowait
        taken.extend(get_nowait() for _ in range(min(limit - 1, self._items.qsize())))
        if self._items.qsize() * 4 < self.capacity:
            self._has_warned = False
        return taken
