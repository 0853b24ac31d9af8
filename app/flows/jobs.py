"""Work for later: speak prompts, once, however often the job runs; count how callers went through flows."""

import structlog

from app.flows.builds import LIMIT_SECONDS, BuildFolder
from app.flows.commands import program_of
from app.flows.counting import count_runs
from app.platform.job_queue import JobContext, Sweep, on_terms

STEPS_OF_A_SWEEP = 20

log = structlog.get_logger()


@on_terms(LIMIT_SECONDS + 60, is_retried=False)
def build_prompts(context: JobContext, build_id: str) -> None:
    """Speak what has changed."""
    folder = BuildFolder(context.settings.home, program_of(context.settings), clock=context.clock)
    exit_code = folder.carry_out(build_id)
    log.info("prompts_built", build=build_id, exit_code=exit_code)


def count_flows(context: JobContext) -> None:
    """Go on counting, for a while: after a standstill the next sweeps do the rest."""
    for _ in range(STEPS_OF_A_SWEEP):
        with context.database.transaction() as session:
            if not count_runs(session, now=context.clock()):
                return


SWEEPS = [Sweep(count_flows, every_seconds=60)]
