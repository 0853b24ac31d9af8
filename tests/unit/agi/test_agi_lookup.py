"""The lookup over HTTP: within its budget, and never a reason to fail."""

import asyncio
from collections.abc import Callable

import pytest
from pydantic import SecretStr

from agi.lookup import LookupAnswer, StoreLookup
from agi.wire import run_in_greenlet
from app.contract.client import StoreClient
from app.contract.lookup import CallerCard, LookupRequest
from tests.fakes.store_http import FakeStore

REQUEST = LookupRequest(call_id="n-1", trunk="carrier", dnis="12345", ani="13800005678")


async def ask(url: str, budget_ms: int = 300) -> LookupAnswer:
    answered: asyncio.Future[LookupAnswer] = asyncio.get_running_loop().create_future()

    async with StoreClient(url, SecretStr("token")) as client:
        lookup = StoreLookup(client, budget_ms)

        def flow() -> None:
            wait: Callable[[], LookupAnswer] = lookup.begin(REQUEST)
            answered.set_result(wait())

        run_in_greenlet(flow)
        return await answered


async def test_a_known_caller_comes_with_his_card() -> None:
    with FakeStore(card={"is_known": True, "is_priority": True, "queue": "common"}).running() as store:
        answer = await ask(store.url)

    assert (answer.result, answer.card) == ("known", CallerCard(is_known=True, is_priority=True, queue="common"))
    assert store.lookups == [REQUEST.model_dump()]


async def test_a_caller_without_a_card_is_unknown() -> None:
    with FakeStore(card={"is_known": False, "original_line": "12315"}).running() as store:
        answer = await ask(store.url)

    assert (answer.result, answer.card.original_line) == ("unknown", "12315")


async def test_a_slow_store_costs_no_more_than_the_budget() -> None:
    with FakeStore(lookup_delay_seconds=0.2).running() as store:
        answer = await ask(store.url, budget_ms=20)

    assert (answer.result, answer.card) == ("timeout", CallerCard())


@pytest.mark.parametrize("status", [401, 404, 422, 500, 503])
async def test_a_store_that_refuses_is_an_unknown_caller(status: int) -> None:
    with FakeStore(status=status).running() as store:
        assert (await ask(store.url)).result == "failed"


async def test_a_store_that_is_down_is_an_unknown_caller() -> None:
    with FakeStore().running() as store:
        pass

    assert (await ask(store.url)).result == "failed"


async def test_an_answer_that_is_no_card_is_an_unknown_caller() -> None:
    with FakeStore(card={"is_known": "perhaps"}).running() as store:
        assert (await ask(store.url)).result == "failed"
