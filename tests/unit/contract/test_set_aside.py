"""What the store refused lies beside the journal until it takes it; a try that breaks off loses nothing."""

import json
from pathlib import Path

import httpx
import pytest

from app.contract.client import StoreUnavailable
from app.contract.records import JournalRecord
from app.contract.set_aside import FILE, TAKEN, SetAside, resend
from tests.fakes.recording_store import RecordingStore

SENDER = "node1.agi"


def record(seq: int) -> JournalRecord:
    return JournalRecord(seq, json.dumps({"event_id": f"e{seq}"}).encode())


@pytest.fixture
def set_aside(tmp_path: Path) -> SetAside:
    """Three records that were refused."""
    made = SetAside(tmp_path)
    for seq in (3, 5, 8):
        made.add(record(seq), "422: unknown type")
    return made


@pytest.fixture
def store() -> RecordingStore:
    return RecordingStore()


async def send(set_aside: SetAside, store: RecordingStore) -> tuple[int, int, list[int]]:
    async with store.client() as client:
        done = await resend(set_aside, client, SENDER)
    return done.kept, done.parked, [one.seq for one in done.left]


async def test_a_store_that_was_mended_takes_everything_in_its_order(
    set_aside: SetAside, store: RecordingStore
) -> None:
    assert await send(set_aside, store) == (3, 0, [])

    assert store.seqs == [3, 5, 8]
    assert set_aside.read() == []


async def test_what_is_still_refused_stays_with_the_reason_of_today(set_aside: SetAside, store: RecordingStore) -> None:
    store.failures = [413]

    assert await send(set_aside, store) == (2, 0, [3])

    [left] = set_aside.read()
    assert (left.seq, left.reason.startswith("413"), left.as_dict()) == (3, True, {"event_id": "e3", "seq": 3})


async def test_a_store_that_goes_away_in_the_middle_loses_nothing(
    set_aside: SetAside, store: RecordingStore, tmp_path: Path
) -> None:
    store.failures = [422, httpx.ConnectError("refused")]

    with pytest.raises(StoreUnavailable):
        await send(set_aside, store)

    assert [one.seq for one in set_aside.read()] == [3, 5, 8]
    assert not (tmp_path / TAKEN).exists()
    assert await send(set_aside, store) == (3, 0, [])


async def test_a_try_that_was_killed_is_ended_by_the_next_one(set_aside: SetAside, store: RecordingStore) -> None:
    set_aside.take()
    set_aside.add(record(9), "422: while nobody looked")

    assert [one.seq for one in set_aside.read()] == [3, 5, 8, 9]
    assert await send(set_aside, store) == (4, 0, [])
    assert set_aside.read() == []


async def test_a_line_that_nobody_can_read_is_shown_and_stays(
    set_aside: SetAside, store: RecordingStore, tmp_path: Path
) -> None:
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'{"seq": 9, "rea\xff\n')
        file.write(json.dumps({"seq": 10, "reason": "no JSON", "event": "torn{"}).encode() + b"\n")

    assert await send(set_aside, store) == (3, 0, [0, 10])
    assert await send(set_aside, store) == (0, 0, [0, 10])


def test_others_cannot_read_it(set_aside: SetAside, tmp_path: Path) -> None:
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
