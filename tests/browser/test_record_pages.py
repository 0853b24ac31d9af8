"""Lists and records: tickets, calls, missed calls, the board of agents, revealing a number."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.accounts.models import AuditEntry, Role
from app.contract.masks import mask_number
from tests.browser.conftest import Person, Site
from tests.browser.test_page_quality import check, visible_words

pytestmark = [pytest.mark.browser, pytest.mark.services]

NewPerson = Callable[..., Person]
Enter = Callable[..., Page]


def answered_call(site: Site, person: NewPerson, number: str) -> str:
    """A call that an agent has answered and ended; its id."""
    agent = person()
    site.telephony.sign_in(agent.username, agent.seat)
    return site.telephony.call(number).ring(agent.username).answer(agent.username).hang_up(agent.username).call_id


def test_a_supervisor_reads_a_ticket_with_its_calls_and_history_and_a_masked_number(
    site: Site, person: NewPerson, log_in: Enter, number: str
) -> None:
    answered_call(site, person, number)
    page = log_in(person(Role.SUPERVISOR))
    page.goto(f"{site.url}/tickets?text={number}")
    page.locator("tbody a").first.click()
    expect(page.locator("#number")).to_have_text(mask_number(number))
    expect(page.get_by_role("heading", name="办理记录")).to_be_visible()
    expect(page.locator("main")).to_contain_text("建立草稿")
    assert number not in page.content()
    check(page)
    assert visible_words(page) == set()


def test_a_call_shows_its_stages(site: Site, person: NewPerson, log_in: Enter, number: str) -> None:
    call_id = answered_call(site, person, number)
    page = log_in(person(Role.AUDITOR))
    page.goto(f"{site.url}/calls/{call_id}")
    for stage in ("排队等待", "坐席振铃", "通话"):
        expect(page.locator(".timeline")).to_contain_text(stage)
    check(page)
    assert visible_words(page) <= {"node"}


def test_a_full_number_is_shown_for_a_reason_that_the_audit_log_keeps(
    site: Site, person: NewPerson, log_in: Enter, number: str
) -> None:
    call_id = answered_call(site, person, number)
    supervisor = person(Role.SUPERVISOR)
    page = log_in(supervisor)
    page.goto(f"{site.url}/calls/{call_id}")
    page.get_by_role("button", name="查看号码").click()
    page.locator("#reveal-submit").click()
    expect(page.locator("#reveal-reason-error")).to_contain_text("请写明查看原因")
    page.locator("#reveal-reason").fill("回拨核实事发地址")
    page.keyboard.press("Enter")
    expect(page.locator("#reveal-number")).to_have_text(number)
    with site.database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.actor == supervisor.username)).all()[-1]
    assert entry.action == "number_revealed"
    assert entry.detail["reason"] == "回拨核实事发地址"


def test_a_missed_call_is_marked_as_called_back(site: Site, person: NewPerson, log_in: Enter, number: str) -> None:
    site.telephony.call(number).abandon()
    page = log_in(person())
    page.goto(f"{site.url}/missed-calls")
    row = page.locator("tr", has_text=mask_number(number))
    row.get_by_role("button", name="已回拨").click()
    expect(page.locator("#toasts")).to_contain_text("已标记为回拨")
    page.goto(f"{site.url}/missed-calls?view=done")
    expect(page.locator("tr", has_text=mask_number(number))).to_contain_text("已回拨")


def test_the_board_shows_an_agents_pause_and_the_supervisor_ends_it(
    site: Site, person: NewPerson, log_in: Enter
) -> None:
    agent = person()
    site.telephony.sign_in(agent.username, agent.seat)
    page = log_in(person(Role.SUPERVISOR))
    page.goto(f"{site.url}/agents")
    row = page.locator("tr", has_text=agent.username)
    expect(row).to_contain_text("就绪")
    site.door.take_effect({"command": "pause", "agent": agent.username, "seat": agent.seat, "reason": "meeting"})
    expect(row).to_contain_text("示忙·会议")
    row.get_by_role("button", name="恢复就绪").click()
    expect(row).to_contain_text("就绪")


def test_filters_of_the_ticket_list_stand_in_the_address(
    site: Site, person: NewPerson, log_in: Enter, number: str
) -> None:
    answered_call(site, person, number)
    page = log_in(person(Role.SUPERVISOR))
    page.goto(f"{site.url}/tickets")
    page.get_by_label("状态").select_option("已办结")
    page.get_by_label("关键字").fill(number)
    page.get_by_role("button", name="查询").click()
    expect(page).to_have_url(re.compile("status=finished"))
    expect(page.get_by_text("没有符合条件的工单")).to_be_visible()
    page.get_by_role("link", name="清空").click()
    expect(page.locator("tbody tr").first).to_be_visible()


def test_a_bad_date_is_told_beside_its_field(site: Site, person: NewPerson, log_in: Enter) -> None:
    page = log_in(person(Role.SUPERVISOR))
    page.goto(f"{site.url}/calls?day=31-12")
    expect(page.locator("#field-day-error")).to_have_text("日期格式不正确")
