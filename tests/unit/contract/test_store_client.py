"""The HTTP client: each answer of the store becomes the right error, and the token stays inside."""

import asyncio
import json
from collections.abc import Callable

import httpx
import pytest
from pydantic import SecretStr

from app.contract.client import StoreClient, StoreRefused, StoreTimeout, StoreUnauthorized, StoreUnavailable
from app.contract.events import EventBatch
from app.contract.lookup import LookupRequest

TOKEN = "very-secret-token"
QUESTION = LookupRequest(call_id="node1-1.1", trunk="carrier", dnis="12345", ani="13812345678")


def client(answer: Callable[[httpx.Request], httpx.Response]) -> StoreClient:
    return StoreClient("http://store/", SecretStr(TOKEN), transport=httpx.MockTransport(answer))


async def test_a_batch_goes_out_with_the_token_and_its_result_comes_back() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url == "http://store/api/v1/call-events"
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        assert json.loads(request.content) == {"node": "node1.ami", "events": [{"seq": 1}]}
        return httpx.Response(200, json={"accepted": 1, "duplicate": 0, "parked": 0, "cursor": 1})

    async with client(answer) as store:
        assert (await store.post_events(EventBatch(node="node1.ami", events=[{"seq": 1}]))).cursor == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, StoreRefused),
        (413, StoreRefused),
        (422, StoreRefused),
        (401, StoreUnauthorized),
        (403, StoreUnauthorized),
        (404, StoreUnavailable),
        (408, StoreUnavailable),
        (429, StoreUnavailable),
        (500, StoreUnavailable),
        (503, StoreUnavailable),
        (302, StoreUnavailable),
    ],
)
async def test_each_status_is_the_right_error(status: int, error: type[Exception]) -> None:
    async with client(lambda _: httpx.Response(status, text="because")) as store:
        with pytest.raises(error) as caught:
            await store.get_cursor("node1.ami")

    assert str(status) in str(caught.value)
    assert TOKEN not in repr(caught.value) + repr(store)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"cursor": "many"}'])
async def test_an_answer_that_is_none_means_try_again(body: bytes) -> None:
    async with client(lambda _: httpx.Response(200, content=body)) as store:
        with pytest.raises(StoreUnavailable, match="answer is no Cursor"):
            await store.get_cursor("node1.ami")


async def test_a_store_that_is_not_there_is_unavailable() -> None:
    async with StoreClient("http://127.0.0.1:9", SecretStr(TOKEN)) as store:
        with pytest.raises(StoreUnavailable):
            await store.get_cursor("node1.ami")


async def test_a_lookup_gives_up_when_its_budget_is_spent() -> None:
    async def never(_request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async with StoreClient("http://store", SecretStr(TOKEN), transport=httpx.MockTransport(never)) as store:
        with pytest.raises(StoreTimeout, match="20 ms"):
            await store.lookup(QUESTION, budget_ms=20)


async def test_a_lookup_answers_with_the_callers_card() -> None:
    async with client(lambda _: httpx.Response(200, json={"is_known": True, "open_tickets": 2})) as store:
        card = await store.lookup(QUESTION)

    assert (card.is_known, card.open_tickets) == (True, 2)
