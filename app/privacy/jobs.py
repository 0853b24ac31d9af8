"""Job of privacy: what is kept no longer goes, four times a day."""

from app.platform.job_queue import JobContext, Sweep, on_terms
from app.privacy.deleting import delete_expired

LIMIT_SECONDS = 3600


@on_terms(LIMIT_SECONDS, is_retried=False)
def apply_retention(context: JobContext) -> None:
    """Delete what its class keeps no longer, with certificates."""
    delete_expired(context.database, context.settings.home, now=context.clock())


SWEEPS = [Sweep(apply_retention, every_seconds=6 * 3600)]
