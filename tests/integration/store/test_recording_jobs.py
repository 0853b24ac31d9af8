"""A recording was reported: a sweep notes its length."""

import wave
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app.calls.models import Call
from app.ingest import jobs
from app.ingest.effects import Terms
from app.ingest.jobs import SWEEPS, check_recordings
from app.ingest.service import store_batch
from app.platform.database import Database
from app.platform.job_queue import JobContext
from app.platform.settings import Settings
from tests.integration.store.calling import answered_call, batch

pytestmark = pytest.mark.services


def _record(home: Path, name: str, seconds: float) -> None:
    folder = home / "asterisk" / "recordings"
    folder.mkdir(parents=True, exist_ok=True)
    with wave.open(str(folder / name), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(round(16000 * seconds)))


@pytest.fixture
def context(settings: Settings, database: Database, now: datetime) -> JobContext:
    return JobContext(settings, database, lambda: now)


def _call(database: Database) -> Call:
    with database.reading() as session:
        return session.scalars(select(Call)).one()


def test_the_lengths_of_saved_recordings_are_noted_by_the_sweep(
    context: JobContext, database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "CHECKED_AT_ONCE", 2)
    calls = {f"node1-1.{n}": n for n in range(1, 6)}
    for call_id, seconds in calls.items():
        _record(context.settings.home, f"{call_id}.wav", seconds)
        with database.transaction() as session:
            store_batch(session, batch(*answered_call(call_id, now - timedelta(hours=1)).events), Terms(), now)
    check_recordings(context)

    with database.reading() as session:
        noted = session.execute(select(Call.call_id, Call.recording_ms, Call.recording_checked_at)).all()
    assert sorted(noted) == [(call_id, seconds * 1000, now) for call_id, seconds in calls.items()]


def test_a_recording_is_looked_at_once(context: JobContext, database: Database, now: datetime) -> None:
    _record(context.settings.home, "node1-1.1.wav", 2)
    with database.transaction() as session:
        store_batch(session, batch(*answered_call("node1-1.1", now - timedelta(hours=1)).events), Terms(), now)
    check_recordings(context)
    _record(context.settings.home, "node1-1.1.wav", 3)
    check_recordings(JobContext(context.settings, database, lambda: now + timedelta(minutes=1)))

    assert (_call(database).recording_ms, _call(database).recording_checked_at) == (2000, now)
    assert SWEEPS[0].job is check_recordings


@pytest.mark.parametrize("content", [None, b"", b"RIFF", b"no sound at all"])
def test_a_missing_or_broken_recording_is_noted_as_looked_at(
    context: JobContext, database: Database, now: datetime, content: bytes | None
) -> None:
    folder = context.settings.home / "asterisk" / "recordings"
    folder.mkdir(parents=True)
    if content is not None:
        (folder / "node1-1.1.wav").write_bytes(content)
    with database.transaction() as session:
        store_batch(session, batch(*answered_call("node1-1.1", now - timedelta(hours=1)).events), Terms(), now)
    check_recordings(context)

    assert (_call(database).recording_ms, _call(database).recording_checked_at) == (None, now)
