"""Finding tickets by number, code, telephone, place and words; own views; and taking tickets away under watch."""

import csv
import io
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from sqlalchemy import select

from app.accounts.audit_log import told_details
from app.accounts.models import AuditEntry
from app.platform.database import Database
from app.tickets import export
from app.tickets.saved_views import MOST_VIEWS
from tests.integration.casework.conftest import MATTER, PASSWORD, Stage

pytestmark = pytest.mark.services

Enter = Callable[[str], str]


@pytest.fixture
def enter(client: TestClient) -> Enter:
    """Log in; the token of forms."""

    def log_in(name: str) -> str:
        token: str = client.post("/api/v1/session", json={"username": name, "password": PASSWORD}).json()["csrf_token"]
        return token

    return log_in


def found(client: TestClient, **query: str) -> set[int]:
    return {item["id"] for item in client.get("/api/v1/tickets", params=query).json()["items"]}


def test_tickets_are_found_by_number_words_place_unit_and_by_who_may_by_telephone_and_code(
    stage: Stage, client: TestClient, enter: Enter
) -> None:
    here = stage.dispatched(address="铁路街道和平小区3号楼")
    there = stage.ticket(region_code="410422", contact_number="19900077777", title="叶县路灯不亮")
    row = stage.read(here)
    enter("chief")
    assert found(client, text=row.ticket_number) == {here}
    assert found(client, text="路灯") == {there}
    assert found(client, place="和平小区") == {here}
    assert found(client, place="宝丰县") == {here}
    assert found(client, place="叶县") == {there}
    assert found(client, place="没有的地方") == set()
    assert found(client, unit="410421-zhengfu") == {here}
    assert found(client, text="19900077777") == found(client, caller="") - {here} == {there}
    assert found(client, text=row.query_code) == {here}
    enter("dispatcher")
    assert found(client, text="19900077777") == found(client, text=row.query_code) == set()
    refused = client.get("/api/v1/tickets", params={"caller": "19900077777"})
    assert (refused.status_code, "不能按电话号码查询" in refused.json()["detail"]) == (403, True)
    page = client.get("/tickets", params={"place": "和平小区", "unit": "410421-zhengfu"}).text
    assert row.ticket_number in page


def test_a_view_is_kept_under_its_name_for_its_owner_alone(stage: Stage, client: TestClient, enter: Enter) -> None:
    token = enter("chief")
    form = {"name": "宝丰投诉", "ticket_type": "complaint", "region": "410421", "csrf_token": token}
    kept = client.post("/tickets/views", data=form, follow_redirects=False)
    assert kept.headers["Location"] == "/tickets?ticket_type=complaint&region=410421"
    client.post("/tickets/views", data={**form, "region": "410422"})
    page = client.get("/tickets").text
    assert page.count("宝丰投诉</a>") == 1
    assert 'href="/tickets?ticket_type=complaint&amp;region=410422"' in page
    other = enter("reviewer")
    assert "宝丰投诉" not in client.get("/tickets").text
    client.post("/tickets/views/1/delete", data={"csrf_token": other})
    token = enter("chief")
    assert "宝丰投诉" in client.get("/tickets").text
    client.post("/tickets/views/1/delete", data={"csrf_token": token})
    assert "宝丰投诉" not in client.get("/tickets").text


def test_a_view_needs_a_name_and_a_condition_and_there_are_so_many_at_most(
    stage: Stage, client: TestClient, enter: Enter
) -> None:
    token = enter("chief")
    for form in ({"name": "", "status": "draft"}, {"name": "空"}, {"name": "长" * 21, "status": "draft"}):
        assert client.post("/tickets/views", data={**form, "csrf_token": token}).status_code == 422
    answers = [
        client.post("/tickets/views", data={"name": f"视图{n}", "status": "draft", "csrf_token": token}).status_code
        for n in range(MOST_VIEWS + 1)
    ]
    assert answers == [200] * MOST_VIEWS + [409]


def take(client: TestClient, token: str, **form: str) -> tuple[int, bytes]:
    answer = client.post("/tickets/export", data={"reason": "十一月办理情况通报", **form, "csrf_token": token})
    return answer.status_code, answer.content


def test_an_export_is_marked_masked_and_kept_in_the_audit_log(
    stage: Stage, database: Database, client: TestClient, enter: Enter
) -> None:
    ticket = stage.dispatched(title="=1+1的标题", content="请回电19900012345，垃圾多日无人清运")
    stage.ticket(region_code="410422")
    token = enter("chief")
    status, content = take(client, token, region="410421", format="csv")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert (status, len(rows)) == (200, 3)
    assert all(words in rows[0][0] for words in ("不得外传", "chief", "十一月办理情况通报", "共1件"))
    told = dict(zip(rows[1], rows[2], strict=True))
    assert told["工单号"] == stage.read(ticket).ticket_number
    assert told["标题"] == "'=1+1的标题"
    assert (told["状态"], told["主办单位"], told["联系电话"]) == ("已派待签收", "宝丰县人民政府", "199****2345")
    assert MATTER["contact_number"].encode() not in content
    status, content = take(client, token, format="xlsx")
    sheet = load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    assert "不得外传" in sheet["A1"].value
    assert "不得外传" in sheet.oddHeader.center.text
    assert sheet.max_row == 4
    with database.reading() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "tickets_exported")).all()
    assert [entry.detail["count"] for entry in entries] == [1, 2]
    assert ("原因", "十一月办理情况通报") in told_details(entries[0])
    assert ("查询条件", "region=410421") in told_details(entries[0])


def test_an_export_has_a_cap_that_it_admits(
    stage: Stage, client: TestClient, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "EXPORTED_MOST", 2)
    for _ in range(3):
        stage.ticket()
    _, content = take(client, enter("chief"), format="csv")
    mark, _heads, *rows = content.decode("utf-8-sig").splitlines()
    assert "符合条件3件，只导出最新2件" in mark
    assert len(rows) == 2


def test_who_may_not_export_does_not_and_a_unit_takes_its_own_alone(
    stage: Stage, client: TestClient, enter: Enter
) -> None:
    own, foreign = stage.dispatched(), stage.dispatched(lead="410422-zhengfu")
    for who in ("clerk", "dispatcher", "8001"):
        token = enter(who)
        assert take(client, token)[0] == 403
        assert "导出用途" not in client.get("/tickets").text
    token = enter("leader")
    assert take(client, token, reason="无")[0] == 422
    _, content = take(client, token, format="csv")
    assert stage.read(own).ticket_number in content.decode()
    assert stage.read(foreign).ticket_number not in content.decode()
