"""Knowing who asks costs one indexed read, whoever asks."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine, event

pytestmark = pytest.mark.services


@pytest.fixture
def statements(client: TestClient) -> Iterator[list[str]]:
    """Every statement that the application sends."""
    seen: list[str] = []
    engine: Engine = client.app.state.database.engine  # type: ignore[attr-defined]

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(" ".join(statement.split()))

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def test_a_person_costs_one_read_of_the_user(
    client: TestClient, log_in: Callable[..., dict[str, str]], statements: list[str]
) -> None:
    log_in()
    statements.clear()

    assert client.get("/api/v1/session").status_code == 200

    reads = [statement for statement in statements if not statement.startswith("BEGIN")]
    assert len(reads) == 1
    assert "FROM users WHERE users.id =" in reads[0]


def test_a_machine_costs_one_read_of_its_token(
    client: TestClient, service_token: Callable[..., dict[str, str]], statements: list[str]
) -> None:
    headers = service_token("call-events:write")
    client.get("/api/v1/call-events/cursor?node=node1.ami", headers=headers)

    assert len([statement for statement in statements if "FROM service_tokens" in statement]) == 1


def test_a_forged_cookie_costs_no_read_at_all(client: TestClient, statements: list[str]) -> None:
    client.cookies.set("hotline_session", "forged")

    assert client.get("/api/v1/session").status_code == 401

    assert statements == []
