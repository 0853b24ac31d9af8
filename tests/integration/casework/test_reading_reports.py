"""Whoever reads a report (举报), by whatever address, stands in the audit log once; a list of reports is no reading."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from app.accounts.audit_log import ACTIONS
from app.accounts.auth import SYSTEM
from app.accounts.models import AuditEntry, Role
from app.callbacks.models import Callback
from app.calls.models import AgentState, Call
from app.deadlines.models import TicketClock
from app.evaluation import objections
from app.evaluation.models import Ground
from app.handovers.models import Referral
from app.platform.database import Database
from app.tickets.access import Holding, check_sees
from app.tickets.follow_up_tasks import FollowUpTask
from app.tickets.models import REPORT_TITLE, Secrecy, Ticket
from tests.integration.casework.conftest import PASSWORD, Stage
from tests.integration.casework.test_region_scope import NAMES, NEUTRAL, RATES, addresses

pytestmark = pytest.mark.services

NUMBER, NAME, STREET, CALL = "19900098765", "欧阳明月", "昆阳街道文化路", "node1-77.7"
TITLE, CONTENT, SAID = "反映某厂偷排污水", "夜里两点从后门排放，已拍照留存", "来的人先给厂里打了电话"
WORDS = (NAME, STREET, TITLE, CONTENT, SAID)
"""What stands nowhere but in the reports."""
MATTER = {
    "ticket_type": "report", "title": TITLE, "content": CONTENT, "contact_name": NAME, "address": STREET,
    "contact_number": NUMBER,
}  # fmt: skip


@dataclass(frozen=True)
class Reports:
    """One in each place where tickets are listed; `keys`: what addresses call that which hangs on the first."""

    ids: frozenset[int]
    keys: dict[str, str]
    number: str
    code: str


@pytest.fixture
def reports(stage: Stage, now: datetime) -> Reports:
    first = stage.asked(**MATTER)
    stage.move(
        first, "note_answer", "caller", channel="phone", is_solved=False, satisfaction="dissatisfied", reason=SAID
    )
    open_task, waiting, late, own = stage.asked(**MATTER), stage.ticket(**MATTER), stage.dispatched(**MATTER), 0
    with stage.database.transaction() as session:
        task = session.scalars(select(FollowUpTask.id).where(FollowUpTask.ticket_id == first)).one()
        asked = objections.appeal(
            session, task, ground=Ground.NOT_OURS, reason=SAID, evidence="附通话录音编号一份",
            actor=stage.people["leader"], now=stage.now,
        )  # fmt: skip
        session.execute(update(TicketClock).where(TicketClock.ticket_id == late).values(due_at=now - timedelta(days=1)))
        call = Call(
            call_id=CALL, node="node1", state="talking", agent="8001", caller_number=NUMBER, arrived_at=stage.now,
            original_line="12345", ticket_id=first, queue="common",
        )  # fmt: skip
        session.add(call)
        session.flush()
        row = session.get_one(Ticket, first)
        row.call_id, row.caller_number = CALL, NUMBER
        draft = Ticket(
            ticket_number="4104002611230000019", query_code="10000001", accepted_by="8001", caller_number=NUMBER,
            created_at=stage.now, updated_at=stage.now, region_code="410421", subject_code="020301", **MATTER,
        )  # fmt: skip
        session.add(draft)
        callback = Callback(
            number=NUMBER, status="confirmed", source="abandoned", queue="common", queued_at=stage.now,
            requested_at=stage.now, next_try_at=stage.now, origin_call_id=CALL, ticket_id=first,
        )  # fmt: skip
        session.add(callback)
        session.add(
            Referral(
                source="110", incident_number="JQ20261123009", alarmed_at=stage.now, address=STREET,
                caller_number=NUMBER, content=CONTENT, caller_name=NAME, category="污染", transfer_kind="ticket",
                digest="-", sent_by="police", received_at=stage.now, ticket_id=first,
            )
        )  # fmt: skip
        session.add(
            AgentState(
                agent="8001", status="talking", call_id=CALL, queues={"common": True}, registers={},
                since_at=stage.now, last_event_at=stage.now,
            )
        )  # fmt: skip
        session.flush()
        own = draft.id
        keys = {
            **NEUTRAL, "ticket": str(first), "key": str(first), "task_id": str(task), "objection_id": str(asked.id),
            "call_id": CALL, "callback_id": str(callback.id), "source": "110", "incident_number": "JQ20261123009",
            "username": "8001",
        }  # fmt: skip
        return Reports(frozenset({first, open_task, waiting, late, own}), keys, row.ticket_number, row.query_code)


def readings(database: Database) -> list[AuditEntry]:
    """Those of requests: the fixture's own people have read too."""
    with database.reading() as session:
        query = (
            select(AuditEntry)
            .where(AuditEntry.action == "report_read", AuditEntry.address == "testclient")
            .order_by(AuditEntry.id)
        )
        return list(session.scalars(query))


@pytest.fixture
def enter(client: TestClient) -> Callable[[str], dict[str, str]]:
    def log_in(name: str) -> dict[str, str]:
        answer = client.post("/api/v1/session", json={"username": name, "password": PASSWORD})
        return {"X-CSRF-Token": answer.json()["csrf_token"]}

    return log_in


def urls(keys: dict[str, str], *, is_every: bool) -> list[tuple[str, bool]]:
    """Every address that is read, with what hangs on the report; and whether it names the report itself. Else those
    where tickets are: by all of them one role goes.
    """
    found = []
    for method, path in addresses():
        names = set(re.findall(NAMES, path))
        is_own = bool(names & {"ticket", "key", "task_id"}) and path not in RATES
        if method == "GET" and (is_own or is_every):
            found.append((re.sub(NAMES, lambda name: keys.get(name[1], "1"), path), is_own))
    lists = ("/follow-ups?view=unhappy", "/follow-ups?view=done", "/scores?all=true", "/scores?view=objections")
    apis = ("unhappy", "now", "later", "done")
    found += [(url, False) for url in lists] + [(f"/api/v1/follow-ups?list={name}", False) for name in apis]
    found += [(f"/work?view={view}", False) for view in ("dispatch", "audit", "follow_up", "sign", "open", "all")]
    lists = ("/tickets", "/api/v1/tickets", "/referrals", "/api/v1/referrals", "/desk", "/desk/call", "/desk/form")
    found += [(f"{url}?view=all", False) for url in lists]
    return [*found, (f"/tickets?text={TITLE}", False), (f"/api/v1/tickets?text={TITLE}", False)]


@pytest.mark.parametrize("who", ["chief", "dispatcher", "auditor", "caller", "leader", "8001"])
def test_every_address_that_tells_of_a_report_is_told_to_the_audit_log_once(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]], reports: Reports, who: str
) -> None:
    enter(who)
    is_every = who == "chief" and stage.database.engine.dialect.name == "sqlite"
    faults, read, known = [], 0, len(readings(stage.database))
    for url, is_own in urls(reports.keys, is_every=is_every):
        answer = client.get(url, follow_redirects=False)
        rows = readings(stage.database)[known:]
        known += len(rows)
        told = [words for words in WORDS if words in answer.text and words not in url]
        if told and not rows:
            faults.append(f"{url} tells {told} and leaves no entry")
        if is_own and answer.status_code == 200 and [row.object_id for row in rows] != [reports.keys["ticket"]]:
            faults.append(f"{url}: {[row.object_id for row in rows]}")
        if answer.status_code >= 400 and rows:
            faults.append(f"{url}: {answer.status_code} and an entry")
        if rows and not told and not is_own and answer.status_code == 200:
            faults.append(f"{url} tells nothing and leaves an entry")
        if len({row.object_id for row in rows}) != len(rows):
            faults.append(f"{url}: told twice")
        faults += [f"{url}: {row.detail}" for row in rows if row.detail != {"path": url.partition("?")[0]}]
        faults += [f"{url}: {row.actor}" for row in rows if row.actor != who]
        read += bool(rows)

    assert faults == []
    assert read >= 5


def test_lists_show_that_it_is_a_report_and_nothing_of_it(
    client: TestClient, enter: Callable[[str], dict[str, str]], reports: Reports
) -> None:
    enter("chief")
    for url in ("/tickets", "/supervision/overdue", "/supervision/dissatisfied", "/scores"):
        page = client.get(url).text
        assert REPORT_TITLE in page, url
        assert not [words for words in WORDS if words in page], url
    row = next(row for row in client.get("/api/v1/tickets").json()["items"] if row["ticket_number"] == reports.number)
    assert (row["title"], row["caller_number"], row["ticket_type"]) == (REPORT_TITLE, "", "report")


def test_the_parts_of_a_page_are_one_reading_and_a_minute_later_another(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]], reports: Reports, now: datetime
) -> None:
    app: Any = client.app
    app.state.clock = lambda: now
    enter("chief")
    part, page = {"HX-Request": "true"}, f"/tickets/{reports.keys['ticket']}"
    client.get(page)
    for name in ("handling", "timeline", "clocks", "timeline?kind=move"):
        assert client.get(f"{page}/{name}", headers=part).status_code == 200
    assert len(readings(stage.database)) == 1
    app.state.clock = lambda: now + timedelta(minutes=2)
    client.get(f"{page}/timeline", headers=part)
    assert len(readings(stage.database)) == 2
    client.get(f"/api/v1{page}")  # no part of anything
    client.get(page)
    assert len(readings(stage.database)) == 4


def test_what_is_taken_away_is_read_even_by_who_has_just_read_it(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]], reports: Reports
) -> None:
    headers = enter("chief")
    client.get(f"/tickets/{reports.keys['ticket']}")
    form = {"reason": "十一月办理情况通报", "format": "csv", "csrf_token": headers["X-CSRF-Token"]}
    taken = client.post("/tickets/export", data=form)
    assert TITLE in taken.text
    rows = readings(stage.database)[1:]
    assert {int(row.object_id) for row in rows} == reports.ids
    assert {row.detail["path"] for row in rows} == {"/tickets/export"}


def test_the_citizens_own_look_is_told_too_and_the_systems_is_not(
    stage: Stage, client: TestClient, reports: Reports
) -> None:
    page = client.get("/progress").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    form = {"number": reports.number, "code": reports.code, "csrf_token": token[1] if token else ""}
    assert reports.number in client.post("/progress", data=form).text
    with stage.database.reading() as session:
        check_sees(session, SYSTEM, session.get_one(Ticket, int(reports.keys["ticket"])), Holding())

    rows = readings(stage.database)
    assert [(row.actor, row.object_id) for row in rows] == [("citizen", reports.keys["ticket"])]
    assert "report_read" in ACTIONS


def test_what_is_no_report_leaves_no_entry_and_a_reading_that_is_refused_neither(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]], reports: Reports
) -> None:
    plain = stage.ticket()
    stage.person("8002", Role.AGENT)
    enter("8002")
    assert client.get(f"/api/v1/tickets/{reports.keys['ticket']}").status_code == 404
    enter("chief")
    assert client.get(f"/api/v1/tickets/{plain}").status_code == 200
    assert readings(stage.database) == []


def test_a_list_names_nobody_who_asked_for_secrecy(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]]
) -> None:
    stage.dispatched(title=f"{NAME}反映路灯不亮", contact_name=NAME, secrecy=Secrecy.CONFIDENTIAL)
    for who in ("chief", "leader"):
        enter(who)
        for url in ("/tickets", "/api/v1/tickets"):
            text = client.get(url).text
            assert "（保密）反映路灯不亮" in text
            assert NAME not in text
