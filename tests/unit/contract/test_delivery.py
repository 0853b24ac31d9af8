"""Delivery: in order, at least once, for as long as it takes, and no record blocks another."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from app.contract import delivery as module
from app.contract.backoff import Backoff
from app.contract.delivery import Delivery
from app.contract.events import CallerQueued, CallEvent
from app.contract.journal import Journal
from app.contract.records import encode_record
from tests.fakes.recording_store import RecordingStore

MOMENT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def event(number: int) -> CallEvent:
    return CallEvent.make(CallerQueued(queue="common"), node="node1", occurred_at=MOMENT, uniqueid=f"u{number}")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    journal = Journal(tmp_path, fsync_interval_ms=0)
    yield journal
    journal.close()


@pytest.fixture
def store() -> RecordingStore:
    return RecordingStore()


@asynccontextmanager
async def delivering(journal: Journal, store: RecordingStore, batch_size: int = 4) -> AsyncIterator[Delivery]:
    async with store.client() as client:
        delivery = Delivery(journal, client, "node1.ami", batch_size=batch_size, backoff=Backoff(0.001, 0.002))
        task = asyncio.create_task(delivery.run())
        yield delivery
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_is_waiting_goes_out_in_batches_and_in_order(journal: Journal, store: RecordingStore) -> None:
    journal.append_all(event(number) for number in range(10))

    async with delivering(journal, store) as delivery:
        assert await delivery.flush(timeout_seconds=5)

    assert store.batches == [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]
    assert journal.acknowledged_seq == 10


async def test_an_event_written_while_idle_goes_out_at_once(journal: Journal, store: RecordingStore) -> None:
    async with delivering(journal, store) as delivery:
        for number in range(3):
            journal.append(event(number))
            assert await delivery.flush(timeout_seconds=5)

    assert store.batches == [[1], [2], [3]]


async def test_a_store_that_fails_is_asked_again_until_it_works(journal: Journal, store: RecordingStore) -> None:
    journal.append_all(event(number) for number in range(3))
    store.failures = [503, httpx.ConnectError("refused"), 500, httpx.ReadTimeout("late"), 429, 404]

    async with delivering(journal, store) as delivery:
        assert await delivery.flush(timeout_seconds=5)
        assert delivery.is_store_reachable

    assert store.seqs == [1, 2, 3]


async def test_an_answer_lost_on_the_way_back_doubles_nothing(journal: Journal, store: RecordingStore) -> None:
    journal.append_all(event(number) for number in range(3))
    answer, has_lost = store.answer, []

    def loses_first_result(request: httpx.Request) -> httpx.Response:
        response = answer(request)
        if request.method == "POST" and not has_lost:
            has_lost.append(True)
            raise httpx.ReadError("cut")
        return response

    store.answer = loses_first_result  # type: ignore[method-assign]
    async with delivering(journal, store) as delivery:
        assert await delivery.flush(timeout_seconds=5)

    assert store.seqs == [1, 2, 3]
    assert journal.acknowledged_seq == 3


async def test_a_store_restored_from_a_backup_is_told_again(journal: Journal, store: RecordingStore) -> None:
    journal.append_all(event(number) for number in range(6))
    async with delivering(journal, store) as delivery:
        assert await delivery.flush(timeout_seconds=5)
    del store.events[2:]

    async with delivering(journal, store) as delivery:
        journal.append(event(6))
        assert await delivery.flush(timeout_seconds=5)

    assert store.seqs == [1, 2, 3, 4, 5, 6, 7]


async def test_a_restore_while_we_run_is_noticed_after_a_silence(
    journal: Journal, store: RecordingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CURSOR_AGE_SECONDS", 0.0)
    async with delivering(journal, store) as delivery:
        journal.append_all(event(number) for number in range(6))
        assert await delivery.flush(timeout_seconds=5)
        del store.events[2:]
        journal.append(event(6))
        assert await delivery.flush(timeout_seconds=5)

    assert store.seqs == [1, 2, 3, 4, 5, 6, 7]


async def test_a_journal_that_was_lost_tells_its_new_events_to_a_store_that_is_ahead(
    journal: Journal, store: RecordingStore
) -> None:
    store.events = [{"event_id": "old", "seq": 5000}]
    journal.append_all(event(number) for number in range(2))

    async with delivering(journal, store) as delivery:
        assert await delivery.flush(timeout_seconds=5)
        assert journal.append(event(2)) == 5001
        assert await delivery.flush(timeout_seconds=5)

    assert [one["event_id"] for one in store.events[1:]] == [event(number).event_id for number in range(3)]


async def test_one_refused_record_is_parked_and_blocks_nobody(journal: Journal, store: RecordingStore) -> None:
    journal.append_all(event(number) for number in range(9))
    store.refuses = lambda one: one["uniqueid"] == "u5"

    with capture_logs() as logs:
        async with delivering(journal, store, batch_size=9) as delivery:
            assert await delivery.flush(timeout_seconds=5)

    assert store.seqs == [1, 2, 3, 4, 5, 7, 8, 9]
    [parked] = (journal.folder / "parked.jsonl").read_text().splitlines()
    assert json.loads(parked)["seq"] == 6
    assert [line["seq"] for line in logs if line["event"] == "event_parked_locally"] == [6]


async def test_a_store_that_refuses_everything_gets_it_all_later(journal: Journal, store: RecordingStore) -> None:
    journal.append_all(event(number) for number in range(4))
    store.failures = [422] * 30

    async with delivering(journal, store) as delivery:
        assert await delivery.flush(timeout_seconds=5)

    assert store.seqs == [1, 2, 3, 4]
    assert not (journal.folder / "parked.jsonl").exists()


async def test_a_rejected_token_is_said_loudly_and_loses_nothing(
    journal: Journal, store: RecordingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SLOW_RETRY_SECONDS", 0.001)
    journal.append(event(0))
    store.failures = [401, 403]

    with capture_logs() as logs:
        async with delivering(journal, store) as delivery:
            assert await delivery.flush(timeout_seconds=5)

    assert [line["log_level"] for line in logs if line["event"] == "store_rejects_token"] == ["error", "error"]
    assert store.seqs == [1]


async def test_flush_says_when_it_took_too_long(journal: Journal, store: RecordingStore) -> None:
    journal.append(event(0))
    store.failures = [503] * 100_000

    async with delivering(journal, store) as delivery:
        assert not await delivery.flush(timeout_seconds=0.05)


def test_waits_double_up_to_their_cap_and_differ() -> None:
    backoff = Backoff(1.0, 8.0)
    waits = [backoff.next_seconds() for _ in range(10)]

    assert all(step / 2 <= wait <= step for wait, step in zip(waits, [1, 2, 4, 8, 8, 8, 8, 8, 8, 8], strict=True))
    assert len(set(waits)) > 1
    backoff.reset()
    assert backoff.next_seconds() <= 1.0


@pytest.mark.parametrize("content", [b"no JSON", b"[1, 2]", b"null", b'"text"', b"\xff\xfe", b'{"half": '])
async def test_a_whole_record_that_is_no_event_is_set_aside_and_blocks_nobody(
    journal: Journal, store: RecordingStore, content: bytes
) -> None:
    journal.append_all(event(number) for number in range(2))
    with (journal.folder / "0000000000000001.journal").open("ab") as file:
        file.write(encode_record(3, content))
    journal.go_on_after(3)
    journal.append(event(3))

    with capture_logs() as logs:
        async with delivering(journal, store) as delivery:
            assert await delivery.flush(timeout_seconds=5)

    assert store.seqs == [1, 2, 4]
    [kept] = (journal.folder / "parked.jsonl").read_text().splitlines()
    assert json.loads(kept)["seq"] == 3
    assert [line["seq"] for line in logs if line["event"] == "journal_record_unreadable"] == [3]
