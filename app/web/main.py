"""create_app: the composition root of the web process. Every slice's routers are named here."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.accounts import api as accounts_api
from app.accounts import pages as accounts_pages
from app.accounts.sessions import SessionSigner
from app.calls import api as calls_api
from app.calls import pages as calls_pages
from app.catalogue import api as catalogue_api
from app.desk import api as desk_api
from app.desk import pages as desk_pages
from app.desk.stream import list_messages
from app.handovers import api as handovers_api
from app.ingest import api as ingest_api
from app.lines import api as lines_api
from app.operations import change_pages, history_pages, probe_pages
from app.operations import pages as operations_pages
from app.operations.commands import DialplanCommands, program_of
from app.operations.runs import RunFolder
from app.platform.clock import Clock, utc_now
from app.platform.database import Database, make_engine
from app.platform.jobs import make_jobs
from app.platform.redis import make_redis
from app.platform.settings import Settings
from app.platform.topics import RedisTopics
from app.probes import api as probes_api
from app.tickets import api as tickets_api
from app.tickets import pages as tickets_pages
from app.web import health, static
from app.web.envelope import Envelope
from app.web.errors import add_error_handlers
from app.web.listener import TopicListener
from app.web.openapi import install_openapi
from app.web.sse import make_events_router

API = "/api/v1"
CANCEL_AGAIN_SECONDS = 0.2

API_ROUTERS = (
    accounts_api.router,
    desk_api.router,
    ingest_api.router,
    handovers_api.router,
    tickets_api.router,
    calls_api.router,
    catalogue_api.router,
    lines_api.router,
    probes_api.router,
)
PAGE_ROUTERS = (
    accounts_pages.router,
    calls_pages.router,
    desk_pages.router,
    tickets_pages.router,
    operations_pages.router,
    change_pages.router,
    history_pages.router,
    probe_pages.router,
    health.router,
    static.router,
    make_events_router(list_messages),
)


def create_app(settings: Settings, *, clock: Clock = utc_now) -> FastAPI:
    """The whole case store over HTTP. Opens no connection before it serves."""
    redis_url = settings.redis_url.get_secret_value()
    redis = make_redis(redis_url)
    app = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{API}/openapi.json",
        lifespan=_lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.settings = settings
    app.state.clock = clock
    app.state.redis = redis
    app.state.database = Database(
        make_engine(settings.effective_database_url), topics=RedisTopics(redis), jobs=make_jobs(settings)
    )
    app.state.signer = SessionSigner(settings.session_secret.get_secret_value())
    app.state.believed_tokens = {}
    program = program_of(settings)
    app.state.dialplan = DialplanCommands(settings.home, program)
    app.state.dialplan_runs = RunFolder(settings.home, program)
    app.state.listener = TopicListener(redis_url)
    app.state.streams = Counter[str]()
    app.add_middleware(Envelope)
    add_error_handlers(app)
    install_openapi(app)
    for router in API_ROUTERS:
        app.include_router(router, prefix=API)
    for router in PAGE_ROUTERS:
        app.include_router(router)
    return app


async def end_task(task: asyncio.Task[None]) -> None:
    """Cancel until it has ended: Python 3.11 loses a cancellation that meets the end of what is being waited for."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=CANCEL_AGAIN_SECONDS)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    listening = asyncio.create_task(app.state.listener.run())
    try:
        yield
    finally:
        app.state.listener.close()
        await end_task(listening)
        app.state.database.engine.dispose()
        app.state.redis.close()
