"""The citizen's page: his own matter by number and code, in plain words; nothing secret; guesses are slowed down."""

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.casework.materials import ACTION, MOST_A_DAY, EnoughForToday, add_material, list_materials
from app.outbox.models import OutboxMessage
from app.tickets.models import Ticket
from tests.integration.casework.conftest import MATTER, REPLY, Stage

pytestmark = pytest.mark.services

STEPS = re.compile(r'aria-current="step"[^>]*>([^<]+)<')
WORDS = "村口路灯也不亮，请一并处理"


def token(client: TestClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/progress").text)
    assert found
    return found[1]


def ask(client: TestClient, number: str, code: str, **more: str) -> tuple[int, str]:
    path = "/progress/material" if more else "/progress"
    form = {"number": number, "code": code, "csrf_token": token(client), **more}
    answer = client.post(path, data=form)
    return answer.status_code, answer.text


def test_number_and_code_tell_how_far_the_matter_is_and_what_was_answered(stage: Stage, client: TestClient) -> None:
    row = stage.read(stage.replied())
    status, page = ask(client, row.ticket_number, row.query_code)
    assert status == 200
    assert STEPS.findall(page) == ["办理中"]
    assert "承办单位已办理，答复正在审核" in page
    assert "宝丰县人民政府" in page
    assert REPLY["to_citizen"] not in page
    stage.move(row.id, "audit_pass", "reviewer")
    status, page = ask(client, MATTER["contact_number"], row.query_code)
    assert STEPS.findall(page) == ["已答复"]
    assert REPLY["to_citizen"] in page
    assert REPLY["to_platform"] not in page
    assert client.get("/progress").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("secrecy", ["confidential", "anonymous"])
def test_of_a_secret_matter_only_its_state_is_told(stage: Stage, client: TestClient, secrecy: str) -> None:
    ticket = stage.replied(secrecy=secrecy)
    stage.move(ticket, "audit_pass", "reviewer")
    row = stage.read(ticket)
    assert ask(client, row.ticket_number, row.query_code, text=WORDS)[0] == 200
    status, page = ask(client, row.ticket_number, row.query_code)
    assert (status, STEPS.findall(page)) == (200, ["已答复"])
    for words in (row.title, row.content, "宝丰县", REPLY["to_citizen"], MATTER["contact_name"], WORDS):
        assert words not in page


def test_of_a_merged_matter_each_citizen_sees_its_state_and_not_the_others_words(
    stage: Stage, client: TestClient
) -> None:
    master = stage.ticket(title="另一位市民反映的标题")
    own = stage.ticket(contact_number="19900077777", title="铁路街道垃圾")
    stage.move(own, "merge", "dispatcher", master=stage.read(master).ticket_number, reason="同一地点同一事项")
    stage.move(master, "dispatch", "dispatcher", lead_unit_code="410421-zhengfu")
    row = stage.read(own)
    _, page = ask(client, row.ticket_number, row.query_code)
    assert "与同一事项合并办理：已转承办单位，等待签收" in page
    assert "铁路街道垃圾" in page
    assert "另一位市民" not in page
    assert stage.read(master).ticket_number not in page
    assert ask(client, row.ticket_number, row.query_code, text=WORDS)[0] == 200
    with stage.database.reading() as session:
        (told,) = list_materials(session, master)
    assert told[1].endswith(WORDS)


def test_what_is_added_stands_in_the_history_and_the_unit_is_told_that_there_is_something(
    stage: Stage, client: TestClient
) -> None:
    row = stage.read(stage.at_work())
    status, page = ask(client, row.ticket_number, row.query_code, text=WORDS)
    assert (status, "已收到您补充的内容" in page, WORDS in page) == (200, True, True)
    ask(client, row.ticket_number, row.query_code, text=WORDS)
    with stage.database.reading() as session:
        assert [told for _, told in list_materials(session, row.id)] == [WORDS]
        keys = session.scalars(select(OutboxMessage.key).where(OutboxMessage.key.startswith("material:"))).all()
    assert len(keys) == 1
    status, page = ask(client, row.ticket_number, row.query_code, text="短")
    assert (status, "补充内容应为" in page) == (422, True)


def test_so_much_a_day_may_be_added_and_nothing_to_what_is_closed(stage: Stage, client: TestClient) -> None:
    ticket = stage.at_work()
    with stage.database.transaction() as session:
        for number in range(MOST_A_DAY):
            add_material(session, ticket, f"第{number}次补充情况", stage.now)
        with pytest.raises(EnoughForToday):
            add_material(session, ticket, "还有一件事要说", stage.now)
        add_material(session, ticket, "还有一件事要说", stage.now + timedelta(days=1, seconds=1))
    closed = stage.read(stage.rated(contact_number="19900088888"))
    status, page = ask(client, closed.ticket_number, closed.query_code, text=WORDS)
    assert (status, "再次拨打12345" in page) == (409, True)


def test_a_wrong_code_and_anothers_number_are_told_alike_and_guesses_must_wait(
    stage: Stage, client: TestClient
) -> None:
    row = stage.read(stage.ticket())
    wrong = f"{(int(row.query_code) + 1) % 10**8:08}"
    answers = [ask(client, row.ticket_number, wrong), ask(client, "19911112222", row.query_code)]
    assert {status for status, _ in answers} == {404}
    assert all("没有查到" in page and row.title not in page for _, page in answers)
    for guess in range(8):
        status, page = ask(client, row.ticket_number, f"{guess:08}")
    assert (status, "查询次数过多" in page) == (429, True)
    assert ask(client, row.ticket_number, row.query_code)[0] == 429


def test_who_is_right_may_look_as_often_as_he_likes(stage: Stage, client: TestClient) -> None:
    row = stage.read(stage.ticket())
    assert {ask(client, row.ticket_number, row.query_code)[0] for _ in range(12)} == {200}


@pytest.mark.parametrize(
    ("number", "code"), [("", ""), ("abc", "12345678"), ("1\x00", "12345678"), ("1", "１２３４５６７８")]
)
def test_what_cannot_be_right_is_refused_in_chinese(client: TestClient, number: str, code: str) -> None:
    status, page = ask(client, number, code)
    assert status == 404
    assert "工单号" in page


def test_another_sites_form_is_refused(stage: Stage, client: TestClient) -> None:
    row = stage.read(stage.ticket())
    answer = client.post("/progress", data={"number": row.ticket_number, "code": row.query_code, "csrf_token": "x"})
    assert (answer.status_code, row.title in answer.text) == (403, False)


def test_material_is_an_action_that_pages_have_words_for(stage: Stage, client: TestClient) -> None:
    ticket = stage.at_work()
    with stage.database.transaction() as session:
        add_material(session, ticket, WORDS, stage.now)
        assert session.get_one(Ticket, ticket).version > 1
    client.post("/api/v1/session", json={"username": "clerk", "password": "correct horse battery"})
    page = client.get(f"/tickets/{ticket}/timeline").text
    assert "诉求人补充材料" in page
    assert WORDS in page
    assert ACTION not in page
