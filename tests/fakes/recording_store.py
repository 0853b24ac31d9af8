"""A case store in memory, at the end of an httpx transport: keeps each event once and can be told to misbehave."""

import json
from collections.abc import Callable
from typing import Any

import httpx
from pydantic import SecretStr

from app.contract.client import StoreClient


class RecordingStore:
    """`events` are what it kept, in order; `bodies` every batch it saw."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.batches: list[list[int]] = []
        self.failures: list[int | Exception] = []
        self.refuses: Callable[[dict[str, Any]], bool] = lambda _: False

    def client(self) -> StoreClient:
        return StoreClient("http://store", SecretStr("token"), transport=httpx.MockTransport(self.answer))

    @property
    def cursor(self) -> int:
        return max((event["seq"] for event in self.events), default=0)

    @property
    def seqs(self) -> list[int]:
        return [event["seq"] for event in self.events]

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, Exception):
                raise failure
            return httpx.Response(failure)
        if request.method == "GET":
            return httpx.Response(200, json={"node": request.url.params["node"], "cursor": self.cursor})
        events = json.loads(request.content)["events"]
        if any(self.refuses(event) for event in events):
            return httpx.Response(422, text="no")
        self.batches.append([event["seq"] for event in events])
        known = {event["event_id"] for event in self.events}
        new = [event for event in events if event["event_id"] not in known]
        self.events += new
        result = {"accepted": len(new), "duplicate": len(events) - len(new), "parked": 0, "cursor": self.cursor}
        return httpx.Response(200, json=result)
