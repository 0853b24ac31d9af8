"""Deadlines on the pages: why a ticket is due then, the lists to supervise, a new year's calendar, other rules."""

import itertools
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete, update

from app.accounts.models import Role
from app.deadlines import service
from app.deadlines.models import CalendarYear, TicketClock
from app.deadlines.profile import ClockKind
from app.platform.clock import to_shanghai, utc_now
from app.tickets.models import Ticket
from tests.browser.conftest import Person, Site
from tests.browser.test_page_quality import check, visible_words

pytestmark = [pytest.mark.browser, pytest.mark.services]

_numbers = itertools.count(1)


@pytest.fixture
def late_ticket(site: Site) -> int:
    """A ticket in the unit's hands, its reply three hours late and its first contact due in two; its id."""
    now = utc_now()
    with site.database.transaction() as session:
        ticket = Ticket(
            ticket_number=f"41040026112390{next(_numbers):05d}", query_code="12345678", status="handling",
            ticket_type="help", title="建设路路灯不亮", content="建设路与中兴路口路灯三天不亮", region_code="410402",
            created_at=now, updated_at=now, accepted_at=now,
        )  # fmt: skip
        session.add(ticket)
        session.flush()
        begun = datetime.fromisoformat("2026-11-13T10:00:00+08:00")
        for kind in (ClockKind.REPLY, ClockKind.FIRST_CONTACT):
            service.start_clock(session, ticket, kind, actor="1001", at=begun, cause="dispatch")
        due = update(TicketClock).where(TicketClock.ticket_id == ticket.id)
        session.execute(due.where(TicketClock.kind == "reply").values(due_at=now - timedelta(hours=3)))
        session.execute(
            due.where(TicketClock.kind == "first_contact").values(due_at=now + timedelta(hours=2), near_due_at=now)
        )
        return ticket.id


def test_a_supervisor_sees_why_a_ticket_is_late_and_orders_a_supervision(
    site: Site, person: Callable[..., Person], log_in: Callable[..., Page], late_ticket: int
) -> None:
    page = log_in(person(Role.SUPERVISOR))
    page.goto(f"{site.url}/tickets/{late_ticket}")
    clocks = page.locator("#ticket-clocks")
    expect(clocks).to_contain_text("逾期3小时")
    clocks.get_by_text("怎么算的（5个工作日）").click()
    expect(clocks).to_contain_text("自2026年11月13日（周五）10:00起，5个工作日，起算当天不计")
    expect(clocks).to_contain_text("跳过周末：11月14日至15日")
    check(page)
    assert visible_words(page) == set()
    clocks.get_by_text("发起督办").first.click()
    clocks.get_by_label("督办方式").select_option("on_site")
    clocks.get_by_label("督办理由").fill("三次反映未解决")
    clocks.get_by_role("button", name="发起督办").click()
    expect(page.locator("#ticket-clocks")).to_contain_text("现场督办")
    expect(page.locator("#ticket-clocks")).to_contain_text("督办回应")


@pytest.mark.parametrize(("width", "color_scheme"), [(1366, "light"), (1366, "dark"), (390, "light")])
def test_the_pages_of_supervision_are_chinese_labelled_and_fit(
    site: Site, person: Callable[..., Person], log_in: Callable[..., Page], late_ticket: int, *,
    width: int, color_scheme: str,
) -> None:  # fmt: skip
    page = log_in(person(Role.SUPERVISOR), width=width, color_scheme=color_scheme)
    allowed = {"holiday", "make", "up", "a", "b", "c", "d", "db", "t"}
    for path in (
        "overdue",
        "near-due",
        "recurring",
        "dissatisfied",
        "calendars",
        "calendars?year=2027",
        "rules",
        "rules/henan",
    ):
        page.goto(f"{site.url}/supervision/{path}")
        check(page)
        assert visible_words(page) - allowed == set(), path
    page.goto(f"{site.url}/supervision/overdue")
    expect(page.locator("main")).to_contain_text("建设路路灯不亮")
    expect(page.locator("main")).to_contain_text("办结答复")


@pytest.fixture
def missing_year(site: Site) -> Iterator[int]:
    """This year, as if nobody had imported it."""
    year = to_shanghai(utc_now()).year
    with site.database.transaction() as session:
        session.execute(update(CalendarYear).where(CalendarYear.year == year).values(is_current=False))
    yield year
    with site.database.transaction() as session:
        session.execute(delete(CalendarYear).where(CalendarYear.year == year, CalendarYear.created_by != "reference"))
        session.execute(update(CalendarYear).where(CalendarYear.year == year).values(is_current=True))


def test_the_missing_year_is_told_and_can_be_filled_in_by_keyboard(
    site: Site, person: Callable[..., Person], log_in: Callable[..., Page], complaints: list[str], missing_year: int
) -> None:
    page = log_in(person(Role.SUPERVISOR))
    page.goto(f"{site.url}/supervision/overdue")
    page.get_by_role("link", name="去导入").click()
    text = f"day,kind,name,english\n{missing_year}-01-01,holiday,元旦,New Year's Day\n"
    broken = text.replace("-01-01", "-13-01")
    page.get_by_label("放假与调休").fill(broken)
    page.get_by_label("来源或修改理由").fill("国务院办公厅通知")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="不是日期")).to_be_visible()
    expect(page.get_by_label("放假与调休")).to_have_value(broken)
    assert all("422" in complaint for complaint in complaints)
    complaints.clear()
    page.get_by_label("放假与调休").fill(text)
    page.get_by_label("来源或修改理由").press("Enter")
    expect(page.get_by_role("heading", name="全年安排")).to_be_visible()
    expect(page.locator("main")).not_to_contain_text(f"尚未导入 {missing_year} 年")
    expect(page.get_by_title("元旦放假")).to_have_count(1)


def test_who_runs_the_node_is_told_of_the_missing_year(
    site: Site, person: Callable[..., Person], log_in: Callable[..., Page], missing_year: int
) -> None:
    page = log_in(person(Role.OPS))
    page.goto(f"{site.url}/operations/lines")
    expect(page.locator("#node-state")).to_contain_text(f"尚未导入 {missing_year} 年工作日历")


def test_the_ticket_list_can_show_what_is_late_first(
    site: Site, person: Callable[..., Person], log_in: Callable[..., Page], late_ticket: int
) -> None:
    with site.database.transaction() as session:
        session.execute(
            update(Ticket).where(Ticket.id == late_ticket).values(next_due_at=utc_now() - timedelta(hours=3))
        )
    page = log_in(person(Role.SUPERVISOR))
    page.goto(f"{site.url}/tickets")
    page.get_by_label("时限").select_option("overdue")
    page.get_by_role("button", name="查询").click()
    expect(page.locator("tbody")).to_contain_text("建设路路灯不亮")
    expect(page.locator("tbody tr").first).to_contain_text("逾期")
