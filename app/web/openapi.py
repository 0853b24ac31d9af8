"""The API's description: who may call what, which errors come, good enough to write a client from.

Permissions are read from the handlers' own `require(...)`, so the text cannot say anything else than the code.
"""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts

from app.accounts.auth import CSRF_HEADER, SAFE_METHODS, Require
from app.accounts.rules import MEANINGS, ROLE_PERMISSIONS, SCOPES, Permission
from app.accounts.sessions import SESSION_COOKIE
from app.contract.events import CallEvent

DESCRIPTION = f"""
The case store of the government service hotline 12345: call facts come in, tickets are worked on.

**Who asks.** People log in with `POST /api/v1/session`, which sets the cookie `{SESSION_COOKIE}`; every changing
request then carries the `csrf_token` of that answer as header `{CSRF_HEADER}`. Machines send
`Authorization: Bearer <service token>`; a token has scopes, named like the permissions below.

**Errors** are problem details (RFC 9457, `application/problem+json`). `code` is stable and meant for programs,
`detail` is Chinese and meant for people, `errors` lists fields that could not be read. 429 and 503 carry
`Retry-After` in seconds. 500 carries `error_id`: the log has the rest under it.

**Numbers** are masked (`138****5678`) except for the agent who holds the call. **Times** are UTC, RFC 3339.
Durations carry their unit in the name. Every answer has an `X-Request-ID`; yours is kept if you send one.
"""

TAGS = {
    "session": "Log in, who am I, log out.",
    "users": "Who may log in, and as what: for administrators.",
    "audit": "Who did what to what, and when.",
    "call events": "One door for call facts: senders report what happened on the telephone, once each, in order.",
    "lookup": "What a flow may know of a caller before the queue.",
    "calls": "Calls with their stages and durations.",
    "priority callers": "Numbers that are put through first: vulnerable callers, matters that stay unsolved.",
    "tickets": "Tickets (工单): the citizen's matter.",
    "handling": "How tickets are handled (办理): moves of docs/ticket-states.md, units' legs, proposals.",
    "follow-up": "Every reply is followed up (回访): whose turn it is, what citizens say, what follows.",
    "rates": "Rates (统计) with their formulas and exactly what they count; scores of units and objections to them.",
    "missed calls": "Numbers that reached nobody and are to be called back.",
    "call-backs": "Citizens who are called back, in the order in which they joined the queue, and what became of it.",
    "deadlines": "Clocks of tickets, supervision (督办), working-day calendars, rules of regions.",
    "catalogue": "Regions, subjects, units, exclusions and the dispatch catalogue; each change is kept.",
    "broadcasts": "What callers hear before the queue: notices and known outages, and who follows one.",
    "messages": "What citizens recorded in a flow: to be heard, dealt with, made a ticket of.",
    "lines": "Hotline numbers.",
    "dialplan changes": "Changes of the site plan: propose, approve, apply, roll back, and the state of the node.",
    "flows": "What callers hear and are asked: flows, switches, prompts and their audio, and how callers went.",
    "probes": "Test calls (拨测) of every line, and the alarms they raise.",
    "handovers": "Hand-overs to 110/119/120/122 and to lines, as records.",
    "referrals": "Matters that 110 and the others refer to the hotline (非警务类分流), and what became of them.",
    "desk": "The agent's page: queue sign-in, pause, pops.",
    "personal data": "One person's data, exported or deleted (PIPL); certificates; how long data are kept.",
    "operations": "Health, parked events.",
}

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "Problem details (RFC 9457). More members than these may come: ignore what you do not know.",
    "required": ["type", "title", "status", "detail", "instance", "code"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:hotline:problem:edit-conflict"]},
        "title": {"type": "string", "description": "the kind of error, Chinese"},
        "status": {"type": "integer", "examples": [412]},
        "detail": {"type": "string", "description": "this error, for people, Chinese"},
        "instance": {"type": "string", "description": "path of the request"},
        "code": {"type": "string", "description": "the kind of error, for programs", "examples": ["edit-conflict"]},
        "errors": {
            "type": "array",
            "description": "with `validation-failed`: the fields that could not be read",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
                "required": ["field", "message"],
            },
        },
        "retry_after_seconds": {"type": "integer"},
        "error_id": {"type": "string"},
    },
}

_COMMON_ERRORS = {
    "401": "Not logged in, log-in expired, or token unknown",
    "403": "Not allowed, or the CSRF token is missing or old",
    "404": "There is no such thing",
    "413": "The body is larger than 2 MiB",
    "422": "Some fields cannot be read; `errors` lists them",
    "503": "The database does not answer; try again after `Retry-After` seconds",
}


def install_openapi(app: FastAPI) -> None:
    """Make `app.openapi()` answer with our description."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = describe(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of this application."""
    used_tags = {tag for context in iter_route_contexts(app.routes) for tag in getattr(context.route, "tags", [])}
    document = get_openapi(
        title="12345 hotline case store",
        version="1",
        description=DESCRIPTION.strip(),
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in TAGS.items() if name in used_tags],
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = PROBLEM_SCHEMA
    event = CallEvent.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(event.pop("$defs"))
    schemas["CallEvent"] = event
    for gone in ("HTTPValidationError", "ValidationError"):
        schemas.pop(gone, None)
    components["securitySchemes"] = {
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": SESSION_COOKIE,
            "description": f"Set by POST /api/v1/session. Changing requests also need the header {CSRF_HEADER}.",
        },
        "token": {
            "type": "http",
            "scheme": "bearer",
            "description": "A service token. Scopes: " + "; ".join(f"`{s}`: {MEANINGS[s]}" for s in sorted(SCOPES)),
        },
    }
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in context.methods or ():
                operation = document["paths"][context.path_format][method.lower()]
                _describe_operation(operation, method, list(_requirements(route.dependant)))
    return document


def _requirements(dependant: Dependant) -> Iterator[Require]:
    if isinstance(dependant.call, Require):
        yield dependant.call
    for inner in dependant.dependencies:
        yield from _requirements(inner)


def _describe_operation(operation: dict[str, Any], method: str, requirements: list[Require]) -> None:
    responses = operation["responses"]
    expected = {"503"}
    if "requestBody" in operation:
        expected |= {"413", "422"}
    if operation.get("parameters"):
        expected.add("422")
    if any(parameter["in"] == "path" for parameter in operation.get("parameters", [])):
        expected.add("404")
    if requirements:
        needed = sorted({permission for requirement in requirements for permission in requirement.needed})
        expected |= {"401", "403"}
        operation["security"] = _security(needed)
        operation["description"] = f"{operation.get('description', '')}\n\n{_who_may(needed)}".strip()
        if method not in SAFE_METHODS:
            operation.setdefault("parameters", []).append(_CSRF_PARAMETER)
    else:
        operation["security"] = []
    for status in sorted(expected):
        responses.setdefault(status, {})
        responses[status] = _problem(responses[status].get("description"), status, responses[status])
    for status, response in responses.items():
        if status.isdigit() and int(status) >= 400 and "content" not in response:
            responses[status] = _problem(response.get("description"), status, response)


_CSRF_PARAMETER = {
    "name": CSRF_HEADER,
    "in": "header",
    "required": False,
    "description": "Needed with the session cookie: `csrf_token` of the session. Not needed with a token.",
    "schema": {"type": "string"},
}


def _problem(description: str | None, status: str, response: dict[str, Any]) -> dict[str, Any]:
    is_ours = "content" in response and "HTTPValidationError" not in str(response["content"])
    if is_ours:  # a handler that declares its own error body knows better
        return response
    text = description if description and description != "Validation Error" else _COMMON_ERRORS.get(status, "Refused")
    return {
        "description": text,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _security(needed: list[Permission]) -> list[dict[str, list[str]]]:
    ways: list[dict[str, list[str]]] = []
    if any(set(needed) <= permissions for permissions in ROLE_PERMISSIONS.values()):
        ways.append({"session": []})
    if needed and set(needed) <= SCOPES:
        ways.append({"token": [str(permission) for permission in needed]})
    return ways


def _who_may(needed: list[Permission]) -> str:
    if not needed:
        return "*Anybody who is logged in.*"
    roles = [str(role) for role, permissions in ROLE_PERMISSIONS.items() if set(needed) <= permissions]
    names = ", ".join(f"`{permission}`" for permission in needed)
    return f"*Needs {names}. Roles: {', '.join(roles) or 'none, machines only'}.*"
