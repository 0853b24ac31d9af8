"""Order test calls, dial them, judge them. What they mean for a line's alarm stands in `alarms.py`."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

import structlog
from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session, aliased

from app.calls.models import Call
from app.lines.models import Line, Trunk
from app.platform.clock import Clock
from app.platform.database import Database
from app.platform.errors import Conflict, NotFound
from app.platform.topics import publish
from app.probes.alarms import TOPIC, note_result
from app.probes.models import Probe, ProbeFault, ProbeStatus
from app.probes.rules import Dialled, caller_of, fault_of_record, fault_of_sound

RECORD_SECONDS = 15.0
RECORD_POLL_SECONDS = 0.1
EMERGENCY = "emergency"

log = structlog.get_logger()


class LineNotProbed(Conflict):
    """No test call may go to this line: it is an emergency number, or no plan with a probe trunk serves it."""

    code = "line-not-probed"
    title = "该热线不能拨测"


class ProbeNotFound(NotFound):
    code = "probe-not-found"
    title = "没有这次拨测"


class Dials(Protocol):
    """Who makes the call: `app.probes.dialler.Dialler`, or a test's own."""

    def dial(self, line: str, caller: str) -> Dialled: ...


def list_probed_lines(session: Session) -> list[Line]:
    """Lines that are dialled: served by a plan that has a probe trunk, and no emergency number. By number."""
    plans = select(Trunk.plan).where(Trunk.kind == "probe")
    query = select(Line).where(Line.plan.in_(plans), Line.plan != "", Line.category != EMERGENCY)
    return list(session.scalars(query.order_by(Line.number)))


def order_probe(session: Session, line: str, *, by: str, now: datetime) -> Probe:
    """A test call to the line; the one that is still to come, if there is one. LineNotProbed."""
    if line not in {probed.number for probed in list_probed_lines(session)}:
        raise LineNotProbed("紧急号码，或当前方案没有为它提供拨测中继", line=line)
    waiting = select(Probe).where(Probe.line == line, Probe.status == ProbeStatus.ORDERED).order_by(Probe.id)
    known = session.scalars(waiting).first()
    if known is not None:
        return known
    probe = Probe(line=line, ordered_by=by[:80], ordered_at=now)
    session.add(probe)
    session.flush()
    return probe


def last_ordered(session: Session) -> dict[str, datetime | None]:
    """Each line that is dialled → when its last test call was ordered; None: never."""
    lines = [line.number for line in list_probed_lines(session)]
    query = select(Probe.line, func.max(Probe.ordered_at)).where(Probe.line.in_(lines)).group_by(Probe.line)
    found = {number: at for number, at in session.execute(query)}  # noqa: C416 - rows are no pairs to mypy
    return {line: found.get(line) for line in lines}


def run_probe(database: Database, probe_id: int, dialler: Dials, clock: Clock) -> Probe | None:
    """Dial, look for the call's record, judge. None: somebody else has it, or had it. Takes some ten seconds."""
    with database.transaction() as session:
        probe = _claim(session, probe_id, clock())
    if probe is None:
        return None
    dialled = dialler.dial(probe.line, probe.caller_number)
    fault = fault_of_sound(dialled)
    call = None if fault is ProbeFault.CANNOT_DIAL else _wait_for_record(database, probe, is_heard=fault is None)
    if fault is None:
        fault = fault_of_record(probe.line, call.original_line if call else None)
    if dialled.failure:
        log.error("probe_cannot_dial", line=probe.line, reason=dialled.failure)
    with database.transaction() as session:
        return _finish(session, probe_id, dialled, call=call, fault=fault, now=clock())


def wait_until_over(database: Database, probe_id: int, seconds: float) -> Probe | None:
    """The test call once it is over; None: not within so many seconds."""
    until = time.monotonic() + seconds
    while True:
        with database.reading() as session:
            probe = get_probe(session, probe_id)
        if probe.finished_at is not None:
            return probe
        if time.monotonic() >= until:
            return None
        time.sleep(RECORD_POLL_SECONDS)


def _claim(session: Session, probe_id: int, now: datetime) -> Probe | None:
    claim = (
        update(Probe)
        .where(Probe.id == probe_id, Probe.status == ProbeStatus.ORDERED)
        .values(status=ProbeStatus.RUNNING, started_at=now, caller_number=caller_of(probe_id))
        .returning(Probe)
    )
    return session.scalars(claim, execution_options={"populate_existing": True}).one_or_none()


def _wait_for_record(database: Database, probe: Probe, *, is_heard: bool) -> Call | None:
    """The call's record once it is whole; a call that was not even heard is looked for once."""
    until = time.monotonic() + (RECORD_SECONDS if is_heard else 0)
    while True:
        with database.reading() as session:
            call = _find_record(session, probe)
        if (call is not None and call.ended_at is not None) or time.monotonic() >= until:
            return call
        time.sleep(RECORD_POLL_SECONDS)


def _find_record(session: Session, probe: Probe) -> Call | None:
    since = (probe.started_at or probe.ordered_at) - timedelta(minutes=1)
    query = select(Call).where(Call.arrived_at >= since, Call.ani == probe.caller_number)
    return session.scalars(query.order_by(Call.arrived_at.desc())).first()


def _finish(
    session: Session, probe_id: int, dialled: Dialled, *, call: Call | None, fault: ProbeFault | None, now: datetime
) -> Probe:
    probe = session.get_one(Probe, probe_id, with_for_update=True)
    probe.status = ProbeStatus.FAILED if fault else ProbeStatus.PASSED
    probe.fault, probe.finished_at = fault, now
    probe.sip_status, probe.answer_ms = dialled.sip_status, dialled.answer_ms
    probe.audio_ms, probe.loudness = dialled.audio_ms, dialled.loudness
    if call is not None:
        probe.call_id, probe.found_line, probe.found_rule = call.call_id, call.original_line, call.line_rule
    session.flush()
    note_result(session, probe, now)
    publish(session, TOPIC, f"probe {probe.id}")
    return probe


def get_probe(session: Session, probe_id: int) -> Probe:
    """ProbeNotFound."""
    probe = session.get(Probe, probe_id)
    if probe is None:
        raise ProbeNotFound()
    return probe


def list_probes(
    session: Session,
    *,
    line: str | None = None,
    status: str | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> list[Probe]:
    """Test calls, the newest first; `before_id` is the last id of the page before."""
    query = select(Probe).order_by(Probe.id.desc()).limit(limit)
    if line is not None:
        query = query.where(Probe.line == line)
    if status is not None:
        query = query.where(Probe.status == status)
    if before_id is not None:
        query = query.where(Probe.id < before_id)
    return list(session.scalars(query))


def latest_probes(session: Session, lines: Sequence[str], *, is_heard: bool = False) -> dict[str, Probe]:
    """Line → its last test call that is over; `is_heard`: that could be dialled, so that it says something of the line.

    One look at the index for each line, however many test calls there were.
    """
    other = aliased(Probe)
    newest = select(other.id).where(other.line == Line.number, other.finished_at.is_not(None))
    if is_heard:
        newest = newest.where(or_(other.fault.is_(None), other.fault != ProbeFault.CANNOT_DIAL))
    newest = newest.order_by(other.ordered_at.desc(), other.id.desc()).limit(1)
    ids = select(newest.correlate(Line).scalar_subquery()).where(Line.number.in_(lines))
    return {probe.line: probe for probe in session.scalars(select(Probe).where(Probe.id.in_(ids)))}
