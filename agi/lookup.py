"""Asking the case store who is calling, while the greeting is spoken. Any failure is an unknown caller."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from agi.wire import wait_for
from app.contract.client import StoreClient, StoreError, StoreTimeout
from app.contract.lookup import CallerCard, LookupRequest
from ivr_flows.model import LookupResult

log = structlog.get_logger(__name__)

UNKNOWN_CALLER = CallerCard()
_UNKNOWN: LookupResult = "unknown"


@dataclass(frozen=True, slots=True)
class LookupAnswer:
    """What was learned, how it went, and how long it took."""

    card: CallerCard
    result: LookupResult
    took_ms: int


class Lookup(Protocol):
    """Start asking; the function returned waits for the answer. Neither ever raises for what a store does."""

    def begin(self, request: LookupRequest) -> Callable[[], LookupAnswer]: ...


class StoreLookup:
    """The case store's lookup, within `budget_ms` of its start."""

    def __init__(self, client: StoreClient, budget_ms: int) -> None:
        self._client, self._budget_ms = client, budget_ms

    def begin(self, request: LookupRequest) -> Callable[[], LookupAnswer]:
        task = asyncio.get_running_loop().create_task(self._ask(request))
        return lambda: wait_for(task)

    async def _ask(self, request: LookupRequest) -> LookupAnswer:
        clock = asyncio.get_running_loop().time
        started = clock()
        card, result = UNKNOWN_CALLER, _UNKNOWN
        try:
            card = await self._client.lookup(request, budget_ms=self._budget_ms)
            result = "known" if card.is_known else "unknown"
        except StoreTimeout:
            result = "timeout"
        except StoreError as error:
            result = "failed"
            log.warning("lookup_failed", call_id=request.call_id, reason=str(error))
        return LookupAnswer(card, result, round((clock() - started) * 1000))
