"""Dispatcher, township clerk with a telephone, leader, reviewer and follow-up agent: each on his own pages."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.accounts.models import Role
from app.catalogue.editing import create_entry
from app.catalogue.models import DispatchRule
from app.platform.clock import utc_now
from app.tickets import service as tickets
from tests.browser.conftest import Person, Site
from tests.browser.test_page_quality import check, visible_words

pytestmark = [pytest.mark.browser, pytest.mark.services]

NewPerson = Callable[..., Person]
Enter = Callable[..., Page]
TOWN = "410421101-zhengfu"
PHONE = 390


@pytest.fixture
def ticket(site: Site, person: NewPerson, number: str) -> int:
    """An accepted complaint in a township."""
    agent = person().username
    values = {
        "ticket_type": "complaint", "subject_code": "020301", "region_code": "410421101", "contact_name": "李女士",
        "title": f"周庄镇垃圾未清运{number[-8:]}", "content": "市民来电反映村口垃圾多日无人清运",
        "contact_number": number,
    }  # fmt: skip
    with site.database.transaction() as session:
        made = tickets.create_ticket(session, values, actor=agent, region_code="410400", now=utc_now())
        tickets.accept_ticket(session, made.id, actor=agent, now=utc_now())
        return made.id


def status_of(site: Site, ticket: int) -> str:
    with site.database.reading() as session:
        return tickets.get_ticket(session, ticket).status


def open_ticket(page: Page, site: Site, ticket: int) -> None:
    page.goto(f"{site.url}/tickets/{ticket}")
    expect(page.get_by_role("heading", name="办理", exact=True)).to_be_visible()


def do(page: Page, name: str, **fields: str) -> None:
    """Open the form of this move, fill it in, send it."""
    page.locator("summary", has_text=name).first.click()
    form = page.locator("details.move[open] form")
    for label, value in fields.items():
        control = form.get_by_label(label)
        if control.evaluate("e => e.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)
    form.get_by_role("button").click()


def told(page: Page, words: str) -> None:
    expect(page.locator("#handling .notice")).to_contain_text(words)


def test_the_dispatcher_takes_the_proposal_with_one_key(
    site: Site, person: NewPerson, log_in: Enter, ticket: int
) -> None:
    page = log_in(person(Role.DISPATCHER))
    row = page.locator(".work__row", has=page.locator(f'a[href="/tickets/{ticket}"]'))
    expect(row).to_contain_text("建议：宝丰县周庄镇人民政府")
    expect(row).to_contain_text("事发地属宝丰县周庄镇人民政府辖区")
    check(page)
    assert visible_words(page) == set()
    row.locator("a").focus()
    page.keyboard.press("p")
    expect(page.locator(".notice--good")).to_contain_text("已完成：派单")
    assert status_of(site, ticket) == "dispatched"


def test_a_ticket_goes_from_the_clerks_telephone_to_the_citizens_answer(
    site: Site, person: NewPerson, log_in: Enter, ticket: int, number: str
) -> None:
    page = log_in(person(Role.DISPATCHER))
    open_ticket(page, site, ticket)
    page.get_by_role("button", name="采纳并派单").click()
    told(page, "已完成：派单")
    expect(page.locator("main")).to_contain_text("为什么派给该单位")

    clerk = log_in(person(Role.UNIT_STAFF, unit=TOWN), width=PHONE, color_scheme="dark")
    clerk.locator(f'a[href="/tickets/{ticket}"]').click()
    clerk.get_by_role("button", name="签收").click()
    told(clerk, "已完成：签收")
    expect(clerk.locator("main")).to_contain_text(number)
    do(clerk, "先行联系诉求人", 联系方式="phone", 联系情况="已电话联系，约定明日现场查看")
    told(clerk, "已完成：先行联系诉求人")
    do(
        clerk,
        "拟写答复",
        **{"办理情况": "已安排清运", "公开答复内容": f"请致电{number}", "办理结果": "solved", "答复方式": "phone"},
    )
    told(clerk, "办理情况")
    clerk.locator("details.move[open]").get_by_label("办理情况").fill("已安排镇环卫队当日清运并拍照")
    clerk.locator("details.move[open] form").get_by_role("button").click()
    told(clerk, "手机号码")
    check(clerk)
    assert visible_words(clerk) == set()
    clerk.locator("details.move[open]").get_by_label("公开答复内容").fill(
        "尊敬的市民：垃圾已于今日清运完毕，感谢监督。"
    )
    clerk.locator("details.move[open] form").get_by_role("button").click()
    told(clerk, "已完成：拟写答复")

    leader = log_in(person(Role.UNIT_LEADER, unit=TOWN), width=PHONE)
    open_ticket(leader, site, ticket)
    leader.get_by_role("button", name="单位负责人审签并提交答复").click()
    told(leader, "协办单位尚未反馈：平顶山市城市管理局")

    officer = log_in(person(Role.UNIT_STAFF, unit="410400-chengguan"), width=PHONE)
    officer.locator(".work__tabs a", has_text="协办").click()
    officer.locator(f'a[href="/tickets/{ticket}"]').click()
    officer.get_by_role("button", name="协办签收").click()
    told(officer, "已完成：协办签收")
    officer.get_by_role("button", name="提交协办情况").click()
    expect(officer.locator("#support-report-error")).to_contain_text("不少于")
    officer.locator("#support-report").fill("已督促环卫公司按合同清运")
    officer.get_by_role("button", name="提交协办情况").click()
    told(officer, "已完成：协办反馈")
    check(officer)

    leader.get_by_role("button", name="单位负责人审签并提交答复").click()
    told(leader, "已完成：单位负责人审签并提交答复")

    reviewer = log_in(person(Role.REVIEWER))
    reviewer.locator(f'.work__title[href="/reviews/{ticket}"]').click()
    expect(reviewer.locator(".review")).to_contain_text("已安排镇环卫队当日清运并拍照")
    expect(reviewer.locator(".review")).to_contain_text("已督促环卫公司按合同清运")
    check(reviewer)
    assert visible_words(reviewer) == set()
    reviewer.keyboard.press("p")
    expect(reviewer.locator(".notice--good")).to_contain_text("已完成：审核通过")

    caller = log_in(person(Role.FOLLOW_UP))
    open_ticket(caller, site, ticket)
    caller.locator("summary", has_text="记录回访结果").click()
    caller.get_by_label("问题已解决").check()
    caller.locator("summary", has_text="记录回访结果").click()
    do(caller, "记录回访结果", 回访方式="phone", 满意度="satisfied")
    expect(caller.locator(".page-head")).to_contain_text("已评价")
    assert status_of(site, ticket) == "rated"
    assert visible_words(caller) == set()


def test_two_dispatchers_at_once_the_second_is_told_who_was_first(
    site: Site, person: NewPerson, log_in: Enter, ticket: int
) -> None:
    first, second = person(Role.DISPATCHER), person(Role.DISPATCHER)
    one, other = log_in(first), log_in(second)
    for page in (one, other):
        open_ticket(page, site, ticket)
    one.get_by_role("button", name="采纳并派单").click()
    told(one, "已完成：派单")
    other.get_by_role("button", name="采纳并派单").click()
    told(other, first.display_name)
    assert status_of(site, ticket) == "dispatched"


def test_an_empty_form_says_what_is_missing_beside_the_field(
    site: Site, person: NewPerson, log_in: Enter, ticket: int
) -> None:
    page = log_in(person(Role.SUPERVISOR))
    open_ticket(page, site, ticket)
    do(page, "重复诉求并单")
    expect(page.locator("#merge-master-error")).to_have_text("必填")
    expect(page.locator("#merge-reason-error")).not_to_be_empty()
    check(page)
    assert visible_words(page) == set()


def test_an_agent_rejects_a_draft_and_reads_out_the_right_channel(
    site: Site, person: NewPerson, at_desk: Enter, number: str
) -> None:
    agent = person()
    page = at_desk(agent)
    site.telephony.call(number).ring(agent.username).answer(agent.username)
    expect(page.locator("#ticket-form")).to_be_visible()
    draft = int(page.locator("#ticket-form").get_attribute("data-ticket") or 0)
    open_ticket(page, site, draft)
    page.locator("summary", has_text="引导告知正确渠道").click()
    form = page.locator("details.move[open] form")
    expect(form).to_contain_text("12388")
    form.get_by_label("不受理情形").select_option("discipline")
    form.get_by_label("说明").fill("反映干部违纪")
    form.get_by_label("已向诉求人告知正确渠道").check()
    form.get_by_role("button").click()
    told(page, "已完成：引导告知正确渠道")
    assert status_of(site, draft) == "guided"


def test_the_desk_keeps_urgency_and_the_unit_complained_of(
    site: Site, person: NewPerson, at_desk: Enter, number: str
) -> None:
    agent = person()
    page = at_desk(agent)
    site.telephony.call(number).ring(agent.username).answer(agent.username)
    expect(page.locator("#ticket-form")).to_be_visible()
    draft = int(page.locator("#ticket-form").get_attribute("data-ticket") or 0)
    page.get_by_label("特急").check(force=True)
    page.get_by_role("combobox", name="被反映单位").fill("宝丰县人民")
    page.get_by_role("option", name="宝丰县人民政府").click()
    expect(page.locator("#save-state")).to_contain_text("已保存")

    def saved() -> tuple[str, str | None]:
        with site.database.reading() as session:
            row = tickets.get_ticket(session, draft)
            return row.urgency, row.complained_unit_code

    page.wait_for_function("document.querySelector('#save-state').dataset.state === 'saved'")
    assert saved() == ("emergency", "410421-zhengfu")


def test_a_candidate_of_a_decided_dispute_is_adopted_and_proposed_from_then_on(
    site: Site, person: NewPerson, log_in: Enter, ticket: int
) -> None:
    lead, subject = "410400-chengguan", "020301"
    values = {
        "subject_code": subject, "region_code": "410421101", "lead_unit_code": lead, "overrides_territory": True,
        "status": "candidate", "note": "由争议指定产生",
    }  # fmt: skip
    with site.database.transaction() as session:
        create_entry(session, DispatchRule, "d1-1", values, actor="chief", now=utc_now())
    page = log_in(person(Role.DISPATCHER))
    page.goto(f"{site.url}/dispatch-rules?view=candidate")
    check(page)
    assert visible_words(page) == set()
    page.get_by_role("button", name="采纳").click()
    expect(page).to_have_url(f"{site.url}/dispatch-rules?view=active")
    open_ticket(page, site, ticket)
    expect(page.locator(".proposal__lead")).to_contain_text("平顶山市城市管理局")
    page.goto(f"{site.url}/dispatch-rules")
    page.locator("tr", has_text="由争议指定产生").get_by_role("button", name="停用").click()
    expect(page).to_have_url(f"{site.url}/dispatch-rules?view=retired")


def test_a_repeated_matter_is_suggested_merged_with_one_click_and_taken_apart_again(
    site: Site, person: NewPerson, log_in: Enter, ticket: int
) -> None:
    with site.database.transaction() as session:
        first = tickets.get_ticket(session, ticket)
        first.title, first.content = (
            "湖滨路深夜打桩",
            "湖滨路工地凌晨两点仍在打桩，整栋楼无法入睡",
        )  # of no other test's
        values = {
            name: getattr(first, name) for name in ("ticket_type", "subject_code", "region_code", "title", "content")
        }
        again = tickets.create_ticket(
            session, {**values, "contact_number": "19900077777"}, actor="1", region_code="410400", now=utc_now()
        )
        tickets.accept_ticket(session, again.id, actor="1", now=utc_now())
    page = log_in(person(Role.DISPATCHER))
    open_ticket(page, site, again.id)
    check(page)
    assert visible_words(page) == set()
    page.get_by_role("button", name=f"并入工单 {first.ticket_number}").click()
    told(page, "已完成：重复诉求并单")
    assert status_of(site, again.id) == "merged"
    do(page, "撤销并单", 理由="核实后不是同一处")
    told(page, "已完成：撤销并单")
    assert status_of(site, again.id) == "accepted"
