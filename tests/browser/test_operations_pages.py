"""Pages of ops staff: lines, trunks, calendar, a change from its edit to its result, history, test calls."""

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.accounts.models import Role
from app.lines.models import Line, LinePeriod, Trunk
from app.platform.clock import to_shanghai, utc_now
from app.probes.models import LineAlarm, Probe, ProbeStatus
from tests.browser.conftest import Person, Site
from tests.browser.test_page_quality import check, visible_words

pytestmark = [pytest.mark.browser, pytest.mark.services]

NewPerson = Callable[..., Person]
Enter = Callable[..., Page]
NAMES = {"carrier", "transport", "extensions", "conf", "demo", "yaml", "lines", "queue", "hotline", "outbound", "exten"}
"""Names of things in a plan and on a node; they have no translation."""
TABS = [
    "lines",
    "lines?view=all",
    "trunks",
    "calendar",
    "changes",
    "changes/new",
    "history",
    "history/1",
    "probes",
    "parked?view=kept",
]


def today() -> date:
    return to_shanghai(utc_now()).date()


@pytest.fixture(scope="module", autouse=True)
def served_lines(site: Site) -> Iterator[None]:
    """What an applied plan would have left in the store, and a line whose test calls fail."""
    now = utc_now()
    with site.database.transaction() as session:
        for number in ("12345", "12328"):
            session.merge(Line(number=number, name="交通运输服务监督电话", category="retained", plan="demo"))
        session.add(Trunk(plan="demo", name="probe", label="拨测", kind="probe"))
        session.add(Trunk(plan="demo", name="transport", label="交通运输局专线", kind="department"))
        first = LinePeriod(line_number="12328", begins_on=date(2020, 1, 1), mode="parallel", trunk="transport")
        first.ring_order, first.plan = "together", "demo"
        next_day = today() + timedelta(days=1)
        session.add_all([first, LinePeriod(line_number="12328", begins_on=next_day, mode="direct_merge", plan="demo")])
        probe = Probe(line="12328", status=ProbeStatus.FAILED, fault="silent", ordered_by="schedule", ordered_at=now)
        probe.finished_at, probe.sip_status, probe.answer_ms = now, 200, 12
        session.add(probe)
        session.flush()
        session.add(
            LineAlarm(
                line="12328", fault="silent", raised_at=now, last_failed_at=now, last_probe_id=probe.id, failures=2
            )
        )
    yield
    with site.database.transaction() as session:
        for alarm in session.scalars(select(LineAlarm)):
            session.delete(alarm)


def settled(page: Page) -> None:
    """The state of the node has been read."""
    expect(page.locator("#node-state")).to_contain_text("交换机运行中")


@pytest.mark.parametrize(("width", "color_scheme"), [(1366, "light"), (390, "dark")])
@pytest.mark.parametrize("path", TABS)
def test_a_page_of_operations_is_chinese_labelled_and_fits(
    site: Site, person: NewPerson, log_in: Enter, *, path: str, width: int, color_scheme: str
) -> None:
    page = log_in(person(Role.OPS), width=width, color_scheme=color_scheme)
    page.goto(f"{site.url}/operations/{path}")
    settled(page)
    if path == "trunks":
        expect(page.locator("#trunk-table")).to_contain_text("不可达")
    check(page)
    digest = {word for word in visible_words(page) if re.fullmatch("[a-f]+", word)}  # letters of a plan's digest
    assert visible_words(page) - digest <= NAMES


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.AUDITOR])
def test_operations_are_for_ops_staff(site: Site, person: NewPerson, log_in: Enter, role: Role) -> None:
    page = log_in(person(role))
    expect(page.get_by_role("link", name="线路运维")).to_have_count(0)
    answer = page.request.get(f"{site.url}/operations/changes")
    assert answer.status == 403


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "changes/--help", 422),
        ("GET", "changes/20260101-000000-abcdef", 404),
        ("GET", "history/0", 422),
        ("GET", "history/999", 404),
        ("GET", "history?limit=100000", 422),
        ("GET", "runs/..%2f..%2fetc", 404),
        ("GET", "calendar?month=9999-99", 200),
        ("POST", "changes", 403),
        ("POST", "changes/20260101-000000-abcdef/apply", 403),
        ("POST", "history/1/restore", 403),
        ("POST", "probes/all", 403),
    ],
)
def test_odd_addresses_and_foreign_forms_are_refused(
    site: Site, person: NewPerson, log_in: Enter, method: str, path: str, status: int
) -> None:
    page = log_in(person(Role.OPS))
    assert page.request.fetch(f"{site.url}/operations/{path}", method=method).status == status


def test_a_line_shows_its_mode_of_today_its_next_change_and_its_alarm(
    site: Site, person: NewPerson, log_in: Enter
) -> None:
    page = log_in(person(Role.OPS))
    row = page.locator("tr", has_text="12328")
    for text in (
        "并行接听",
        "同时振铃",
        "交通运输局专线",
        (today() + timedelta(days=1)).isoformat(),
        "直接合并",
        "告警",
    ):
        expect(row).to_contain_text(text)


def test_numbers_open_the_tabs(site: Site, person: NewPerson, log_in: Enter) -> None:
    page = log_in(person(Role.OPS))
    settled(page)
    page.keyboard.press("3")
    expect(page.get_by_role("heading", name="变更日历")).to_be_visible()
    settled(page)  # keys are heard once the page's scripts are there
    page.keyboard.press("4")
    page.wait_for_url("**/operations/changes")
    settled(page)
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="新建变更")).to_be_visible()
    settled(page)
    page.keyboard.press("5")
    expect(page.get_by_role("heading", name="变更记录")).to_be_visible()


def test_the_calendar_shows_the_day_of_a_change_and_what_it_changes(
    site: Site, person: NewPerson, log_in: Enter
) -> None:
    page = log_in(person(Role.OPS))
    day = today() + timedelta(days=1)
    page.goto(f"{site.url}/operations/calendar?month={day:%Y-%m}")
    page.locator(".month__change", has_text="12328").click()
    coming = page.locator(f"#change-{day.isoformat()}-12328")
    expect(coming).to_contain_text("并行接听")
    expect(coming).to_contain_text("直接合并")


def test_the_quick_change_writes_the_plan_and_checks_it(site: Site, person: NewPerson, log_in: Enter) -> None:
    page = log_in(person(Role.OPS))
    page.get_by_role("link", name="改接听方式").first.click()
    dialog = page.get_by_role("dialog", name="改线路的接听方式")
    expect(dialog.get_by_label("线路")).to_have_value("12328")
    dialog.locator("label.choice", has_text="呼叫转移").click()
    dialog.locator("label.choice", has_text="12345 转往部门").click()
    dialog.get_by_label("部门中继").select_option("transport")
    check(page)
    dialog.get_by_role("button", name="写入方案").click()
    expect(dialog).to_be_hidden()
    assert "mode: forward, direction: out, trunk: transport" in page.get_by_label("方案文本").input_value()
    expect(page.locator("#check-result")).to_contain_text("线路 12328 的接听方式改变")
    check(page)


def test_the_quick_change_rings_own_seats_in_parallel(
    site: Site, person: NewPerson, log_in: Enter, complaints: list[str]
) -> None:
    page = log_in(person(Role.OPS))
    page.get_by_role("link", name="改接听方式").first.click()
    dialog = page.get_by_role("dialog", name="改线路的接听方式")
    dialog.locator("label.choice", has_text="并行接听").click()
    dialog.get_by_role("button", name="写入方案").click()
    expect(page.locator("#period-error")).to_contain_text("自有坐席")
    assert all("422" in complaint for complaint in complaints)
    complaints.clear()
    expect(dialog.get_by_label("12345 先响秒数")).to_be_hidden()
    dialog.locator("label.choice", has_text="12345 先接").click()
    dialog.get_by_label("自有坐席").fill("8009, 8012-8013")
    dialog.get_by_label("部门一侧振铃秒数").fill("15")
    dialog.get_by_label("12345 先响秒数").fill("25")
    check(page)
    dialog.get_by_role("button", name="写入方案").click()
    expect(dialog).to_be_hidden()
    written = 'seats: ["8009", "8012", "8013"], order: hotline_first, own_ring_seconds: 15, hotline_ring_seconds: 25'
    assert written in page.get_by_label("方案文本").input_value()


@pytest.mark.parametrize(("role", "path"), [(Role.OPS, "/operations/history"), (Role.SUPERVISOR, "/agents")])
@pytest.mark.parametrize("width", [1366, 390])
def test_a_failing_line_is_told_at_the_top_of_every_page_of_ops_and_supervisors(
    site: Site, person: NewPerson, log_in: Enter, *, role: Role, path: str, width: int
) -> None:
    page = log_in(person(role), width=width)
    page.goto(site.url + path)
    trouble = page.locator("#watch-trouble")
    expect(trouble).to_contain_text("拨测告警")
    trouble.locator("summary").press("Enter")
    expect(trouble).to_contain_text("接通后没有声音")
    check(page)


def test_a_fault_leads_to_its_row(site: Site, person: NewPerson, log_in: Enter) -> None:
    page = log_in(person(Role.OPS))
    page.goto(f"{site.url}/operations/changes/new")
    plan = page.get_by_label("方案文本")
    plan.fill(plan.input_value() + "    queue: broken\n")
    plan.press("Control+Enter")
    expect(page.locator(".faults")).to_contain_text("没有队列 front")
    page.get_by_role("button", name=re.compile("第 .* 行")).click()
    selected = plan.evaluate("e => e.value.slice(e.selectionStart, e.selectionEnd)")
    assert "queue: broken" in selected
    check(page)


def test_an_edit_survives_leaving_the_page(site: Site, person: NewPerson, log_in: Enter) -> None:
    page = log_in(person(Role.OPS))
    page.goto(f"{site.url}/operations/changes/new")
    page.get_by_label("方案文本").fill("name: demo  # 还没写完\n")
    page.goto(f"{site.url}/operations/lines")
    page.goto(f"{site.url}/operations/changes/new")
    expect(page.get_by_label("方案文本")).to_have_value("name: demo  # 还没写完\n")
    page.get_by_role("button", name="恢复原文").click()
    assert "交通运输服务监督电话" in page.get_by_label("方案文本").input_value()


def test_a_change_after_the_check_must_be_checked_again(site: Site, person: NewPerson, log_in: Enter) -> None:
    page = log_in(person(Role.OPS))
    page.goto(f"{site.url}/operations/changes/new")
    plan = page.get_by_label("方案文本")
    plan.fill(plan.input_value() + "# 一\n")
    plan.press("Control+Enter")
    expect(page.get_by_role("button", name="提交申请")).to_be_enabled()
    plan.press_sequentially("#")
    expect(page.get_by_role("button", name="提交申请")).to_be_disabled()
    expect(page.get_by_text("请重新预检")).to_be_visible()


def test_a_test_call_is_ordered_by_hand(site: Site, person: NewPerson, log_in: Enter) -> None:
    page = log_in(person(Role.OPS))
    page.goto(f"{site.url}/operations/probes")
    row = page.locator("tr", has_text="12328").first
    expect(row).to_contain_text("接通后没有声音")
    expect(row).to_contain_text("连续 2 次")
    row.get_by_role("button", name="拨测").click()
    expect(row).to_contain_text("拨测中")
    check(page)
