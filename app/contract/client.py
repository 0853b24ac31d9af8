"""The case store's HTTP API as telephony sees it. The token goes out in a header and never into a log or a message."""

import asyncio
from types import TracebackType
from typing import Self, TypeVar

import httpx
import orjson
from pydantic import BaseModel, SecretStr, ValidationError

from app.contract.events import BatchResult, Cursor, EventBatch
from app.contract.lookup import CallerCard, FlowLookup, FlowLookupAnswer, LookupRequest

Answer = TypeVar("Answer", bound=BaseModel)
REASON_LENGTH = 300


class StoreError(Exception):
    """Base: the store did not do what we asked."""


class StoreUnavailable(StoreError):
    """The store does not answer, or not now (network, 5xx, 429, a path it does not know): try again later."""


class StoreTimeout(StoreUnavailable):
    """The answer did not come within its budget."""


class StoreUnauthorized(StoreError):
    """401 or 403: the token is wrong or lacks the scope. Waiting helps only if somebody mends it."""


class StoreRefused(StoreError):
    """400, 413 or 422: the store understood us and will never take this body."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status


class StoreClient:
    """One connection pool to one store. Use `async with`, or `aclose()` at the end."""

    def __init__(
        self,
        url: str,
        token: SecretStr,
        *,
        timeout_seconds: float = 10.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = httpx.AsyncClient(
            base_url=url.rstrip("/"),
            headers={"Authorization": f"Bearer {token.get_secret_value()}", "Content-Type": "application/json"},
            timeout=httpx.Timeout(timeout_seconds, connect=min(2.0, timeout_seconds)),
            trust_env=False,
            transport=transport,
        )

    async def post_events(self, batch: EventBatch) -> BatchResult:
        """Tell the store what happened. Raises StoreUnavailable, StoreUnauthorized, StoreRefused."""
        body = orjson.dumps({"node": batch.node, "events": batch.events})
        return await self._ask(BatchResult, "POST", "/api/v1/call-events", content=body)

    async def get_cursor(self, node: str) -> int:
        """The highest `seq` the store keeps of this sender; 0 for a new one. Raises as `post_events`."""
        return (await self._ask(Cursor, "GET", "/api/v1/call-events/cursor", params={"node": node})).cursor

    async def lookup(self, request: LookupRequest, *, budget_ms: int = 300) -> CallerCard:
        """Who calls, and for which line? Raises StoreTimeout when the budget is spent, else as `post_events`."""
        try:
            async with asyncio.timeout(budget_ms / 1000):
                body = request.model_dump_json().encode()
                return await self._ask(CallerCard, "POST", "/api/v1/lookup", content=body)
        except TimeoutError as error:
            raise StoreTimeout(f"no answer within {budget_ms} ms") from error

    async def flow_lookup(self, what: str, request: FlowLookup, *, budget_ms: int) -> FlowLookupAnswer:
        """What a flow asks in the middle of a call. Raises as `lookup`."""
        try:
            async with asyncio.timeout(budget_ms / 1000):
                body = request.model_dump_json().encode()
                return await self._ask(FlowLookupAnswer, "POST", f"/api/v1/flow-lookups/{what}", content=body)
        except TimeoutError as error:
            raise StoreTimeout(f"no answer within {budget_ms} ms") from error

    async def aclose(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _ask(
        self,
        answer: type[Answer],
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        params: dict[str, str] | None = None,
    ) -> Answer:
        try:
            response = await self._http.request(method, path, content=content, params=params)
        except httpx.TimeoutException as error:
            raise StoreTimeout(f"{method} {path}: {type(error).__name__}") from error
        except httpx.HTTPError as error:
            raise StoreUnavailable(f"{method} {path}: {type(error).__name__}") from error
        _raise_for_status(response)
        try:
            return answer.model_validate_json(response.content)
        except ValidationError as error:
            raise StoreUnavailable(f"{method} {path}: answer is no {answer.__name__}") from error


def _raise_for_status(response: httpx.Response) -> None:
    if response.is_success:
        return
    reason = response.text[:REASON_LENGTH]
    if response.status_code in (401, 403):
        raise StoreUnauthorized(f"{response.status_code}: {reason}")
    if response.status_code in (400, 413, 422):
        raise StoreRefused(response.status_code, reason)
    raise StoreUnavailable(f"{response.status_code}: {reason}")
