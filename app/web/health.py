"""/health: what this process and what it stands on are doing. For the watchdog, `hotline doctor` and load balancers."""

from datetime import datetime
from functools import cache
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from app.calls.models import Sender
from app.platform.database import Database
from app.platform.http import ClockDep, DatabaseDep, RedisDep
from app.platform.migrations import current_revision, head_revision
from app.platform.redis import is_redis_up

router = APIRouter(tags=["operations"])
newest_revision = cache(head_revision)
"""Read from the disk once: a new release is a new process."""


class SenderHealth(BaseModel):
    node: str = Field(description="a sender of call facts, e.g. node1.ami")
    cursor: int = Field(description="highest journal sequence stored")
    silent_seconds: float = Field(description="since its last batch; a sender with nothing to say is silent too")


class Health(BaseModel):
    status: Literal["ok", "degraded", "down"] = Field(
        description="degraded: everything is answered, pops take up to a second longer (Redis away)"
    )
    database: Literal["up", "down"]
    schema_version: str | None = Field(description="revision of the database; none: never migrated")
    is_schema_current: bool
    redis: Literal["up", "down"]
    senders: list[SenderHealth]
    at: datetime


@router.get("/health", summary="Health of the case store", responses={503: {"model": Health}})
def read_health(response: Response, database: DatabaseDep, redis: RedisDep, clock: ClockDep) -> Health:
    """200 while work can be done, 503 when the database does not answer or has another schema. No log-in needed."""
    now = clock()
    is_redis = is_redis_up(redis)
    revision, senders = None, list[SenderHealth]()
    try:
        revision, senders = _ask_database(database, now)
        is_up = True
    except SQLAlchemyError:
        is_up = False
    is_current = revision == newest_revision()
    works = is_up and is_current
    response.status_code = 200 if works else 503
    return Health(
        status=("ok" if is_redis else "degraded") if works else "down",
        database="up" if is_up else "down",
        schema_version=revision,
        is_schema_current=is_current,
        redis="up" if is_redis else "down",
        senders=senders,
        at=now,
    )


def _ask_database(database: Database, now: datetime) -> tuple[str | None, list[SenderHealth]]:
    with database.reading() as session:
        revision = current_revision(session.connection())
        if revision is None:
            return None, []
        senders = session.scalars(select(Sender).order_by(Sender.node)).all()
    return revision, [
        SenderHealth(node=s.node, cursor=s.cursor, silent_seconds=round((now - s.last_seen_at).total_seconds(), 1))
        for s in senders
    ]
