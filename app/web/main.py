"""create_app: the composition root of the web process. Every slice's routers are named here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI

from app.accounts.sessions import SessionSigner
from app.platform.clock import Clock, utc_now
from app.platform.database import Database, make_engine
from app.platform.redis import make_redis
from app.platform.settings import Settings
from app.platform.topics import RedisTopics
from app.web.errors import add_error_handlers

API = "/api/v1"

ROUTERS: list[APIRouter] = []
"""Each slice's routers: `api.router` without prefix is put under /api/v1, pages stand as they are."""


def create_app(settings: Settings, *, clock: Clock = utc_now) -> FastAPI:
    """The whole case store over HTTP. Opens no connection before the first request."""
    redis = make_redis(settings.redis_url.get_secret_value())
    database = Database(make_engine(settings.effective_database_url), topics=RedisTopics(redis))
    app = FastAPI(title="12345 hotline case store", docs_url=None, redoc_url=None, lifespan=_lifespan)
    app.state.settings = settings
    app.state.clock = clock
    app.state.redis = redis
    app.state.database = database
    app.state.signer = SessionSigner(settings.session_secret.get_secret_value())
    add_error_handlers(app)
    for router in ROUTERS:
        app.include_router(router)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    app.state.database.engine.dispose()
    app.state.redis.close()
