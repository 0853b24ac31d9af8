"""Sweeps of the accounts: what is no longer needed goes."""

from datetime import timedelta

from sqlalchemy import delete

from app.accounts.models import LoginFailure
from app.platform.job_queue import JobContext, Sweep

KEEP_FAILURES = timedelta(days=1)


def forget_login_failures(context: JobContext) -> None:
    """Counters of guesses that are long over."""
    now = context.clock()
    with context.database.transaction() as session:
        session.execute(delete(LoginFailure).where(LoginFailure.last_failed_at < now - KEEP_FAILURES))


SWEEPS = [Sweep(forget_login_failures, every_seconds=3600)]
