"""Whatever is sent to whichever address: the answer is a refusal or a result, never our own fault."""

import itertools
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from app.accounts.models import Role
from app.accounts.rules import SCOPES
from app.accounts.service import create_user
from app.accounts.sessions import SESSION_COOKIE
from app.platform.clock import utc_now
from app.platform.database import Database
from app.web.api_docs import reference_document
from app.web.main import API_ROUTERS, PAGE_ROUTERS

pytestmark = pytest.mark.services
PASSWORD = "correct horse battery"
STRANGE: list[Any] = [
    "", "\x00", "x" * 4000, "王" * 300, "${EXTEN}", "'; DROP TABLE users; --", "../../etc/passwd", "\ufeff\u202e\u2028",
    -1, 0, 10**30, 1.5, True, None, [], {}, [[]], {"a": {"b": []}}, "2026-13-45T99:99:99Z", "9999-12-31T23:59:59-23:59",
]  # fmt: skip
PATH_WORDS = ["0", "-1", "9" * 30, "%00", "a" * 300, "%E7%8E%8B", "'%20OR%201=1", "%2e%2e%2f", "${X}", "1.5"]
DOCUMENT = reference_document()


def all_routes() -> Iterator[tuple[str, str]]:
    for router in (*API_ROUTERS, *PAGE_ROUTERS):
        prefix = "/api/v1" if router in API_ROUTERS else ""
        for context in iter_route_contexts(router.routes):
            if isinstance(context.original_route, APIRoute) and context.path != "/desk/events":
                yield from ((method, prefix + str(context.path)) for method in sorted(context.methods or ()))


ROUTES = sorted(set(all_routes()))
ENDINGS = {("POST", "/logout"), ("DELETE", "/api/v1/session")}
"""They end the log-in that the test needs: tried without the CSRF token."""


def properties_of(method: str, path: str) -> list[str]:
    """Names of the body's fields, as the description has them."""
    operation = DOCUMENT["paths"].get(path, {}).get(method.lower(), {})
    content = operation.get("requestBody", {}).get("content", {})
    names: list[str] = []
    for kind in content.values():
        reference = kind["schema"].get("$ref", "").rsplit("/", 1)[-1]
        names += DOCUMENT["components"]["schemas"].get(reference, {}).get("properties", {})
    return names


def query_names(method: str, path: str) -> list[str]:
    operation = DOCUMENT["paths"].get(path, {}).get(method.lower(), {})
    names = [p["name"] for p in operation.get("parameters", []) if p["in"] == "query"]
    return names or ["q", "status", "cursor", "next", "type", "from", "to", "page"]


class People:
    """An agent and a supervisor who send in turn, and remember what we did wrong."""

    def __init__(self, client: TestClient, database: Database) -> None:
        self._client = client
        self.faults: list[tuple[object, ...]] = []
        people = []
        for username, role in (("8001", Role.AGENT), ("9001", Role.SUPERVISOR)):
            with database.transaction() as session:
                create_user(session, username, display_name="王", role=role, password=PASSWORD, now=utc_now())
            answer = client.post("/api/v1/session", json={"username": username, "password": PASSWORD})
            cookie = f"{SESSION_COOKIE}={answer.cookies[SESSION_COOKIE]}"
            token = answer.json()["csrf_token"]
            people.append({"Cookie": cookie, "X-CSRF-Token": token, "If-Match": '"1"', "Idempotency-Key": "a-key"})
        client.cookies.clear()
        self._people = itertools.cycle(people)

    def send(self, method: str, path: str, word: str = "1", headers: Any = None, **request: Any) -> None:
        """Send as the next person; a fault of ours is noted."""
        sender = {**next(self._people), **(headers or {})}
        if (method, path) in ENDINGS:
            del sender["X-CSRF-Token"]
        self.note(method, fill(path, word), headers=sender, **request)

    def note(self, method: str, url: str, **request: Any) -> None:
        with capture_logs() as logs:
            answer = self._client.request(method, url, follow_redirects=False, **request)
        self._client.cookies.clear()
        is_fault = any(entry["event"] == "request_failed" for entry in logs)
        if is_fault or (answer.status_code >= 500 and answer.status_code not in (502, 503)):
            self.faults.append((method, url, answer.status_code, request))


@pytest.fixture
def people(client: TestClient, database: Database) -> People:
    return People(client, database)


def fill(path: str, word: str) -> str:
    return re.sub(r"{[^}]+}", word, path)


def test_strange_paths(people: People) -> None:
    for (method, path), word in itertools.product(ROUTES, PATH_WORDS):
        if "{" in path:
            people.send(method, path, word)

    assert people.faults == []


def test_strange_queries(people: People) -> None:
    for (method, path), value in itertools.product(ROUTES, STRANGE[:12]):
        people.send(method, path, params=dict.fromkeys(query_names(method, path), value))

    assert people.faults == []


def test_strange_bodies(people: People) -> None:
    for method, path in ROUTES:
        if method in ("GET", "HEAD"):
            continue
        names = properties_of(method, path)
        for value in STRANGE:
            people.send(method, path, json=dict.fromkeys(names, value))
        for value in (None, [], "x", 1, [[]]):
            people.send(method, path, json=value)

    assert people.faults == []


def test_torn_bodies(people: People) -> None:
    kinds = ("application/json", "multipart/form-data", "application/x-www-form-urlencoded")
    bodies = (b"", b"{", b"\xff\xfe\x00", b'{"a":' * 2000)
    for (method, path), kind, content in itertools.product(ROUTES, kinds, bodies):
        if method not in ("GET", "HEAD"):
            people.send(method, path, content=content, headers={"Content-Type": kind})

    assert people.faults == []


def test_strange_headers(people: People) -> None:
    names = ("If-Match", "Idempotency-Key", "Cookie", "Accept", "Last-Event-ID")
    values = (b"\xff\xfe", b'W/"x"', b'"' + b"9" * 40 + b'"')
    for (method, path), name, value in itertools.product(ROUTES, names, values):
        people.send(method, path, headers={name: value})

    assert people.faults == []


def test_machines_send_strange_things_too(people: People, service_token: Any) -> None:
    headers = service_token(*map(str, SCOPES))
    for (method, path), value in itertools.product(ROUTES, STRANGE[::4]):
        body = {"json": dict.fromkeys(properties_of(method, path), value)} if method not in ("GET", "HEAD") else {}
        people.note(method, fill(path, "1"), headers=headers, **body)

    assert people.faults == []
