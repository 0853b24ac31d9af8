"""A line's alarm: raised by the first test call that fails, ended by the first that passes."""

from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.platform.database import insert_ignore
from app.platform.topics import publish
from app.probes.models import LineAlarm, Probe, ProbeFault

TOPIC = "operations"
"""What pages of the ops role listen to."""

log = structlog.get_logger()


def note_result(session: Session, probe: Probe, now: datetime) -> None:
    """What this result means for the line's alarm. Our own inability to dial means nothing for the line."""
    if probe.fault == ProbeFault.CANNOT_DIAL:
        return
    alarm = find_open_alarm(session, probe.line, is_locked=True)
    if probe.fault is None:
        if alarm is not None and alarm.last_probe_id < probe.id:
            _recover(session, alarm, probe, now)
    elif alarm is None:
        _raise(session, probe, now)
    elif alarm.last_probe_id < probe.id:
        _count(alarm, probe, now)


def find_open_alarm(session: Session, line: str, *, is_locked: bool = False) -> LineAlarm | None:
    """The alarm that the line has now."""
    query = select(LineAlarm).where(LineAlarm.line == line, LineAlarm.recovered_at.is_(None))
    return session.scalars(query.with_for_update() if is_locked else query).one_or_none()


def list_alarms(session: Session, *, is_open: bool | None = True, limit: int = 50) -> list[LineAlarm]:
    """Alarms, the newest first; `is_open` None: those that are over as well."""
    query = select(LineAlarm).order_by(LineAlarm.id.desc()).limit(limit)
    if is_open is not None:
        query = query.where(LineAlarm.recovered_at.is_(None) if is_open else LineAlarm.recovered_at.is_not(None))
    return list(session.scalars(query))


def open_alarms(session: Session, lines: Sequence[str]) -> dict[str, LineAlarm]:
    """Line → its open alarm."""
    query = select(LineAlarm).where(LineAlarm.line.in_(lines), LineAlarm.recovered_at.is_(None))
    return {alarm.line: alarm for alarm in session.scalars(query)}


def _raise(session: Session, probe: Probe, now: datetime) -> None:
    values = {
        "line": probe.line,
        "fault": probe.fault,
        "failures": 1,
        "raised_at": now,
        "last_failed_at": now,
        "last_probe_id": probe.id,
    }
    added = session.scalar(insert_ignore(session, LineAlarm).values(**values).returning(LineAlarm.id))
    if added is None:  # another test call of this line was first
        alarm = find_open_alarm(session, probe.line, is_locked=True)
        if alarm is not None and alarm.last_probe_id < probe.id:
            _count(alarm, probe, now)
        return
    log.error("line_alarm_raised", line=probe.line, fault=probe.fault, probe_id=probe.id)
    publish(session, TOPIC, f"alarm {probe.line}")


def _count(alarm: LineAlarm, probe: Probe, now: datetime) -> None:
    alarm.failures += 1
    alarm.fault, alarm.last_failed_at, alarm.last_probe_id = str(probe.fault), now, probe.id
    log.error("line_alarm_goes_on", line=probe.line, fault=probe.fault, failures=alarm.failures)


def _recover(session: Session, alarm: LineAlarm, probe: Probe, now: datetime) -> None:
    alarm.recovered_at, alarm.last_probe_id = now, probe.id
    log.warning("line_alarm_ended", line=probe.line, failures=alarm.failures, probe_id=probe.id)
    publish(session, TOPIC, f"alarm {probe.line}")
