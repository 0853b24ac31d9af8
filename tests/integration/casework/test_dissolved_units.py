"""A unit is dissolved while it has open tickets: nothing is orphaned, nothing is rewritten."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, select

from app.accounts.models import AuditEntry
from app.casework import service, succession
from app.casework.proposals import propose_for
from app.casework.succession import Succession
from app.catalogue.editing import EntryRefused, history
from app.catalogue.models import DispatchRule, ReferenceChange, Unit
from app.platform.errors import NotFound
from app.tickets import service as tickets
from app.tickets.models import TicketStatus
from tests.integration.casework.conftest import COUNTY, OTHER_COUNTY, PASSWORD, REPLY, Stage

pytestmark = pytest.mark.services

TOWN, OFFICE, HEIR = "410421101-zhengfu", "410400-keji", "410400-gongxin"


@pytest.fixture(autouse=True)
def _units_as_they_were(stage: Stage) -> Iterator[None]:
    """Reference data outlives a test on PostgreSQL."""
    with stage.database.reading() as session:
        kept = [
            {column.name: getattr(row, column.name) for column in row.__table__.columns}
            for model in (Unit, DispatchRule)
            for row in session.scalars(select(model))
        ]
    yield
    with stage.database.transaction() as session:
        session.execute(delete(DispatchRule).where(DispatchRule.code.startswith("test-")))
        session.execute(delete(ReferenceChange))
        for values in kept:
            session.merge((DispatchRule if "lead_unit_code" in values else Unit)(**values))


def dissolve(stage: Stage, code: str, heir: str) -> Succession:
    with stage.database.transaction() as session:
        actor = stage.people["chief"]
        return succession.dissolve_unit(session, code, heir, reason="机构改革职能划转", actor=actor, now=stage.now)


def test_the_successor_goes_on_where_the_old_unit_stood_and_its_name_stays_in_the_past(stage: Stage) -> None:
    fresh, at_work = stage.dispatched(), stage.at_work()
    due = stage.read(at_work).next_due_at

    done = dissolve(stage, COUNTY, OTHER_COUNTY)

    assert (done.led, done.supported, done.to_superior) == (2, 0, [])
    case = stage.show(at_work)
    assert [(leg.unit_code, leg.status, leg.ended_at is None) for leg in case.legs] == [
        (COUNTY, "closed", False), (OTHER_COUNTY, "signed", True),
    ]  # fmt: skip
    assert case.legs[1].why == [["单位撤并", "宝丰县人民政府已撤并，由叶县人民政府接办"]]
    ticket = stage.read(at_work)
    assert (ticket.status, ticket.lead_unit_code, ticket.next_due_at) == (TicketStatus.HANDLING, OTHER_COUNTY, due)
    with stage.database.reading() as session:
        last = tickets.history(session, at_work)[-1]
    assert (last.action, last.actor) == ("succeeded", "chief")
    assert last.changes["说明"] == [None, "机构改革职能划转"]
    stage.move(fresh, "sign", "clerk2")
    stage.move(at_work, "draft_reply", "clerk2", **REPLY)
    stage.move(at_work, "reply", "leader2")
    with pytest.raises(Exception, match="只有本工单的主办单位"):
        stage.move(fresh, "contact", "clerk", channel="phone", note="已联系")


def test_asked_again_nothing_is_left_to_do_and_nothing_new_is_proposed_to_the_old_unit(stage: Stage) -> None:
    stage.dispatched()
    dissolve(stage, COUNTY, OTHER_COUNTY)

    again = dissolve(stage, COUNTY, OTHER_COUNTY)

    assert again == Succession(accounts=2)
    new = stage.ticket()
    with stage.database.reading() as session:
        case = service.open_case(session, new, stage.people["dispatcher"], stage.now)
        proposal = propose_for(session, case)
    assert proposal.lead is not None
    assert proposal.lead.code == OTHER_COUNTY
    assert [step.title for step in proposal.steps][:2] == ["属地优先", "单位停用"]


def test_a_successor_who_supports_already_leads_alone_and_one_who_leads_needs_no_leg_more(stage: Stage) -> None:
    led = stage.dispatched()
    stage.move(led, "sign", "clerk")
    stage.move(led, "contact", "clerk", channel="phone", note="已电话联系")
    stage.move(led, "assign_support", "clerk", unit_code=OTHER_COUNTY, task="配合核实现场情况")
    supported = stage.dispatched(lead=OTHER_COUNTY)
    stage.move(supported, "sign", "clerk2")
    stage.move(supported, "contact", "clerk2", channel="phone", note="已电话联系")
    stage.move(supported, "assign_support", "clerk2", unit_code=COUNTY, task="配合核实现场情况")

    done = dissolve(stage, COUNTY, OTHER_COUNTY)

    assert (done.led, done.supported) == (1, 1)
    for ticket in (led, supported):
        running = [(leg.unit_code, leg.kind) for leg in stage.show(ticket).legs if leg.ended_at is None]
        assert running == [(OTHER_COUNTY, "lead")]


def test_a_ticket_about_the_successor_goes_to_its_superior(stage: Stage) -> None:
    ticket = stage.dispatched(complained_unit_code=OTHER_COUNTY)

    done = dissolve(stage, COUNTY, OTHER_COUNTY)

    assert done.to_superior == [stage.read(ticket).ticket_number]
    assert stage.read(ticket).lead_unit_code == "410400-zhengfu"


def test_rules_units_below_and_substitutes_follow_each_with_its_history(stage: Stage) -> None:
    with stage.database.transaction() as session:
        session.add(DispatchRule(code="test-lead", lead_unit_code=COUNTY, supporting_unit_codes=OFFICE))
        session.add(DispatchRule(code="test-both", lead_unit_code=HEIR, supporting_unit_codes=f"{COUNTY} {OFFICE}"))

    done = dissolve(stage, COUNTY, HEIR)

    assert set(done.rules) >= {"test-lead", "test-both"}
    with stage.database.reading() as session:
        lead, both = (session.get_one(DispatchRule, code) for code in ("test-lead", "test-both"))
        assert (lead.lead_unit_code, lead.supporting_unit_codes) == (HEIR, OFFICE)
        assert (both.lead_unit_code, both.supporting_unit_codes) == (HEIR, OFFICE)
        old, town = session.get_one(Unit, COUNTY), session.get_one(Unit, TOWN)
        assert (old.is_active, old.substitute_code, town.parent_code) == (False, HEIR, HEIR)
        assert history(session, DispatchRule, "test-lead")[-1].changes["lead_unit_code"] == [COUNTY, HEIR]
        assert history(session, Unit, COUNTY)[-1].changes["is_active"] == [True, False]
        assert session.scalars(select(AuditEntry.object_id).where(AuditEntry.action == "unit_dissolved")).all() == [
            COUNTY
        ]


@pytest.mark.parametrize(
    ("code", "heir", "why"),
    [
        (COUNTY, "410400-rexian", "热线工作机构"),
        (COUNTY, TOWN, "其下属"),
        (COUNTY, COUNTY, "本身"),
        (COUNTY, "410400-nobody", "没有这个单位"),
    ],
)
def test_who_cannot_succeed_is_refused_and_nothing_changes(
    stage: Stage, refused: Callable[..., Any], code: str, heir: str, why: str
) -> None:
    ticket = stage.dispatched()

    with refused(EntryRefused, why):
        dissolve(stage, code, heir)
    with refused(NotFound, "没有这条承办单位"):
        dissolve(stage, "410400-nobody", HEIR)

    assert stage.read(ticket).lead_unit_code == COUNTY


def test_a_dispatcher_does_it_over_http_and_a_unit_may_not(stage: Stage, client: TestClient) -> None:
    stage.dispatched()
    body = {"successor_code": OTHER_COUNTY, "reason": "机构改革职能划转"}
    answers = []
    for who in ("clerk", "dispatcher"):
        token = client.post("/api/v1/session", json={"username": who, "password": PASSWORD}).json()["csrf_token"]
        path = f"/api/v1/units/{COUNTY}/dissolve"
        answers.append(client.post(path, json=body, headers={"X-CSRF-Token": token}))

    assert [answer.status_code for answer in answers] == [403, 200]
    assert answers[1].json()["led"] == 1
    assert answers[1].json()["accounts"] == 2


def test_the_page_shows_what_would_move_changes_nothing_and_moves_it_when_confirmed(
    stage: Stage, client: TestClient
) -> None:
    ticket = stage.at_work()
    token = client.post("/api/v1/session", json={"username": "dispatcher", "password": PASSWORD}).json()["csrf_token"]
    url = f"/reference/units/{COUNTY}/dissolve"
    form = {"csrf_token": token, "successor_code": OTHER_COUNTY, "reason": "机构改革职能划转"}
    assert url in client.get(f"/reference/units/{COUNTY}").text
    assert TOWN not in client.get(url).text, "below it: no heir"
    before = stage.read(ticket)

    for wrong, told in (("", "必填"), (TOWN, "其下属")):
        answer = client.post(url, data={**form, "successor_code": wrong})
        assert (answer.status_code, told in answer.text, form["reason"] in answer.text) == (422, True, True)
    page = client.post(url, data=form).text

    assert ("将移交给叶县人民政府" in page, before.ticket_number in page, "周庄镇" in page) == (True, True, True)
    after = stage.read(ticket)
    assert (after.version, after.lead_unit_code) == (before.version, COUNTY)
    with stage.database.reading() as session:
        assert session.get_one(Unit, COUNTY).is_active
        assert session.scalars(select(AuditEntry).where(AuditEntry.action == "unit_dissolved")).all() == []

    done = client.post(url, data={**form, "is_confirmed": "true"}).text

    assert ("已移交给叶县人民政府" in done, "须由系统管理员" in done) == (True, True)
    assert stage.read(ticket).lead_unit_code == OTHER_COUNTY
    with stage.database.reading() as session:
        assert session.scalars(select(AuditEntry.actor).where(AuditEntry.action == "unit_dissolved")).all() == [
            "dispatcher"
        ]
    assert "此前已经撤并" in client.post(url, data={**form, "is_confirmed": "true"}).text


def test_a_unit_and_an_agent_do_not_reach_the_page(stage: Stage, client: TestClient) -> None:
    for who in ("leader", "8001", "reviewer"):
        client.post("/api/v1/session", json={"username": who, "password": PASSWORD})
        assert client.get(f"/reference/units/{COUNTY}/dissolve").status_code == 403
