"""Nobody reaches another unit's ticket by any address, and nobody does two duties that are kept apart on one ticket."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.accounts.models import Role, User
from app.platform.errors import NotAllowed
from app.tickets.models import TicketStatus
from app.tickets.states import BY_VERB, DUTIES, MOVES, SEPARATED_ON_A_TICKET, Duty
from app.web.api_docs import reference_document
from tests.integration.casework.conftest import COUNTY, MATTER, PASSWORD, REPLY, Stage

pytestmark = pytest.mark.services

PATHS = reference_document()["paths"]
OF_A_TICKET = [path for path in PATHS if "{ticket}" in path]
Refused = Callable[..., Any]


@pytest.fixture
def enter(client: TestClient) -> Callable[[str], dict[str, str]]:
    """Log in as one of the stage's people; the headers of changing requests."""

    def log_in(name: str) -> dict[str, str]:
        answer = client.post("/api/v1/session", json={"username": name, "password": PASSWORD})
        return {"X-CSRF-Token": answer.json()["csrf_token"]}

    return log_in


def secret_words(stage: Stage, ticket: int) -> set[str]:
    row = stage.read(ticket)
    return {row.ticket_number, row.title, row.content, row.contact_number, row.contact_name, row.query_code}


@pytest.mark.parametrize("who", ["clerk2", "leader2", "officer", "ops"])
def test_no_address_leads_a_stranger_to_a_ticket(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]], who: str
) -> None:
    ticket = stage.replied()
    words, number = secret_words(stage, ticket), stage.read(ticket).ticket_number
    headers = enter(who)
    for path in OF_A_TICKET:
        for method in PATHS[path]:
            for verb in BY_VERB if "{verb}" in path else [""]:
                for key in (str(ticket), number):
                    url = path.replace("{ticket}", key).replace("{verb}", verb)
                    answer = client.request(method, url, json={"given": {}} if verb else {}, headers=headers)
                    assert answer.status_code in {403, 404, 422}, (method, url)
                    assert not [word for word in words - {key} if word in answer.text], (method, url)
    pages = ["/tickets", f"/tickets/{ticket}", f"/tickets?text={number}", "/calls", "/desk", "/account"]
    lists = [path for path in PATHS if "{" not in path and "get" in PATHS[path]]
    for url in [*lists, *pages]:
        seen = client.get(url, headers={"Accept": "text/html, application/json"}).text.replace(f"text={number}", "")
        assert not [w for w in words if w in re.sub(r'value="[^"]*"', "", seen)], url


def test_a_unit_sees_its_own_tickets_and_those_of_the_units_right_below_it(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]]
) -> None:
    town = "410421101-zhengfu"
    stage.person("town", Role.UNIT_STAFF, town)
    own, below = stage.dispatched(), stage.dispatched(lead=town)

    def listed(who: str) -> set[int]:
        enter(who)
        return {item["id"] for item in client.get("/api/v1/tickets").json()["items"]}

    assert listed("clerk") == {own, below}
    assert listed("town") == {below}
    assert listed("clerk2") == set()
    assert listed("chief") == {own, below}


def test_a_secret_ticket_hides_its_citizen_from_the_unit_and_itself_from_whom_it_is_about(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]]
) -> None:
    secret = stage.dispatched(secrecy="confidential")
    about = stage.ticket(complained_unit_code="410400-chengguan")
    stage.move(about, "dispatch", "dispatcher", lead_unit_code=COUNTY)
    stage.move(about, "sign", "clerk")
    stage.move(about, "contact", "clerk", channel="phone", note="已联系")
    enter("clerk")
    shown = client.get(f"/api/v1/tickets/{secret}").json()
    assert (shown["contact_name"], shown["contact_number"]) == ("（保密）", "")
    enter("officer")
    assert client.get(f"/api/v1/tickets/{about}").status_code == 404


def test_the_lead_unit_sees_the_whole_number_while_it_must_ring_the_citizen(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]]
) -> None:
    ticket = stage.at_work()
    enter("clerk")
    assert client.get(f"/api/v1/tickets/{ticket}").json()["contact_number"] == MATTER["contact_number"]
    stage.answer(ticket)
    assert client.get(f"/api/v1/tickets/{ticket}").json()["contact_number"] == "199****2345"


def become(stage: Stage, who: str, role: Role, unit: str = "") -> None:
    """The same person in another office from now on."""
    with stage.database.transaction() as session:
        user = session.query(User).filter_by(username=who).one()
        user.role, user.unit_code = role, unit
    stage.people[who] = replace(stage.people[who], role=role, unit=unit)


def test_who_handled_a_ticket_may_not_judge_or_evaluate_it_in_a_new_office(stage: Stage, refused: Refused) -> None:
    ticket = stage.replied()
    redo = {"reason_code": "no_evidence", "reason": "缺少照片"}
    for role, verb, given in ((Role.REVIEWER, "audit_pass", {}), (Role.SUPERVISOR, "audit_redo", redo)):
        for who in ("clerk", "leader"):
            become(stage, who, role)
            with refused(NotAllowed, "不能再进行审核"):
                stage.move(ticket, verb, who, **given)
    stage.move(ticket, "audit_pass", "reviewer")
    become(stage, "clerk", Role.FOLLOW_UP)
    with refused(NotAllowed, "不能再进行回访评价"):
        stage.move(ticket, "note_attempt", "clerk", channel="phone", reason="无人接听")


def test_who_accepted_a_ticket_may_not_audit_it(stage: Stage, refused: Refused) -> None:
    ticket = stage.replied()
    become(stage, "8001", Role.REVIEWER)
    with refused(NotAllowed, "已参与本工单的受理"):
        stage.move(ticket, "audit_pass", "8001")


def test_a_leader_does_not_sign_his_own_draft(stage: Stage, refused: Refused) -> None:
    ticket = stage.at_work()
    stage.move(ticket, "draft_reply", "leader", **REPLY)
    with refused(NotAllowed, "已参与本工单的办理，不能再进行单位审签"):
        stage.move(ticket, "reply", "leader")


def test_who_judges_cannot_write_the_result(stage: Stage, refused: Refused) -> None:
    ticket = stage.at_work()
    for who in ("chief", "reviewer", "dispatcher", "caller", "8001"):
        with refused(NotAllowed, "应由承办单位"):
            stage.move(ticket, "draft_reply", who, **REPLY)


def test_every_move_is_refused_to_every_role_without_its_duty(stage: Stage) -> None:
    ticket = stage.at_work()
    for who in ("8001", "chief", "dispatcher", "reviewer", "caller", "clerk", "leader", "auditor"):
        role = stage.people[who].role
        expected = {move.verb for move in MOVES if TicketStatus.HANDLING in move.sources and move.duty in DUTIES[role]}
        assert stage.possible(ticket, who) == expected, who


def test_pairs_that_one_person_keeps_apart_are_those_of_the_rule_book() -> None:
    for judge in (Duty.AUDIT, Duty.SUPERVISE, Duty.EVALUATE, Duty.CLOSE):
        assert frozenset({Duty.HANDLE, judge}) in SEPARATED_ON_A_TICKET


def test_moves_over_http_carry_version_and_say_what_is_missing(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]]
) -> None:
    ticket = stage.ticket()
    headers = enter("dispatcher")
    url = f"/api/v1/tickets/{ticket}"
    possible = client.get(f"{url}/moves").json()
    assert {"claim", "release", "merge"} <= {item["verb"] for item in possible["items"]}
    proposal = client.get(f"{url}/proposal").json()
    assert (proposal["lead_unit_code"], proposal["steps"][0]["title"]) == (COUNTY, "属地优先")
    stale = client.post(f"{url}/moves/claim", json={}, headers={**headers, "If-Match": '"1"'})
    assert stale.status_code == 412
    done = client.post(f"{url}/moves/claim", json={}, headers={**headers, "If-Match": f'"{possible["version"]}"'})
    assert (done.status_code, done.json()["status"]) == (200, "pre_audit")
    assert done.headers["ETag"] == f'"{done.json()["version"]}"'
    missing = client.post(f"{url}/moves/dispatch", json={"given": {"lead_unit_code": COUNTY.upper()}}, headers=headers)
    assert (missing.status_code, missing.json()["errors"][0]["field"]) == (422, "lead_unit_code")
    not_his = client.post(f"{url}/moves/audit_pass", json={}, headers=headers)
    assert (not_his.status_code, not_his.json()["code"]) == (409, "transition-refused")
    given = {"lead_unit_code": COUNTY, "supporting_unit_codes": ["410400-chengguan"]}
    sent = client.post(f"{url}/moves/dispatch", json={"given": given}, headers=headers)
    assert [leg["kind"] for leg in sent.json()["legs"]] == ["lead", "supporting"]
    assert client.get(f"{url}/case").json()["notices"][-1]["text"].endswith("已转宝丰县人民政府办理。")
    enter("auditor")
    assert client.get(f"{url}/case").status_code == 200
    assert client.get("/api/v1/ticket-counts").json() == {"matters": 1, "citizens": 1}
