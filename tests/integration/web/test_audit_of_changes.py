"""Every address that changes something leaves an entry in the audit log, or stands here with the reason why not."""

import inspect
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.accounts import service as accounts
from app.accounts.auth import SAFE_METHODS
from app.accounts.models import AuditEntry, Role
from app.calls.models import AgentState, Call
from app.contract.commands import AnyCommand, HandOver
from app.handovers.models import Handover
from app.lines.models import Line, Trunk
from app.operations.commands import DialplanCommands
from app.platform.clock import utc_now
from app.platform.database import Database
from app.platform.settings import Settings
from app.web.api_docs import reference_app

pytestmark = pytest.mark.services

FAKE = (sys.executable, "-m", "tests.fakes.dialplan_program")
Endpoint = Callable[..., object]
PASSWORD = "correct horse battery"
CALL = "node1-1.0"
OWN_VIEWS = "a person keeps filters for himself; nobody else sees them"
TICKET_HISTORY = "who, when and what stands in ticket_history, which the ticket's page shows"
REFERENCE_CHANGES = "who, when and what stands in reference_changes, which the pages of the catalogue show"
COMPUTES = "it computes an answer and keeps nothing"

EXEMPT: dict[str, str] = {
    "report_call_events": "a machine reports facts: each is kept as it came, with its sender",
    "look_up_caller": COMPUTES,
    "answer_flow": COMPUTES,
    "acknowledge_pop": "a page confirms that it has shown something: pops keep when",
    "mark_follower_told": "the follower's row keeps who told him, and when",
    "plan_dialplan_change": COMPUTES,
    "check_plan": COMPUTES,
    "take_period": COMPUTES,
    "take_lookup": "a citizen reads his own matter; wrong guesses are counted per number, code and address",
    "take_view": OWN_VIEWS,
    "take_view_away": OWN_VIEWS,
    "check_flow": COMPUTES,
    "check_draft": COMPUTES,
    "simulate_flow": COMPUTES,
    "play_step": COMPUTES,
    **dict.fromkeys(
        (
            "create_ticket", "save_ticket", "accept_ticket", "finish_ticket", "attach_call", "make_move", "take_move",
            "take_rating",
            "sign_support", "report_support", "order_supervision", "acknowledge", "answer_emergency", "take_bulk",
            "take_material", "take_review", "urge_ticket", "answer_supervision", "take_explanation",
        ),
        TICKET_HISTORY,
    ),
    **dict.fromkeys(
        (
            "create_unit", "change_unit", "create_exclusion", "change_exclusion", "create_rule", "change_rule",
            "set_status", "create_subject", "change_subject", "create_region", "change_region", "take_new",
            "take_entry",
        ),
        REFERENCE_CHANGES,
    ),
}  # fmt: skip
"""Name of the handler → why it leaves no entry."""


RECORDED_BELOW = {
    **dict.fromkeys(("export_person", "delete_person"), "app.privacy.person"),
    **dict.fromkeys(
        ("reveal_number", "reveal_missed_number", "reveal_numbers", "reveal_follower"), "app.accounts.reveals"
    ),
    "part_calls": "app.ingest.twins",
    "retry_parked_event": "app.ingest.parked",
    "take_referral": "app.handovers.taking",
    **dict.fromkeys(("ring_for_follow_up", "ring_citizen"), "app.evaluation.by_hand"),
    "set_priority_caller": "app.callers.service",
    "clear_priority_caller": "app.callers.service",
    **dict.fromkeys(("dissolve_unit", "take_dissolution"), "app.casework.succession"),
    "import_priority_callers": "app.callers.service",
    **dict.fromkeys(("publish_flow", "roll_back_flow", "set_flow_switch"), "app.flows.service"),
    **dict.fromkeys(
        (
            "reword_prompt", "restore_prompt", "keep_prompt_recording", "drop_prompt_recording", "order_prompt_build",
        ),
        "app.flows.prompt_service",
    ),
}  # fmt: skip
"""Name of the handler → the module of its use case, which records."""


@dataclass(frozen=True)
class Deed:
    """A request that succeeds, and the entry it must leave.

    In its path `{proposal}` is an open one of another person's, `{handover}` the agent's own.
    """

    role: Role
    path: str
    action: str
    body: dict[str, Any] | None = None
    form: dict[str, str] | None = None
    method: str = "POST"
    is_visitor: bool = field(default=False)
    """Asked by nobody who is logged in."""


USER = {"username": "9001", "display_name": "王芳", "role": "agent"}
PASSWORDS = {"current_password": PASSWORD, "new_password": "only I know this"}
PLAN = {"plan": "name: other\n", "why": "按通知调整"}
WHY = {"why": "日期不对，重来"}
LOG_IN = {"username": "8001", "password": PASSWORD}
CHANGES = "/api/v1/dialplan-changes"

DEEDS: dict[str, Deed] = {
    "start_session": Deed(Role.OPS, "/api/v1/session", "logged_in", LOG_IN, is_visitor=True),
    "end_session": Deed(Role.OPS, "/api/v1/session", "logged_out", method="DELETE"),
    "change_password": Deed(Role.OPS, "/api/v1/session/password", "password_set", PASSWORDS),
    "take_login": Deed(Role.OPS, "/login", "logged_in", form=LOG_IN, is_visitor=True),
    "take_logout": Deed(Role.OPS, "/logout", "logged_out"),
    "take_password": Deed(
        Role.OPS, "/account/password", "password_set", form={**PASSWORDS, "repeated_password": "only I know this"}
    ),
    "create_user": Deed(Role.ADMIN, "/api/v1/users", "user_created", USER),
    "change_user_role": Deed(Role.ADMIN, "/api/v1/users/8001/change-role", "role_changed", {"role": "supervisor"}),
    "issue_user_password": Deed(Role.ADMIN, "/api/v1/users/8001/issue-password", "password_issued"),
    "disable_user": Deed(Role.ADMIN, "/api/v1/users/8001/disable", "user_disabled"),
    "enable_user": Deed(Role.ADMIN, "/api/v1/users/8002/enable", "user_enabled"),
    "take_new_user": Deed(Role.ADMIN, "/users", "user_created", form=USER),
    "take_role": Deed(Role.ADMIN, "/users/8001/role", "role_changed", form={"role": "supervisor"}),
    "take_disabling": Deed(Role.ADMIN, "/users/8001/disable", "user_disabled"),
    "take_enabling": Deed(Role.ADMIN, "/users/8002/enable", "user_enabled"),
    "take_password_order": Deed(Role.ADMIN, "/users/8001/password", "password_issued"),
    "sign_in": Deed(Role.SUPERVISOR, "/api/v1/agents/8001/sign-in", "agent_steered"),
    "sign_out": Deed(Role.SUPERVISOR, "/api/v1/agents/8001/sign-out", "agent_steered"),
    "pause": Deed(Role.SUPERVISOR, "/api/v1/agents/8001/pause", "agent_steered", {"reason": "meal"}),
    "resume": Deed(Role.SUPERVISOR, "/api/v1/agents/8001/resume", "agent_steered"),
    "finish_wrap_up": Deed(Role.SUPERVISOR, "/api/v1/agents/8001/finish-wrap-up", "agent_steered"),
    "extend_wrap_up": Deed(Role.SUPERVISOR, "/api/v1/agents/8001/extend-wrap-up", "agent_steered"),
    "create_handover": Deed(Role.AGENT, "/api/v1/handovers", "handover_asked", {"target": "110"}),
    "leave_handover": Deed(Role.AGENT, "/api/v1/handovers/{handover}/leave", "handover_left"),
    "take_back_handover": Deed(Role.AGENT, "/api/v1/handovers/{handover}/take-back", "handover_taken_back"),
    "play_flow": Deed(Role.AGENT, f"/api/v1/calls/{CALL}/play-flow", "flow_played", {"flow": "nuisance"}),
    "stop_flow": Deed(Role.AGENT, f"/api/v1/calls/{CALL}/stop-flow", "flow_stopped"),
    "order_probe": Deed(Role.OPS, "/api/v1/probes", "probe_ordered", {"line": "12345"}),
    "take_probe": Deed(Role.OPS, "/operations/probes?line=12345", "probe_ordered"),
    "take_all": Deed(Role.OPS, "/operations/probes/all", "probe_ordered"),
    "propose_dialplan_change": Deed(Role.OPS, CHANGES, "change_proposed", PLAN),
    "approve_dialplan_change": Deed(Role.OPS, f"{CHANGES}/{{proposal}}/approve", "change_approved"),
    "reject_dialplan_change": Deed(Role.OPS, f"{CHANGES}/{{proposal}}/reject", "change_rejected", WHY),
    "apply_dialplan_change": Deed(Role.OPS, f"{CHANGES}/{{proposal}}/apply", "change_applied", {}),
    "roll_back_dialplan": Deed(Role.OPS, f"{CHANGES}/rollback", "rolled_back", {**WHY, "version": 1}),
    "take_proposal": Deed(Role.OPS, "/operations/changes", "change_proposed", form=PLAN),
    "take_approval": Deed(Role.OPS, "/operations/changes/{proposal}/approve", "change_approved"),
    "take_rejection": Deed(Role.OPS, "/operations/changes/{proposal}/reject", "change_rejected", form=WHY),
    "take_apply": Deed(Role.OPS, "/operations/changes/{proposal}/apply", "change_applied"),
    "take_export": Deed(Role.SUPERVISOR, "/tickets/export", "tickets_exported", form={"reason": "月度通报"}),
    "take_rollback": Deed(Role.OPS, "/operations/history/1/restore", "rolled_back", form=WHY),
}


class Telephony:
    """Takes every command; reports the first step of a hand-over."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def send(self, command: AnyCommand) -> None:
        if isinstance(command, HandOver):
            with self._database.transaction() as session:
                session.add(handover(command.agent, attempt="2"))

    def close(self) -> None:
        """Nothing is open."""


def handover(agent: str, *, attempt: str = "1") -> Handover:
    status = "returned" if attempt == "1" else "offered"
    return Handover(
        call_id=CALL, attempt=attempt, target="110", agent=agent, status=status, cause="", offered_at=utc_now(),
        answered_at=None, settled_at=None,
    )  # fmt: skip


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """With the tests' own node behind the pages."""
    return settings.model_copy(update={"dialplan_command": " ".join(FAKE)})


@pytest.fixture
def world(client: TestClient, database: Database, settings: Settings, plan_words: None) -> Iterator[dict[str, str]]:
    """A plan in force, an agent in a call, a switched-off colleague, a proposal of somebody else's."""
    now = utc_now()
    with database.transaction() as session:
        for username in ("8001", "8002"):
            user = accounts.create_user(
                session, username, display_name="张敏", role=Role.AGENT, password=PASSWORD, now=now, seat="8001",
                queues={"common": 0},
            )  # fmt: skip
            user.is_active = username == "8001"
        line = session.get_one(Line, "12345")
        kept = line.plan
        line.plan = "demo"
        session.add(Trunk(plan="demo", name="probe", label="拨测", kind="probe"))
        session.add(
            Call(call_id=CALL, node="node1", state="talking", agent="8001", caller_number="13800000001", arrived_at=now)
        )
        for agent in ("8001", "doer"):
            session.merge(
                AgentState(
                    agent=agent, status="talking", call_id=CALL, queues={"common": True}, registers={}, since_at=now,
                    last_event_at=now,
                )
            )  # fmt: skip
        row = handover("doer")
        session.add(row)
        session.flush()
        handover_id = str(row.id)
    client.app.state.switch = Telephony(database)  # type: ignore[attr-defined]
    commands = DialplanCommands(settings.home, FAKE)
    proposal = commands.propose("name: changed\n", why="别人的申请", by="somebody else")
    yield {"proposal": proposal.id, "handover": handover_id}
    del client.app.state.switch  # type: ignore[attr-defined]
    with database.transaction() as session:
        session.get_one(Line, "12345").plan = kept


def entries(database: Database) -> list[tuple[str, str]]:
    with database.reading() as session:
        return [(entry.actor, entry.action) for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.id))]


def enter(client: TestClient, database: Database, deed: Deed) -> tuple[str, dict[str, str]]:
    """Who does it, and the headers of his requests."""
    if deed.is_visitor:
        found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").text)
        return "8001", {"X-CSRF-Token": found[1] if found else ""}
    with database.transaction() as session:
        accounts.create_user(
            session, "doer", display_name="某人", role=deed.role, password=PASSWORD, now=utc_now(), seat="8003",
            queues={"common": 0},
        )  # fmt: skip
    answer = client.post("/api/v1/session", json={"username": "doer", "password": PASSWORD})
    return "doer", {"X-CSRF-Token": answer.json()["csrf_token"]}


@pytest.mark.parametrize("name", DEEDS)
def test_a_deed_leaves_an_entry_that_names_its_doer(
    client: TestClient, database: Database, world: dict[str, str], name: str
) -> None:
    deed = DEEDS[name]
    who, headers = enter(client, database, deed)
    before = entries(database)
    form = {**deed.form, "csrf_token": headers["X-CSRF-Token"]} if deed.form is not None else None

    answer = client.request(
        deed.method, deed.path.format(**world), headers=headers, json=deed.body, data=form, follow_redirects=False
    )

    assert answer.status_code < 400, answer.text
    assert (who, deed.action) in entries(database)[len(before) :]


def unsafe_routes() -> list[Endpoint]:
    """Handlers of every request that may change something; pages and API may call theirs alike."""
    found = []
    for context in iter_route_contexts(reference_app().routes):
        route = context.original_route
        if isinstance(route, APIRoute) and set(context.methods or ()) - SAFE_METHODS:
            found.append(route.endpoint)
    return found


def records(endpoint: Endpoint) -> bool:
    """Whether the handler, or the module that does its work, writes into the log."""
    module = RECORDED_BELOW.get(endpoint.__name__)
    return "audit.record(" in inspect.getsource(import_module(module) if module else endpoint)


def test_every_unsafe_address_is_tried_records_or_has_its_reason() -> None:
    """A new one needs a row in DEEDS, `audit.record` in its handler or below it, or a reason in EXEMPT."""
    routes = unsafe_routes()
    silent = [one for one in routes if one.__name__ not in {*DEEDS, *EXEMPT} and not records(one)]

    assert len(routes) > 80
    assert [f"{one.__module__}.{one.__name__}" for one in silent] == []


def test_no_reason_and_no_row_outlives_its_address() -> None:
    names = {one.__name__ for one in unsafe_routes()}

    assert {*DEEDS, *EXEMPT, *RECORDED_BELOW} - names == set()
    assert set(DEEDS) & set(EXEMPT) == set()
