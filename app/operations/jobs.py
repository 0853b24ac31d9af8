"""The long work of an apply or a rollback: once, however often the job runs."""

import structlog

from app.operations.commands import program_of
from app.operations.runs import RunFolder, RunState
from app.platform.job_queue import JobContext, on_terms

LIMIT_SECONDS = 1800
"""For the worker. The change itself goes on and rolls back by itself: it stands in a session of its own."""

log = structlog.get_logger()


@on_terms(LIMIT_SECONDS, is_retried=False)
def carry_out_change(context: JobContext, run_id: str) -> None:
    """Apply or roll back as the run says."""
    runs = RunFolder(context.settings.home, program_of(context.settings), clock=context.clock)
    run = runs.read(run_id)
    if run.state is RunState.EXPIRED:
        log.warning("change_too_old", run=run_id)
        return
    exit_code = runs.carry_out(run_id)
    log.info("change_carried_out", run=run_id, kind=run.request.kind, exit_code=exit_code)
