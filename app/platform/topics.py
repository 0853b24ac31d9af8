"""Topics: tell pages that something changed, after it is true. Messages carry ids, never data (style.md rule 8).

A topic is a hint, not a store: who listens reads the database again. A lost message costs a second, not a pop.
"""

import time
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import structlog
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.orm import Session

from app.platform.database import after_commit

PREFIX = "hotline:"
SESSION = "session"
"""Message to an agent's topic: his log-in has changed."""
SILENCE_SECONDS = 2.0
"""After a failure Redis is left alone for so long: a batch of facts must not wait once per message."""

log = structlog.get_logger()


class StreamMessage(NamedTuple):
    """One server-sent event. `id` names its content: the same id is sent to a page once."""

    id: str
    event: str
    data: str


class Topics(Protocol):
    """Where messages go once their transaction is true."""

    def send(self, messages: Sequence[tuple[str, str]]) -> None:
        """Send (topic, message) pairs in order. Never raises."""
        ...


class RedisTopics:
    """Redis pub/sub. Redis down: the messages are dropped and logged; pages poll the database meanwhile."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._silent_until = 0.0

    def send(self, messages: Sequence[tuple[str, str]]) -> None:
        if time.monotonic() < self._silent_until:
            return
        try:
            with self._client.pipeline(transaction=False) as pipeline:
                for topic, message in messages:
                    pipeline.publish(PREFIX + topic, message)
                pipeline.execute()
        except RedisError as error:
            self._silent_until = time.monotonic() + SILENCE_SECONDS
            log.warning("topics_not_sent", count=len(messages), reason=type(error).__name__)


def agent_topic(username: str) -> str:
    """The topic of one agent's page."""
    return f"agent:{username}"


def publish(session: Session, topic: str, message: str) -> None:
    """Send `message` to `topic` after this session's commit; once, however often it is asked for.

    A session whose database has no topics attached (the CLI) tells nobody.
    """
    topics: Topics | None = session.info.get("topics")
    if topics is None:
        return
    waiting: dict[tuple[str, str], None] | None = session.info.get("messages")
    if waiting is None:
        waiting = session.info["messages"] = {}
        after_commit(session, lambda: topics.send(list(session.info.pop("messages", {}))))
    waiting[topic, message] = None
