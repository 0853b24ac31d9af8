"""After days without a sweep: part by part, everything once, one notice a clock, and each step says why."""

from collections import Counter
from datetime import datetime

import pytest
from sqlalchemy import func, select

from app.deadlines import service, sweep
from app.deadlines.jobs import send_notices, sweep_clocks
from app.deadlines.models import Notice, Supervision
from app.platform.clock import SHANGHAI
from app.platform.database import Database
from app.platform.job_queue import JobContext
from app.platform.settings import Settings
from app.tickets.models import Ticket
from app.tickets.moving import Moved
from app.tickets.states import BY_VERB

pytestmark = pytest.mark.services

DISPATCHED = datetime(2026, 11, 2, 10, 0, tzinfo=SHANGHAI)
AWAKE_AGAIN = datetime(2026, 11, 13, 10, 0, tzinfo=SHANGHAI)
TICKETS = 5


@pytest.fixture
def late(database: Database) -> Database:
    """Five tickets whose signing and reply are overdue, and nobody has swept."""
    with database.transaction() as session:
        for number in range(TICKETS):
            ticket = Ticket(
                ticket_number=f"410400261102000{number:04}", query_code="12345678", status="dispatched",
                ticket_type="help", created_at=DISPATCHED, updated_at=DISPATCHED,
            )  # fmt: skip
            session.add(ticket)
            session.flush()
            service.on_move(session, Moved(ticket, BY_VERB["dispatch"], "1001", DISPATCHED, {}))
    return database


def test_a_sweep_goes_on_part_by_part_until_nothing_is_left(late: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "AT_ONCE", 3)
    with late.transaction() as session:
        first = sweep.sweep(session, AWAKE_AGAIN)

    rest = sweep.sweep_all(late, AWAKE_AGAIN.replace(microsecond=500))

    assert (first.raised, first.is_all) == (3, False)
    assert (rest.raised, rest.is_all) == (2 * TICKETS - 3, True)
    with late.reading() as session:
        steps = Counter(session.execute(select(Supervision.clock_id, Supervision.step)).all())
        assert set(steps.values()) == {1}
        assert session.scalar(select(func.count()).select_from(Notice)) == 2 * TICKETS
    assert sweep.sweep_all(late, AWAKE_AGAIN) == sweep.Swept()


def test_every_step_says_why_it_was_taken_even_when_it_was_passed_over(late: Database) -> None:
    sweep.sweep_all(late, AWAKE_AGAIN)

    with late.reading() as session:
        rows = session.execute(select(Supervision.step, Supervision.reason, Supervision.is_caught_up).distinct()).all()
    told = {step: reason for step, reason, _ in rows}
    assert told == {
        "remind": "临期：剩余时间不足20%或4小时", "urge": "到期仍未完成", "yellow": "逾期超过1个工作日",
        "red": "逾期超过3个工作日", "listed": "逾期超过5个工作日",
    }  # fmt: skip
    assert {step for step, _, is_caught_up in rows if is_caught_up} == {"remind", "urge", "yellow", "red"}


def test_jobs_that_run_twice_raise_and_tell_once(late: Database, settings: Settings) -> None:
    context = JobContext(settings, late, lambda: AWAKE_AGAIN)
    for job in (sweep_clocks, sweep_clocks, send_notices):
        job(context)
    with late.reading() as session:
        sent = dict(session.execute(select(Notice.id, Notice.sent_at)).all())
    send_notices(JobContext(settings, late, lambda: AWAKE_AGAIN.replace(hour=11)))

    assert len(sent) == 2 * TICKETS
    with late.reading() as session:
        assert dict(session.execute(select(Notice.id, Notice.sent_at)).all()) == sent
