"""Log in, be somebody, log out: over the real application, on both databases."""

import re
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.accounts.models import AuditEntry, Role, User
from app.accounts.service import set_password
from app.accounts.sessions import SESSION_COOKIE
from app.accounts.users import disable_user
from app.platform.clock import utc_now
from app.platform.database import Database

pytestmark = pytest.mark.services
SESSION = "/api/v1/session"
PASSWORD = "correct horse battery"
LogIn = Callable[..., dict[str, str]]
MakeUser = Callable[..., User]


def actions(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        return [(row.actor, row.action) for row in session.scalars(select(AuditEntry).order_by(AuditEntry.id))]


def test_the_right_password_opens_a_session(client: TestClient, make_user: MakeUser) -> None:
    make_user("8001")

    answer = client.post(SESSION, json={"username": "8001", "password": PASSWORD})

    assert answer.status_code == 200
    assert answer.json().items() >= {"username": "8001", "display_name": "王话务", "role": "agent"}.items()
    assert client.get(SESSION).json() == answer.json()


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client: TestClient, make_user: MakeUser) -> None:
    make_user()

    cookie = client.post(SESSION, json={"username": "8001", "password": PASSWORD}).headers["set-cookie"]

    assert cookie.startswith(f"{SESSION_COOKIE}=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("8001", "wrong"),
        ("8002", PASSWORD),
        ("8001'--", PASSWORD),
        ("80\x0001", PASSWORD),
        ("8001", PASSWORD + " "),
    ],
)
def test_whoever_guesses_hears_the_same(client: TestClient, make_user: MakeUser, username: str, password: str) -> None:
    make_user("8001")

    answer = client.post(SESSION, json={"username": username, "password": password})

    assert answer.status_code == 401
    assert answer.json()["detail"] == "用户名或密码不正确"
    assert SESSION_COOKIE not in client.cookies


@pytest.mark.parametrize(
    "body",
    [{}, {"username": "8001"}, {"username": "", "password": "x"}, {"username": "a" * 65, "password": "x"},
     {"username": "8001", "password": "x" * 201}, {"username": ["8001"], "password": "x"},
     {"username": "8001", "password": "x", "role": "ops"}, [], "8001"],
)  # fmt: skip
def test_a_malformed_log_in_is_told_what_is_wrong(client: TestClient, body: object) -> None:
    answer = client.post(SESSION, json=body)

    assert answer.status_code == 422
    assert answer.json()["errors"]


def test_another_sites_page_cannot_log_anybody_in(client: TestClient, make_user: MakeUser) -> None:
    make_user()

    answer = client.post(
        SESSION, json={"username": "8001", "password": PASSWORD}, headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert answer.json()["code"] == "csrf-refused"


def test_a_log_in_must_be_json(client: TestClient, make_user: MakeUser) -> None:
    make_user()
    body = f'{{"username": "8001", "password": "{PASSWORD}"}}'

    assert client.post(SESSION, content=body, headers={"Content-Type": "text/plain"}).status_code == 422


def test_after_log_out_no_copy_of_the_cookie_works(client: TestClient, log_in: LogIn) -> None:
    headers = log_in()
    copy = client.cookies[SESSION_COOKIE]

    assert client.delete(SESSION, headers=headers).status_code == 204

    client.cookies.clear()
    client.cookies.set(SESSION_COOKIE, copy)
    assert client.get(SESSION).json()["code"] == "not-logged-in"


@pytest.mark.parametrize("token", [None, "", "0" * 64, "王"])
def test_a_changing_request_needs_the_sessions_own_token(client: TestClient, log_in: LogIn, token: str | None) -> None:
    log_in()

    answer = client.delete(SESSION, headers={"X-CSRF-Token": token.encode()} if token is not None else {})

    assert answer.status_code == 403
    assert answer.json()["code"] == "csrf-refused"
    assert client.get(SESSION).status_code == 200


def test_log_in_and_out_are_in_the_audit_log(client: TestClient, log_in: LogIn, database: Database) -> None:
    headers = log_in("8001")
    client.post(SESSION, json={"username": "8001", "password": "wrong"})
    client.post(SESSION, json={"username": "my-password-in-the-wrong-field", "password": "x"})
    client.delete(SESSION, headers=headers)

    assert actions(database) == [
        ("system", "user_created"),
        ("8001", "logged_in"),
        ("8001", "login_failed"),
        ("unknown", "login_failed"),
        ("8001", "logged_out"),
    ]


def test_a_switched_off_account_is_out_at_once(client: TestClient, log_in: LogIn, database: Database) -> None:
    log_in("8001")
    with database.transaction() as session:
        disable_user(session, "8001", now=utc_now())

    assert client.get(SESSION).status_code == 401
    assert client.post(SESSION, json={"username": "8001", "password": PASSWORD}).status_code == 401


def test_a_reset_password_ends_what_was_open(client: TestClient, log_in: LogIn, database: Database) -> None:
    log_in("8001")
    with database.transaction() as session:
        set_password(session, "8001", "another long password", now=utc_now())

    assert client.get(SESSION).status_code == 401


def test_changing_the_own_password_keeps_this_browser_and_drops_the_others(client: TestClient, log_in: LogIn) -> None:
    headers = log_in()
    old_cookie = client.cookies[SESSION_COOKIE]
    body = {"current_password": PASSWORD, "new_password": "a new long password"}

    answer = client.post(f"{SESSION}/password", json=body, headers=headers)

    assert answer.status_code == 200
    assert client.get(SESSION).status_code == 200
    client.cookies.clear()
    client.cookies.set(SESSION_COOKIE, old_cookie)
    assert client.get(SESSION).status_code == 401


@pytest.mark.parametrize(
    ("current", "new", "code"),
    [("wrong", "a new long password", "current-password-wrong"), (PASSWORD, "short", "password-refused"),
     (PASSWORD, "", "validation-failed")],
)  # fmt: skip
def test_a_refused_password_says_why(client: TestClient, log_in: LogIn, current: str, new: str, code: str) -> None:
    headers = log_in()

    answer = client.post(
        f"{SESSION}/password", json={"current_password": current, "new_password": new}, headers=headers
    )

    assert answer.status_code == 422
    assert answer.json()["code"] == code


def form_token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([0-9a-f]{64})"', page)
    assert found
    return found[1]


def test_the_log_in_page_leads_to_where_one_wanted_to_go(client: TestClient, make_user: MakeUser) -> None:
    make_user()
    token = form_token(client.get("/login?next=/tickets").text)
    form = {"username": "8001", "password": PASSWORD, "next": "/account", "csrf_token": token}

    answer = client.post("/login", data=form, follow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert "王话务" in client.get("/account").text


def test_the_log_in_page_keeps_the_name_and_says_what_is_wrong(client: TestClient, make_user: MakeUser) -> None:
    make_user()
    token = form_token(client.get("/login").text)

    answer = client.post("/login", data={"username": "8001", "password": "wrong", "csrf_token": token})

    assert answer.status_code == 401
    assert "用户名或密码不正确" in answer.text
    assert 'value="8001"' in answer.text
    assert "wrong" not in answer.text


@pytest.mark.parametrize("token", ["", "0" * 64])
def test_a_log_in_form_that_we_did_not_show_is_refused(client: TestClient, make_user: MakeUser, token: str) -> None:
    make_user()
    client.get("/login")

    answer = client.post("/login", data={"username": "8001", "password": PASSWORD, "csrf_token": token})

    assert answer.status_code == 403
    assert SESSION_COOKIE not in client.cookies


def test_the_way_out_of_the_page_needs_the_token_and_ends_the_session(client: TestClient, log_in: LogIn) -> None:
    token = log_in()["X-CSRF-Token"]

    assert client.post("/logout", data={}).status_code == 403
    answer = client.post("/logout", data={"csrf_token": token}, follow_redirects=False)

    assert answer.headers["location"] == "/login"
    assert client.get(SESSION).status_code == 401


@pytest.mark.parametrize(
    ("role", "home"),
    [
        (Role.AGENT, "/desk"),
        (Role.SUPERVISOR, "/supervision"),
        (Role.REVIEWER, "/reviews"),
        (Role.OPS, "/operations/lines"),
        (Role.UNIT_STAFF, "/work"),
        (Role.AUDITOR, "/audit"),
    ],
)
def test_everybody_starts_where_his_work_is(client: TestClient, log_in: LogIn, role: Role, home: str) -> None:
    log_in("person", role)

    assert client.get("/", follow_redirects=False).headers["location"] == home


def test_a_visitor_is_sent_to_the_log_in_and_comes_back(client: TestClient) -> None:
    answer = client.get("/account?a=1", headers={"Accept": "text/html"}, follow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/account%3Fa%3D1")


def test_the_account_page_changes_the_password(client: TestClient, log_in: LogIn) -> None:
    token = log_in()["X-CSRF-Token"]
    form = {"current_password": PASSWORD, "new_password": "a new long password", "csrf_token": token}

    different = client.post("/account/password", data={**form, "repeated_password": "something else"})
    same = client.post("/account/password", data={**form, "repeated_password": "a new long password"})

    assert "两次输入的新密码不一致" in different.text
    assert "密码已修改" in same.text
    assert client.get(SESSION).status_code == 200
