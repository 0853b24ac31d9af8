"""A message is put once, sent once, tried again when the gateway fails, and given up after the last try."""

from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
import pytest

from app.outbox.jobs import deliver
from app.outbox.models import OutboxMessage
from app.outbox.rules import MOST_ATTEMPTS
from app.outbox.senders import FileSender, GatewaySender, SendFailed, make_sender
from app.outbox.service import LEASE, put_message, take_due
from app.platform.database import Database
from app.platform.job_queue import JobContext
from app.platform.settings import Settings

pytestmark = pytest.mark.services

NUMBER = "19900012345"


@pytest.fixture
def message(database: Database, now: datetime) -> int:
    with database.transaction() as session:
        for text in ("工单已受理", "说过的不再说"):
            put_message(session, key="notice:1", recipient=NUMBER, text=text, send_at=now, now=now)
    with database.transaction() as session:
        (row,) = session.query(OutboxMessage).all()
        assert row.text == "工单已受理"
        return row.id


def read(database: Database, message: int) -> OutboxMessage:
    with database.reading() as session:
        return session.get_one(OutboxMessage, message)


def gateway(answer: Callable[[httpx.Request], httpx.Response]) -> GatewaySender:
    return GatewaySender("http://127.0.0.1:9/sms", "secret", transport=httpx.MockTransport(answer))


def test_a_gateway_is_handed_number_text_and_a_key_that_makes_a_second_try_harmless(
    database: Database, settings: Settings, message: int, now: datetime
) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(202)

    deliver(JobContext(settings, database, lambda: now), gateway(answer))
    deliver(JobContext(settings, database, lambda: now + LEASE * 2), gateway(answer))
    (request,) = asked
    assert request.headers["Idempotency-Key"] == "notice:1"
    assert request.headers["Authorization"] == "Bearer secret"
    assert NUMBER in request.content.decode()
    assert read(database, message).sent_at == now


def test_a_gateway_that_fails_is_tried_again_later_and_given_up_in_the_end(
    database: Database, settings: Settings, message: int, now: datetime
) -> None:
    moment = now
    sender = gateway(lambda _request: httpx.Response(503))
    for attempt in range(1, MOST_ATTEMPTS + 1):
        deliver(JobContext(settings, database, lambda at=moment: at), sender)
        row = read(database, message)
        assert (row.attempts, row.last_error, row.sent_at) == (attempt, "HTTP 503", None)
        moment = max(row.next_try_at, moment + timedelta(seconds=1))
    assert read(database, message).given_up_at is not None
    deliver(JobContext(settings, database, lambda: now + timedelta(days=30)), sender)
    assert read(database, message).attempts == MOST_ATTEMPTS


def test_what_one_worker_has_taken_is_not_taken_by_another_until_its_lease_ends(
    database: Database, message: int, now: datetime
) -> None:
    with database.transaction() as session:
        assert take_due(session, now, 10) == [message]
    with database.transaction() as session:
        assert take_due(session, now, 10) == []
        assert take_due(session, now + LEASE, 10) == [message]


def test_a_file_that_cannot_be_written_is_a_failed_try(settings: Settings, message: int, database: Database) -> None:
    (settings.home / "outbox").write_text("in the way", encoding="utf-8")
    sender = make_sender(settings)
    assert isinstance(sender, FileSender)
    with pytest.raises(SendFailed):
        sender.send(read(database, message))


def test_the_settings_choose_the_gateway(settings: Settings) -> None:
    assert isinstance(make_sender(settings.model_copy(update={"sms_gateway_url": "http://127.0.0.1:9"})), GatewaySender)
