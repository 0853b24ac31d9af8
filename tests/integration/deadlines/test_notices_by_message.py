"""Notices of late clocks reach telephones: gathered, in working hours, at once in an emergency, and never twice."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.accounts.models import Role
from app.catalogue.models import Unit
from app.deadlines import service, supervising
from app.deadlines.jobs import send_notices, sweep_clocks
from app.deadlines.models import ClockState, TicketClock
from app.outbox.models import OutboxMessage
from app.platform.clock import SHANGHAI
from app.platform.database import Database
from app.platform.errors import NotAllowed
from app.platform.job_queue import JobContext
from app.platform.settings import Settings
from app.tickets.models import Ticket
from app.tickets.moving import Moved, note_change
from app.tickets.states import BY_VERB

pytestmark = pytest.mark.services

UNIT, OTHER_UNIT = "410421-zhengfu", "410422-zhengfu"
DISPATCHED = datetime(2026, 11, 2, 10, 0, tzinfo=SHANGHAI)
CHIEF = Actor(name="chief", role=Role.SUPERVISOR)
CLERK = Actor(name="clerk", role=Role.UNIT_STAFF, unit=UNIT)
STRANGER = Actor(name="stranger", role=Role.UNIT_STAFF, unit=OTHER_UNIT)
Run = Callable[[datetime], list[tuple[str, str]]]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def ticket_of(
    session: Session, number: int, *, verb: str = "dispatch", start: datetime = DISPATCHED, **values: str
) -> Ticket:
    """A ticket whose clocks begin with this move."""
    ticket = Ticket(
        ticket_number=f"41040026110200{number:05}", query_code="12345678", ticket_type="help", created_at=start,
        updated_at=start, **{"status": "dispatched", "lead_unit_code": UNIT, **values},
    )  # fmt: skip
    session.add(ticket)
    session.flush()
    service.on_move(session, Moved(ticket, BY_VERB[verb], "1001", start, {}))
    return ticket


@pytest.fixture
def run(database: Database, settings: Settings) -> Run:
    """Sweep and hand out at this moment, each twice; what came into the outbox: (unit, words)."""
    seen: set[int] = set()

    def turn(now: datetime) -> list[tuple[str, str]]:
        for job in (sweep_clocks, sweep_clocks, send_notices, send_notices):
            job(JobContext(settings, database, lambda: now))
        with database.reading() as session:
            rows = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
        news = [row for row in rows if row.id not in seen]
        seen.update(row.id for row in rows)
        assert all(row.send_at <= now for row in news)
        told = [row.text.removeprefix("【12345热线】").split("：", 1) for row in news]
        return [(unit, text) for unit, text in told]

    return turn


def test_after_days_of_standstill_each_unit_reads_one_message_of_all_its_tickets(database: Database, run: Run) -> None:
    with database.transaction() as session:
        for number in range(5):
            ticket_of(session, number)
        ticket_of(session, 5, lead_unit_code=OTHER_UNIT)

    assert run(at("2026-11-13T09:20")) == []  # what can wait is gathered until the full hour
    told = dict(run(at("2026-11-13T10:00")))

    assert set(told) == {"宝丰县人民政府", "叶县人民政府"}
    assert told["宝丰县人民政府"].startswith("有10条时限和督办提示（")
    assert told["叶县人民政府"].count("工单") == 2
    assert run(at("2026-11-13T11:00")) == []


def test_one_late_clock_is_told_in_the_morning_by_its_number_step_and_end(database: Database, run: Run) -> None:
    with database.transaction() as session:
        ticket = ticket_of(session, 1, status="signed")
        service.on_move(session, Moved(ticket, BY_VERB["sign"], "c", DISPATCHED, {}))
        number = ticket.ticket_number

    assert run(at("2026-11-04T01:00")) == []
    assert run(at("2026-11-04T08:30")) == [
        ("宝丰县人民政府", f"工单{number}先行联系催办（11月03日23:59到期）。请及时处理。")
    ]


def test_what_was_done_before_the_message_left_is_not_told(database: Database, run: Run) -> None:
    with database.transaction() as session:
        ticket_of(session, 1)
    assert run(at("2026-11-04T01:00")) == []
    with database.transaction() as session:
        session.execute(update(TicketClock).values(stopped_at=at("2026-11-04T08:00"), state=ClockState.MET))

    assert run(at("2026-11-04T08:30")) == []


def test_an_emergency_is_told_at_once_by_night_to_duty_room_and_platform(database: Database, run: Run) -> None:
    night = at("2026-10-03T02:00")
    with database.transaction() as session:
        session.execute(update(Unit).where(Unit.code == UNIT).values(duty_phone="19900000999"))
        ticket = ticket_of(
            session, 1, verb="accept", start=night, urgency="emergency", status="to_dispatch", lead_unit_code=None
        )
        number = ticket.ticket_number
    ((reader, words),) = run(night)
    assert (reader, words) == ("平顶山市民呼必应指挥中心", f"特急工单{number}已受理待派单。请立即处理。")

    with database.transaction() as session:
        session.execute(update(Ticket).values(lead_unit_code=UNIT, status="dispatched"))
    told = run(at("2026-10-03T02:31"))  # nobody has acknowledged within half an hour

    assert [reader for reader, _ in told] == ["平顶山市民呼必应指挥中心", "宝丰县人民政府"]
    assert all("值班室确认催办（10月03日02:30到期）" in words for _, words in told)
    with database.reading() as session:
        last = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()[-1]
        assert (last.recipient, last.ticket_id is not None) == ("19900000999", True)
    with database.transaction() as session:
        session.execute(update(Unit).where(Unit.code == UNIT).values(duty_phone="0375-0000153"))


def test_a_supervision_by_hand_is_told_and_the_unit_answers_it_once(database: Database, run: Run) -> None:
    morning = at("2026-11-02T10:30")
    with database.transaction() as session:
        ticket = ticket_of(session, 1)
        supervising.order_supervision(session, ticket, "listed", actor=CHIEF, reason="多人反映", now=morning)
        number = ticket.ticket_number
    assert run(morning) == [("宝丰县人民政府", f"工单{number}挂牌督办。请及时处理。")]

    with database.transaction() as session:
        ticket = session.scalars(select(Ticket)).one()
        with pytest.raises(NotAllowed, match="主办单位"):
            supervising.answer_supervision(session, ticket, actor=STRANGER, answer="正在办理", now=morning)
        supervising.answer_supervision(session, ticket, actor=CLERK, answer="今天下午完成清运", now=morning)
        clock = next(one for one in service.list_clocks(session, ticket.id) if one.kind == "supervision")
        assert clock.state == ClockState.MET
        with pytest.raises(supervising.NothingToAnswer):
            supervising.answer_supervision(session, ticket, actor=CLERK, answer="今天下午完成清运", now=morning)


def test_who_handled_does_not_supervise_nor_the_other_way_round_and_nothing_over_is_supervised(
    database: Database,
) -> None:
    with database.transaction() as session:
        ticket = ticket_of(session, 1)
        note_change(session, ticket, {}, actor="chief", action="signed", now=DISPATCHED)
        with pytest.raises(NotAllowed, match="已参与本工单的办理，不能再进行督办"):
            supervising.order_supervision(session, ticket, "urge", actor=CHIEF, reason="催办", now=DISPATCHED)
        other = ticket_of(session, 2)
        supervising.order_supervision(session, other, "urge", actor=CHIEF, reason="催办", now=DISPATCHED)
        moved = replace(CLERK, name="chief")
        with pytest.raises(NotAllowed, match="已参与本工单的督办，不能再进行办理"):
            supervising.answer_supervision(session, other, actor=moved, answer="已经办理", now=DISPATCHED)
        over = ticket_of(session, 3, status="archived")
        with pytest.raises(supervising.NothingToSupervise):
            supervising.order_supervision(session, over, "urge", actor=CHIEF, reason="催办", now=DISPATCHED)
