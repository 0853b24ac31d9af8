"""A change over the API, from its proposal to its end: the same service, permissions and entries as the pages."""

import sys
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.accounts import service as accounts
from app.accounts.models import Role
from app.operations.jobs import carry_out_change
from app.platform.clock import utc_now
from app.platform.database import Database
from app.platform.job_queue import JobContext
from app.platform.settings import Settings

pytestmark = pytest.mark.services

PASSWORD = "correct horse battery"
CHANGES = "/api/v1/dialplan-changes"
WHY = "12328 按通知并入"
LogIn = Callable[..., dict[str, str]]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With the tests' own node behind the API."""
    return settings.model_copy(update={"dialplan_command": f"{sys.executable} -m tests.fakes.dialplan_program"})


@pytest.fixture
def log_in(client: TestClient, database: Database) -> LogIn:
    """Logs the client in as a new person; returns the headers of his requests."""

    def enter(username: str, role: Role = Role.OPS) -> dict[str, str]:
        with database.transaction() as session:
            accounts.create_user(session, username, display_name="某人", role=role, password=PASSWORD, now=utc_now())
        client.cookies.clear()
        answer = client.post("/api/v1/session", json={"username": username, "password": PASSWORD})
        return {"X-CSRF-Token": answer.json()["csrf_token"]}

    return enter


def propose(client: TestClient, headers: dict[str, str], added: str) -> dict[str, Any]:
    plan = client.get(f"{CHANGES}/versions/1").json()["plan_text"]
    answer = client.post(CHANGES, headers=headers, json={"plan": plan + added, "why": WHY})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    assert answer.headers["Location"] == f"{CHANGES}/{made['id']}"
    return made


def test_a_change_is_proposed_approved_by_another_applied_and_rolled_back(
    client: TestClient, log_in: LogIn, settings: Settings, database: Database
) -> None:
    context = JobContext(settings, database, utc_now)
    made = propose(client, log_in("ops1"), "# 一\n")
    headers = log_in("ops2")
    assert client.get(f"{CHANGES}?status=open").json()["items"][0]["id"] == made["id"]
    approved = client.post(f"{CHANGES}/{made['id']}/approve", headers=headers).json()
    assert (approved["status"], approved["decided_by"]) == ("approved", "ops2")

    asked = client.post(f"{CHANGES}/{made['id']}/apply", headers=headers, json={})
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    carry_out_change(context, asked.json()["id"])
    run = client.get(f"{CHANGES}/runs/{asked.json()['id']}").json()
    assert (run["is_over"], run["report"]["outcome"], run["by"]) == (True, "applied", "ops2")
    client.app.state.dialplan.forget()  # type: ignore[attr-defined]  # answers are believed for some seconds
    assert client.get(f"{CHANGES}/state").json()["current"]["number"] == run["report"]["version"] == 2

    back = client.post(f"{CHANGES}/rollback", headers=headers, json={"version": 1, "why": "日期不对，退回"}).json()
    carry_out_change(context, back["id"])
    client.app.state.dialplan.forget()  # type: ignore[attr-defined]
    versions = client.get(f"{CHANGES}/versions").json()["versions"]
    assert (versions[0]["number"], versions[0]["rolled_back_to"]) == (3, 1)


def test_nobody_approves_his_own_and_one_change_runs_at_a_time(client: TestClient, log_in: LogIn) -> None:
    headers = log_in("ops1")
    made = propose(client, headers, "# 一\n")

    assert client.post(f"{CHANGES}/{made['id']}/approve", headers=headers).json()["code"] == "own-proposal"
    first = client.post(f"{CHANGES}/{made['id']}/apply", headers=headers, json={"is_dry_run": True})
    second = client.post(f"{CHANGES}/{made['id']}/apply", headers=headers, json={})
    assert (first.status_code, second.status_code) == (202, 409)
    assert (second.json()["code"], second.json()["run"]) == ("change-running", first.json()["id"])


def test_a_plan_is_checked_and_nothing_is_kept(client: TestClient, log_in: LogIn) -> None:
    headers = log_in("ops1")

    change = client.post(f"{CHANGES}/plan", headers=headers, json={"plan": "broken"}).json()

    assert [fault["text_zh"] for fault in change["faults"]] == ["没有队列 front，请在 queues 下添加"]
    assert client.get(CHANGES).json() == {"items": []}


def test_only_what_was_in_force_comes_back(
    client: TestClient, log_in: LogIn, settings: Settings, database: Database
) -> None:
    headers = log_in("ops1")
    made = propose(client, headers, "# collapses\n")
    run_id = client.post(f"{CHANGES}/{made['id']}/apply", headers=headers, json={}).json()["id"]
    carry_out_change(JobContext(settings, database, utc_now), run_id)
    client.app.state.dialplan.forget()  # type: ignore[attr-defined]

    refused = client.post(f"{CHANGES}/rollback", headers=headers, json={"version": 2, "why": "退回去看看"})

    assert (refused.status_code, refused.json()["code"]) == (409, "never-in-force")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/20260101-000000-abcdef", None, 404),
        ("GET", "/versions/999", None, 404),
        ("GET", "/runs/0123456789abcdef", None, 404),
        ("GET", "/--help", None, 422),
        ("GET", "/versions/0", None, 422),
        ("GET", "/runs/..%2f..%2fetc", None, 404),
        ("POST", "", {"plan": "name: x", "why": "短"}, 422),
        ("POST", "", {"plan": "x" * 600_001, "why": WHY}, 422),
        ("POST", "/rollback", {"version": 0, "why": WHY}, 422),
        ("POST", "/rollback", {"version": 1, "why": " \u200b\u200b\u200b "}, 422),
        ("POST", "/20260101-000000-abcdef/approve", None, 404),
    ],
)
def test_what_cannot_be_is_refused(
    client: TestClient, log_in: LogIn, method: str, path: str, body: object, status: int
) -> None:
    answer = client.request(method, f"{CHANGES}{path}", headers=log_in("ops1"), json=body)

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN])
def test_changes_are_for_ops_staff(client: TestClient, log_in: LogIn, role: Role) -> None:
    headers = log_in("8001", role)

    for path in ("", "/state", "/versions", "/versions/1"):
        assert client.get(f"{CHANGES}{path}").status_code == 403
    assert client.post(CHANGES, headers=headers, json={"plan": "name: x", "why": WHY}).status_code == 403
    assert client.post(f"{CHANGES}/rollback", headers=headers, json={"version": 1, "why": WHY}).status_code == 403
