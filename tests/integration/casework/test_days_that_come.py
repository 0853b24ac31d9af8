"""What happens by itself when a day comes: suspensions end, milestones are timed, messages leave in working hours."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.casework.jobs import end_suspensions, remind_supporting_units
from app.casework.refusals import NotNow
from app.catalogue.models import Unit
from app.deadlines.models import TicketClock
from app.outbox.jobs import send_due
from app.outbox.models import OutboxMessage
from app.platform.database import Database
from app.platform.job_queue import JobContext
from app.platform.settings import Settings
from app.tickets.models import TicketStatus
from app.tickets.service import TicketIncomplete
from tests.integration.casework.conftest import CITY_OFFICE, REPLY, Stage

pytestmark = pytest.mark.services

FRIDAY_NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
FRIDAY_NIGHT = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
MONDAY_MORNING = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return FRIDAY_NOON


def context(stage: Stage, settings: Settings) -> JobContext:
    return JobContext(settings, stage.database, lambda: stage.now)


def clocks(stage: Stage, ticket: int, kind: str) -> list[TicketClock]:
    with stage.database.reading() as session:
        query = select(TicketClock).where(TicketClock.ticket_id == ticket, TicketClock.kind == kind)
        return list(session.scalars(query.order_by(TicketClock.id)))


def messages(stage: Stage, ticket: int) -> list[OutboxMessage]:
    with stage.database.reading() as session:
        query = select(OutboxMessage).where(OutboxMessage.ticket_id == ticket)
        return list(session.scalars(query.order_by(OutboxMessage.id)))


def test_a_suspension_ends_by_itself_on_its_review_day_and_not_before(stage: Stage, settings: Settings) -> None:
    ticket = stage.at_work()
    due = clocks(stage, ticket, "reply")[0].due_at
    review = stage.now + timedelta(days=7)
    stage.move(
        ticket, "request_suspension", "clerk", ground="appraisal", review_on=review.date().isoformat(),
        evidence="附检测委托书",
    )  # fmt: skip
    stage.move(ticket, "suspend", "reviewer")
    stage.now = review - timedelta(days=1)
    end_suspensions(context(stage, settings))
    assert stage.read(ticket).status == TicketStatus.SUSPENDED
    stage.now = review
    for _ in range(2):  # a job may run twice
        end_suspensions(context(stage, settings))
    assert stage.read(ticket).status == TicketStatus.HANDLING
    clock = clocks(stage, ticket, "reply")[0]
    assert clock.paused_since is None
    assert clock.due_at is not None
    assert due is not None
    assert clock.due_at > due
    assert any("恢复办理计时" in notice.text for notice in stage.show(ticket).notices)


def test_milestones_are_timed_one_after_the_other_to_their_promised_days(stage: Stage) -> None:
    ticket = stage.at_work()
    asked = {"reason": "需列入年度改造计划实施", "due_on": "2027-03-31"}
    with pytest.raises(TicketIncomplete, match="应以日期开头"):
        stage.move(ticket, "request_commitment", "leader", **asked, milestones="三月完成设计，六月完成施工")
    with pytest.raises(TicketIncomplete, match="承诺办结日期之前"):
        stage.move(ticket, "request_commitment", "leader", **asked, milestones="2027-06-30 完成全部施工任务")
    goals = "2026-12-01 完成设计\n2026-12-22 完成施工"
    stage.move(ticket, "request_commitment", "leader", **asked, milestones=goals)
    with pytest.raises(NotNow, match="没有待完成的阶段目标"):
        stage.move(ticket, "report_milestone", "clerk", done="设计图已经完成")
    stage.move(ticket, "approve_commitment", "reviewer")
    (first,) = clocks(stage, ticket, "milestone")
    assert first.due_at is not None
    assert first.due_at.date().isoformat() == "2026-12-01"
    stage.move(ticket, "report_milestone", "clerk", done="设计图已经完成并公示")
    first, second = clocks(stage, ticket, "milestone")
    assert (first.state, second.state) == ("met", "running")
    assert second.due_at is not None
    assert second.due_at.date().isoformat() == "2026-12-22"
    stage.move(ticket, "draft_reply", "clerk", **REPLY)
    stage.move(ticket, "reply", "leader")
    assert [clock.stopped_at is not None for clock in clocks(stage, ticket, "milestone")] == [True, True]


def test_a_supporting_unit_is_reminded_before_the_lead_unit_s_day_and_once_after_it(
    stage: Stage, settings: Settings
) -> None:
    with stage.database.transaction() as session:
        session.get_one(Unit, CITY_OFFICE).contact_phone = "19900000066"
    asked, silent, done = stage.at_work(), stage.at_work(), stage.at_work()
    for ticket, day in ((asked, {"due_on": "2026-11-26"}), (silent, {}), (done, {"due_on": "2026-11-26"})):
        stage.move(ticket, "assign_support", "clerk", unit_code=CITY_OFFICE, task="协助核实清运合同", **day)
    stage.support(done, "officer")
    stage.support(done, "officer", report="合同已核实并督促履行")

    def reminders_of(ticket: int) -> list[str]:
        return [row.text for row in messages(stage, ticket) if row.key.startswith("support-")]

    told = []
    for day in (24, 25, 26, 27, 28):
        stage.now = datetime(2026, 11, day, 2, 0, tzinfo=UTC)
        for _ in range(2):  # a job may run twice
            remind_supporting_units(context(stage, settings))
        told.append(len(reminders_of(asked)))

    assert told == [0, 1, 1, 2, 2]
    number = stage.read(asked).ticket_number
    assert reminders_of(asked) == [
        f"【12345热线】平顶山市城市管理局：请于11月26日前就协办工单{number}向主办单位反馈。",
        f"【12345热线】平顶山市城市管理局：协办工单{number}应于11月26日前反馈，现已超期，请尽快向主办单位反馈。",
    ]
    assert reminders_of(silent) == reminders_of(done) == []


def test_messages_to_citizen_and_unit_wait_for_working_hours_and_leave_once(
    stage: Stage, settings: Settings, database: Database
) -> None:
    stage.now = FRIDAY_NIGHT
    ticket = stage.dispatched()
    told = messages(stage, ticket)
    assert [row.recipient[:3] for row in told] == ["199", "199", "199"]
    assert ["签收办理" in row.text for row in told] == [False, False, True]
    assert {row.send_at for row in told} == {MONDAY_MORNING}
    send_due(context(stage, settings))
    assert not any(row.sent_at for row in messages(stage, ticket))
    stage.now = MONDAY_MORNING
    for _ in range(2):
        send_due(context(stage, settings))
    assert all(row.sent_at == MONDAY_MORNING for row in messages(stage, ticket))
    file = settings.home / "outbox" / "sms.jsonl"
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [line["key"] for line in lines] == [row.key for row in told]
    assert file.stat().st_mode & 0o077 == 0


def test_an_emergency_is_told_at_night_and_a_citizen_who_wants_no_reply_is_left_in_peace(stage: Stage) -> None:
    stage.now = FRIDAY_NIGHT
    urgent = stage.ticket(urgency="emergency")
    quiet = stage.ticket(needs_reply=False)
    assert {row.send_at for row in messages(stage, urgent)} == {FRIDAY_NIGHT}
    assert messages(stage, quiet) == []
