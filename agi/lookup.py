"""Asking the case store: who is calling, while the greeting is spoken; and what a flow wants to know in between.

Any failure is an answer too: an unknown caller, or `failed` and `timeout`, for which the flow has exits.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import structlog

from agi.wire import wait_for
from app.contract.client import StoreClient, StoreError, StoreTimeout
from app.contract.lookup import CallerCard, FlowLookup, LookupRequest
from ivr_flows.model import LookedUp, LookupResult

log = structlog.get_logger(__name__)

UNKNOWN_CALLER = CallerCard()
_UNKNOWN: LookupResult = "unknown"
NAME = re.compile(r"[A-Za-z0-9_.-]{1,80}")
"""A queue, line or agent that the store names is used only if the dialplan cannot read it as anything else."""


@dataclass(frozen=True, slots=True)
class LookupAnswer:
    """What was learned of the caller, how it went, and how long it took."""

    card: CallerCard
    result: LookupResult
    took_ms: int

    @property
    def values(self) -> dict[str, str]:
        """As a flow knows them; of names only what is safe to use."""
        card = self.card
        names = {
            "original_line": card.original_line, "queue": card.queue, "last_agent": card.last_agent,
            "last_agent_seat": card.last_agent_seat,
        }  # fmt: skip
        return {
            "is_known": word(card.is_known),
            "is_priority": word(card.is_priority),
            "has_open_tickets": word(card.open_tickets > 0),
            "open_tickets": str(card.open_tickets),
            "has_broadcast": word(card.has_broadcast),
            **{name: value for name, value in names.items() if NAME.fullmatch(value)},
        }


class Lookup(Protocol):
    """Neither ever raises for what a store does."""

    def begin(self, request: LookupRequest) -> Callable[[], LookupAnswer]:
        """Start asking who is calling; the function returned waits for the answer."""
        ...

    def ask(self, what: str, request: FlowLookup, budget_ms: int) -> LookedUp:
        """Ask, and wait for the answer."""
        ...


@dataclass(slots=True)
class StoreLookup:
    """The case store's lookups; that of the caller within `budget_ms` of its start."""

    client: StoreClient
    budget_ms: int

    def begin(self, request: LookupRequest) -> Callable[[], LookupAnswer]:
        task = asyncio.get_running_loop().create_task(self._who(request))
        return lambda: wait_for(task)

    def ask(self, what: str, request: FlowLookup, budget_ms: int) -> LookedUp:
        return wait_for(asyncio.get_running_loop().create_task(self._ask(what, request, budget_ms)))

    async def _who(self, request: LookupRequest) -> LookupAnswer:
        clock = asyncio.get_running_loop().time
        started = clock()
        card, result = UNKNOWN_CALLER, _UNKNOWN
        try:
            card = await self.client.lookup(request, budget_ms=self.budget_ms)
            result = "known" if card.is_known else "unknown"
        except StoreTimeout:
            result = "timeout"
        except StoreError as error:
            result = "failed"
            log.warning("lookup_failed", call_id=request.call_id, reason=str(error))
        return LookupAnswer(card, result, round((clock() - started) * 1000))

    async def _ask(self, what: str, request: FlowLookup, budget_ms: int) -> LookedUp:
        try:
            answer = await self.client.flow_lookup(what, request, budget_ms=budget_ms)
        except StoreTimeout:
            log.warning("flow_lookup_timeout", call_id=request.call_id, what=what, budget_ms=budget_ms)
            return LookedUp("timeout")
        except StoreError as error:
            log.warning("flow_lookup_failed", call_id=request.call_id, what=what, reason=str(error))
            return LookedUp("failed")
        values = {name: word(value) for name, value in answer.values.items()}
        return LookedUp("known" if answer.found else "unknown", values)


def word(value: str | int | bool) -> str:
    """A value as flows compare and speak it: yes and no for true and false."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
