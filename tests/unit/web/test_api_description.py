"""The API's description is good enough to write a client from, and docs/api.md says the same."""

from typing import Any

import pytest

from app.contract.env import PROJECT
from app.web.api_docs import reference_document, render_markdown
from app.web.openapi import TAGS

DOCUMENT = reference_document()
OPERATIONS = [
    (method.upper(), path, operation)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
IDS = [f"{method} {path}" for method, path, _ in OPERATIONS]
PUBLIC = {"POST /api/v1/session", "GET /health"}
each_operation = pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS, ids=IDS)


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        found = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return found.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


@each_operation
def test_an_operation_says_what_it_is_for(method: str, path: str, operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert len(operation["description"]) > 20
    assert operation["tags"]
    assert set(operation["tags"]) <= set(TAGS)


@each_operation
def test_an_operation_says_who_may(method: str, path: str, operation: dict[str, Any]) -> None:
    is_public = f"{method} {path}" in PUBLIC

    assert (operation["security"] == []) == is_public


@each_operation
def test_an_operation_says_how_it_fails(method: str, path: str, operation: dict[str, Any]) -> None:
    answers = operation["responses"]

    assert "503" in answers
    if operation["security"]:
        assert {"401", "403"} <= set(answers)
    if "requestBody" in operation:
        assert {"413", "422"} <= set(answers)
    for status, answer in answers.items():
        if int(status) >= 400 and path != "/health":
            assert "application/problem+json" in answer["content"], status


@each_operation
def test_a_changing_operation_asks_for_the_csrf_token(method: str, path: str, operation: dict[str, Any]) -> None:
    names = {parameter["name"] for parameter in operation.get("parameters", [])}

    assert ("X-CSRF-Token" in names) == (method not in ("GET", "HEAD") and bool(operation["security"]))


def test_operation_names_are_unique() -> None:
    names = [operation["operationId"] for _, _, operation in OPERATIONS]

    assert sorted(set(names)) == sorted(names)


def test_no_reference_leads_nowhere() -> None:
    schemas = DOCUMENT["components"]["schemas"]

    assert {ref.rsplit("/", 1)[-1] for ref in references(DOCUMENT)} <= set(schemas)


def test_the_written_reference_is_up_to_date() -> None:
    """Mend with: python -m app.web.api_docs > docs/api.md"""
    assert (PROJECT / "docs/api.md").read_text() == render_markdown(DOCUMENT)
