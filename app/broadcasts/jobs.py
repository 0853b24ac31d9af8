"""Jobs of broadcasts: have their audio made, end those whose time is over, tell followers that an outage is over.

The voice belongs to the telephony side, so its own command makes the audio: `hotline broadcasts speak ID`.
"""

import subprocess
import sys

import structlog
from sqlalchemy import select

from app.broadcasts import telling
from app.broadcasts.models import Broadcast, Way
from app.broadcasts.service import end_broadcast
from app.contract.commands import IncidentOverCall
from app.platform.job_queue import JobContext, Sweep
from app.platform.switch import Switch, SwitchNotReached, SwitchRefused, make_switch

SPEAK = (sys.executable, "-m", "app.cli", "broadcasts", "speak")
SPEAK_SECONDS = 45
EXPIRY = "expiry"
CALLS_AT_ONCE = 10
"""In half a minute, about as long as one takes: citizens who call need the trunk too."""
MAIN_LINE = "12345"

log = structlog.get_logger()


def speak(context: JobContext, broadcast_id: int) -> None:  # noqa: ARG001 - the command has its own connections
    """Have the audio made; the command marks the broadcast when it is there. CalledProcessError: tried again."""
    subprocess.run([*SPEAK, str(broadcast_id)], check=True, capture_output=True, timeout=SPEAK_SECONDS)
    log.info("broadcast_spoken", broadcast_id=broadcast_id)


def tend_broadcasts(context: JobContext) -> None:
    """End what has expired; speak again what was forgotten. That time has passed does not mean that an outage is over:
    its followers wait until somebody says so."""
    now = context.clock()
    with context.database.transaction() as session:
        expired = select(Broadcast.id).where(Broadcast.ended_at.is_(None), Broadcast.expires_at <= now)
        for broadcast_id in list(session.scalars(expired.order_by(Broadcast.id))):
            end_broadcast(session, broadcast_id, by=EXPIRY, now=now, is_over=False)
        silent = select(Broadcast.id).where(Broadcast.ended_at.is_(None), Broadcast.spoken_at.is_(None))
        waiting = list(session.scalars(silent.order_by(Broadcast.id).limit(5)))
    for broadcast_id in waiting:
        speak(context, broadcast_id)


def tell_followers(context: JobContext) -> None:
    """Followers of what is over get a message or a call, in the hours in which citizens may be disturbed."""
    terms = telling.Terms(Way(context.settings.followers_told_by), context.settings.hours_of_callbacks)
    now = context.clock()
    with context.database.transaction() as session:
        telling.follow_messages(session, now)
        while telling.decide_ways(session, terms, now) == telling.AT_ONCE:
            pass
    with context.database.transaction() as session:
        calls = telling.claim_calls(session, terms, now, limit=CALLS_AT_ONCE)
    if not calls:
        return
    switch = make_switch(context.settings)
    try:
        for call in calls:
            _ring(context, switch, call)
    finally:
        switch.close()


def _ring(context: JobContext, switch: Switch, call: telling.CallToMake) -> None:
    """One whom telephony cannot ring now has his turn later; one whom it refuses is left to people."""
    try:
        switch.send(IncidentOverCall(call_id=call.call_id, number=call.number, line=call.line or MAIN_LINE))
    except SwitchNotReached as error:
        log.warning("incident_over_call_not_placed", call_id=call.call_id, reason=error.code)
    except SwitchRefused as error:
        log.warning("incident_over_call_refused", call_id=call.call_id, reason=error.code)
        with context.database.transaction() as session:
            telling.note_not_placed(session, call.follower_id, "no_way", context.clock())


SWEEPS = [Sweep(tend_broadcasts, every_seconds=60), Sweep(tell_followers, every_seconds=30)]
