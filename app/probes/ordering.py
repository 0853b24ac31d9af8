"""Test calls ordered by a person, from the pages or over the API. Each leaves an entry in the audit log."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts import audit
from app.accounts.auth import Actor
from app.platform.job_queue import enqueue
from app.probes.jobs import dial_line
from app.probes.models import Probe
from app.probes.service import list_probed_lines, order_probe


def order_by_hand(session: Session, actor: Actor, line: str, *, now: datetime) -> Probe:
    """A test call to the line soon; the one that still waits, if there is one. LineNotProbed."""
    probe = order_probe(session, line, by=actor.name, now=now)
    audit.record(
        session, actor, "probe_ordered", at=now, object_type="probe", object_id=probe.id, detail={"line": line}
    )
    enqueue(session, dial_line, probe.id)
    return probe


def order_all_by_hand(session: Session, actor: Actor, *, now: datetime) -> list[Probe]:
    """A test call to every line that is dialled, one after the other."""
    return [order_by_hand(session, actor, line.number, now=now) for line in list_probed_lines(session)]
