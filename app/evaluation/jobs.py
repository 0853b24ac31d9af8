"""Jobs of follow-up: tasks that somehow were not opened."""

from app.evaluation.tasks import open_missing
from app.platform.job_queue import JobContext, Sweep


def open_missing_tasks(context: JobContext) -> None:
    """Whoever waits to be asked stands on the desk's list, however his matter came into follow-up."""
    with context.database.transaction() as session:
        open_missing(session, context.clock())


SWEEPS = [Sweep(open_missing_tasks, every_seconds=600)]
