"""Each rate by a hand-computed example; what a figure counts is listed, no more and no less; who may see what."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from app.accounts.auth import Actor
from app.accounts.models import AuditEntry, Role
from app.accounts.rules import permissions_of_role
from app.calls.models import Call
from app.casework.models import UnitReply
from app.cli.main import app as cli
from app.deadlines.models import SlaProfile, TicketClock
from app.evaluation.counting import Grouping, Month, Part, Question, count_rates, list_counted
from app.evaluation.models import ScoreObjection
from app.evaluation.rates import BY_KEY, RATES
from app.evaluation.report import Terms, month_report, rates_for, trend
from app.evaluation.settings import RateSettings
from app.platform.clock import SHANGHAI
from app.platform.database import Database
from app.platform.settings import Settings
from app.tickets.follow_up_tasks import FollowUpTask
from app.tickets.models import Assignment, Ticket
from tests.integration.casework.conftest import PASSWORD, Stage

pytestmark = pytest.mark.services

OCTOBER = Month(2026, 10)
DAY = datetime(2026, 10, 15, 10, tzinfo=SHANGHAI)
NOW = datetime(2026, 10, 20, 10, tzinfo=SHANGHAI)
HOUR = timedelta(hours=1)
A, B = "410421-zhengfu", "410422-zhengfu"
COUNTIES = {A: "410421", B: "410422"}


class Book:
    """Rows of a made-up October, written straight into the tables."""

    def __init__(self, session: Session) -> None:
        self.session, self.count = session, 0
        self.profile = session.scalars(select(SlaProfile.id).where(SlaProfile.is_default)).first()

    def add(self, row: Any) -> Any:
        self.session.add(row)
        self.session.flush()
        return row

    def ticket(self, unit: str = A, **values: Any) -> Ticket:
        self.count += 1
        row = {
            "ticket_number": f"{self.count:019}", "query_code": f"{self.count:08}", "status": "rated",
            "title": f"第{self.count}件", "lead_unit_code": unit, "region_code": COUNTIES[unit], "created_at": DAY,
            "updated_at": DAY,
        }  # fmt: skip
        return self.add(Ticket(**{**row, **values}))

    def clock(self, kind: str, stopped: timedelta | None, *, unit: str = A, state: str = "met", **values: Any) -> int:
        """A clock due on DAY, stopped so long after it; None: it runs."""
        ticket = self.ticket(unit)
        row = {
            "ticket_id": ticket.id, "kind": kind, "profile_id": self.profile, "term": "1 working day",
            "urgency": "normal", "state": state if stopped is not None else "running", "started_at": DAY - 24 * HOUR,
            "due_at": DAY, "stopped_at": DAY + stopped if stopped is not None else None, "unit_code": unit,
            "region_code": COUNTIES[unit], "pauses": [], "extensions": [], "explanation": [],
        }  # fmt: skip
        self.add(TicketClock(**{**row, **values}))
        return ticket.id

    def leg(self, ticket: Ticket, status: str, *, unit: str = A, kind: str = "lead") -> None:
        ended = None if status == "assigned" else DAY
        self.add(
            Assignment(
                ticket_id=ticket.id, unit_code=unit, kind=kind, status=status, assigned_by="d", assigned_at=DAY,
                ended_at=ended, why=[],
            )
        )  # fmt: skip

    def reply(self, *, is_redone: bool, unit: str = A) -> None:
        ticket = self.ticket(unit)
        self.add(
            UnitReply(
                ticket_id=ticket.id, unit_code=unit, round=0, to_platform="办", to_citizen="答", result="solved",
                told_how="phone", drafted_by="c", drafted_at=DAY, approved_by="l", approved_at=DAY,
                redone_at=DAY if is_redone else None,
            )
        )  # fmt: skip

    def task(self, status: str = "answered", *, unit: str = A, **values: Any) -> FollowUpTask:
        ticket = self.ticket(unit)
        row = {
            "ticket_id": ticket.id, "matter_id": ticket.id, "round": 0, "unit_code": unit,
            "region_code": COUNTIES[unit], "ticket_type": "complaint", "status": status, "opened_at": DAY,
            "due_at": DAY + 48 * HOUR, "next_try_at": DAY, "settled_at": None if status == "open" else DAY,
        }  # fmt: skip
        return self.add(FollowUpTask(**{**row, **values}))

    def exclude(self, ticket: int, status: str = "approved") -> None:
        self.add(
            ScoreObjection(
                ticket_id=ticket, unit_code=A, kind="exclude", ground="unlawful", reason="诉求不合法",
                evidence="附判决书", status=status, asked_by="leader", asked_at=DAY,
            )
        )  # fmt: skip

    def call(self, **values: Any) -> None:
        self.count += 1
        row = {"call_id": f"n-{self.count}", "node": "n", "arrived_at": DAY, "queued_at": DAY, "is_test": False}
        self.add(Call(**{**row, **values}))


def actor(role: Role, unit: str = "") -> Actor:
    return Actor("reader", role=role, permissions=permissions_of_role(role), unit=unit)


CHIEF = actor(Role.SUPERVISOR)


@pytest.fixture
def book(database: Database) -> Iterator[Book]:
    with database.transaction() as session:
        yield Book(session)


def percents(book: Book, key: str, **of: Any) -> tuple[float | None, float | None]:
    """Raw and adjusted."""
    found = count_rates(book.session, [BY_KEY[key]], Question(OCTOBER, of.pop("who", CHIEF), NOW, **of))
    figures = found[""][key]
    return figures.raw.percent(), figures.adjusted.percent()


def test_calls_are_connected_of_those_that_were_queued(book: Book) -> None:
    for _ in range(3):
        book.call(answered_at=DAY, hold_ms=8000, outcome="answered")
    book.call(hold_ms=60_000, outcome="abandoned")
    book.call(hold_ms=4_000, outcome="abandoned")  # short: adjusted leaves it out
    book.call(outcome="callback", hold_ms=90_000)  # his own choice: adjusted leaves it out
    book.call(queued_at=None, outcome="left_before_queue")
    book.call(is_test=True)
    book.call(same_as="n-1")
    book.call(arrived_at=datetime(2026, 11, 1, 0, 0, tzinfo=SHANGHAI))

    assert percents(book, "connect") == (50.0, 75.0)


@pytest.mark.parametrize(("key", "kind"), [("sign", "sign"), ("first_contact", "first_contact"), ("on_time", "reply")])
def test_clocks_are_met_in_time_of_those_that_ended_in_the_month(book: Book, key: str, kind: str) -> None:
    book.clock(kind, -HOUR)
    book.clock(kind, timedelta(0))
    book.clock(kind, HOUR)  # late
    excluded = book.clock(kind, None)  # runs, and is past its end
    book.clock(kind, None, due_at=NOW + HOUR)  # not over yet
    book.clock(kind, None, paused_since=DAY - HOUR, state="paused")
    book.clock(kind, HOUR, state="cancelled")
    book.clock("rework", HOUR)
    book.clock(kind, -HOUR, due_at=datetime(2026, 9, 30, 23, 59, tzinfo=SHANGHAI))
    book.exclude(excluded)
    book.exclude(book.clock(kind, HOUR), status="pending")

    assert percents(book, key) == (40.0, 50.0)


def test_what_citizens_say_is_counted_of_those_who_said_it(book: Book) -> None:
    for contacted, solved, said in (
        (True, True, "satisfied"), (True, True, "fairly"), (False, False, "dissatisfied"), (None, True, "satisfied"),
    ):  # fmt: skip
        book.task(is_contacted=contacted, is_solved=solved, satisfaction=said)
    book.task(is_contacted=True, is_solved=True, satisfaction="satisfied", ticket_type="praise")
    book.task(
        is_contacted=True,
        is_solved=False,
        satisfaction="dissatisfied",
        adjusted_solved=True,
        adjusted_satisfaction="fairly",
    )
    book.task("unreached")
    book.task("open")

    assert percents(book, "response") == (80.0, 75.0)
    assert percents(book, "solved") == (66.7, 80.0)
    assert percents(book, "satisfied") == (66.7, 80.0)
    figures = count_rates(book.session, [BY_KEY["satisfied"]], Question(OCTOBER, CHIEF, NOW))[""]["satisfied"]
    assert (figures.raw.percent(0.8), figures.adjusted.percent(0.5)) == (63.3, 60.0)


def test_a_dispatch_that_came_back_is_a_return_and_not_right_at_first(book: Book) -> None:
    for _ in range(3):
        book.leg(book.ticket(), "closed")
    twice = book.ticket()
    book.leg(twice, "returned")
    book.leg(twice, "assigned", unit=B)
    book.leg(twice, "returned", unit=B, kind="supporting")

    assert percents(book, "returned") == (20.0, 20.0)
    assert percents(book, "first_right") == (75.0, 75.0)
    assert percents(book, "returned", unit=B) == (0.0, 0.0)


def test_replies_that_were_sent_back_are_redone(book: Book) -> None:
    for is_redone in (True, False, False, False):
        book.reply(is_redone=is_redone)

    assert percents(book, "redone") == (25.0, 25.0)


def test_a_follow_up_is_checked_when_the_citizen_himself_was_reached(book: Book) -> None:
    book.task(is_solved=True, satisfaction="satisfied")
    book.task("unreached")
    book.task("open", due_at=NOW - HOUR)  # nobody asked him in time
    book.task("open", due_at=NOW + HOUR)  # there is time
    book.task("dropped")
    book.task(is_solved=True, satisfaction="fairly")

    assert percents(book, "checked") == (50.0, 50.0)
    assert percents(book, "unreached") == (33.3, 33.3)


def october(book: Book) -> None:
    """Something of everything, of two units, with exclusions and granted appeals."""
    for unit in (A, B):
        for kind in ("sign", "first_contact", "reply"):
            book.clock(kind, -HOUR, unit=unit)
            book.exclude(book.clock(kind, HOUR, unit=unit))
            book.clock(kind, None, unit=unit)
        book.leg(book.ticket(unit), "closed", unit=unit)
        book.leg(book.ticket(unit), "returned", unit=unit)
        book.reply(is_redone=True, unit=unit)
        book.reply(is_redone=False, unit=unit)
        for solved, said in ((True, "satisfied"), (True, "fairly"), (False, "dissatisfied")):
            book.task(unit=unit, is_contacted=solved, is_solved=solved, satisfaction=said)
        book.task("unreached", unit=unit)
        book.task(unit=unit, is_contacted=None, is_solved=False, satisfaction="dissatisfied", adjusted_solved=True,
                  adjusted_satisfaction="satisfied")  # fmt: skip
    book.call(answered_at=DAY, hold_ms=1000, outcome="answered")
    book.call(hold_ms=1000, outcome="abandoned")
    book.call(hold_ms=9000, outcome="abandoned")


QUESTIONS = {
    "the whole": Question(OCTOBER, CHIEF, NOW),
    "one unit": Question(OCTOBER, CHIEF, NOW, unit=A),
    "one county": Question(OCTOBER, CHIEF, NOW, county="410422"),
    "the unit itself": Question(OCTOBER, actor(Role.UNIT_LEADER, A), NOW),
    "a month of nothing": Question(OCTOBER.after(-1), CHIEF, NOW),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_figure_lists_exactly_what_it_counts(book: Book, name: str) -> None:
    october(book)
    question = QUESTIONS[name]
    found = count_rates(book.session, RATES, question).get("", {})
    for rate in RATES:
        if rate.key not in found:
            assert not rate.source.is_of_tickets
            continue
        for is_adjusted, figure in ((False, found[rate.key].raw), (True, found[rate.key].adjusted)):

            def rows(part: Part, *, rate: Any = rate, is_adjusted: bool = is_adjusted) -> set[int]:
                listed = list_counted(book.session, rate, question, part=part, is_adjusted=is_adjusted, limit=1000)
                ids = {row.row_id for row in listed}
                assert len(ids) == len(listed)
                return ids

            counted, reached, missed = (rows(part) for part in Part)
            assert (len(counted), len(reached)) == (figure.denominator, figure.numerator), (rate.key, is_adjusted)
            assert counted == reached | missed
            assert not reached & missed
        assert name == "a month of nothing" or found[rate.key].raw.denominator > 0, rate.key


def test_groups_add_up_to_the_whole_and_names_stand_beside_their_codes(book: Book) -> None:
    october(book)
    question, terms = Question(OCTOBER, CHIEF, NOW), Terms.of(RateSettings())
    whole = month_report(book.session, question, terms, Grouping.TOTAL)[0].cells
    for by, names in ((Grouping.UNIT, {"宝丰县人民政府", "叶县人民政府"}), (Grouping.REGION, {"宝丰县", "叶县"})):
        rows = month_report(book.session, question, terms, by)
        assert {row.name for row in rows} == names
        for rate in RATES:
            if rate.source.is_of_tickets:
                parts = sum(row.cells[rate.key].figures.raw.denominator for row in rows)
                assert parts == whole[rate.key].figures.raw.denominator
    months = trend(book.session, question, terms)
    assert [row.code for row in months] == [f"2026-{number:02}" for number in range(5, 11)]
    assert months[-1].cells["sign"] == whole["sign"]


def test_units_are_put_in_order_only_where_the_city_wants_it(book: Book) -> None:
    book.task(unit=A, is_solved=True, satisfaction="dissatisfied")
    book.task(unit=B, is_solved=True, satisfaction="satisfied")
    question = Question(OCTOBER, CHIEF, NOW)
    plain = month_report(book.session, question, Terms.of(RateSettings()), Grouping.UNIT)
    ranked = month_report(book.session, question, Terms.of(RateSettings(is_ranked=True)), Grouping.UNIT)

    assert {row.cells["satisfied"].rank for row in plain} == {None}
    assert [(row.code, row.cells["satisfied"].rank) for row in ranked] == [(B, 1), (A, 2)]
    assert [row.cells["solved"].rank for row in ranked] == [1, 1]


def test_a_unit_counts_its_own_and_names_no_ticket_that_it_has_returned(book: Book) -> None:
    october(book)
    own = Question(OCTOBER, actor(Role.UNIT_STAFF, A), NOW)
    rates = rates_for(own.actor)
    figures = count_rates(book.session, rates, own)[""]
    as_told = count_rates(book.session, rates, Question(OCTOBER, CHIEF, NOW, unit=A))[""]

    assert figures == as_told
    returned = list_counted(book.session, BY_KEY["returned"], own, part=Part.REACHED, is_adjusted=False)
    assert [(row.ticket_number, row.title, row.ticket_id) for row in returned] == [("", "", None)]
    nobody = Question(OCTOBER, actor(Role.UNIT_STAFF, ""), NOW)
    assert {figures.raw.denominator for figures in count_rates(book.session, rates, nobody)[""].values()} == {0}


def test_reports_are_read_by_people_of_their_office_and_each_reading_is_kept(stage: Stage, client: TestClient) -> None:
    with stage.database.transaction() as session:
        october(Book(session))

    def enter(name: str) -> None:
        client.post("/api/v1/session", json={"username": name, "password": PASSWORD}).raise_for_status()

    enter("chief")
    report = client.get("/api/v1/rates?month=2026-10&by=unit").json()
    assert [rate["key"] for rate in report["rates"]] == [rate.key for rate in RATES]
    assert {group["code"] for group in report["groups"]} == {A, B}
    assert report["groups"][0]["rates"]["sign"]["raw"] == {"denominator": 3, "numerator": 1, "percent": 33.3}
    page = client.get("/api/v1/rates/sign/rows?month=2026-10&part=counted&limit=4").json()
    rest = client.get(f"/api/v1/rates/sign/rows?month=2026-10&part=counted&after={page['next_after']}").json()
    assert (len(page["items"]), len(rest["items"]), rest["next_after"]) == (4, 2, None)
    for by in ("total", "unit", "region", "month"):
        assert client.get(f"/statistics?month=2026-10&by={by}").status_code == 200
    for rate in RATES:
        assert client.get(f"/statistics/{rate.key}?month=2026-10&part=missed&adjusted=true").status_code == 200
    enter("clerk")
    assert "connect" not in client.get("/api/v1/rates?month=2026-10").json()["groups"][0]["rates"]
    assert client.get("/statistics/connect?month=2026-10").status_code == 404
    for path in (
        "/api/v1/rates?month=2026-13",
        "/api/v1/rates",
        "/statistics?month=x",
        "/api/v1/rates?month=2026-10&by=x",
    ):
        assert client.get(path).status_code == 422
    enter("ops")
    assert client.get("/api/v1/rates?month=2026-10").status_code == 403
    with stage.database.reading() as session:
        read = session.scalars(select(AuditEntry).where(AuditEntry.action == "rates_read")).all()
    assert {entry.actor for entry in read} == {"chief", "clerk"}
    assert len(read) == 3 + 4 + len(RATES) + 1


def test_the_command_tells_the_same_figures_as_the_page(
    database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.transaction() as session:
        october(Book(session))
    monkeypatch.setenv("HOTLINE_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("HOTLINE_HOME", str(settings.home))
    told = CliRunner().invoke(cli, ["rates", "--month", "2026-10", "--json"])

    assert told.exit_code == 0, told.output
    group = json.loads(told.stdout)["groups"][0]
    assert group["rates"]["satisfied"]["raw"] == {"denominator": 8, "numerator": 4, "percent": 50.0}
    assert group["rates"]["satisfied"]["adjusted"]["percent"] == 75.0
    assert CliRunner().invoke(cli, ["rates", "--month", "2026-10"]).exit_code == 0
    assert CliRunner().invoke(cli, ["rates", "--month", "october"]).exit_code == 2
    with database.reading() as session:
        assert session.scalars(select(AuditEntry.actor)).all() == ["hotline rates"] * 2
