"""What a request handler may ask for. Everything comes from `app.state`, set by `app.web.main.create_app`."""

from collections.abc import Callable, Iterator
from typing import Annotated, Protocol, TypeVar

from fastapi import Depends, Request
from redis import Redis
from sqlalchemy.orm import Session

from app.platform.clock import Clock
from app.platform.database import Database
from app.platform.settings import Settings

T = TypeVar("T")


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


SettingsDep = Annotated[Settings, Depends(get_settings)]
ClockDep = Annotated[Clock, Depends(get_clock)]
DatabaseDep = Annotated[Database, Depends(get_database)]
RedisDep = Annotated[Redis, Depends(get_redis)]
RunBlockingDep = Annotated[RunBlocking, Depends(get_run_blocking)]


def open_writing(database: DatabaseDep) -> Iterator[Session]:
    with database.transaction() as session:
        yield session


def open_reading(database: DatabaseDep) -> Iterator[Session]:
    with database.reading() as session:
        yield session


Writing = Annotated[Session, Depends(open_writing, scope="function")]
"""A session that is committed before the answer leaves, so that an answer 2xx is never a lie."""
Reading = Annotated[Session, Depends(open_reading, scope="function")]
"""A session that never writes and is given back before the answer leaves."""
