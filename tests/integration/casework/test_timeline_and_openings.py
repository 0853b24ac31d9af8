"""A ticket's page tells its whole life, and of every move whether it is open or why not."""

import re
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from app.accounts.models import Role
from app.casework import service
from app.casework.openings import openings
from app.casework.timeline import Kind, read_timeline
from app.tickets import service as tickets
from app.tickets.models import TicketStatus
from app.tickets.states import moves_from
from tests.integration.casework.conftest import MATTER, PASSWORD, Stage

pytestmark = pytest.mark.services


@pytest.fixture
def enter(client: TestClient) -> Callable[[str], dict[str, str]]:
    def log_in(name: str) -> dict[str, str]:
        answer = client.post("/api/v1/session", json={"username": name, "password": PASSWORD})
        return {"X-CSRF-Token": answer.json()["csrf_token"]}

    return log_in


def told(stage: Stage, ticket: int, who: str) -> dict[str, str]:
    with stage.database.reading() as session:
        case = service.open_case(session, ticket, stage.people[who], stage.now)
        is_open, closed = openings(case)
    return {move.verb: "" for move in is_open} | {one.move.verb: one.reason for one in closed}


def test_the_timeline_holds_moves_clocks_with_reasons_messages_and_supervision(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]]
) -> None:
    ticket = stage.asked()
    headers = enter("chief")
    order = {"step": "urge", "reason": "请抓紧回访", "csrf_token": headers["X-CSRF-Token"]}
    assert client.post(f"/tickets/{ticket}/supervise", data=order).status_code == 200
    with stage.database.reading() as session:
        entries = read_timeline(session, tickets.get_ticket(session, ticket), stage.people["chief"])
    assert {Kind.MOVE, Kind.CLOCK, Kind.SUPERVISION, Kind.NOTICE, Kind.EDIT} <= {entry.kind for entry in entries}
    assert [entry.at for entry in entries] == sorted((entry.at for entry in entries), reverse=True)
    assert any("工作日" in sentence for entry in entries for sentence in entry.why)
    page = client.get(f"/tickets/{ticket}/timeline").text
    for words in ("先行联系诉求人", "告知诉求人", "短信发往 199****2345", "催办", "请抓紧回访", "怎么算的"):
        assert words in page
    assert MATTER["contact_number"] not in page
    only = client.get(f"/tickets/{ticket}/timeline?kind=supervision").text
    assert "催办" in only
    assert "先行联系诉求人" not in only
    assert client.get(f"/tickets/{ticket}/timeline?kind=nonsense").status_code == 200


def test_a_unit_is_not_told_the_name_of_who_asked_for_secrecy(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]]
) -> None:
    ticket = stage.dispatched(secrecy="confidential")
    enter("clerk")
    page = client.get(f"/tickets/{ticket}/timeline").text
    assert "（保密）" in page
    assert MATTER["contact_name"] not in page.replace(MATTER["content"], "")
    enter("clerk2")
    assert client.get(f"/tickets/{ticket}/timeline").status_code == 404


@pytest.mark.parametrize("who", ["8001", "chief", "dispatcher", "reviewer", "caller", "clerk", "leader", "auditor"])
def test_every_move_from_here_is_open_or_has_its_reason_in_chinese(stage: Stage, who: str) -> None:
    ticket = stage.at_work()
    moves = told(stage, ticket, who)
    expected = {move.verb for move in moves_from(TicketStatus.HANDLING)}
    assert set(moves) == expected
    assert all(re.search(r"[\u4e00-\u9fff]", reason) for reason in moves.values() if reason)


def test_the_reason_is_the_guards_own(stage: Stage) -> None:
    ticket = stage.dispatched()
    stage.move(ticket, "sign", "clerk")
    assert "两次联系未果" in told(stage, ticket, "clerk")["begin"]
    stage.move(ticket, "contact", "clerk", channel="phone", note="已电话了解情况")
    assert told(stage, ticket, "leader")["request_extension"] == ""
    assert told(stage, ticket, "reviewer")["suspend"] == "没有等待审核的申请"
    assert "应由承办单位" in told(stage, ticket, "reviewer")["draft_reply"]
    assert told(stage, ticket, "leader")["reply"] == ""


def test_many_are_signed_at_once_and_each_tells_its_own_result(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]]
) -> None:
    one, stale, foreign = stage.dispatched(), stage.dispatched(), stage.dispatched(lead="410422-zhengfu")
    headers = enter("clerk")
    picked = [f"{one}:{stage.read(one).version}", f"{stale}:1", f"{foreign}:1", "x:1", "99999999:1"]
    form = {"ticket": picked, "csrf_token": headers["X-CSRF-Token"]}
    page = client.post("/work/sign/bulk", data=form)
    assert page.status_code == 200
    assert "共 4 件，完成 1 件，未完成 3 件" in page.text
    assert stage.read(foreign).ticket_number not in page.text
    assert [stage.read(ticket).status for ticket in (one, stale, foreign)] == ["signed", "dispatched", "dispatched"]
    again = client.post("/work/sign/bulk", data={**form, "ticket": [f"{one}:"]}).text
    assert "完成 0 件" in again
    assert client.post("/work/sign/bulk", data={**form, "ticket": []}).status_code == 422
    assert client.post("/work/dispatch/bulk", data=form).status_code == 404


def test_many_are_dispatched_as_proposed_but_no_emergency(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]]
) -> None:
    plain, urgent = stage.ticket(), stage.ticket(urgency="emergency")
    headers = enter("dispatcher")
    form = {"ticket": [f"{plain}:", f"{urgent}:"], "csrf_token": headers["X-CSRF-Token"]}
    page = client.post("/work/dispatch/bulk", data=form).text
    assert "特急事项须先电话通知值班室" in page
    assert [stage.read(ticket).status for ticket in (plain, urgent)] == ["dispatched", "to_dispatch"]
    assert stage.read(plain).lead_unit_code == "410421-zhengfu"


def test_nobody_bulks_what_has_to_be_judged(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]]
) -> None:
    ticket = stage.replied()
    stage.person("reviewer", Role.REVIEWER)
    headers = enter("reviewer")
    form = {"ticket": [f"{ticket}:"], "csrf_token": headers["X-CSRF-Token"]}
    assert client.post("/work/replies/bulk", data=form).status_code == 404
