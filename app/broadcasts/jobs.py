"""Jobs of broadcasts: have their audio made, end those whose time is over.

The voice belongs to the telephony side, so its own command makes the audio: `hotline broadcasts speak ID`.
"""

import subprocess
import sys

import structlog
from sqlalchemy import select

from app.broadcasts.models import Broadcast
from app.broadcasts.service import NoMessenger, end_broadcast
from app.platform.job_queue import JobContext, Sweep

SPEAK = (sys.executable, "-m", "app.cli", "broadcasts", "speak")
SPEAK_SECONDS = 45
EXPIRY = "expiry"

log = structlog.get_logger()


def speak(context: JobContext, broadcast_id: int) -> None:  # noqa: ARG001 - the command has its own connections
    """Have the audio made; the command marks the broadcast when it is there. CalledProcessError: tried again."""
    subprocess.run([*SPEAK, str(broadcast_id)], check=True, capture_output=True, timeout=SPEAK_SECONDS)
    log.info("broadcast_spoken", broadcast_id=broadcast_id)


def tend_broadcasts(context: JobContext) -> None:
    """End what has expired; speak again what was forgotten."""
    now = context.clock()
    with context.database.transaction() as session:
        expired = select(Broadcast.id).where(Broadcast.ended_at.is_(None), Broadcast.expires_at <= now)
        for broadcast_id in list(session.scalars(expired.order_by(Broadcast.id))):
            end_broadcast(session, broadcast_id, by=EXPIRY, now=now, messenger=NoMessenger())
        silent = select(Broadcast.id).where(Broadcast.ended_at.is_(None), Broadcast.spoken_at.is_(None))
        waiting = list(session.scalars(silent.order_by(Broadcast.id).limit(5)))
    for broadcast_id in waiting:
        speak(context, broadcast_id)


SWEEPS = [Sweep(tend_broadcasts, every_seconds=60)]
