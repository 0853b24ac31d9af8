"""A flow over the API, through the node's real commands: published, refused, rolled back, switched, played."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.accounts.models import AuditEntry, Role
from app.platform.clock import to_shanghai, utc_now
from app.platform.database import Database
from ivr_flows.loader import FLOWS
from tests.integration.flows.conftest import LogIn

pytestmark = [pytest.mark.services, pytest.mark.parametrize("engine", ["sqlite"], indirect=True)]
# The commands keep files: which database stands beside them makes no difference.

API = "/api/v1/flows"
SHIPPED = (FLOWS / "night.yaml").read_text(encoding="utf-8")
CHANGED = SHIPPED.replace("title: ", "title: 新的", 1)
NOTE = "节日期间调整"


def publish(client: TestClient, headers: dict[str, str], text: str, **more: object) -> Any:
    return client.post(f"{API}/night/publish", headers=headers, json={"text": text, "note": NOTE, **more})


def entries(database: Database) -> list[tuple[str, str, str]]:
    with database.reading() as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.object_type.in_(["flow", "flow_switch"])))
        return [(row.action, row.actor, row.object_id) for row in rows]


def test_a_flow_is_published_and_rolled_back_and_the_log_says_who(
    client: TestClient, log_in: LogIn, database: Database
) -> None:
    headers = log_in()
    before = {one["name"]: one for one in client.get(API).json()["flows"]}
    assert before["night"]["in_force"]["version"] == 1

    published = publish(client, headers, CHANGED)
    detail = client.get(f"{API}/night").json()
    assert published.status_code == 201, published.text
    assert (detail["shown"], detail["before"], detail["summary"]["in_force"]["by"]) == (2, 1, "ops1")
    assert "+title: 新的" in detail["diff"]
    assert client.get(f"{API}/night?version=1").json()["text"] == SHIPPED

    back = client.post(f"{API}/night/roll-back", headers=headers, json={"note": "退回原来的"})
    assert (back.status_code, back.json()["version"]) == (200, 1)
    assert client.get(f"{API}/night").json()["shown"] == 1
    again = client.post(f"{API}/night/roll-back", headers=headers, json={"note": "退回原来的", "version": 2})
    assert again.json()["version"] == 2
    rolled_back = ("flow_rolled_back", "ops1", "night")
    assert entries(database) == [("flow_published", "ops1", "night"), rolled_back, rolled_back]


def test_a_broken_flow_is_refused_with_its_problems_and_the_old_one_stays(
    client: TestClient, log_in: LogIn, database: Database
) -> None:
    headers = log_in()
    broken = SHIPPED.replace("start: ", "start: nowhere-", 1)

    check = client.post(f"{API}/night/check", headers=headers, json={"text": broken}).json()
    refused = publish(client, headers, broken)

    assert check["problems"][0]["message"].startswith("start 'nowhere-")
    assert (refused.status_code, refused.json()["code"], refused.json()["reason"]) == (
        422,
        "flow-unfit",
        "flow-invalid",
    )
    problem = refused.json()["problems"][0]
    assert problem["text"].startswith("起点 nowhere-")
    assert SHIPPED.splitlines()[problem["row"] - 1].startswith("start: ")
    assert client.get(f"{API}/night").json()["text"] == SHIPPED
    assert entries(database) == []


def test_a_version_holds_for_a_line_from_a_day_on_and_is_taken_back(client: TestClient, log_in: LogIn) -> None:
    headers = log_in()
    line = client.get(f"{API}/night").json()["summary"]["lines"][0]
    tomorrow = (to_shanghai(utc_now()).date() + timedelta(days=1)).isoformat()

    assert publish(client, headers, CHANGED, line=line).status_code == 201
    assert publish(client, headers, CHANGED, since=tomorrow).status_code == 201
    summary = client.get(f"{API}/night").json()["summary"]
    assert [(one["line"], one["version"]) for one in summary["on_lines"]] == [(line, 2)]
    assert [(one["since"], one["version"]) for one in summary["coming"]] == [(tomorrow, 3)]
    assert summary["in_force"]["version"] == 1

    taken = client.post(f"{API}/night/roll-back", headers=headers, json={"note": "不再单独生效", "line": line})
    assert taken.json()["version"] == 0
    assert client.get(f"{API}/night").json()["summary"]["on_lines"] == []


def test_a_caller_is_played_as_far_as_his_answers_go(client: TestClient, log_in: LogIn) -> None:
    headers = log_in()
    values = {"number": "13800005678"}

    def play(*answers: str) -> dict[str, Any]:
        body = {"values": values, "answers": answers}
        answer = client.post(f"{API}/progress-query/simulation", headers=headers, json=body)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    begun = play()
    assert begun["question"]["kind"] == "keys"
    assert begun["turns"][-1]["what"] == "heard"
    keyed = play("12345678#")
    assert (keyed["question"]["kind"], keyed["question"]["about"].split()[0]) == ("lookup", "progress")
    found = play("12345678#", "known status_prompt=status-handling due_on=2026-12-01")
    assert any("办理" in turn["text"] for turn in found["turns"] if turn["what"] == "heard")
    assert len(found["turns"]) > len(keyed["turns"])
    odd = client.post(f"{API}/progress-query/simulation", headers=headers, json={"answers": ["1"] * 201})
    assert odd.status_code == 422


def test_a_switch_is_set_and_says_which_flows_ask_for_it(client: TestClient, log_in: LogIn, database: Database) -> None:
    headers = log_in()

    answer = client.put("/api/v1/flow-switches/flood", headers=headers, json={"is_on": True, "note": "防汛一级响应"})

    assert answer.status_code == 200, answer.text
    (switch,) = [one for one in client.get(API).json()["switches"] if one["name"] == "flood"]
    assert (switch["is_on"], switch["by"], switch["note"]) == (True, "ops1", "防汛一级响应")
    assert ("flow_switched", "ops1", "flood") in entries(database)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/nobody", None, 404),
        ("GET", "/night?version=77", None, 404),
        ("GET", "/..%2fversions", None, 404),
        ("GET", "/--help", None, 422),
        ("POST", "/night/publish", {"text": "x", "note": "短"}, 422),
        ("POST", "/night/publish", {"text": "x" * 200_001, "note": NOTE}, 422),
        ("POST", "/night/publish", {"text": SHIPPED, "note": " \u200b\u200b\u200b "}, 422),
        ("POST", "/night/publish", {"text": SHIPPED, "note": NOTE, "since": "2020-01-01"}, 422),
        ("POST", "/night/publish", {"text": SHIPPED, "note": NOTE, "line": "--all"}, 422),
        ("POST", "/night/roll-back", {"note": "没有可以退回的"}, 409),
        ("GET", "/night/statistics?days=0", None, 422),
    ],
)
def test_what_cannot_be_is_refused(
    client: TestClient, log_in: LogIn, method: str, path: str, body: object, status: int
) -> None:
    answer = client.request(method, f"{API}{path}", headers=log_in(), json=body)

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN])
def test_flows_are_for_ops_staff(client: TestClient, log_in: LogIn, role: Role) -> None:
    headers = log_in("8001", role)

    for path in (API, f"{API}/night", f"{API}/night/picture", "/api/v1/prompts", "/api/v1/prompts/zh/greeting/audio"):
        assert client.get(path).status_code == 403
    assert publish(client, headers, CHANGED).status_code == 403
    recording = client.put("/api/v1/prompts/zh/greeting/recording?note=studio", headers=headers, content=b"RIFF")
    assert recording.status_code == 403
