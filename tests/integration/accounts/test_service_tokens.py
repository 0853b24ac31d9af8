"""Machines come with a token; it may do what its scopes say, and needs no CSRF token."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from app.accounts.auth import TOKEN_BELIEVED
from app.accounts.models import AuditEntry, ServiceToken
from app.accounts.service import ScopeUnknown, create_service_token, ensure_service_token
from app.platform.clock import utc_now
from app.platform.database import Database

pytestmark = pytest.mark.services
CURSOR = "/api/v1/call-events/cursor?node=node1.ami"
LOOKUP = {"call_id": "node1-1.1", "trunk": "carrier"}
ServiceTokens = Callable[..., dict[str, str]]


def test_a_token_may_do_what_its_scope_says(client: TestClient, service_token: ServiceTokens) -> None:
    agi = service_token("lookup:read", name="agi")

    assert client.post("/api/v1/lookup", json=LOOKUP, headers=agi).status_code == 200
    answer = client.get(CURSOR, headers=agi)

    assert answer.status_code == 403
    assert answer.json()["missing"] == ["call-events:write"]


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Bearer nobody", "bearer " + "x" * 5000, "Bearer 王".encode(), "Bearer \x7f"]
)
def test_an_unknown_token_opens_nothing(client: TestClient, header: str | bytes) -> None:
    answer = client.get(CURSOR, headers={"Authorization": header})

    assert answer.status_code == 401
    assert answer.json()["code"] == "token-refused"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Basic YTpi", "Token abc", ""])
def test_other_ways_of_asking_are_no_log_in(client: TestClient, header: str) -> None:
    assert client.get(CURSOR, headers={"Authorization": header}).json()["code"] == "not-logged-in"


def test_a_token_that_is_switched_off_opens_nothing_a_second_later(
    client: TestClient, service_token: ServiceTokens, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = service_token("call-events:write")
    assert client.get(CURSOR, headers=headers).status_code == 200
    with database.transaction() as session:
        session.scalars(select(ServiceToken)).one().is_active = False

    state = client.app.state  # type: ignore[attr-defined] # TestClient knows only "an ASGI app"
    monkeypatch.setattr(state, "clock", lambda: utc_now() + TOKEN_BELIEVED)

    assert client.get(CURSOR, headers=headers).status_code == 401
    assert state.believed_tokens == {}


def test_a_machine_has_no_session(client: TestClient, service_token: ServiceTokens) -> None:
    headers = service_token("tickets:read")

    assert client.get("/api/v1/session", headers=headers).status_code == 403
    assert client.delete("/api/v1/session", headers=headers).status_code == 403
    assert client.get("/desk/events", headers=headers).status_code == 401
    assert client.get("/account", headers=headers).status_code == 401


def test_only_the_hash_of_a_token_is_kept(database: Database) -> None:
    with database.transaction() as session:
        plain = create_service_token(session, "exchange", ["tickets:read"], now=utc_now())

    with database.reading() as session:
        row = session.scalars(select(ServiceToken)).one()
        audit = session.scalars(select(AuditEntry)).all()
    assert len(plain) >= 43
    assert plain not in str(vars(row))
    assert plain not in str([vars(entry) for entry in audit])


def test_set_up_may_say_it_twice_and_may_change_its_mind(database: Database) -> None:
    now = utc_now()
    for plain, scopes in [("a" * 43, ["lookup:read"]), ("a" * 43, ["lookup:read"]), ("b" * 43, ["call-events:write"])]:
        with database.transaction() as session:
            ensure_service_token(session, "agi", plain, scopes, now=now)

    with database.reading() as session:
        row = session.scalars(select(ServiceToken)).one()
        assert row.scopes == ["call-events:write"]
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == 2


@pytest.mark.parametrize("scope", ["*", "desk:use", "tickets", ""])
def test_a_scope_that_no_machine_may_hold_is_refused(database: Database, scope: str) -> None:
    with pytest.raises(ScopeUnknown), database.transaction() as session:
        create_service_token(session, "x", ["tickets:read", scope], now=utc_now())
