"""Jobs of ingest: look at a recording that was reported as saved, and note its length."""

import wave
from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy import select, update

from app.calls.models import Call
from app.platform.job_queue import JobContext, Sweep

PATIENCE = timedelta(minutes=1)
"""After so long a recording that no job has looked at is looked at by the sweep."""
SWEPT_AT_ONCE = 200

log = structlog.get_logger()


def check_recording(context: JobContext, call_id: str) -> None:
    """Note that the call's recording was looked at, and its length; no length: the file is missing or broken."""
    unchecked = Call.call_id == call_id, Call.recording_file.is_not(None), Call.recording_checked_at.is_(None)
    with context.database.reading() as session:
        file = session.scalar(select(Call.recording_file).where(*unchecked))
    if file is None:
        return
    # before the transaction: a slow disk keeps no writer waiting
    recording_ms = length_ms(recordings_of(context) / file)
    with context.database.transaction() as session:
        session.execute(
            update(Call).where(*unchecked).values(recording_ms=recording_ms, recording_checked_at=context.clock())
        )
    if recording_ms is None:
        log.warning("recording_unreadable", call_id=call_id, file=file)


def check_forgotten_recordings(context: JobContext) -> None:
    """Look at recordings whose job was lost, e.g. while Redis was away."""
    with context.database.reading() as session:
        query = select(Call.call_id).where(
            Call.recording_file.is_not(None),
            Call.recording_checked_at.is_(None),
            Call.arrived_at < context.clock() - PATIENCE,
        )
        forgotten = list(session.scalars(query.order_by(Call.arrived_at).limit(SWEPT_AT_ONCE)))
    for call_id in forgotten:
        check_recording(context, call_id)


def recordings_of(context: JobContext) -> Path:
    """The folder that MixMonitor writes to."""
    return context.settings.home / "asterisk" / "recordings"


def length_ms(file: Path) -> int | None:
    """Length of a WAV file; None for a file that is missing or no WAV."""
    try:
        with wave.open(str(file), "rb") as recording:
            return round(recording.getnframes() * 1000 / recording.getframerate())
    except (OSError, EOFError, wave.Error, ZeroDivisionError):
        return None


SWEEPS = [Sweep(check_forgotten_recordings, every_seconds=300)]
