"""The composition roots of the processes over HTTP: `create_app` for pages and API, `create_facts_app` for call facts.

Every slice's routers are named here.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TypeVar

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Engine
from starlette.types import Lifespan

from app.accounts import api as accounts_api
from app.accounts import audit_api, audit_pages, user_api, user_pages
from app.accounts import pages as accounts_pages
from app.accounts.sessions import SessionSigner
from app.broadcasts import api as broadcasts_api
from app.broadcasts import pages as broadcasts_pages
from app.callbacks import api as callbacks_api
from app.callbacks import pages as callbacks_pages
from app.callers import api as callers_api
from app.callers import pages as callers_pages
from app.calls import api as calls_api
from app.calls import pages as calls_pages
from app.casework import api as casework_api
from app.casework import (
    bulk_pages,
    citizen_pages,
    dissolving_pages,
    file_pages,
    review_pages,
    supervision_pages,
    timeline_pages,
)
from app.casework import pages as casework_pages
from app.catalogue import api as catalogue_api
from app.catalogue import editing_api, reference_pages
from app.catalogue import pages as catalogue_pages
from app.deadlines import api as deadlines_api
from app.deadlines import pages as deadlines_pages
from app.deadlines import rule_pages
from app.desk import agent_flow_api, alike_pages, handover_api
from app.desk import api as desk_api
from app.desk import pages as desk_pages
from app.desk.stream import list_messages
from app.evaluation import api as evaluation_api
from app.evaluation import follow_up_api, follow_up_pages, link_pages, score_pages
from app.evaluation import pages as evaluation_pages
from app.evaluation.report import Terms
from app.evaluation.settings import RateSettings
from app.flows import api as flows_api
from app.flows import pages as flows_pages
from app.flows import prompt_api, prompt_pages
from app.flows.builds import BuildFolder
from app.flows.commands import FlowCommands
from app.flows.commands import program_of as flows_program_of
from app.handovers import api as handovers_api
from app.handovers import pages as handovers_pages
from app.handovers import referral_pages
from app.ingest import api as ingest_api
from app.lines import api as lines_api
from app.messages import api as messages_api
from app.messages import pages as messages_pages
from app.operations import api as operations_api
from app.operations import change_pages, history_pages, parked_pages, probe_pages
from app.operations import pages as operations_pages
from app.operations.commands import DialplanCommands, program_of
from app.operations.runs import RunFolder
from app.platform.clock import Clock, utc_now
from app.platform.database import Database, make_engine
from app.platform.http import admit_sessions
from app.platform.jobs import make_jobs
from app.platform.redis import make_redis
from app.platform.settings import Settings
from app.platform.topics import RedisTopics
from app.privacy import api as privacy_api
from app.privacy import pages as privacy_pages
from app.probes import api as probes_api
from app.probes import pages as probes_pages
from app.probes.settings import ProbeSettings
from app.tickets import api as tickets_api
from app.tickets import export_pages, view_pages
from app.tickets import pages as tickets_pages
from app.web import health, static
from app.web.envelope import Envelope
from app.web.errors import add_error_handlers
from app.web.listener import TopicListener
from app.web.openapi import install_openapi
from app.web.sse import make_events_router

T = TypeVar("T")

API = "/api/v1"
FACTS_PATIENCE_SECONDS = 1
"""A batch that waits longer for the database is told again by its sender: look-ups stand behind it."""
CANCEL_AGAIN_SECONDS = 0.2

API_ROUTERS = (
    accounts_api.router,
    user_api.router,
    audit_api.router,
    desk_api.router,
    handover_api.router,
    agent_flow_api.router,
    ingest_api.router,
    callbacks_api.router,
    broadcasts_api.router,
    messages_api.router,
    handovers_api.router,
    deadlines_api.router,
    evaluation_api.router,
    follow_up_api.router,
    tickets_api.router,
    callers_api.router,
    casework_api.router,
    calls_api.router,
    privacy_api.router,
    catalogue_api.router,
    editing_api.router,
    lines_api.router,
    probes_api.router,
    operations_api.router,
    flows_api.router,
    prompt_api.router,
)
PAGE_ROUTERS = (
    accounts_pages.router,
    broadcasts_pages.router,
    messages_pages.router,
    callbacks_pages.router,
    callers_pages.router,
    user_pages.router,
    audit_pages.router,
    privacy_pages.router,
    calls_pages.router,
    desk_pages.router,
    alike_pages.router,
    handovers_pages.router,
    supervision_pages.router,
    review_pages.router,
    rule_pages.router,
    deadlines_pages.router,
    referral_pages.router,
    export_pages.router,
    view_pages.router,
    follow_up_pages.router,
    link_pages.router,
    evaluation_pages.router,
    score_pages.router,
    tickets_pages.router,
    casework_pages.router,
    bulk_pages.router,
    timeline_pages.router,
    citizen_pages.router,
    file_pages.router,
    catalogue_pages.router,
    dissolving_pages.router,
    reference_pages.router,
    operations_pages.router,
    change_pages.router,
    history_pages.router,
    probe_pages.router,
    flows_pages.router,
    prompt_pages.router,
    parked_pages.router,
    probes_pages.router,
    health.router,
    static.router,
    make_events_router(list_messages),
)


def create_app(settings: Settings, *, clock: Clock = utc_now) -> FastAPI:
    """The whole case store over HTTP. Opens no connection before it serves."""
    app = _bare_app(settings, clock, _serving_pages, make_engine(settings.effective_database_url))
    app.state.listener = TopicListener(settings.redis_url.get_secret_value())
    app.state.streams = Counter[str]()
    program = program_of(settings)
    app.state.dialplan = DialplanCommands(settings.home, program)
    app.state.probe_interval = timedelta(minutes=ProbeSettings().probe_every_minutes)
    app.state.rate_terms = Terms.of(RateSettings())
    app.state.dialplan_runs = RunFolder(settings.home, program, clock=clock)
    app.state.flows = FlowCommands(settings.home, flows_program_of(settings))
    app.state.prompt_builds = BuildFolder(settings.home, clock=clock)
    install_openapi(app)
    for router in API_ROUTERS:
        app.include_router(router, prefix=API)
    for router in PAGE_ROUTERS:
        app.include_router(router)
    return app


def create_facts_app(settings: Settings, *, clock: Clock = utc_now) -> FastAPI:
    """The door for call facts alone, as telephony knows it: one thing at a time, without threads (ADR 0065)."""
    engine = make_engine(settings.effective_database_url, patience_seconds=FACTS_PATIENCE_SECONDS)
    app = _bare_app(settings, clock, _keeping_facts, engine)
    app.state.run_blocking = _in_line
    app.include_router(ingest_api.router, prefix=API)
    app.include_router(health.router)
    return app


async def _in_line(work: Callable[[], T], /) -> T:
    return work()


def _bare_app(settings: Settings, clock: Clock, lifespan: Lifespan[FastAPI], engine: Engine) -> FastAPI:
    """What every process over HTTP has: envelope, errors, log-in, database, Redis."""
    redis = make_redis(settings.redis_url.get_secret_value())
    app = FastAPI(
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{API}/openapi.json",
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.settings = settings
    app.state.clock = clock
    app.state.redis = redis
    app.state.database = Database(engine, topics=RedisTopics(redis), jobs=make_jobs(settings))
    app.state.signer = SessionSigner(settings.session_secret.get_secret_value())
    app.state.believed_tokens = {}
    app.state.run_blocking = run_in_threadpool
    admit_sessions(app)
    app.add_middleware(Envelope)
    add_error_handlers(app)
    return app


async def end_task(task: asyncio.Task[None]) -> None:
    """Cancel until it has ended: Python 3.11 loses a cancellation that meets the end of what is being waited for."""
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=CANCEL_AGAIN_SECONDS)


@asynccontextmanager
async def _serving_pages(app: FastAPI) -> AsyncIterator[None]:
    listening = asyncio.create_task(app.state.listener.run())
    async with _keeping_facts(app):
        try:
            yield
        finally:
            app.state.listener.close()
            await end_task(listening)


@asynccontextmanager
async def _keeping_facts(app: FastAPI) -> AsyncIterator[None]:
    try:
        yield
    finally:
        app.state.database.engine.dispose()
        app.state.redis.close()
