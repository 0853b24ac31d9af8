"""What our own calls for follow-up (回访) bring about: they belong to the ticket, and their result to its task."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from app.calls.follow_up import hear
from app.calls.models import Call
from app.calls.service import events_of_calls
from app.contract.ids import follow_up_task
from app.evaluation.by_call import keep_result
from app.platform.errors import HotlineError
from app.tickets.follow_up_tasks import FollowUpTask

log = structlog.get_logger()


def attach_to_tickets(session: Session, calls: Iterable[Call]) -> None:
    """Before drafts are opened: whoever then talks with a citizen talks about this ticket."""
    for call in calls:
        task_id = follow_up_task(call.call_id)
        if task_id is not None and call.ticket_id is None and (task := session.get(FollowUpTask, task_id)):
            call.ticket_id = task.ticket_id


def keep_results(session: Session, calls: Sequence[Call], *, now: datetime) -> None:
    """Hand what was heard to the tasks. A task that cannot take it any more leaves the facts as they are."""
    tasks = {call.call_id: task_id for call in calls if (task_id := follow_up_task(call.call_id)) is not None}
    if not tasks:
        return
    for call_id, events in events_of_calls(session, sorted(tasks)).items():
        heard = hear(events)
        if heard is None:
            continue
        try:
            with session.begin_nested():
                keep_result(session, tasks[call_id], heard, now=now)
        except HotlineError as error:
            log.warning("follow_up_not_kept", call_id=call_id, reason=error.code)
