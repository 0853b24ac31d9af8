"""Redis: topics and the job queue. Nothing that must not be lost lives here only; every caller goes on without it."""

from redis import Redis
from redis.asyncio import Redis as AsyncRedis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, RedisError
from redis.retry import Retry

CONNECT_TIMEOUT_SECONDS = 0.3
ANSWER_TIMEOUT_SECONDS = 0.5


def make_redis(url: str, *, is_text: bool = True) -> Redis:
    """A client that gives up fast: redis.exceptions.RedisError after half a second.

    One retry on a fresh connection, so that a restart of Redis does not cost the first request after it; none for a
    Redis that hangs.
    """
    return Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_TIMEOUT_SECONDS,
        socket_timeout=ANSWER_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 1, supported_errors=(ConnectionError,)),
        decode_responses=is_text,
    )


def make_async_redis(url: str) -> AsyncRedis:
    """The same for a subscriber on the event loop. It waits long for messages, so answers have no time limit."""
    return AsyncRedis.from_url(
        url,
        socket_connect_timeout=CONNECT_TIMEOUT_SECONDS,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


def is_redis_up(client: Redis) -> bool:
    """Whether Redis answers now. Redis down: False after the time-out, never an error."""
    try:
        return bool(client.ping())
    except RedisError:
        return False
