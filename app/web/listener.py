"""One Redis subscription per process; it wakes the streams whose topic was announced.

Redis away: streams are told so (`is_live`), poll each second, and the listener tries again until Redis is back.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from app.platform.redis import make_async_redis
from app.platform.topics import PREFIX, SESSION

RETRY_SECONDS = 1.0
QUIET_SECONDS = 5.0
"""After so long without a word Redis is asked whether it is there: a dead host sends no goodbye."""
ANSWER_SECONDS = 2.0
OVERLAP_SECONDS = 3.0
"""Polling goes on for so long after Redis is back: publishers may still be leaving it alone."""

log = structlog.get_logger()


class Waiter(asyncio.Event):
    """Set when a topic was announced. `is_log_in_doubtful`: the word was of the log-in, or words may have been lost."""

    def __init__(self) -> None:
        super().__init__()
        self.is_log_in_doubtful = True


class TopicListener:
    """Start with `run` as a task; `closed` ends every stream at once."""

    def __init__(self, redis_url: str) -> None:
        self._url = redis_url
        self._waiting: defaultdict[str, set[Waiter]] = defaultdict(set)
        self._live_since: float | None = None
        self.is_closed = False

    @property
    def is_live(self) -> bool:
        """Whether messages can be relied on; if not, poll."""
        return self._live_since is not None and time.monotonic() - self._live_since > OVERLAP_SECONDS

    @contextmanager
    def listening(self, topic: str) -> Iterator[Waiter]:
        """An event that is set whenever the topic is announced, or the listener's own state changes."""
        wake = Waiter()
        self._waiting[topic].add(wake)
        try:
            yield wake
        finally:
            self._waiting[topic].discard(wake)
            if not self._waiting[topic]:
                del self._waiting[topic]

    def wake(self, topic: str, message: str = SESSION) -> None:
        for waiter in self._waiting.get(topic, ()):
            waiter.is_log_in_doubtful |= message == SESSION
            waiter.set()

    def close(self) -> None:
        """The server stops: every stream ends now, none holds the shutdown up."""
        self.is_closed = True
        self._wake_all()

    def _wake_all(self) -> None:
        for topic in list(self._waiting):
            self.wake(topic)

    async def run(self) -> None:
        """Listen until cancelled. Redis down or restarted: try again each second."""
        while not self.is_closed:
            client = make_async_redis(self._url)
            try:
                async with client.pubsub() as subscription:
                    await subscription.psubscribe(PREFIX + "*")
                    await self._listen(subscription)
            except (RedisError, OSError, TimeoutError) as error:
                self._report_loss(error)
            except Exception as error:  # an outer loop: pops must not die of a surprise
                log.exception("topics_listener_failed")
                self._report_loss(error)
            finally:
                await self._close(client)
            await asyncio.sleep(RETRY_SECONDS)

    async def _listen(self, subscription: PubSub) -> None:
        while not self.is_closed:
            message = await subscription.get_message(timeout=QUIET_SECONDS)
            if message is None:
                await subscription.ping()
                message = await subscription.get_message(timeout=ANSWER_SECONDS)
                if message is None:
                    raise TimeoutError("Redis is silent")
            if message["type"] == "psubscribe":
                self._live_since = time.monotonic()
                log.info("topics_listening")
                self._wake_all()
            elif message["type"] == "pmessage":
                self.wake(str(message["channel"]).removeprefix(PREFIX), str(message["data"]))

    def _report_loss(self, error: BaseException) -> None:
        if self._live_since is not None:
            log.warning("topics_lost", reason=type(error).__name__)
        self._live_since = None
        self._wake_all()

    @staticmethod
    async def _close(client: Redis) -> None:
        with suppress(RedisError, OSError):
            await client.aclose()
