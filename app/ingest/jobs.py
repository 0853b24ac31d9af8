"""Jobs of ingest: look at the recordings that were reported as saved, and note their lengths."""

import wave
from pathlib import Path

import structlog
from sqlalchemy import select, update

from app.calls.models import Call
from app.platform.job_queue import JobContext, Sweep

CHECKED_AT_ONCE = 200
_UNCHECKED = Call.recording_file.is_not(None), Call.recording_checked_at.is_(None)

log = structlog.get_logger()


def check_recordings(context: JobContext) -> None:
    """Note of every recording that it was looked at, and its length; no length: the file is missing or broken.

    One sweep for all of them: a job for each call cost a fork and a transaction (ADR 0383).
    """
    while found := _next_files(context):
        # before the transaction: a slow disk keeps no writer waiting
        folder, now = recordings_of(context), context.clock()
        lengths = {call_id: length_ms(folder / file) for call_id, file in found.items()}
        with context.database.transaction() as session:
            for call_id, length in lengths.items():
                noted = update(Call).where(Call.call_id == call_id, *_UNCHECKED)
                session.execute(noted.values(recording_ms=length, recording_checked_at=now))
        for call_id, file in found.items():
            if lengths[call_id] is None:
                log.warning("recording_unreadable", call_id=call_id, file=file)


def _next_files(context: JobContext) -> dict[str, str]:
    """The file of each call to look at next, oldest calls first."""
    query = select(Call.call_id, Call.recording_file).where(*_UNCHECKED).order_by(Call.arrived_at)
    with context.database.reading() as session:
        rows = session.execute(query.limit(CHECKED_AT_ONCE)).all()
    return {call_id: file for call_id, file in rows if file is not None}


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


SWEEPS = [Sweep(check_recordings, every_seconds=10)]
