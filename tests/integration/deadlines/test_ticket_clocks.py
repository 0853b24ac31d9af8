"""Clocks of real tickets on both databases: they follow moves, stand still, wait for calendars, are swept once."""

import threading
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.accounts.models import Role
from app.deadlines import service, supervising, versions
from app.deadlines.jobs import fill_missing_due_times, send_notices
from app.deadlines.models import CalendarYear, ClockState, Notice, Supervision, TicketClock
from app.deadlines.profile import ClockKind
from app.deadlines.retiming import retime
from app.deadlines.running import PauseRefused
from app.deadlines.sweep import sweep
from app.platform.clock import SHANGHAI
from app.platform.database import Database
from app.platform.errors import PreconditionFailed
from app.platform.job_queue import JobContext
from app.platform.settings import Settings
from app.tickets.models import Ticket, TicketHistory
from app.tickets.moving import Moved
from app.tickets.states import BY_VERB, Move

pytestmark = pytest.mark.services

CHIEF = Actor(name="chief", role=Role.SUPERVISOR)
NEW_YEAR = "day,kind,name,english\n2027-01-01,holiday,元旦,New Year's Day\n"


ACCEPT, DISPATCH, SIGN, REPLY = BY_VERB["accept"], BY_VERB["dispatch"], BY_VERB["sign"], BY_VERB["reply"]
SUSPEND, RESUME, EXTEND = BY_VERB["suspend"], BY_VERB["resume"], BY_VERB["approve_extension"]
PASS, REDO, WITHDRAW = BY_VERB["audit_pass"], BY_VERB["audit_redo"], BY_VERB["withdraw"]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def open_ticket(session: Session, number: str = "4104002611230000011", **values: Any) -> Ticket:
    now = at("2026-09-30T15:00")
    ticket = Ticket(
        ticket_number=number, query_code="12345678", status="accepted", ticket_type="help", created_at=now,
        updated_at=now, **values,
    )  # fmt: skip
    session.add(ticket)
    session.flush()
    return ticket


def move(session: Session, ticket: Ticket, which: Move, moment: str, **given: Any) -> None:
    service.on_move(session, Moved(ticket, which, "1001", at(moment), given))


def clocks_of(session: Session, ticket: Ticket) -> dict[str, TicketClock]:
    return {clock.kind: clock for clock in service.list_clocks(session, ticket.id)}


def test_a_dispatched_ticket_has_its_clocks_with_reasons_and_its_next_end(database: Database) -> None:
    with database.transaction() as session:
        ticket = open_ticket(session)
        move(session, ticket, ACCEPT, "2026-09-30T15:00")
        move(session, ticket, DISPATCH, "2026-09-30T16:00")

        clocks = clocks_of(session, ticket)

        assert clocks["dispatch"].state == ClockState.MET
        assert clocks["sign"].due_at == at("2026-10-08T16:00")
        assert clocks["reply"].due_at == at("2026-10-13T23:59:59")
        assert clocks["reply"].explanation[1] == "跳过国庆节：10月1日至7日（7天）"
        assert ticket.next_due_at == at("2026-10-08T16:00")
        assert service.due_at(session, ticket.id, "reply") == at("2026-10-13T23:59:59")
        assert service.due_at(session, ticket.id, "dispatch") is None
        entries = session.scalars(select(TicketHistory).where(TicketHistory.ticket_id == ticket.id)).all()
        assert entries[-1].changes["clock_reply"] == [None, "限2026-10-13 23:59前"]
        assert entries[-1].changes["clock_dispatch"] == ["限2026-10-01 15:00前", "按时完成"]


def test_a_move_told_twice_leaves_the_clocks_as_they_are(database: Database) -> None:
    with database.transaction() as session:
        ticket = open_ticket(session)
        for _ in range(2):
            move(session, ticket, DISPATCH, "2026-09-30T16:00")

        kinds = [clock.kind for clock in service.list_clocks(session, ticket.id)]

        assert sorted(kinds) == ["reply", "sign"]


def test_a_ticket_at_its_end_has_no_running_clock(database: Database) -> None:
    with database.transaction() as session:
        ticket = open_ticket(session)
        move(session, ticket, DISPATCH, "2026-09-30T16:00")
        move(session, ticket, WITHDRAW, "2026-10-08T09:00")

        assert {clock.state for clock in service.list_clocks(session, ticket.id)} == {ClockState.CANCELLED}
        assert ticket.next_due_at is None


def test_a_suspended_reply_stands_still_and_gets_its_days_back(database: Database) -> None:
    with database.transaction() as session:
        ticket = open_ticket(session)
        move(session, ticket, DISPATCH, "2026-11-23T10:00")
        move(session, ticket, SIGN, "2026-11-23T11:00")
        move(session, ticket, SUSPEND, "2026-11-24T10:00", reason="等待诉求人补充材料")

        assert service.due_at(session, ticket.id, "reply") is None
        assert sweep(session, at("2026-12-05T00:00")).raised == 1  # the contact that is late, not the reply
        move(session, ticket, RESUME, "2026-11-30T10:00")

        reply = clocks_of(session, ticket)["reply"]
        assert reply.due_at == at("2026-12-04T23:59:59")
        assert any("等待诉求人补充材料" in step for step in reply.explanation)


def test_a_clock_that_is_over_cannot_be_made_to_stand_still(database: Database) -> None:
    with database.transaction() as session:
        ticket = open_ticket(session)
        move(session, ticket, DISPATCH, "2026-11-02T10:00")

        with pytest.raises(PauseRefused, match="期限已过"):
            move(session, ticket, SUSPEND, "2026-11-23T10:00", reason="等待诉求人补充材料")


def test_an_approved_extension_moves_the_end_and_says_so(database: Database) -> None:
    with database.transaction() as session:
        ticket = open_ticket(session)
        move(session, ticket, DISPATCH, "2026-11-23T10:00")
        service.check_extension(session, ticket.id, date(2026, 12, 7), at("2026-11-25T10:00"))
        move(session, ticket, EXTEND, "2026-11-25T10:00", due_on=date(2026, 12, 5), reason="须专家论证")

        reply = clocks_of(session, ticket)["reply"]

        assert reply.due_at == at("2026-12-07T23:59:59")
        assert reply.explanation[-1].startswith("经批准延期至2026年12月5日（周六），遇休息日顺延至12月7日（周一）")
        with pytest.raises(service.ExtensionRefused, match="最多延期1次"):
            service.check_extension(session, ticket.id, date(2026, 12, 9), at("2026-11-26T10:00"))


@pytest.mark.parametrize(
    ("start", "due_on", "moment", "why"),
    [
        ("2026-11-23T10:00", date(2026, 12, 31), "2026-11-25T10:00", "最多可延期至2026-12-07"),
        ("2026-11-23T10:00", date(2026, 11, 27), "2026-11-25T10:00", "须晚于原期限"),
        ("2026-11-23T10:00", date(2026, 12, 7), "2026-12-02T10:00", "期限已过"),
        ("2026-12-21T10:00", date(2027, 1, 4), "2026-12-22T10:00", "尚未导入2027年工作日历"),
    ],
)
def test_an_extension_out_of_the_rules_is_refused(
    database: Database, start: str, due_on: date, moment: str, why: str
) -> None:
    with database.transaction() as session:
        ticket = open_ticket(session)
        move(session, ticket, DISPATCH, start)

        with pytest.raises(service.ExtensionRefused, match=why):
            service.check_extension(session, ticket.id, due_on, at(moment))


def test_an_emergency_goes_to_the_duty_room_at_once_by_its_plan_and_waits_for_its_word(database: Database) -> None:
    night = at("2026-10-03T02:00")
    with database.transaction() as session:
        ticket = open_ticket(session, urgency="emergency")
        move(session, ticket, ACCEPT, "2026-10-03T02:00")

        clocks = service.list_clocks(session, ticket.id)
        notice = session.scalars(select(Notice)).one()

        assert {clock.kind: clock.due_at for clock in clocks} == {
            "acknowledgement": at("2026-10-03T02:30"),
            "dispatch": at("2026-10-03T04:00"),
        }
        assert (notice.audience, notice.kind, notice.send_at) == ("duty_room", "emergency", night)
        assert service.emergency_plan(session, clocks) == "HN-12345-YJ-01"
        supervising.acknowledge(session, ticket, actor="unit", now=at("2026-10-03T02:10"))
        assert clocks_of(session, ticket)["acknowledgement"].state == ClockState.MET
        with pytest.raises(supervising.NothingToAcknowledge):
            supervising.acknowledge(session, ticket, actor="unit", now=at("2026-10-03T02:11"))


def test_a_late_emergency_is_told_by_night(database: Database) -> None:
    with database.transaction() as session:
        ticket = open_ticket(session, urgency="emergency")
        move(session, ticket, ACCEPT, "2026-10-03T02:00")
        sweep(session, at("2026-10-03T04:30"))

        late = session.scalars(select(Notice).where(Notice.kind == "urge").order_by(Notice.id)).all()

        assert {notice.audience for notice in late} == {"duty_room", "platform"}
        assert {notice.send_at for notice in late} == {at("2026-10-03T04:30")}


def test_a_follow_up_is_counted_from_the_reply_however_long_the_audit_took(database: Database) -> None:
    with database.transaction() as session:
        ticket = open_ticket(session)
        move(session, ticket, DISPATCH, "2026-11-16T10:00")
        move(session, ticket, REPLY, "2026-11-19T17:00")
        move(session, ticket, PASS, "2026-11-20T17:00")

        assert clocks_of(session, ticket)["follow_up"].due_at == at("2026-11-23T23:59:59")


def test_rework_has_half_the_time_and_is_a_step_of_the_ladder(database: Database) -> None:
    with database.transaction() as session:
        ticket = open_ticket(session)
        move(session, ticket, DISPATCH, "2026-11-16T10:00")
        for day in ("19", "23"):
            move(session, ticket, REPLY, f"2026-11-{day}T10:00")
            move(session, ticket, REDO, f"2026-11-{day}T11:00")

        steps = [row.step for row in supervising.list_supervisions(session, ticket.id)]
        rework = clocks_of(session, ticket)["rework"]

        assert steps == ["yellow", "red"]
        assert rework.term == "3 working days"
        assert rework.due_at == at("2026-11-26T23:59:59")


def test_a_clock_that_needs_a_missing_year_waits_for_it_and_is_filled_in(
    database: Database, settings: Settings
) -> None:
    with database.transaction() as session:
        ticket = open_ticket(session)
        move(session, ticket, DISPATCH, "2026-12-29T10:00")
        reply = clocks_of(session, ticket)["reply"]

        assert (reply.due_at, reply.missing_year) == (None, 2027)
        assert reply.explanation == ["尚未导入2027年工作日历，不能推算期限；导入后自动补算"]
        ticket_id = ticket.id
    try:
        with database.transaction() as session:
            versions.save_year(session, 2027, NEW_YEAR, by="test", why="测试", now=at("2026-12-30T09:00"))
        fill_missing_due_times(JobContext(settings, database, lambda: at("2026-12-30T09:00")))
        with database.reading() as session:
            assert service.due_at(session, ticket_id, "reply") == at("2027-01-06T23:59:59")
            assert session.get_one(Ticket, ticket_id).next_due_at == at("2026-12-30T10:00")
    finally:
        with database.transaction() as session:
            session.execute(delete(CalendarYear).where(CalendarYear.year == 2027))


def test_a_corrected_calendar_moves_running_clocks_once_and_keeps_the_old_version(database: Database) -> None:
    with database.transaction() as session:
        ticket = open_ticket(session)
        move(session, ticket, DISPATCH, "2026-11-23T10:00")
        ticket_id = ticket.id
        year = versions.find_year(session, 2026)
        assert year is not None
        old_version, old_text = year.version, "day,kind,name,english\n" + "\n".join(",".join(day) for day in year.days)
    with database.transaction() as session:
        text = old_text + "\n2026-11-25,holiday,临时放假,Extra Holiday"
        versions.save_year(session, 2026, text, by="supervisor", why="临时调整", now=at("2026-11-23T11:00"))
        with pytest.raises(PreconditionFailed):
            versions.save_year(session, 2026, old_text, by="x", why="", now=at("2026-11-23T11:00"), version=old_version)
    try:
        assert [retime(database, 2026), retime(database, 2026)] == [1, 0]
        with database.reading() as session:
            assert service.due_at(session, ticket_id, "reply") == at("2026-12-01T23:59:59")
            history = versions.year_history(session, 2026)
            assert [(row.version, row.is_current) for row in history[:2]] == [
                (old_version + 1, True),
                (old_version, False),
            ]
    finally:
        with database.transaction() as session:
            session.execute(delete(CalendarYear).where(CalendarYear.year == 2026, CalendarYear.version > old_version))
            session.execute(update(CalendarYear).where(CalendarYear.year == 2026).values(is_current=True))


def steps_of(session: Session) -> list[tuple[str, bool]]:
    rows = session.scalars(select(Supervision).order_by(Supervision.id))
    order = ["remind", "urge", "yellow", "red", "listed", "talk", "transfer"]
    return sorted(((row.step, row.is_caught_up) for row in rows), key=lambda one: order.index(one[0]))


def test_each_step_is_raised_when_its_time_has_come_and_once(database: Database) -> None:
    with database.transaction() as session:
        ticket = open_ticket(session)
        move(session, ticket, DISPATCH, "2026-11-02T10:00")
        session.execute(delete(TicketClock).where(TicketClock.kind == "sign"))
    told: dict[str, list[tuple[str, bool]]] = {}
    for moment in ("05T12:00", "09T00:00", "09T23:59", "11T00:00", "12T23:00", "13T00:00", "30T09:00"):
        for _ in range(2):
            with database.transaction() as session:
                sweep(session, at(f"2026-11-{moment}"))
        with database.reading() as session:
            told[moment] = steps_of(session)

    assert told["05T12:00"] == []
    assert told["09T00:00"] == [("remind", False)]  # due at 23:59:59 of the 9th
    assert told["09T23:59"] == told["09T00:00"]
    assert told["11T00:00"] == [("remind", False), ("urge", True), ("yellow", False)]
    assert told["12T23:00"] == told["11T00:00"]
    assert told["13T00:00"] == [*told["11T00:00"], ("red", False)]
    assert [step for step, _ in told["30T09:00"]] == ["remind", "urge", "yellow", "red", "listed", "talk"]


def test_after_three_days_of_standstill_a_clock_catches_up_in_one_step_and_is_told_once(database: Database) -> None:
    with database.transaction() as session:
        for number in range(3):
            ticket = open_ticket(session, number=f"410400261102000{number:04d}")
            move(session, ticket, DISPATCH, "2026-11-02T10:00")
    with database.transaction() as session:
        done = sweep(session, at("2026-11-13T10:00"))

    with database.reading() as session:
        notices = session.scalars(select(Notice)).all()
        state = {clock.state for clock in session.scalars(select(TicketClock))}
    assert (done.raised, done.notices) == (6, 6)  # a sign and a reply each
    assert state == {ClockState.OVERDUE}
    assert sorted(notice.kind for notice in notices) == ["listed"] * 3 + ["red"] * 3
    assert {notice.audience for notice in notices} == {"unit"}


def test_two_sweeps_at_once_raise_every_step_once(database: Database) -> None:
    with database.transaction() as session:
        for number in range(20):
            ticket = open_ticket(session, number=f"410400261102000{number:04d}")
            move(session, ticket, DISPATCH, "2026-11-02T10:00")
    start = threading.Barrier(2)

    def run() -> None:
        start.wait()
        with database.transaction() as session:
            sweep(session, at("2026-11-10T10:00"))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with database.reading() as session:
        doubled = session.execute(
            select(Supervision.clock_id, Supervision.step).group_by(Supervision.clock_id, Supervision.step)
            .having(func.count() > 1)
        ).all()  # fmt: skip
        count = session.scalar(select(func.count()).select_from(Notice))
    assert doubled == []
    assert count == 40


def test_a_clock_of_the_hotline_itself_gets_no_card(database: Database) -> None:
    with database.transaction() as session:
        move(session, open_ticket(session), ACCEPT, "2026-11-02T10:00")
        sweep(session, at("2026-11-30T10:00"))

        assert steps_of(session) == [("remind", True), ("urge", False)]
        assert session.scalars(select(Notice.audience)).all() == ["platform"]


def test_notices_wait_for_the_morning_and_are_handed_out_once(database: Database, settings: Settings) -> None:
    night, morning = at("2026-11-10T02:00"), at("2026-11-10T08:30")
    with database.transaction() as session:
        move(session, open_ticket(session), DISPATCH, "2026-11-02T10:00")
        sweep(session, night)

    def hand_out(now: datetime) -> int:
        send_notices(JobContext(settings, database, lambda: now))
        with database.reading() as session:
            return session.scalar(select(func.count()).where(Notice.sent_at == now)) or 0

    assert [hand_out(night), hand_out(morning), hand_out(morning + timedelta(minutes=1))] == [0, 2, 0]


def test_the_sweep_says_only_what_changed(database: Database) -> None:
    with database.transaction() as session:
        move(session, open_ticket(session), DISPATCH, "2026-11-02T10:00")
    with database.transaction() as session:
        assert sweep(session, at("2026-11-02T11:00")).raised == 0
    with database.transaction() as session:
        assert sweep(session, at("2026-11-10T00:00")).raised == 2
        session.execute(update(TicketClock).values(stopped_at=at("2026-11-10T01:00"), state=ClockState.MET))
    with database.transaction() as session:
        assert sweep(session, at("2026-11-30T00:00")).raised == 0


def test_a_supervision_by_hand_begins_the_time_to_answer_it(database: Database) -> None:
    with database.transaction() as session:
        ticket = open_ticket(session)
        supervising.order_supervision(
            session, ticket, "joint", actor=CHIEF, reason="涉及三个单位", now=at("2026-11-23T10:00")
        )

        assert clocks_of(session, ticket)[ClockKind.SUPERVISION].due_at == at("2026-11-25T23:59:59")
        assert [row.step for row in supervising.list_supervisions(session, ticket.id)] == ["joint"]
        with pytest.raises(supervising.NothingToAcknowledge):
            supervising.acknowledge(session, ticket, actor="unit", now=at("2026-11-23T10:00"))
