"""The citizen on a telephone, a clerk with ten minutes, an agent who is told of a duplicate while he types."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.accounts.auth import actor_of_user
from app.accounts.models import Role, User
from app.casework import service as casework
from app.platform.clock import utc_now
from app.tickets import service as tickets
from app.tickets.models import Ticket
from tests.browser.conftest import Person, Site
from tests.browser.test_page_quality import check, visible_words

pytestmark = [pytest.mark.browser, pytest.mark.services]

NewPerson = Callable[..., Person]
Enter = Callable[..., Page]
OFFICE = "410422-zhengfu"
MATTER = {
    "ticket_type": "complaint", "subject_code": "020301", "region_code": "410422", "contact_name": "赵先生",
    "content": "市民来电反映叶县昆阳街道路口井盖破损多日无人修复",
}  # fmt: skip


def accepted(site: Site, agent: str, number: str, content: str = "") -> Ticket:
    """A ticket about a broken manhole cover, or with `content` about what no other test's is."""
    values = {**MATTER, "title": f"昆阳街道井盖破损{number[-8:]}", "contact_number": number}
    if content:
        values |= {"title": content[:12], "content": content}
    with site.database.transaction() as session:
        made = tickets.create_ticket(session, values, actor=agent, region_code="410400", now=utc_now())
        return tickets.accept_ticket(session, made.id, actor=agent, now=utc_now())


def dispatched(site: Site, agent: str, number: str, dispatcher: Person) -> Ticket:
    ticket = accepted(site, agent, number)
    with site.database.transaction() as session:
        actor = actor_of_user(session.query(User).filter_by(username=dispatcher.username).one())
        given = {"lead_unit_code": OFFICE}
        return casework.move(session, ticket.id, "dispatch", given, actor=actor, now=utc_now())


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_a_citizen_reads_how_far_his_matter_is_and_adds_something(
    site: Site, person: NewPerson, open_page: Callable[..., Page], number: str, complaints: list[str], color_scheme: str
) -> None:
    ticket = dispatched(site, person().username, number, person(Role.DISPATCHER))
    page = open_page(width=360, color_scheme=color_scheme)
    page.goto(f"{site.url}/progress")
    check(page)
    assert visible_words(page) == set()
    page.get_by_label("工单号或您留下的电话号码").fill(number)
    page.get_by_label("查询码").fill("00000000" if ticket.query_code != "00000000" else "00000001")
    page.keyboard.press("Enter")
    expect(page.locator("#ask-error")).to_contain_text("没有查到")
    complaints.clear()  # Chromium notes the answer 404
    page.get_by_label("查询码").fill(ticket.query_code)
    page.keyboard.press("Enter")
    expect(page.locator(".citizen__status")).to_have_text("已转承办单位，等待签收")
    expect(page.locator("main")).to_contain_text("叶县人民政府")
    check(page)
    page.get_by_label("补充内容").fill("今天早上又有人绊倒，请尽快处理")
    page.get_by_role("button", name="提交").click()
    expect(page.locator(".notice--good")).to_contain_text("已收到")
    expect(page.locator("main")).to_contain_text("今天早上又有人绊倒")
    check(page)
    assert visible_words(page) == set()
    assert ticket.query_code not in page.url


def test_a_clerk_signs_many_on_a_telephone_and_reads_each_result(
    site: Site, person: NewPerson, log_in: Enter, number: str
) -> None:
    dispatcher, agent = person(Role.DISPATCHER), person().username
    made = [dispatched(site, agent, number, dispatcher) for _ in range(3)]
    clerk = log_in(person(Role.UNIT_STAFF, unit=OFFICE), width=360)
    check(clerk)
    assert visible_words(clerk) == set()
    expect(clerk.get_by_role("button", name="批量签收")).to_be_disabled()
    clerk.get_by_label("全选本页").check()
    clerk.get_by_role("button", name="批量签收").click()
    expect(clerk.get_by_role("heading", level=1)).to_have_text("批量签收结果")
    check(clerk)
    assert visible_words(clerk) == set()
    with site.database.reading() as session:
        assert {tickets.get_ticket(session, one.id).status for one in made} == {"signed"}
    clerk.get_by_role("link", name="返回待签收").click()
    expect(clerk.locator("main")).to_contain_text("没有等待签收的工单")


def test_a_tickets_page_tells_its_life_and_why_a_move_is_closed(
    site: Site, person: NewPerson, log_in: Enter, number: str
) -> None:
    ticket = dispatched(site, person().username, number, person(Role.DISPATCHER))
    page = log_in(person(Role.UNIT_STAFF, unit=OFFICE), width=360, color_scheme="dark")
    page.goto(f"{site.url}/tickets/{ticket.id}")
    expect(page.locator("#ticket-timeline")).to_contain_text("告知诉求人")
    page.locator("summary", has_text="现在不能办的操作").click()
    expect(page.locator(".closed")).to_contain_text("应由话务员")
    page.locator("#ticket-timeline summary", has_text="怎么算的").first.click()
    check(page)
    assert visible_words(page) == set()
    page.locator("#ticket-timeline").get_by_role("button", name="时限").click()
    expect(page.locator("#ticket-timeline [aria-pressed=true]")).to_contain_text("时限")
    expect(page.locator("#ticket-timeline")).not_to_contain_text("告知诉求人")


def test_an_agent_who_types_what_is_known_already_is_told_so(
    site: Site, person: NewPerson, at_desk: Enter, number: str
) -> None:
    known = accepted(site, person().username, f"199{number[3:]}", "昆阳街道文化路早市占道经营，行人只能走机动车道")
    agent = person()
    page = at_desk(agent)
    site.telephony.call(number).ring(agent.username).answer(agent.username)
    expect(page.locator("#ticket-form")).to_be_visible()
    expect(page.locator("#drafts [data-ticket]")).to_have_count(1)
    for label, words, field, code in (
        ("事项分类", "垃圾清运", "subject_code", "020301"), ("事发区域", "叶县", "region_code", "410422"),
    ):  # fmt: skip
        page.get_by_role("combobox", name=label).fill(words)
        page.keyboard.press("Enter")
        expect(page.locator(f"input[name={field}]")).to_have_value(code)
    page.locator("#field-content").fill("昆阳街道文化路早市占道经营，行人只能走机动车道，请管一管")
    expect(page.locator("#alike")).to_contain_text(known.ticket_number)
    expect(page.locator("#alike")).not_to_contain_text("早市")
    check(page)
    assert visible_words(page) == set()
    page.keyboard.press("Alt+KeyK")
    expect(page.locator("#alike li").first).to_be_focused()


def test_a_supervisor_keeps_a_view_and_takes_its_tickets_away(
    site: Site, person: NewPerson, log_in: Enter, number: str
) -> None:
    accepted(site, person().username, number)
    page = log_in(person(Role.SUPERVISOR))
    page.goto(f"{site.url}/tickets?place=叶县")
    page.locator("summary", has_text="保存为视图").click()
    page.get_by_label("视图名称").fill("叶县")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.get_by_role("link", name="叶县", exact=True)).to_have_attribute("aria-current", "page")
    page.locator("summary", has_text="导出").click()
    check(page)
    assert visible_words(page) == set()
    page.get_by_label("导出用途").fill("十一月办理情况通报")
    with page.expect_download() as started:
        page.get_by_role("button", name="导出当前查询结果").click()
    assert started.value.suggested_filename.endswith(".xlsx")
    page.get_by_role("button", name="删去视图 叶县").click()
    expect(page.get_by_role("link", name="叶县", exact=True)).to_have_count(0)
