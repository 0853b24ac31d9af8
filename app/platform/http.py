"""What a request handler may ask for. Everything comes from `app.state`, set by `app.web.main.create_app`."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Protocol, TypeVar

from fastapi import Depends, FastAPI, Request
from redis import Redis
from sqlalchemy.orm import Session

from app.platform.clock import Clock
from app.platform.database import Database
from app.platform.settings import Settings
from app.platform.switch import Switch, make_switch

T = TypeVar("T")

WRITERS_AT_ONCE, READERS_AT_ONCE = 15, 20
"""Requests inside a `Writing` or `Reading` session: fewer than there are threads (anyio: 40) and connections (40).

One that holds the database's lock, or a connection, needs a thread once more, to have its answer checked, before it is
done; behind requests that wait in threads for that very lock or connection it would wait in vain (ADR 0382).
"""


class RunBlocking(Protocol):
    """Runs what waits for the database: in a thread where pages are served, in line where facts alone are kept."""

    async def __call__(self, work: Callable[[], T], /) -> T: ...


async def get_run_blocking(request: Request) -> RunBlocking:
    run: RunBlocking = request.app.state.run_blocking
    return run


async def get_settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def get_clock(request: Request) -> Clock:
    clock: Clock = request.app.state.clock
    return clock


async def get_database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


async def get_redis(request: Request) -> Redis:
    client: Redis = request.app.state.redis
    return client


def get_switch(request: Request) -> Switch:
    """One client per process, made at the first command."""
    state = request.app.state
    if not hasattr(state, "switch"):
        state.switch = make_switch(state.settings)
    switch: Switch = state.switch
    return switch


SettingsDep = Annotated[Settings, Depends(get_settings)]
ClockDep = Annotated[Clock, Depends(get_clock)]
DatabaseDep = Annotated[Database, Depends(get_database)]
RedisDep = Annotated[Redis, Depends(get_redis)]
SwitchDep = Annotated[Switch, Depends(get_switch)]
RunBlockingDep = Annotated[RunBlocking, Depends(get_run_blocking)]


def admit_sessions(app: FastAPI) -> None:
    """Before the first request: `Writing` and `Reading` ask the application for admission."""
    app.state.writers = asyncio.Semaphore(WRITERS_AT_ONCE)
    app.state.readers = asyncio.Semaphore(READERS_AT_ONCE)


async def admit_writer(request: Request) -> AsyncIterator[None]:
    async with request.app.state.writers:
        yield


async def admit_reader(request: Request) -> AsyncIterator[None]:
    async with request.app.state.readers:
        yield


def open_writing(
    database: DatabaseDep, _admitted: Annotated[None, Depends(admit_writer, scope="function")]
) -> Iterator[Session]:
    with database.transaction() as session:
        yield session


def open_reading(
    database: DatabaseDep, _admitted: Annotated[None, Depends(admit_reader, scope="function")]
) -> Iterator[Session]:
    with database.reading() as session:
        yield session


Writing = Annotated[Session, Depends(open_writing, scope="function")]
"""A session that is committed before the answer leaves, so that an answer 2xx is never a lie."""
Reading = Annotated[Session, Depends(open_reading, scope="function")]
"""A session that never writes and is given back before the answer leaves."""
