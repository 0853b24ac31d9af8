"""The people and tickets of handling, and log-ins of theirs."""

from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

from tests.integration.casework.conftest import PASSWORD, refused, stage

__all__ = ["refused", "stage"]


@pytest.fixture
def enter(client: TestClient) -> Callable[[str], dict[str, str]]:
    """Log in as one of the stage's people; the headers of changing requests."""

    def log_in(name: str) -> dict[str, str]:
        answer = client.post("/api/v1/session", json={"username": name, "password": PASSWORD})
        return {"X-CSRF-Token": answer.json()["csrf_token"]}

    return log_in
