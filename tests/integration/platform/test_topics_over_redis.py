"""Topics leave after the commit, once; without Redis nothing waits and nothing fails."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from redis.client import PubSub
from structlog.testing import capture_logs

from app.contract.ports import free_port
from app.platform.database import Database, make_engine
from app.platform.redis import is_redis_up, make_redis
from app.platform.topics import PREFIX, RedisTopics, publish

pytestmark = pytest.mark.services


@pytest.fixture
def listening(redis_url: str) -> Iterator[PubSub]:
    with make_redis(redis_url).pubsub(ignore_subscribe_messages=True) as subscription:
        subscription.psubscribe(PREFIX + "*")
        while not subscription.subscribed:
            subscription.get_message(timeout=1)
        subscription.get_message(timeout=1)
        yield subscription


@pytest.fixture
def announcing(redis_url: str, tmp_path: Path) -> Database:
    return Database(make_engine(f"sqlite:///{tmp_path / 'a.db'}"), topics=RedisTopics(make_redis(redis_url)))


def heard(subscription: PubSub) -> list[tuple[str, str]]:
    """Everything that has arrived; a last message of our own marks the end."""
    messages = []
    while True:
        message = subscription.get_message(timeout=10)
        assert message is not None
        if message["channel"] == PREFIX + "end":
            return messages
        messages.append((message["channel"], message["data"]))


def test_messages_leave_with_the_commit_in_order_and_once(listening: PubSub, announcing: Database) -> None:
    with announcing.transaction() as session:
        publish(session, "agent:8001", "pop")
        publish(session, "agent:8002", "pop")
        publish(session, "agent:8001", "pop")
        publish(session, "end", "")

    assert heard(listening) == [("hotline:agent:8001", "pop"), ("hotline:agent:8002", "pop")]


def test_what_is_rolled_back_is_not_told(listening: PubSub, announcing: Database) -> None:
    with suppress(ZeroDivisionError), announcing.transaction() as session:
        publish(session, "agent:8001", "pop")
        raise ZeroDivisionError
    with announcing.transaction() as session:
        publish(session, "end", "")

    assert heard(listening) == []


def test_without_redis_the_first_message_is_reported_and_the_next_do_not_wait(tmp_path: Path) -> None:
    topics = RedisTopics(make_redis(f"redis://127.0.0.1:{free_port()}/0"))
    database = Database(make_engine(f"sqlite:///{tmp_path / 'a.db'}"), topics=topics)

    with capture_logs() as logs:
        for number in range(50):
            with database.transaction() as session:
                publish(session, f"agent:{number}", "pop")

    assert {entry["event"] for entry in logs} == {"topics_not_sent"}
    assert len(logs) < 50


def test_a_session_without_topics_tells_nobody(tmp_path: Path) -> None:
    with Database(make_engine(f"sqlite:///{tmp_path / 'a.db'}")).transaction() as session:
        publish(session, "agent:8001", "pop")


def test_whether_redis_is_up_is_no_error(redis_url: str) -> None:
    assert is_redis_up(make_redis(redis_url))
    assert not is_redis_up(make_redis(f"redis://127.0.0.1:{free_port()}/0"))
