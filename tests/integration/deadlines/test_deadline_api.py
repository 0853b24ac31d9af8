"""Deadlines over HTTP: clocks of a ticket, supervision, the four lists, calendars and rules; who may, and bad input."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.accounts.models import AuditEntry, Role
from app.deadlines.models import CalendarYear, SlaProfile, TicketClock
from app.deadlines.versions import load_rules, seed
from app.platform.clock import SHANGHAI, utc_now
from app.platform.database import Database
from app.platform.settings import Settings
from app.tickets.follow_up_tasks import FollowUpTask
from app.tickets.models import Ticket
from app.web.main import create_app

pytestmark = pytest.mark.services

PASSWORD = "hotline-password"
NOW = datetime(2026, 11, 23, 17, 0, tzinfo=SHANGHAI)
NEW_YEAR = "day,kind,name,english\n2027-01-01,holiday,元旦,New Year's Day\n"
LogIn = Callable[[Role], TestClient]


@pytest.fixture
def log_in(settings: Settings, database: Database) -> Iterator[LogIn]:
    """A browser's session of a person of this role, at five in the afternoon of 23 November 2026."""
    app = create_app(settings, clock=lambda: NOW)

    def enter(role: Role) -> TestClient:
        with database.transaction() as session:
            if accounts.find_user(session, str(role)) is None:
                accounts.create_user(
                    session, str(role), display_name=str(role), role=role, password=PASSWORD, now=utc_now()
                )
        client = TestClient(app)
        answer = client.post("/api/v1/session", json={"username": str(role), "password": PASSWORD})
        client.headers["X-CSRF-Token"] = answer.json()["csrf_token"]
        return client

    yield enter
    app.state.database.engine.dispose()
    app.state.redis.close()


@pytest.fixture(autouse=True)
def shipped_rules(database: Database) -> Any:
    """Whatever a test saves: the next one finds the rules as they were shipped."""
    yield
    with database.transaction() as session:
        session.execute(delete(TicketClock))
        session.execute(delete(CalendarYear).where(CalendarYear.created_by != "reference"))
        session.execute(delete(SlaProfile).where(SlaProfile.created_by != "reference"))
        session.execute(update(CalendarYear).values(is_current=True))
        session.execute(update(SlaProfile).values(is_current=True, is_default=SlaProfile.code == "henan"))
        seed(session, utc_now())


def add_ticket(session: Session, number: int, *, due: datetime | None = None, **values: Any) -> Ticket:
    ticket = Ticket(
        ticket_number=f"41040026112300{number:05d}", query_code="12345678", status="accepted", title=f"第{number}件",
        created_at=NOW - timedelta(days=3), updated_at=NOW, next_due_at=due, **values,
    )  # fmt: skip
    session.add(ticket)
    session.flush()
    return ticket


def add_clock(session: Session, ticket: Ticket, due: datetime, **values: Any) -> TicketClock:
    clock = TicketClock(
        ticket_id=ticket.id, kind=values.pop("kind", "reply"), profile_id=load_rules(session).id, term="5 working days",
        urgency="normal", started_at=NOW - timedelta(days=7), due_at=due, near_due_at=due - timedelta(hours=24),
        explanation=["自2026年11月16日（周一）10:00起"], **values,
    )  # fmt: skip
    session.add(clock)
    session.flush()
    return clock


def test_a_tickets_clocks_are_told_with_reasons_and_what_is_left(log_in: LogIn, database: Database) -> None:
    with database.transaction() as session:
        ticket = add_ticket(session, 1)
        add_clock(session, ticket, NOW + timedelta(hours=2))
        add_clock(session, ticket, NOW - timedelta(hours=1), kind="sign")
        ticket_id = ticket.id

    clocks = {
        clock["kind"]: clock
        for clock in log_in(Role.AUDITOR).get(f"/api/v1/tickets/{ticket_id}/clocks").json()["clocks"]
    }

    assert clocks["reply"]["remaining_seconds"] == 7200
    assert clocks["reply"]["explanation"] == ["自2026年11月16日（周一）10:00起"]
    assert (clocks["sign"]["state"], clocks["sign"]["remaining_seconds"]) == ("overdue", -3600)


def test_a_ticket_that_one_may_not_see_has_no_clocks_either(log_in: LogIn, database: Database) -> None:
    with database.transaction() as session:
        ticket_id = add_ticket(session, 1, accepted_by="9999").id

    agent = log_in(Role.AGENT)

    for path in (
        f"/api/v1/tickets/{ticket_id}/clocks",
        f"/tickets/{ticket_id}/clocks",
        "/api/v1/tickets/9223372036854775807/clocks",
    ):
        assert agent.get(path).status_code == 404


def test_the_four_lists_hold_what_their_names_say(log_in: LogIn, database: Database) -> None:
    with database.transaction() as session:
        add_clock(session, add_ticket(session, 1), NOW + timedelta(hours=3))
        add_clock(session, add_ticket(session, 2), NOW - timedelta(hours=3))
        add_clock(session, add_ticket(session, 3), NOW + timedelta(days=3))
        add_clock(session, add_ticket(session, 4), NOW - timedelta(days=3), stopped_at=NOW, state="met")
        add_clock(session, add_ticket(session, 5), NOW - timedelta(days=3), paused_since=NOW, state="paused")
        for number in (6, 7):
            add_ticket(session, number, contact_number="19900000001", subject_code="010101")
        add_ticket(session, 8, contact_number="19900000001", subject_code="010102")
        for number in (9, 10, 11):
            add_ticket(session, number, address="建设路1号", region_code="410402", subject_code="010101")
        redone = add_ticket(session, 12)
        session.add(
            FollowUpTask(
                ticket_id=redone.id, matter_id=redone.id, round=0, status="answered", opened_at=NOW, next_try_at=NOW,
                is_unhappy=True,
            )
        )  # fmt: skip
    supervisor = log_in(Role.SUPERVISOR)

    def titles(name: str) -> set[str]:
        return {item["title"] for item in supervisor.get(f"/api/v1/supervision-lists/{name}").json()["items"]}

    assert titles("near-due") == {"第1件"}
    assert titles("overdue") == {"第2件"}
    assert titles("recurring") == {"第6件", "第7件", "第9件", "第10件", "第11件"}
    assert titles("dissatisfied") == {"第12件"}
    counts = supervisor.get("/api/v1/supervision-lists").json()["counts"]
    assert counts == {"near-due": 1, "overdue": 1, "recurring": 5, "dissatisfied": 1}
    for name in counts:
        assert supervisor.get(f"/supervision/{name}").status_code == 200


def test_a_list_is_read_page_by_page_without_gap_or_repeat(log_in: LogIn, database: Database) -> None:
    with database.transaction() as session:
        for number in range(7):
            add_clock(session, add_ticket(session, number), NOW - timedelta(hours=1 + number // 2))
    supervisor, seen, cursor = log_in(Role.SUPERVISOR), [], ""
    while True:
        page = supervisor.get(f"/api/v1/supervision-lists/overdue?limit=3{cursor}").json()
        seen += [item["ticket_number"] for item in page["items"]]
        if not page["next_cursor"]:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert len(seen) == len(set(seen)) == 7


def test_the_ticket_list_is_sorted_and_filtered_by_the_next_end(log_in: LogIn, database: Database) -> None:
    with database.transaction() as session:
        for number, hours in ((1, 5), (2, -5), (3, 50)):
            add_ticket(session, number, due=NOW + timedelta(hours=hours))
        add_ticket(session, 4)
    supervisor = log_in(Role.SUPERVISOR)

    def titles(query: str) -> list[str]:
        return [item["title"] for item in supervisor.get("/api/v1/tickets", params=query).json()["items"]]

    assert titles("sort=due") == ["第2件", "第1件", "第3件"]
    assert titles("sort=due&due_before=2026-11-24T00:00:00%2B08:00") == ["第2件", "第1件"]
    assert len(titles("")) == 4
    first = supervisor.get("/api/v1/tickets?sort=due&limit=1").json()
    assert titles(f"sort=due&limit=1&cursor={first['next_cursor']}") == ["第1件"]
    assert "第3件" not in supervisor.get("/tickets?due=today").text
    assert "第2件" in supervisor.get("/tickets?due=overdue").text
    assert supervisor.get("/tickets?due=nonsense").status_code == 200


def test_a_supervisor_orders_a_supervision_and_an_auditor_does_not(log_in: LogIn, database: Database) -> None:
    with database.transaction() as session:
        ticket_id = add_ticket(session, 1).id
    path, body = f"/api/v1/tickets/{ticket_id}/supervisions", {"step": "on_site", "reason": "三次反映未解决"}

    supervisor = log_in(Role.SUPERVISOR)
    assert supervisor.post(path, json=body).json()["step"] == "on_site"
    assert log_in(Role.AUDITOR).post(path, json=body).status_code == 403
    assert supervisor.post(path, json={**body, "step": "yellow"}).status_code == 422
    assert supervisor.post(path, json={**body, "reason": " "}).status_code == 422
    assert supervisor.post(f"/api/v1/tickets/{ticket_id}/acknowledge").json()["code"] == "nothing-to-acknowledge"
    told = supervisor.get(f"/api/v1/tickets/{ticket_id}/clocks").json()
    assert [clock["kind"] for clock in told["clocks"]] == ["supervision"]
    assert "现场督办" in supervisor.get(f"/tickets/{ticket_id}/clocks").text


def test_the_missing_year_is_told_until_it_is_saved_and_every_version_stays(log_in: LogIn, database: Database) -> None:
    supervisor = log_in(Role.SUPERVISOR)
    assert supervisor.get("/api/v1/calendars").json()["missing_year"] == 2027
    assert "尚未导入" in supervisor.get("/supervision/overdue").text

    saved = supervisor.put(
        "/api/v1/calendars/2027", json={"csv": NEW_YEAR, "why": "国办通知"}, headers={"If-Match": '"0"'}
    )

    assert (saved.status_code, saved.json()["version"]) == (200, 1)
    assert supervisor.get("/api/v1/calendars").json()["missing_year"] is None
    late = supervisor.put("/api/v1/calendars/2027", json={"csv": NEW_YEAR, "why": "再存"}, headers={"If-Match": '"0"'})
    assert (late.status_code, late.json()["current_version"]) == (412, 1)
    more = {"csv": NEW_YEAR + "2027-10-01,holiday,国庆节,National Day\n", "why": "补国庆"}
    assert supervisor.put("/api/v1/calendars/2027", json=more).json()["version"] == 2
    assert supervisor.put("/api/v1/calendars/2027", json=more).json()["version"] == 2
    assert [row["version"] for row in supervisor.get("/api/v1/calendars/2027").json()["items"]] == [2, 1]
    with database.reading() as session:
        assert session.scalars(select(AuditEntry.action)).all().count("calendar_saved") == 2


def test_a_broken_calendar_is_refused_in_chinese_and_nothing_typed_is_lost(log_in: LogIn) -> None:
    supervisor = log_in(Role.SUPERVISOR)
    broken = "day,kind,name,english\n2027-13-01,holiday,元旦,\n"

    answer = supervisor.put("/api/v1/calendars/2027", json={"csv": broken, "why": "国办通知"})
    page = supervisor.post("/supervision/calendars", data={"year": 2027, "csv": broken, "why": "国办通知"})

    assert answer.json()["errors"] == [{"field": "", "message": "第2行：“2027-13-01”不是日期，请写成 2027-10-01"}]
    assert page.status_code == 422
    assert "2027-13-01,holiday" in page.text
    assert "第2行" in page.text
    assert supervisor.get("/api/v1/calendars/2027").status_code == 404


def test_rules_are_saved_in_versions_by_who_may_and_refused_with_the_place(log_in: LogIn, database: Database) -> None:
    supervisor, path = log_in(Role.SUPERVISOR), "/api/v1/sla-profiles/henan"
    body = supervisor.get(path).json()["items"][0]["body"]
    body["clocks"]["reply"]["consult"] = "2 working days"

    saved = supervisor.put(path, json={"body": body, "why": "省厅新规"}, headers={"If-Match": '"1"'})
    body["clocks"]["reply"]["consult"] = "soon"
    refused = supervisor.put(path, json={"body": body, "why": "省厅新规"})

    assert (saved.json()["version"], saved.json()["is_default"]) == (2, True)
    assert refused.json()["errors"][0]["message"].startswith("clocks.reply.consult：“soon”不是时限")
    assert log_in(Role.AUDITOR).put(path, json={"body": body, "why": "省厅新规"}).status_code == 403
    assert log_in(Role.AGENT).get("/supervision/rules").status_code == 403
    assert supervisor.post("/api/v1/sla-profiles/mars/adopt").status_code == 404
    assert supervisor.post("/api/v1/sla-profiles/anhui/adopt").json()["is_default"] is True
    with database.reading() as session:
        assert load_rules(session).profile.code == "anhui"


def test_every_page_of_supervision_can_be_read(log_in: LogIn) -> None:
    auditor = log_in(Role.AUDITOR)

    for path in ("/supervision", "/supervision/calendars", "/supervision/calendars?year=2027", "/supervision/rules",
                 "/supervision/rules/pingdingshan"):  # fmt: skip
        assert auditor.get(path).status_code == 200, path
    assert auditor.get("/supervision/rules/mars").status_code == 404
    assert auditor.get("/supervision/nonsense").status_code == 422
