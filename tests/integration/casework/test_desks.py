"""The audit desk and the supervisor's desk: what each offers to whom, and that both judge by the table of states."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from app.accounts.auth import Actor
from app.accounts.models import Role
from app.casework import reviewing
from app.casework.worklists import REPLIED, count_lists, count_withheld
from app.deadlines import overview
from app.deadlines.arithmetic import reached_before
from app.deadlines.models import Supervision, TicketClock
from app.deadlines.profile import LADDER, Step
from app.deadlines.sweep import sweep_all
from app.deadlines.versions import load_calendar, load_rules
from app.tickets.erasing import erasing
from app.tickets.models import TicketHistory, TicketStatus
from tests.integration.casework.conftest import COUNTY, OTHER_COUNTY, PASSWORD, REPLY, Stage

pytestmark = pytest.mark.services

Enter = Callable[[str], dict[str, str]]


@pytest.fixture
def enter(client: TestClient) -> Enter:
    def log_in(name: str) -> dict[str, str]:
        answer = client.post("/api/v1/session", json={"username": name, "password": PASSWORD})
        return {"csrf_token": answer.json()["csrf_token"]}

    return log_in


def offered(stage: Stage, who: str) -> list[int]:
    with stage.database.reading() as session:
        found = [one.ticket.id for one in reviewing.list_waiting(session, stage.people[who])]
        assert count_lists(session, stage.people[who])[REPLIED.key] == len(found)
        return found


@pytest.mark.parametrize(
    ("who", "page"),
    [("chief", "/supervision"), ("reviewer", "/reviews"), ("caller", "/follow-ups"), ("clerk", "/work")],
)
def test_who_logs_in_lands_on_his_desk(client: TestClient, stage: Stage, enter: Enter, who: str, page: str) -> None:
    enter(who)

    answer = client.get("/")

    assert (answer.status_code, answer.url.path) == (200, page)


@pytest.mark.parametrize("who", ["clerk", "leader", "8001", "dispatcher", "caller", "auditor"])
def test_who_judges_nothing_has_no_audit_desk(client: TestClient, stage: Stage, enter: Enter, who: str) -> None:
    ticket = stage.replied()
    form = enter(who)

    assert client.get("/reviews").status_code == 403
    assert client.post(f"/reviews/{ticket}/audit_pass", data=form).status_code == 403
    assert stage.read(ticket).status == TicketStatus.REPLIED


def test_a_reply_stands_beside_what_it_answers_and_passing_it_leads_to_the_next(
    client: TestClient, stage: Stage, enter: Enter
) -> None:
    first, second = stage.replied(), stage.replied(contact_number="19900055555", title="路灯不亮")
    form = enter("reviewer")
    assert offered(stage, "reviewer") == [first, second]

    page = client.get(f"/reviews/{first}").text
    for words in ("小区门口垃圾多日无人清运", REPLY["to_citizen"], REPLY["to_platform"], "已电话了解情况", "还有"):
        assert words in page
    form["version"] = str(stage.read(first).version)
    answer = client.post(f"/reviews/{first}/audit_pass", data=form, follow_redirects=False)
    assert answer.headers["Location"] == f"/reviews/{second}?done=audit_pass"
    assert stage.read(first).status == TicketStatus.CALLBACK
    assert client.get(f"/reviews/{first}", follow_redirects=False).headers["Location"] == f"/tickets/{first}"

    form["version"] = str(stage.read(second).version)
    empty = client.post(f"/reviews/{second}/audit_redo", data=form)
    assert (empty.status_code, stage.read(second).status) == (422, TicketStatus.REPLIED)
    assert re.search(r'id="audit_redo-reason-error"[^>]*>[^<]+<', empty.text)
    why = {**form, "reason_code": "no_evidence", "reason": "请附清运后的现场照片"}
    answer = client.post(f"/reviews/{second}/audit_redo", data=why, follow_redirects=False)
    assert answer.headers["Location"] == "/reviews?done=audit_redo"
    assert stage.read(second).status == TicketStatus.REDO
    assert "没有等待您审核的答复" in client.get("/reviews").text

    stage.move(second, "take_up_redo", "clerk")
    stage.answer(second)
    again = client.get(f"/reviews/{second}").text
    assert "请附清运后的现场照片" in again
    assert "第1次重办" in again


def test_two_judges_at_once_the_second_is_told(client: TestClient, stage: Stage, enter: Enter) -> None:
    ticket = stage.replied()
    form = {**enter("reviewer"), "version": str(stage.read(ticket).version)}
    stage.move(ticket, "audit_pass", "chief")

    answer = client.post(f"/reviews/{ticket}/audit_pass", data=form)

    assert answer.status_code in {409, 412}
    assert "当前状态不能" in answer.text or "审核通过" in answer.text


def test_nobody_is_offered_what_he_accepted_or_handled(client: TestClient, stage: Stage, enter: Enter) -> None:
    own, others = stage.replied(), stage.replied(contact_number="19900055555")
    with stage.database.transaction() as session, erasing(session):
        accepted = update(TicketHistory).where(TicketHistory.ticket_id == own, TicketHistory.actor == "8001")
        session.execute(accepted.values(actor="chief"))

    assert offered(stage, "chief") == [others]
    assert sorted(offered(stage, "reviewer")) == sorted([own, others])
    with stage.database.reading() as session:
        assert count_withheld(session, stage.people["chief"]) == 1
    form = {**enter("chief"), "version": ""}
    assert "另有" in client.get("/reviews").text
    page = client.get(f"/reviews/{own}").text
    assert ("您已参与本工单的受理" in page, "judge-pass" in page) == (True, False)
    assert client.post(f"/reviews/{own}/audit_pass", data=form).status_code == 403
    assert stage.read(own).status == TicketStatus.REPLIED


def test_a_verb_that_is_no_judgement_is_unknown_here(client: TestClient, stage: Stage, enter: Enter) -> None:
    ticket = stage.ticket()
    form = {**enter("chief"), "lead_unit_code": COUNTY}

    assert client.post(f"/reviews/{ticket}/dispatch", data=form).status_code == 404


# the supervisor's desk


def make_late(stage: Stage, ticket: int, step: Step) -> None:
    """Its clocks have just not come to this step, and to every one before it."""
    with stage.database.transaction() as session:
        calendar, profile = load_calendar(session), load_rules(session).profile
        due = reached_before(calendar, stage.now, profile.ladder[step]) + timedelta(seconds=1)
        clocks = update(TicketClock).where(TicketClock.ticket_id == ticket, TicketClock.stopped_at.is_(None))
        session.execute(clocks.values(due_at=due, near_due_at=due - timedelta(hours=4), level=LADDER.index(step)))


def read_desk(stage: Stage, who: str) -> dict[int, str]:
    with stage.database.reading() as session:
        steps, _ = overview.list_next_steps(session, actor=stage.people[who], now=stage.now)
        return {one.ticket.id: str(one.step) for one in steps}


def test_what_climbs_next_is_what_the_sweep_raises_when_the_time_has_come(stage: Stage) -> None:
    late, fine = stage.at_work(), stage.at_work(contact_number="19900055555")
    make_late(stage, late, Step.RED)
    with stage.database.reading() as session:
        (found,), until = overview.list_next_steps(session, actor=stage.people["chief"], now=stage.now)
    assert (found.ticket.id, found.step) == (late, Step.RED)
    assert stage.now <= found.at < until
    assert fine not in read_desk(stage, "chief")

    sweep_all(stage.database, found.at + timedelta(seconds=1))

    with stage.database.reading() as session:
        steps = set(session.scalars(select(Supervision.step).where(Supervision.ticket_id == late)))
    assert Step.RED in steps


def test_each_sees_on_the_desk_what_he_may_see_at_all(stage: Stage) -> None:
    late = stage.at_work()
    make_late(stage, late, Step.YELLOW)

    assert {who: set(read_desk(stage, who)) for who in ("chief", "clerk", "clerk2", "auditor")} == {
        "chief": {late}, "clerk": {late}, "clerk2": set(), "auditor": {late},
    }  # fmt: skip


def test_a_supervision_is_ordered_from_the_desk_and_waits_there_until_the_unit_answers(
    client: TestClient, stage: Stage, enter: Enter
) -> None:
    ticket = stage.at_work()
    form = {**enter("chief"), "step": "joint", "reason": "涉及两个县区，联合督办", "back": "/supervision"}

    answer = client.post(f"/tickets/{ticket}/supervise", data=form, follow_redirects=False)

    assert answer.headers["Location"] == "/supervision?done=joint"
    page = client.get("/supervision?done=joint").text
    assert "已发起：联合督办" in page
    assert "涉及两个县区" in page
    stage.answer(ticket)
    assert "涉及两个县区" not in client.get("/supervision").text
    elsewhere = {**form, "back": "https://evil.example/supervision"}
    answer = client.post(f"/tickets/{ticket}/supervise", data=elsewhere, follow_redirects=False)
    assert answer.headers["Location"] == f"/tickets/{ticket}"


def test_units_are_counted_and_their_lists_narrowed(client: TestClient, stage: Stage, enter: Enter) -> None:
    late, other = stage.at_work(), stage.dispatched(lead=OTHER_COUNTY, contact_number="19900055555", title="别处")
    for ticket in (late, other):
        make_late(stage, ticket, Step.YELLOW)
    enter("chief")

    part = client.get("/supervision/units").text
    assert f"/supervision/overdue?unit={COUNTY}" in part
    page = client.get(f"/supervision/overdue?unit={COUNTY}").text
    assert (stage.read(late).ticket_number in page, stage.read(other).ticket_number in page) == (True, False)
    with stage.database.reading() as session:
        rows = overview.units_behind(session, actor=stage.people["chief"], now=stage.now)
        own = overview.units_behind(session, actor=stage.people["clerk"], now=stage.now)
    assert {(row.unit_code, row.overdue) for row in rows} == {(COUNTY, 1), (OTHER_COUNTY, 1)}
    assert {row.unit_code for row in own} == {COUNTY}
    assert client.get("/supervision/overdue?unit=../../x").status_code == 422


def test_an_empty_desk_says_so_and_a_unit_orders_nothing(client: TestClient, stage: Stage, enter: Enter) -> None:
    enter("leader")

    page = client.get("/supervision").text

    assert "没有即将升级的工单" in page
    assert "没有逾期的工单" in page
    assert "supervise-dialog" not in page


def test_a_stranger_to_the_roles_is_refused(stage: Stage) -> None:
    nobody = Actor("nobody", Role.OPS)
    with stage.database.reading() as session:
        assert overview.list_next_steps(session, actor=nobody, now=stage.now)[0] == []
        assert overview.list_ordered(session, actor=nobody) == []
