"""Sweeps of the accounts: what is no longer needed goes; the audit log is verified every night."""

from datetime import timedelta

from sqlalchemy import delete

from app.accounts.audit_check import check_chain, find_last_check, is_check_due
from app.accounts.auth import SYSTEM
from app.accounts.models import LoginFailure
from app.platform.job_queue import JobContext, Sweep, on_terms

KEEP_FAILURES = timedelta(days=1)
CHECK_LIMIT_SECONDS = 3600


def forget_login_failures(context: JobContext) -> None:
    """Counters of guesses that are long over."""
    now = context.clock()
    with context.database.transaction() as session:
        session.execute(delete(LoginFailure).where(LoginFailure.last_failed_at < now - KEEP_FAILURES))


@on_terms(CHECK_LIMIT_SECONDS, is_retried=False)
def verify_audit_log(context: JobContext) -> None:
    """The chain of the audit log, once a night (domain.md §7)."""
    now = context.clock()
    with context.database.reading() as session:
        last = find_last_check(session)
    if is_check_due(last.checked_at if last else None, now):
        check_chain(context.database, context.settings.home, by=SYSTEM.name, now=now)


SWEEPS = [Sweep(forget_login_failures, every_seconds=3600), Sweep(verify_audit_log, every_seconds=1800)]
