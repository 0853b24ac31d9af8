"""What an end leaves behind: no running leg, no clock, no open question. And the citizen who asks again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from app.accounts.models import Role
from app.calls.models import Call
from app.casework.models import RequestStatus, UnitRequest
from app.casework.refusals import NotNow
from app.casework.succession import dissolve_unit
from app.casework.urging import urge
from app.deadlines.models import Supervision, TicketClock
from app.deadlines.service import due_at
from app.deadlines.supervising import NothingToSupervise
from app.outbox.models import OutboxMessage
from app.platform.errors import NotAllowed
from app.tickets.erasing import erasing
from app.tickets.models import Assignment, Ticket, TicketHistory, TicketStatus
from tests.integration.casework.conftest import BASIS, CITY_OFFICE, COUNTY, OTHER_COUNTY, Stage
from tests.integration.casework.test_scope_and_duties import become

pytestmark = pytest.mark.services

Refused = Callable[..., Any]
ENDING = {"ground": "not_cooperating", "evidence": "附两次约谈记录"}
BY_CITIZEN = {"is_identity_checked": True, "reason": "问题已自行解决"}


def running(stage: Stage, ticket: int) -> tuple[int, int, int]:
    """Legs, clocks and requests of the ticket that are still open."""
    with stage.database.reading() as session:
        legs = select(func.count()).where(Assignment.ticket_id == ticket, Assignment.ended_at.is_(None))
        clocks = select(func.count()).where(TicketClock.ticket_id == ticket, TicketClock.stopped_at.is_(None))
        asked = select(func.count()).where(UnitRequest.ticket_id == ticket, UnitRequest.status == RequestStatus.PENDING)
        return session.scalar(legs) or 0, session.scalar(clocks) or 0, session.scalar(asked) or 0


def messages(stage: Stage, ticket: int) -> list[str]:
    with stage.database.reading() as session:
        query = select(OutboxMessage.text).where(OutboxMessage.ticket_id == ticket).order_by(OutboxMessage.id)
        return list(session.scalars(query))


def test_termination_ends_lead_and_supporting_legs_and_every_clock(stage: Stage) -> None:
    ticket = stage.at_work()
    stage.move(ticket, "assign_support", "clerk", unit_code=CITY_OFFICE, task="协助清运大件垃圾")
    assert any("请协办工单" in words for words in messages(stage, ticket))
    stage.move(ticket, "request_termination", "leader", **ENDING)
    assert running(stage, ticket)[0] == 2
    stage.move(ticket, "terminate", "reviewer")
    assert running(stage, ticket) == (0, 0, 0)
    assert stage.read(ticket).next_due_at is None
    assert messages(stage, ticket)[-1].endswith("终止申请已同意，办理结束。")


@pytest.mark.parametrize("asked", ["return", "extension", "nothing"])
def test_a_withdrawal_from_any_stage_leaves_nothing_running_and_no_question(stage: Stage, asked: str) -> None:
    ticket = stage.dispatched() if asked == "return" else stage.at_work()
    if asked == "return":
        stage.move(ticket, "request_return", "clerk", **BASIS)
    if asked == "extension":
        with stage.database.reading() as session:
            reply = due_at(session, ticket, "reply")
        assert reply is not None
        due = (reply + timedelta(days=1)).date().isoformat()
        stage.move(
            ticket,
            "request_extension",
            "leader",
            reason="需列入年度计划跨年度施工安排",
            due_on=due,
            evidence="附施工计划书",
        )
    stage.move(ticket, "withdraw", "8001", **BY_CITIZEN)
    assert running(stage, ticket) == (0, 0, 0)


def test_a_merge_stops_clocks_and_its_undoing_starts_them_where_accepting_did(stage: Stage) -> None:
    master, other = stage.ticket(), stage.ticket(urgency="emergency", contact_number="19900054321")
    assert running(stage, other)[1] == 2  # to be dispatched, to be acknowledged
    stage.move(other, "merge", "dispatcher", master=str(master), reason="同一地点同一事项")
    assert running(stage, other) == (0, 0, 0)
    stage.move(other, "unmerge", "dispatcher", reason="核实后不是同一处")
    assert stage.read(other).status == TicketStatus.TO_DISPATCH  # an emergency waits for no look-over
    assert running(stage, other)[1] == 2
    stage.move(other, "dispatch", "dispatcher", lead_unit_code=COUNTY, duty_call="王值班员")
    assert "并按应急预案HN-12345-YJ-01处置" in messages(stage, other)[-1]


def test_a_return_after_the_window_is_late_though_it_was_signed_in_time(stage: Stage, refused: Refused) -> None:
    ticket = stage.dispatched()
    stage.move(ticket, "sign", "clerk")
    stage.now += timedelta(days=5)
    with refused(NotNow, "已超过签收时限，不得退单"):
        stage.move(ticket, "request_return", "clerk", **BASIS)


def test_who_supports_does_not_judge_and_who_judged_does_not_support(stage: Stage, refused: Refused) -> None:
    ticket = stage.at_work()
    stage.move(ticket, "assign_support", "clerk", unit_code=CITY_OFFICE, task="协助清运大件垃圾")
    stage.support(ticket, "officer")
    stage.support(ticket, "officer", "已协助清运完毕")
    stage.answer(ticket)
    become(stage, "officer", Role.REVIEWER)
    with refused(NotAllowed, "已参与本工单的办理，不能再进行审核"):
        stage.move(ticket, "audit_pass", "officer")
    stage.move(ticket, "audit_redo", "reviewer", reason_code="no_evidence", reason="缺少照片")
    stage.move(ticket, "take_up_redo", "clerk")
    for unit in (CITY_OFFICE, OTHER_COUNTY):  # in the new round the same unit may be asked again
        stage.move(ticket, "assign_support", "clerk", unit_code=unit, task="协助清运大件垃圾")
    become(stage, "reviewer", Role.UNIT_STAFF, OTHER_COUNTY)
    with refused(NotAllowed, "已参与本工单的审核，不能再进行办理"):
        stage.support(ticket, "reviewer")


def test_a_false_reply_is_a_red_card_at_once(stage: Stage) -> None:
    ticket = stage.replied()
    stage.move(ticket, "audit_redo", "reviewer", reason_code="false_reply", reason="现场核实并未清运")
    with stage.database.reading() as session:
        rows = session.execute(select(Supervision.step, Supervision.reason).where(Supervision.ticket_id == ticket))
        assert rows.all() == [("red", "答复不实，退回重办")]


def test_clocks_of_a_dissolved_unit_are_its_successors_from_then_on(stage: Stage) -> None:
    ticket = stage.at_work()
    with stage.database.transaction() as session:
        dissolve_unit(session, COUNTY, OTHER_COUNTY, reason="区划调整", actor=stage.people["dispatcher"], now=stage.now)
        clocks = session.execute(
            select(TicketClock.kind, TicketClock.unit_code).where(TicketClock.ticket_id == ticket)
        ).all()
        session.rollback()
    assert {kind: unit for kind, unit in clocks if kind in {"sign", "reply"}} == {
        "sign": COUNTY, "reply": OTHER_COUNTY,
    }  # fmt: skip


def call_of(session: Session, now: datetime, call_id: str) -> None:
    session.add(Call(call_id=call_id, node="node1", linkedid=call_id, arrived_at=now, agent="8001", state="talking"))
    session.flush()


def test_a_citizen_who_rings_again_urges_once_a_call_and_the_unit_is_told(stage: Stage) -> None:
    ticket = stage.at_work()
    agent, told = stage.people["8001"], "三天了还没有人来清运"
    with stage.database.transaction() as session:
        call_of(session, stage.now, "node1-9.1")
    for _ in range(2):  # a second click
        with stage.database.transaction() as session:
            urge(session, ticket, actor=agent, reason=told, call_id="node1-9.1", now=stage.now)
    row = stage.read(ticket)
    assert row.urge_count == 1
    with stage.database.reading() as session:
        assert session.scalars(select(Call.ticket_id)).one() == ticket
        steps = session.execute(select(Supervision.step, Supervision.raised_by, Supervision.reason)).all()
        assert steps == [("repeated", "8001", told)]
        assert not session.scalars(select(TicketClock).where(TicketClock.kind == "supervision")).all()
    with stage.database.transaction() as session:
        urge(session, ticket, actor=agent, reason="又来电催促", call_id=None, now=stage.now)
    assert stage.read(ticket).urge_count == 2


def test_nothing_that_is_over_is_urged_and_no_unit_urges_itself(stage: Stage, refused: Refused) -> None:
    over, open_one = stage.rated(), stage.at_work()
    with stage.database.transaction() as session, pytest.raises(NothingToSupervise):
        urge(session, over, actor=stage.people["8001"], reason="再次来电催办", call_id=None, now=stage.now)
    with stage.database.transaction() as session, refused(NotAllowed, "不能修改"):
        urge(session, open_one, actor=stage.people["clerk"], reason="再次来电催办", call_id=None, now=stage.now)


def test_the_database_itself_keeps_the_archive_and_the_history(stage: Stage) -> None:
    ticket = stage.rated()
    with stage.database.transaction() as session:
        session.execute(update(Ticket).where(Ticket.id == ticket).values(status="archived"))

    def attempt(statement: str) -> None:
        with pytest.raises(DatabaseError, match=r"immutable|append only"), stage.database.transaction() as session:
            session.execute(text(statement), {"ticket": ticket})

    for column in set(Ticket.__table__.columns.keys()) - {"id", "next_due_at"}:  # a new column must be kept, too
        attempt(f"UPDATE tickets SET {column} = {column} WHERE id = :ticket")
    attempt("DELETE FROM tickets WHERE id = :ticket")
    attempt("UPDATE ticket_history SET actor = 'nobody' WHERE ticket_id = :ticket")
    attempt("DELETE FROM ticket_history WHERE ticket_id = :ticket")


def test_only_an_erasure_changes_what_is_kept_and_only_in_its_own_transaction(stage: Stage) -> None:
    ticket = stage.rated()
    with stage.database.transaction() as session:
        session.execute(update(Ticket).where(Ticket.id == ticket).values(status="archived"))
    with stage.database.transaction() as session, erasing(session):
        session.execute(update(Ticket).where(Ticket.id == ticket).values(contact_name=""))
        session.execute(update(TicketHistory).where(TicketHistory.ticket_id == ticket).values(changes={}))
    assert stage.read(ticket).contact_name == ""
    with pytest.raises(DatabaseError, match="immutable"), stage.database.transaction() as session:
        session.execute(update(Ticket).where(Ticket.id == ticket).values(contact_name="李女士"))
