"""More requests at once than there are threads: none waits for a thread with the lock or a connection in hand."""

import asyncio
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from sqlalchemy import func, insert, select

from app.calls.models import Sender
from app.platform.clock import utc_now
from app.platform.database import Database
from app.platform.http import Reading, Writing, admit_sessions, open_reading, open_writing
from app.web.main import API_ROUTERS, PAGE_ROUTERS

pytestmark = pytest.mark.services

MANY = 120
"""Three times the threads of a web process."""


class Written(BaseModel):
    node: str


@pytest.fixture
def store(database: Database) -> FastAPI:
    app = FastAPI()
    app.state.database = database
    admit_sessions(app)

    @app.post("/senders/{node}")
    def write(node: str, session: Writing) -> Written:
        session.execute(insert(Sender).values(node=node, last_seen_at=utc_now()))
        return Written(node=node)

    @app.get("/senders/{node}")
    def read(node: str, session: Reading) -> Written:
        session.scalar(select(func.count()).select_from(Sender))
        return Written(node=node)

    return app


def all_at_once(store: FastAPI, method: str) -> Counter[int]:
    async def ask() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(store), base_url="http://store") as client:
            return await asyncio.gather(*(client.request(method, f"/senders/node{one}") for one in range(MANY)))

    return Counter(answer.status_code for answer in asyncio.run(ask()))


def test_many_writers_are_all_answered(store: FastAPI, database: Database) -> None:
    assert all_at_once(store, "POST") == {200: MANY}
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Sender)) == MANY


def test_many_readers_are_all_answered(store: FastAPI) -> None:
    assert all_at_once(store, "GET") == {200: MANY}


def test_no_endpoint_wants_admission_twice() -> None:
    """With both kinds of session it could wait for itself."""

    def calls(dependant: Dependant) -> Iterator[object]:
        for one in dependant.dependencies:
            yield one.call
            yield from calls(one)

    routes = [route for router in (*API_ROUTERS, *PAGE_ROUTERS) for route in router.routes]
    asked = [list(calls(route.dependant)) for route in routes if isinstance(route, APIRoute)]
    opened = Counter(one for each in asked for one in each if one in {open_writing, open_reading})
    assert opened[open_writing] > 50  # they are found
    assert opened[open_reading] > 50
    assert [each for each in asked if {open_writing, open_reading} <= set(each)] == []
