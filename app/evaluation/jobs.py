"""Jobs of follow-up: tasks that somehow were not opened, and citizens to be rung by machine."""

import structlog

from app.contract.commands import FollowUpCall
from app.contract.ids import follow_up_call_id
from app.evaluation.by_call import LINE, CallToMake, claim_calls
from app.evaluation.tasks import open_missing
from app.platform.job_queue import JobContext, Sweep
from app.platform.switch import Switch, SwitchNotReached, SwitchRefused, make_switch

CALLS_AT_ONCE = 5
"""A minute: each takes about as long."""

log = structlog.get_logger()


def open_missing_tasks(context: JobContext) -> None:
    """Whoever waits to be asked stands on the desk's list, however his matter came into follow-up."""
    with context.database.transaction() as session:
        open_missing(session, context.clock())


def ring_citizens(context: JobContext) -> None:
    """Ring those whose turn it is, where that is switched on. The task is marked before telephony is asked; one whom
    telephony does not ring has his turn in another part of the day."""
    if not context.settings.follow_up_calls:
        return
    with context.database.transaction() as session:
        calls = claim_calls(session, context.clock(), limit=CALLS_AT_ONCE)
    if not calls:
        return
    switch = make_switch(context.settings)
    try:
        for call in calls:
            _ring(switch, call)
    finally:
        switch.close()


def _ring(switch: Switch, call: CallToMake) -> None:
    call_id = follow_up_call_id(call.task_id, call.attempt)
    if not call.number.isdecimal():  # abroad: only people call there
        return
    try:
        switch.send(FollowUpCall(call_id=call_id, number=call.number, line=LINE))
    except (SwitchNotReached, SwitchRefused) as error:
        log.warning("follow_up_call_not_placed", call_id=call_id, reason=error.code)


SWEEPS = [Sweep(open_missing_tasks, every_seconds=600), Sweep(ring_citizens, every_seconds=60)]
