"""Jobs of the desk: hand-overs of which nothing more is heard are ended, so that no page shows them for ever."""

from datetime import datetime

import structlog

from app.contract.events import CallEvent, HandedOver, HandoverResult
from app.handovers.models import Handover
from app.handovers.rules import UNREPORTED, conclusion_of
from app.handovers.service import list_silent
from app.ingest.effects import Terms
from app.ingest.service import STORE, store_facts
from app.platform.job_queue import JobContext, Sweep

log = structlog.get_logger()


def conclude_silent_handovers(context: JobContext) -> None:
    """Tell what the switch did not: never answered, or talked about and not taken. A fact beside all others.

    Whatever is heard of the attempt after all counts more (`app.handovers.rules`).
    """
    settings, now = context.settings, context.clock()
    terms = Terms(settings.region_code, settings.area_code, settings.wrap_up_seconds)
    with context.database.transaction() as session:
        silent = list_silent(session, now=now)
        if not silent:
            return
        for row in silent:
            log.warning("handover_concluded", call_id=row.call_id, attempt=row.attempt, status=row.status)
        store_facts(session, STORE, [_conclusion(row, now) for row in silent], terms, now)


def _conclusion(row: Handover, now: datetime) -> CallEvent:
    result = conclusion_of(HandoverResult(row.status))
    return CallEvent.make(
        HandedOver(target=row.target, result=result, agent=row.agent, attempt=row.attempt, cause=UNREPORTED),
        node=STORE,
        occurred_at=now,
        uniqueid=row.call_id,
        call_id=row.call_id,
        distinguishers=(row.attempt, result.value),
        is_reconstructed=True,
    )


SWEEPS = [Sweep(conclude_silent_handovers, every_seconds=30)]
