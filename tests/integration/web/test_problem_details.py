"""Every kind of error is a problem detail for programs and a page for people, and tells no secrets."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import text
from structlog.testing import capture_logs

from app.platform.database import make_engine
from app.platform.errors import Conflict
from app.platform.http import Reading, Writing
from app.platform.migrations import upgrade_engine
from app.platform.pages import static_url
from app.platform.settings import Settings
from app.web.main import create_app

BROWSER = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def app(tmp_path: Path) -> FastAPI:
    """The application on a small SQLite file without Redis, and with routes that fail."""
    url = f"sqlite:///{tmp_path / 'app.db'}"
    engine = make_engine(url)
    upgrade_engine(engine)
    engine.dispose()
    settings = Settings(
        home=tmp_path, database_url=url, redis_url="redis://127.0.0.1:1/0", session_secret="s" * 32,
        command_token="c" * 32,
    )  # fmt: skip
    app = create_app(settings)

    @app.get("/api/v1/test/fail")
    def fail() -> None:
        raise RuntimeError("secret internals 13812345678")

    @app.get("/test/fail")
    def fail_page() -> None:
        raise RuntimeError("secret internals")

    @app.get("/api/v1/test/conflict")
    def conflict() -> None:
        raise Conflict("工单已办结", ticket_number="4104002611230001")

    @app.post("/api/v1/test/write")
    def write(session: Writing) -> None:
        session.execute(text("DELETE FROM login_failures"))

    @app.get("/api/v1/test/read")
    def read(session: Reading) -> int:
        return session.scalar(text("SELECT count(*) FROM users")) or 0

    return app


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


def test_a_refusal_has_all_members_and_its_own(client: TestClient) -> None:
    answer = client.get("/api/v1/test/conflict")

    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:hotline:problem:conflict",
        "title": "与当前状态冲突",
        "status": 409,
        "detail": "工单已办结",
        "instance": "/api/v1/test/conflict",
        "code": "conflict",
        "ticket_number": "4104002611230001",
    }


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not-found"),
        ("GET", "/nothing", 404, "not-found"),
        ("GET", "/static/platform/nothing.css", 404, "not-found"),
        ("PUT", "/api/v1/session", 405, "method-not-allowed"),
        ("GET", "/api/v1/session", 401, "not-logged-in"),
    ],
)
def test_what_is_not_there_is_a_problem_too(client: TestClient, method: str, path: str, status: int, code: str) -> None:
    answer = client.request(method, path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == code


@pytest.mark.parametrize(
    "body", [b"{", b"", b"\xff\xfe", b"[1", b"{'a': 1}", b"NaN x", b'{"username": "\\ud800", "password": "x"}']
)
def test_a_torn_body_is_named_as_such(client: TestClient, body: bytes) -> None:
    answer = client.post("/api/v1/session", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_that_is_too_large_is_refused_before_it_is_read(client: TestClient) -> None:
    body = b'{"username": "' + b"x" * (2 * 1024 * 1024) + b'"}'

    answer = client.post("/api/v1/session", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == 413
    assert answer.json()["code"] == "body-too-large"


def test_a_body_without_a_length_is_cut_off_too(client: TestClient) -> None:
    chunks = (b"x" * 65536 for _ in range(40))

    answer = client.post("/api/v1/session", content=chunks, headers={"Content-Type": "application/json"})

    assert answer.status_code == 413


def test_our_own_fault_says_an_id_and_nothing_else(client: TestClient) -> None:
    with capture_logs() as logs:
        answer = client.get("/api/v1/test/fail", headers={"X-Request-ID": "request-0001"})

    assert answer.status_code == 500
    assert answer.json()["error_id"] == "request-0001"
    assert "secret" not in answer.text
    assert [entry["error_id"] for entry in logs if entry["event"] == "request_failed"] == ["request-0001"]


def test_people_see_a_page_with_the_id(client: TestClient) -> None:
    with capture_logs():
        answer = client.get("/test/fail", headers={**BROWSER, "X-Request-ID": "request-0002"})

    assert answer.status_code == 500
    assert answer.headers["content-type"].startswith("text/html")
    assert "request-0002" in answer.text
    assert "secret" not in answer.text


def test_a_missing_page_is_a_page(client: TestClient) -> None:
    answer = client.get("/nothing", headers=BROWSER)

    assert answer.status_code == 404
    assert "没有这个页面" in answer.text


def test_a_part_of_a_page_gets_the_problem_not_a_page(client: TestClient) -> None:
    answer = client.get("/nothing", headers={**BROWSER, "HX-Request": "true"})

    assert answer.headers["content-type"] == "application/problem+json"


def test_a_locked_database_asks_to_come_again(client: TestClient, app: FastAPI, tmp_path: Path) -> None:
    app.state.database = type(app.state.database)(
        make_engine(f"sqlite:///{tmp_path / 'app.db'}", patience_seconds=0.05)
    )
    other = sqlite3.connect(tmp_path / "app.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    refused = client.post("/api/v1/test/write")
    read = client.get("/api/v1/test/read")
    other.execute("ROLLBACK")
    other.close()

    assert refused.status_code == 503
    assert refused.json()["code"] == "database-unavailable"
    assert int(refused.headers["Retry-After"]) > 0
    assert read.status_code == 200
    assert client.post("/api/v1/test/write").status_code == 200


def test_a_database_that_is_away_asks_to_come_again(client: TestClient, app: FastAPI) -> None:
    app.state.database = type(app.state.database)(make_engine("postgresql://nobody@127.0.0.1:1/nothing"))

    answer = client.get("/api/v1/test/read")

    assert answer.status_code == 503
    assert "127.0.0.1" not in answer.text


@pytest.mark.parametrize("path", ["/login", "/api/v1/session", "/nothing", "/health", "/static/platform/tokens.css"])
def test_every_answer_carries_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers

    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Request-ID"]


@pytest.mark.parametrize("wanted", ["short", "x" * 65, "a b c d e f", "<script>alert(1)</script>"])
def test_a_strange_request_id_is_replaced(client: TestClient, wanted: str) -> None:
    assert client.get("/login", headers={"X-Request-ID": wanted}).headers["X-Request-ID"] != wanted


def test_a_static_file_with_its_hash_is_kept_for_ever(client: TestClient) -> None:
    with_hash = client.get(static_url("platform/tokens.css"))
    without = client.get("/static/platform/tokens.css")
    again = client.get("/static/platform/tokens.css", headers={"If-None-Match": without.headers["ETag"]})

    assert "immutable" in with_hash.headers["Cache-Control"]
    assert without.headers["Cache-Control"] == "no-cache"
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    ["platform/%2e%2e/%2e%2e/settings.py", "platform/%2e%2e/templates/layout.html", "..%2f..%2fpyproject.toml",
     "platform/", "platform", "vendor/htmx.org/package.json", "platform/%00",
     "platform//etc/passwd", "%2e%2e/%2e%2e/etc/passwd"],
)  # fmt: skip
def test_no_address_leads_out_of_the_static_folders(client: TestClient, path: str) -> None:
    assert client.get(f"/static/{path}").status_code == 404


def test_health_without_redis_is_degraded_but_works(client: TestClient) -> None:
    answer = client.get("/health")

    assert answer.status_code == 200
    assert answer.json().items() >= {"status": "degraded", "database": "up", "redis": "down"}.items()


def test_health_without_a_database_is_down(client: TestClient, app: FastAPI) -> None:
    app.state.database = type(app.state.database)(make_engine("postgresql://nobody@127.0.0.1:1/nothing"))

    answer = client.get("/health")

    assert answer.status_code == 503
    assert answer.json()["database"] == "down"


def test_health_on_an_unmigrated_database_is_down(client: TestClient, app: FastAPI, tmp_path: Path) -> None:
    app.state.database = type(app.state.database)(make_engine(f"sqlite:///{tmp_path / 'empty.db'}"))

    answer = client.get("/health")

    assert answer.status_code == 503
    assert answer.json().items() >= {"schema_version": None, "is_schema_current": False}.items()
