"""Nobody of one county, and nobody of one unit, reaches anything of another by any address; nobody sees a full number.

Every address of pages and API is tried.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.testclient import TestClient

from app.accounts.auth import Actor, actor_of_user
from app.accounts.models import Role
from app.accounts.rules import BOUND_TO_A_REGION, OF_THE_WHOLE_PLATFORM
from app.accounts.service import RegionRefused, create_user
from app.broadcasts.models import Broadcast, IncidentFollower
from app.callbacks.models import Callback
from app.callers.models import PriorityCaller
from app.calls.models import AgentState, Call, CallEventRow, MissedCall, ScreenPop
from app.contract.events import CallArrived, CallEvent
from app.handovers.models import Handover, Referral
from app.messages.models import VoiceMessage
from app.platform.errors import NotFound
from app.tickets.access import Holding, check_sees
from app.tickets.models import Ticket, TicketStatus
from app.tickets.states import BY_VERB
from app.web.api_docs import reference_app
from tests.integration.casework.conftest import OTHER_COUNTY, PASSWORD, Stage

pytestmark = pytest.mark.services

OWN, OTHER = "410421", "410422"
NUMBER, NAME, MASKED = "19900098765", "欧阳明月", "199****8765"
STREET, WORDS, INCIDENT, CALL, AGENT = "昆阳街道文化路", "夜间烧烤油烟扰民", "JQ20261123009", "node1-77.7", "8422"
REASON, CITIZEN_ID = "行动不便的老人", "41042219600101123X"

SECRETS = {NUMBER, MASKED, NAME, STREET, WORDS, INCIDENT, CALL, REASON}
"""What stands nowhere but in things of the other county."""


@dataclass(frozen=True)
class Others:
    """What belongs to the other county, by the names that addresses give it."""

    keys: dict[str, str]
    secrets: frozenset[str]


def bound(stage: Stage, name: str, role: Role, region: str) -> Actor:
    with stage.database.transaction() as session:
        user = create_user(
            session, name, display_name=name, role=role, password=PASSWORD, now=stage.now, region_code=region,
            seat=name if role is Role.AGENT else "",
        )  # fmt: skip
        return actor_of_user(user)


@pytest.fixture
def others(stage: Stage) -> Others:
    """A ticket in handling, with its call, hand-over, referral, call-back, missed call, follower, flag and agent."""
    now = stage.now
    stage.people[AGENT] = bound(stage, AGENT, Role.AGENT, OTHER)
    at_work = {"region_code": OTHER, "title": WORDS, "contact_number": NUMBER, "contact_name": NAME, "address": STREET}
    ticket = stage.dispatched(lead=OTHER_COUNTY, **at_work)
    rows: dict[str, Any] = {}
    with stage.database.transaction() as session:
        call = Call(
            call_id=CALL, node="node1", state="talking", agent=AGENT, caller_number=NUMBER, ani=NUMBER, arrived_at=now,
            original_line="12345", ticket_id=ticket, queue="common",
        )  # fmt: skip
        session.add(call)
        session.flush()
        arrived = CallEvent.make(
            CallArrived(trunk="carrier", dnis="12345", ani=NUMBER), node="node1", occurred_at=now, uniqueid=CALL,
            call_id=CALL, linkedid=CALL,
        )  # fmt: skip
        session.add(
            CallEventRow(
                event_id=arrived.event_id,
                node="node1",
                seq=1,
                type=arrived.type,
                call_id=CALL,
                occurred_at=now,
                received_at=now,
                body=arrived.model_dump(mode="json"),
            )
        )
        found = session.get_one(Ticket, ticket)
        found.call_id, found.caller_number, found.accepted_by = CALL, NUMBER, AGENT
        written = f"来电人身份证{CITIZEN_ID}，回电{NUMBER}"
        found.title, found.content, found.demand, found.answer = f"{WORDS}{NUMBER}", written, written, written
        found.address = f"{STREET}（电{NUMBER}）"
        broadcast = Broadcast(
            kind="incident",
            text="停水通知",
            region_code=OTHER,
            starts_at=now,
            expires_at=now,
            created_by="chief",
            created_at=now,
        )
        session.add(broadcast)
        session.flush()
        rows = {
            "handover_id": Handover(
                call_id=CALL, attempt="1", target="110", agent=AGENT, status="offered", offered_at=now
            ),
            "missed_call_id": MissedCall(
                caller_number=NUMBER, call_id=CALL, last_call_id=CALL, reason="abandoned", first_missed_at=now,
                last_missed_at=now,
            ),
            "callback_id": Callback(
                number=NUMBER, status="confirmed", source="abandoned", queue="common", queued_at=now, requested_at=now,
                next_try_at=now, origin_call_id=CALL,
            ),
            "follower_id": IncidentFollower(broadcast_id=broadcast.id, number=NUMBER, call_id=CALL, followed_at=now),
            "row_id": PriorityCaller(
                caller_number=NUMBER, kind="elderly", reason=f"{REASON}{NUMBER}", set_at=now, set_by=AGENT
            ),
            "pop_id": ScreenPop(agent=AGENT, call_id=CALL, kind="answered", created_at=now),
            "message_id": VoiceMessage(call_id=CALL, file=f"{CALL}-1-message.wav", kind="message", left_at=now),
        }  # fmt: skip
        session.add_all(rows.values())
        session.add(
            Referral(
                source="110",
                incident_number=INCIDENT,
                alarmed_at=now,
                address=f"{STREET}{NUMBER}",
                caller_number=NUMBER,
                content=written,
                caller_name=NAME,
                category="噪声",
                transfer_kind="ticket",
                digest="-",
                sent_by="police",
                received_at=now,
                ticket_id=ticket,
            )
        )
        session.add(
            AgentState(
                agent=AGENT,
                status="talking",
                call_id=CALL,
                queues={"common": True},
                registers={},
                since_at=now,
                last_event_at=now,
            )
        )
        session.flush()
        numbers = {name: str(row.id) for name, row in rows.items()}
        keys = {
            **numbers, "broadcast_id": str(broadcast.id), "call_id": CALL, "username": AGENT, "source": "110",
            "incident_number": INCIDENT, "ticket": str(ticket), "key": found.ticket_number,
        }  # fmt: skip
        secrets = SECRETS | {found.ticket_number, found.query_code, found.content}
    return Others(keys, frozenset(secrets))


NEUTRAL = {
    "verb": "dispatch", "name": "overdue", "code": OTHER_COUNTY, "number": "1", "year": "2026", "what": "progress",
    "proposal_id": "1", "run_id": "1", "probe_id": "1", "parked_id": "1", "view_id": "1", "build_id": "1",
    "language": "zh",
    "view": "dispatch", "task_id": "1", "objection_id": "1", "act": "attempt", "secret": "x", "file_id": "1",
}  # fmt: skip
"""Names in addresses that lead to nobody's matter, or whose matter another name in the address names."""
NAMES = r"{(\w+)(?::\w+)?}"
PARTS = {"/calls/{call_id}/handovers"}
"""Parts of pages: empty where nothing is to be seen."""
RATES = {"/api/v1/rates/{key}", "/api/v1/rates/{key}/rows", "/statistics/{key}"}
"""Their key names a rate, no ticket."""
BODIES: dict[str, Any] = {
    "/reveal": {"reason": "回拨核实情况"}, "/resolve": {"resolution": "dismissed"}, "/attach-call": {"call_id": CALL},
    "/report": {"report": "已到现场核实"}, "/supervisions": {"step": "urge", "reason": "催办一下"},
    "/pause": {"reason": "meal"}, "/change-role": {"role": "agent"}, "/clear": {"reason": "不再需要"},
    "/play-flow": {"flow": "nuisance"},
    "/part": {"reason": "不是同一通电话"},
    "/supervise": {"step": "urge", "reason": "催办一下"}, "/role": {"role": "agent"},
    "/urge": {"reason": "再次来电催办"},
    "/supervisions/answer": {"answer": "正在抓紧办理"}, "/answer-supervision": {"answer": "正在抓紧办理"},
}  # fmt: skip
"""By how the address ends: what a right request would carry, so that it is refused for the right reason."""
QUERIES = (
    f"/api/v1/tickets?text={WORDS}", f"/api/v1/tickets?caller={NUMBER}", f"/api/v1/tickets?region={OTHER}",
    f"/api/v1/tickets?agent={AGENT}", f"/api/v1/calls?caller={NUMBER}", f"/api/v1/calls?agent={AGENT}",
    f"/api/v1/handovers?agent={AGENT}", f"/api/v1/calls/ratings?agent={AGENT}", "/api/v1/referrals?waiting=false",
    f"/calls?agent={AGENT}", f"/handovers?agent={AGENT}", f"/tickets?region={OTHER}", "/referrals?view=all",
    f"/desk/call?call_id={CALL}", "/desk/form?ticket_id=1", "/work?list=dispatch",
)  # fmt: skip


def addresses() -> Iterator[tuple[str, str]]:
    """Every method and path of pages and API."""
    for context in iter_route_contexts(reference_app().routes):
        if isinstance(context.original_route, APIRoute) and context.path and "events" not in context.path:
            for method in sorted(context.methods or ()):
                yield method, context.path


def body_of(path: str) -> dict[str, Any]:
    return next(
        (body for ending, body in BODIES.items() if path.endswith(ending)), {"given": {}} if "{verb}" in path else {}
    )


def leaks(client: TestClient, method: str, url: str, headers: dict[str, str], others: Others) -> tuple[int, set[str]]:
    """The status, and which secrets stand in the answer; what the request itself said does not count."""
    body = body_of(url)
    form = {} if url.startswith("/api/") else {"data": {**body, **headers_as_form(headers)}}
    sent = {"json": body} if not form and method != "GET" else form if method == "POST" else {}
    more = {**headers, "If-Match": '"1"', "Idempotency-Key": "another-county"}
    answer = client.request(method, url, headers=more, follow_redirects=False, **sent)
    known = {one for one in others.secrets if one in url or one in str(body)}
    return answer.status_code, {one for one in others.secrets - known if one in answer.text}


def headers_as_form(headers: dict[str, str]) -> dict[str, str]:
    return {"csrf_token": headers["X-CSRF-Token"]}


@pytest.fixture
def enter(client: TestClient) -> Callable[[str], dict[str, str]]:
    def log_in(name: str) -> dict[str, str]:
        answer = client.post("/api/v1/session", json={"username": name, "password": PASSWORD})
        return {"X-CSRF-Token": answer.json()["csrf_token"]}

    return log_in


STRANGERS = [("chief1", Role.SUPERVISOR), ("8421", Role.AGENT), ("clerk", None)]
"""Of the other county's neighbour: who may do most of the hotline there, an agent, and a clerk of its government."""


@pytest.mark.parametrize(("who", "role"), STRANGERS)
def test_no_address_leads_out_of_ones_own_county_or_unit(
    stage: Stage,
    client: TestClient,
    enter: Callable[[str], dict[str, str]],
    others: Others,
    who: str,
    role: Role | None,
) -> None:
    if role is not None:
        bound(stage, who, role, OWN)
    headers, faults, tried = enter(who), [], 0
    for method, path in addresses():
        names = re.findall(NAMES, path)
        assert set(names) <= {*others.keys, *NEUTRAL}, f"{path}: say in this test what its names lead to"
        if path.startswith(("/api/v1/session", "/logout", "/login", "/account", "/static")):
            continue
        url = re.sub(NAMES, lambda found: {**NEUTRAL, **others.keys}[found[1]], path)
        status, found = leaks(client, method, url, headers, others)
        is_refused = status in {403, 404} or path in PARTS | RATES or not set(names) & set(others.keys)
        if found or not is_refused:
            faults.append(f"{method} {path}: {status} {sorted(found)}")
        tried += 1
    for url in QUERIES:
        _, found = leaks(client, "GET", url, headers, others)
        if found:
            faults.append(f"GET {url}: {sorted(found)}")

    assert faults == []
    assert tried > 150


def test_the_same_addresses_lead_the_platforms_own_people_to_it(
    client: TestClient, enter: Callable[[str], dict[str, str]], others: Others
) -> None:
    """Or the test above could not fail."""
    headers = enter("chief")
    open_to_him = [
        "/api/v1/tickets/{ticket}", "/tickets/{key}", "/api/v1/calls/{call_id}", "/api/v1/handovers/{handover_id}",
        "/api/v1/callbacks/{callback_id}", "/api/v1/priority-callers", "/api/v1/missed-calls", "/api/v1/referrals",
        "/api/v1/tickets/{ticket}/case", "/api/v1/broadcasts/{broadcast_id}/followers", "/calls", "/handovers",
    ]  # fmt: skip
    for path in open_to_him:
        assert leaks(client, "GET", path.format(**others.keys), headers, others)[1], path


@pytest.mark.parametrize("who", ["chief", "dispatcher", "caller", "auditor", "ops", "8001", "clerk2"])
def test_no_page_and_no_endpoint_shows_a_full_number_unasked(
    client: TestClient, enter: Callable[[str], dict[str, str]], others: Others, who: str
) -> None:
    """Not of a call at another's seat, not before the unit is at work, and not where people wrote it into texts."""
    enter(who)
    faults, tried = [], 0
    urls = [
        re.sub(NAMES, lambda found: {**NEUTRAL, **others.keys}[found[1]], path)
        for method, path in addresses()
        if method == "GET"
    ]
    for url in [*urls, *(query for query in QUERIES if NUMBER not in query)]:
        text = client.get(url, follow_redirects=False).text
        faults += [f"{url}: {one}" for one in (NUMBER, CITIZEN_ID) if one in text]
        tried += 1

    assert faults == []
    assert tried > 60


def test_who_holds_the_call_sees_the_number(
    client: TestClient, enter: Callable[[str], dict[str, str]], others: Others
) -> None:
    enter(AGENT)

    shown = client.get(f"/api/v1/tickets/{others.keys['ticket']}").json()
    assert (shown["caller_number"], NUMBER in shown["content"]) == (NUMBER, True)


def test_who_edits_a_text_that_he_saw_masked_loses_no_number(
    client: TestClient, enter: Callable[[str], dict[str, str]], others: Others, stage: Stage
) -> None:
    headers, url = enter("chief"), f"/api/v1/tickets/{others.keys['ticket']}"
    with stage.database.transaction() as session:
        session.get_one(Ticket, int(others.keys["ticket"])).status = TicketStatus.ACCEPTED
    read = client.get(url)
    shown = read.json()["content"]
    assert MASKED in shown

    changed = {"content": f"{shown}，已补充"}
    assert client.patch(url, json=changed, headers={**headers, "If-Match": read.headers["ETag"]}).status_code == 200

    assert stage.read(int(others.keys["ticket"])).content == f"来电人身份证{CITIZEN_ID}，回电{NUMBER}，已补充"


def test_no_move_is_made_on_another_countys_ticket(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]], others: Others
) -> None:
    bound(stage, "dispatcher1", Role.DISPATCHER, OWN)
    headers = enter("dispatcher1")
    url = f"/api/v1/tickets/{others.keys['ticket']}/moves"

    answers = {verb: client.post(f"{url}/{verb}", json={"given": {}}, headers=headers) for verb in BY_VERB}

    assert {verb: answer.status_code for verb, answer in answers.items()} == dict.fromkeys(BY_VERB, 404)


def test_a_ticket_is_not_merged_into_one_of_another_county(stage: Stage, others: Others, refused: Any) -> None:
    stage.people["dispatcher1"] = bound(stage, "dispatcher1", Role.DISPATCHER, OWN)
    own = stage.ticket()

    with refused(NotFound, "没有这张工单"):
        stage.move(own, "merge", "dispatcher1", master=others.keys["ticket"], reason="同一事项")


@pytest.mark.parametrize("role", sorted(BOUND_TO_A_REGION - {Role.AGENT}))
def test_who_is_bound_to_a_county_sees_its_townships_and_nothing_beside(stage: Stage, role: Role) -> None:
    actor = bound(stage, "bound", role, OWN)
    inside = [stage.ticket(), stage.ticket(region_code="410421101")]
    outside = [stage.ticket(region_code=OTHER)]
    with stage.database.reading() as session:
        for ticket in inside:
            check_sees(session, actor, session.get_one(Ticket, ticket), Holding())
        for ticket in outside:
            with pytest.raises(NotFound):
                check_sees(session, actor, session.get_one(Ticket, ticket), Holding())
    assert not actor.permissions & OF_THE_WHOLE_PLATFORM


def test_what_has_no_place_yet_is_seen_by_the_county_whose_agent_took_it(stage: Stage) -> None:
    stage.people["8421"] = bound(stage, "8421", Role.AGENT, OWN)
    near, far = bound(stage, "near", Role.SUPERVISOR, OWN), bound(stage, "far", Role.SUPERVISOR, OTHER)
    made = stage.ticket()
    with stage.database.transaction() as session:
        ticket = session.get_one(Ticket, made)
        ticket.region_code, ticket.accepted_by = None, "8421"
        session.flush()
        check_sees(session, near, ticket, Holding())
        with pytest.raises(NotFound):
            check_sees(session, far, ticket, Holding())


@pytest.mark.parametrize(
    ("who", "held", "sees"),
    [
        ("8001", None, True), ("8002", None, False), ("8002", "19900012345", True), ("8002", "19900099999", False),
        ("chief", None, True), ("auditor", None, True), ("ops", "19900012345", False), ("clerk", "19900012345", False),
        ("leader", None, False), ("dispatcher", None, True), ("reviewer", None, True), ("caller", None, True),
    ],
)  # fmt: skip
def test_each_role_sees_its_own_tickets(stage: Stage, who: str, held: str | None, sees: bool) -> None:
    stage.person("8002", Role.AGENT)
    made = stage.ticket()
    with stage.database.transaction() as session:
        ticket = session.get_one(Ticket, made)
        ticket.caller_number = "19900012345"
        session.flush()
        holding = Holding("node1-9.9", held) if held else Holding()
        if sees:
            check_sees(session, stage.people[who], ticket, holding)
        else:
            with pytest.raises(NotFound):
                check_sees(session, stage.people[who], ticket, holding)


@pytest.mark.parametrize("role", sorted(set(Role) - BOUND_TO_A_REGION))
def test_units_and_who_keeps_machines_or_accounts_are_bound_to_no_region(stage: Stage, role: Role) -> None:
    with pytest.raises(RegionRefused):
        bound(stage, "bound", role, OWN)
