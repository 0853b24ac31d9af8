"""One lock for each call: what looks at a call's channels and then moves them is done by one at a time."""

import asyncio
from weakref import WeakValueDictionary


class CallLocks:
    """Locks by call id. Each lives as long as somebody holds it or waits for it."""

    def __init__(self) -> None:
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._locks)

    def of(self, call_id: str) -> asyncio.Lock:
        """The lock of this call, the same one for all who want it now."""
        return self._locks.setdefault(call_id, asyncio.Lock())
