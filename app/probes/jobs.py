"""Jobs of test calls: dial the line of an ordered one, order those whose turn it is, find those that were forgotten."""

from datetime import timedelta

import structlog
from sqlalchemy import delete, select, update

from app.platform.job_queue import JobContext, Sweep, enqueue
from app.probes.alarms import open_alarms
from app.probes.dialler import Dialler
from app.probes.models import Probe, ProbeStatus
from app.probes.rules import lines_due
from app.probes.service import last_ordered, order_probe, run_probe
from app.probes.settings import ProbeSettings

SCHEDULE = "schedule"
FORGOTTEN_AFTER = timedelta(minutes=3)
"""No test call takes so long: its job was lost, or its worker ended in the middle."""
SWEPT_AT_ONCE = 20
KEPT = timedelta(days=92)

log = structlog.get_logger()


def dial_line(context: JobContext, probe_id: int) -> None:
    """Make the test call; nothing if somebody has."""
    probe = run_probe(context.database, probe_id, Dialler(ProbeSettings()), context.clock)
    if probe is not None:
        log.info("probe_done", line=probe.line, status=probe.status, fault=probe.fault, answer_ms=probe.answer_ms)


def order_due_probes(context: JobContext) -> None:
    """Order the test calls whose turn it is, a few at a time (HOTLINE_PROBE_EVERY_MINUTES)."""
    every = timedelta(minutes=ProbeSettings().probe_every_minutes)
    now = context.clock()
    with context.database.transaction() as session:
        last = last_ordered(session)
        failing = open_alarms(session, list(last))
        for line in lines_due(last, now=now, every=every, failing=failing):
            enqueue(session, dial_line, order_probe(session, line, by=SCHEDULE, now=now).id)


def resume_forgotten_probes(context: JobContext) -> None:
    """Order again what nobody has finished."""
    before = context.clock() - FORGOTTEN_AFTER
    with context.database.transaction() as session:
        stuck = update(Probe).where(Probe.status == ProbeStatus.RUNNING, Probe.started_at < before)
        session.execute(stuck.values(status=ProbeStatus.ORDERED))
        waiting = select(Probe.id).where(Probe.status == ProbeStatus.ORDERED, Probe.ordered_at < before)
        for probe_id in session.scalars(waiting.order_by(Probe.ordered_at).limit(SWEPT_AT_ONCE)):
            enqueue(session, dial_line, probe_id)


def forget_old_probes(context: JobContext) -> None:
    """Results are kept for a quarter of a year; alarms stay."""
    with context.database.transaction() as session:
        session.execute(delete(Probe).where(Probe.ordered_at < context.clock() - KEPT))


SWEEPS = [
    Sweep(order_due_probes, every_seconds=60),
    Sweep(resume_forgotten_probes, every_seconds=60),
    Sweep(forget_old_probes, every_seconds=24 * 3600),
]
