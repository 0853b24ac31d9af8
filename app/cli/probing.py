"""Test calls from the terminal: ordered, dialled and judged in this process, one after the other."""

import sys
from collections.abc import Callable, Sequence

import structlog

from app.cli.console import StepFailed
from app.cli.seeding import open_database
from app.cli.settings import StackSettings
from app.platform.clock import utc_now
from app.platform.database import Database
from app.probes import service
from app.probes.dialler import Dialler
from app.probes.models import ProbeFault
from app.probes.schemas import ProbeOut
from app.probes.settings import ProbeSettings

WHO = "hotline lines probe"


def probe_now(wanted: Sequence[str], *, watch: Callable[[ProbeOut], None] | None = None) -> list[ProbeOut]:
    """Dial these lines, or all. `watch` sees each result at once. StepFailed."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=sys.stderr))  # stdout is the answer's
    dialler = Dialler(ProbeSettings())
    results = []
    with open_database(StackSettings()) as database:
        for line in lines_to_dial(database, wanted):
            with database.transaction() as session:
                probe_id = service.order_probe(session, line, by=WHO, now=utc_now()).id
            service.run_probe(database, probe_id, dialler, utc_now)
            result = wait_for_result(database, probe_id, dialler.limit_seconds + service.RECORD_SECONDS)
            if result.fault == ProbeFault.CANNOT_DIAL:
                raise StepFailed("no test call could be dialled", "`hotline doctor`, and the last lines above, say why")
            results.append(result)
            if watch:
                watch(result)
    return results


def lines_to_dial(database: Database, wanted: Sequence[str]) -> list[str]:
    """The lines asked for, or all. StepFailed for one that may not be dialled."""
    with database.reading() as session:
        known = [line.number for line in service.list_probed_lines(session)]
    if not known:
        raise StepFailed(
            "no line can be dialled: the plan in force has no trunk of kind probe",
            "add one to the site plan, then `hotline dialplan apply`",
        )
    if unknown := [line for line in wanted if line not in known]:
        raise StepFailed(
            f"no test call may go to {', '.join(unknown)}",
            f"these lines of the plan in force can be dialled: {', '.join(known)}",
        )
    return [line for line in known if line in wanted] if wanted else known


def wait_for_result(database: Database, probe_id: int, seconds: float) -> ProbeOut:
    """The result; a test call that the worker was quicker to take is waited for. StepFailed."""
    probe = service.wait_until_over(database, probe_id, seconds)
    if probe is None:
        raise StepFailed("the worker has taken this test call and does not end it", "see worker.log, and try again")
    return ProbeOut.model_validate(probe)
