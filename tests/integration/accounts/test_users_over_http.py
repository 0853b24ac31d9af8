"""Administrators: who may log in, as what, with which first password. Each change leaves an entry."""

import threading
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.accounts import users
from app.accounts.models import AuditEntry, Role, User
from app.accounts.service import UserNotFound, get_user
from app.platform.clock import utc_now
from app.platform.database import Database

pytestmark = pytest.mark.services

LogIn = Callable[..., dict[str, str]]
NEW = {"username": "8101", "display_name": "王芳", "role": "agent", "seat": "8001", "queues": {"common": 1}}


def actions(database: Database, username: str) -> list[str]:
    """What was done to this user, in order."""
    with database.reading() as session:
        query = select(AuditEntry.action).where(AuditEntry.object_type == "user", AuditEntry.object_id == username)
        return list(session.scalars(query.order_by(AuditEntry.id)))


def create(client: TestClient, headers: dict[str, str], **changed: object) -> dict[str, str]:
    answer = client.post("/api/v1/users", headers=headers, json=NEW | changed)
    assert answer.status_code == 201, answer.text
    return {"username": str(answer.json()["user"]["username"]), "password": answer.json()["one_time_password"]}


def test_a_new_user_opens_nothing_until_the_one_time_password_is_changed(
    client: TestClient, log_in: LogIn, database: Database
) -> None:
    made = create(client, log_in("admin", Role.ADMIN))
    client.cookies.clear()

    session = client.post("/api/v1/session", json=made).json()
    headers = {"X-CSRF-Token": session["csrf_token"]}

    assert (session["must_change_password"], session["permissions"]) == (True, [])
    refused = client.get("/api/v1/calls")
    assert (refused.status_code, refused.json()["code"]) == (403, "password-change-needed")
    page = client.get("/desk", headers={"Accept": "text/html"}, follow_redirects=False)
    assert (page.status_code, page.headers["location"]) == (303, "/account")
    same = {"current_password": made["password"], "new_password": made["password"]}
    assert client.post("/api/v1/session/password", headers=headers, json=same).status_code == 422
    own = {"current_password": made["password"], "new_password": "only I know this"}
    changed = client.post("/api/v1/session/password", headers=headers, json=own)
    assert changed.json()["must_change_password"] is False
    assert "desk:use" in changed.json()["permissions"]
    assert client.get("/api/v1/calls").status_code == 200
    assert actions(database, "8101") == ["user_created", "password_set"]


def test_only_the_hash_of_a_one_time_password_is_kept(client: TestClient, log_in: LogIn, database: Database) -> None:
    made = create(client, log_in("admin", Role.ADMIN))

    with database.reading() as session:
        user = get_user(session, "8101")
        kept = str([user.password_hash, [entry.detail for entry in session.scalars(select(AuditEntry))]])
    assert made["password"] not in kept
    assert (user.seat, user.queues, user.is_password_issued) == ("8001", {"common": 1}, True)
    assert "password" not in client.get("/api/v1/users/8101").text.replace("is_password_issued", "")


def test_a_new_password_ends_every_log_in_and_the_old_one_opens_nothing(
    client: TestClient, log_in: LogIn, make_user: Callable[..., User], database: Database
) -> None:
    make_user("8001")
    headers = log_in("admin", Role.ADMIN)

    issued = client.post("/api/v1/users/8001/issue-password", headers=headers).json()

    client.cookies.clear()
    for password, status in (("correct horse battery", 401), (issued["one_time_password"], 200)):
        answer = client.post("/api/v1/session", json={"username": "8001", "password": password})
        assert answer.status_code == status
    assert actions(database, "8001") == ["user_created", "password_issued"]
    with database.reading() as session:
        assert get_user(session, "8001").session_epoch == 1


def test_who_is_switched_off_cannot_log_in_until_he_is_switched_on(
    client: TestClient, log_in: LogIn, make_user: Callable[..., User], database: Database
) -> None:
    make_user("8001")
    headers = log_in("admin", Role.ADMIN)
    for move, is_active in (("disable", False), ("disable", False), ("enable", True), ("enable", True)):
        answer = client.post(f"/api/v1/users/8001/{move}", headers=headers)
        assert (answer.status_code, answer.json()["is_active"]) == (200, is_active)

    assert actions(database, "8001") == ["user_created", "user_disabled", "user_enabled"]


def test_another_role_gives_other_rights_at_once(
    client: TestClient, log_in: LogIn, make_user: Callable[..., User], database: Database
) -> None:
    make_user("8001")
    headers = log_in("admin", Role.ADMIN)

    answer = client.post("/api/v1/users/8001/change-role", headers=headers, json={"role": "supervisor"})

    assert answer.json()["role"] == "supervisor"
    with database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "role_changed")).one()
    assert (entry.actor, entry.detail) == ("admin", {"from": "agent", "to": "supervisor", "unit": "", "region": ""})


@pytest.mark.parametrize(("move", "body"), [("disable", None), ("change-role", {"role": "agent"})])
def test_the_last_administrator_stays(
    client: TestClient, log_in: LogIn, make_user: Callable[..., User], move: str, body: object
) -> None:
    headers = log_in("admin", Role.ADMIN)

    refused = client.post(f"/api/v1/users/admin/{move}", headers=headers, json=body)

    assert (refused.status_code, refused.json()["code"]) == (409, "last-administrator")
    make_user("admin2", Role.ADMIN)
    assert client.post(f"/api/v1/users/admin/{move}", headers=headers, json=body).status_code == 200


def test_a_switched_off_administrator_does_not_count(make_user: Callable[..., User], database: Database) -> None:
    make_user("admin", Role.ADMIN)
    make_user("admin2", Role.ADMIN)
    with database.transaction() as session:
        users.disable_user(session, "admin2", now=utc_now())

    with pytest.raises(users.LastAdministrator), database.transaction() as session:
        users.disable_user(session, "admin", now=utc_now())


def test_of_two_administrators_who_remove_each_other_at_once_one_stays(
    make_user: Callable[..., User], database: Database
) -> None:
    make_user("admin", Role.ADMIN)
    make_user("admin2", Role.ADMIN)
    both = threading.Barrier(2)
    ends: list[str] = []

    def remove(username: str) -> None:
        both.wait()
        try:
            with database.transaction() as session:
                users.disable_user(session, username, now=utc_now())
            ends.append("removed")
        except users.LastAdministrator:
            ends.append("refused")

    threads = [threading.Thread(target=remove, args=(name,)) for name in ("admin", "admin2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(ends) == ["refused", "removed"]


def test_the_list_is_found_by_name_role_and_state_page_by_page(
    client: TestClient, log_in: LogIn, make_user: Callable[..., User]
) -> None:
    for number in range(8001, 8006):
        make_user(str(number))
    headers = log_in("admin", Role.ADMIN)
    client.post("/api/v1/users/8003/disable", headers=headers)

    def names(**query: object) -> list[str]:
        return [row["username"] for row in client.get("/api/v1/users", params=query).json()["items"]]

    assert names(role="admin") == ["admin"]
    assert names(is_active=False) == ["8003"]
    assert names(text="004") == ["8004"]
    assert names(text="王话") == ["8001", "8002", "8003", "8004", "8005", "admin"]
    assert names(text="%") == []
    first = client.get("/api/v1/users", params={"limit": 4}).json()
    rest = client.get("/api/v1/users", params={"limit": 4, "cursor": first["next_cursor"]}).json()
    assert [row["username"] for row in first["items"] + rest["items"]] == names()
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    "changed",
    [
        {"username": "a b"},
        {"username": ""},
        {"display_name": ""},
        {"role": "root"},
        {"seat": "8001;rm"},
        {"queues": {"common": -1}},
        {"queues": {"ÜBER": 0}},
        {"password": "chosen by me"},
    ],
)
def test_a_user_that_cannot_be_is_refused(client: TestClient, log_in: LogIn, changed: dict[str, object]) -> None:
    answer = client.post("/api/v1/users", headers=log_in("admin", Role.ADMIN), json=NEW | changed)

    assert (answer.status_code, answer.json()["code"]) == (422, "validation-failed")


def test_people_of_a_unit_have_one_and_nobody_else_has(
    client: TestClient, log_in: LogIn, make_user: Callable[..., User]
) -> None:
    make_user("8001")
    headers = log_in("admin", Role.ADMIN)
    staff = NEW | {"role": "unit_staff", "seat": "", "queues": {}}

    assert client.post("/api/v1/users", headers=headers, json=staff).json()["code"] == "unit-needed"
    made = client.post("/api/v1/users", headers=headers, json=staff | {"unit_code": "410400-chengguan"})
    assert made.json()["user"]["unit_code"] == "410400-chengguan"
    moved = client.post("/api/v1/users/8101/change-role", headers=headers, json={"role": "auditor"})
    assert moved.json()["unit_code"] == ""
    wrong = {"role": "agent", "unit_code": "410400-chengguan"}
    assert client.post("/api/v1/users/8001/change-role", headers=headers, json=wrong).json()["code"] == "unit-refused"


def test_a_name_is_taken_once(client: TestClient, log_in: LogIn) -> None:
    headers = log_in("admin", Role.ADMIN)
    create(client, headers)

    answer = client.post("/api/v1/users", headers=headers, json=NEW)

    assert (answer.status_code, answer.json()["code"]) == (409, "username-taken")


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.OPS, Role.UNIT_STAFF])
def test_users_are_for_administrators(client: TestClient, log_in: LogIn, role: Role) -> None:
    headers = log_in("8001", role)

    assert client.get("/api/v1/users").status_code == 403
    assert client.get("/users").status_code == 403
    assert client.post("/api/v1/users", headers=headers, json=NEW).status_code == 403


def test_the_auditor_reads_and_changes_nothing(client: TestClient, log_in: LogIn) -> None:
    headers = log_in("auditor", Role.AUDITOR)

    assert client.get("/users/auditor", headers={"Accept": "text/html"}).status_code == 200
    assert client.post("/api/v1/users/auditor/disable", headers=headers).status_code == 403
    assert client.get("/new-user").status_code == 403


def test_nobody_of_this_name(client: TestClient, log_in: LogIn, database: Database) -> None:
    headers = log_in("admin", Role.ADMIN)

    for move in ("disable", "enable", "issue-password"):
        assert client.post(f"/api/v1/users/nobody/{move}", headers=headers).status_code == 404
    with pytest.raises(UserNotFound), database.reading() as session:
        get_user(session, "nobody")


@pytest.mark.usefixtures("plan_words")
def test_the_page_shows_a_one_time_password_once(client: TestClient, log_in: LogIn) -> None:
    token = log_in("admin", Role.ADMIN)["X-CSRF-Token"]
    form = {
        "csrf_token": token,
        "username": "8101",
        "display_name": "王芳",
        "role": "agent",
        "queues": "common=0，consumer",
    }

    made = client.post("/users", data=form)

    assert made.status_code == 200
    assert 'id="one-time-password"' in made.text
    again = client.get("/users/8101")
    assert 'id="one-time-password"' not in again.text
    assert "综合受理" in again.text
    taken = client.post("/users", data=form)
    assert taken.status_code == 422
    assert "用户名 8101 已存在" in taken.text
    assert 'value="王芳"' in taken.text


def test_the_page_says_beside_the_field_what_is_wrong(client: TestClient, log_in: LogIn) -> None:
    token = log_in("admin", Role.ADMIN)["X-CSRF-Token"]
    form = {"csrf_token": token, "username": "王芳", "display_name": "", "role": "agent", "queues": "common=first"}

    answer = client.post("/users", data=form)

    assert answer.status_code == 422
    for said in ("用户名只能用字母", "请填写姓名", "请写成“队列=优先级”"):
        assert said in answer.text


def test_the_page_keeps_the_last_administrator_and_says_why(client: TestClient, log_in: LogIn) -> None:
    token = log_in("admin", Role.ADMIN)["X-CSRF-Token"]

    answer = client.post("/users/admin/disable", data={"csrf_token": token})

    assert answer.status_code == 409
    assert "这是最后一名系统管理员" in answer.text
