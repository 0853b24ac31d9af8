"""The agent's page: state, ringing, the pop, whose it is, what survives a reload."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Person, Site

pytestmark = [pytest.mark.browser, pytest.mark.services]

NewPerson = Callable[..., Person]
Desk = Callable[..., Page]


def test_signing_in_pausing_and_resuming_go_out_as_commands_and_come_home_as_facts(
    site: Site, person: NewPerson, log_in: Desk
) -> None:
    agent = person()
    page = log_in(agent)
    page.keyboard.press("Alt+i")
    expect(page.locator("#state-text")).to_have_text("就绪")
    page.keyboard.press("Alt+p")
    page.keyboard.press("2")
    expect(page.locator("#state-text")).to_have_text("示忙·就餐")
    page.keyboard.press("Alt+r")
    expect(page.locator("#state-text")).to_have_text("就绪")
    page.get_by_role("button", name="签出").click()
    expect(page.locator("#state-text")).to_have_text("未签入")
    mine = [command for command in site.door.commands if command.get("agent") == agent.username]
    assert [command["command"] for command in mine] == ["sign_in", "pause", "resume", "sign_out"]
    assert mine[0]["seat"] == agent.seat
    assert mine[1]["reason"] == "meal"


def test_a_refused_command_is_explained_in_chinese(
    site: Site, person: NewPerson, log_in: Desk, complaints: list[str]
) -> None:
    page = log_in(person())
    site.door.refusal = "seat 8001 is not registered"
    try:
        page.get_by_role("button", name="签入队列").click()
        expect(page.locator("#toasts")).to_contain_text("分机未注册")
    finally:
        site.door.refusal = ""
    expect(page.get_by_role("button", name="签入队列")).to_be_enabled()
    complaints.clear()  # the browser logs the 409


def test_ringing_is_a_quiet_banner_and_the_answer_is_the_pop(
    site: Site, person: NewPerson, at_desk: Desk, number: str
) -> None:
    agent = person()
    page = at_desk(agent)
    call = site.telephony.call(number).ring(agent.username)
    expect(page.locator("#ring-banner")).to_contain_text("来电振铃")
    expect(page.locator("#ring-banner")).to_contain_text(number)
    call.answer(agent.username)
    expect(page.locator("#ring-banner")).to_be_hidden()
    expect(page.locator("#call-number")).to_have_text(number)
    expect(page.locator("#call-panel")).to_contain_text("政务服务便民热线")
    expect(page.locator("#ticket-form")).to_be_visible()
    expect(page.locator("input[name=ticket_type]").first).to_be_focused()
    expect(page.locator("#state-text")).to_have_text("通话中")


def test_only_the_agent_concerned_gets_the_pop(site: Site, person: NewPerson, at_desk: Desk, number: str) -> None:
    concerned, other = person(), person()
    page, others_page = at_desk(concerned), at_desk(other)
    site.telephony.call(number).ring(concerned.username).answer(concerned.username)
    expect(page.locator("#call-number")).to_have_text(number)
    expect(others_page.locator("#call-panel")).to_contain_text("等待来电")
    expect(others_page.locator("#ticket-form")).to_have_count(0)


def test_a_pop_is_acknowledged_once_shown(site: Site, person: NewPerson, at_desk: Desk, number: str) -> None:
    agent = person()
    page = at_desk(agent)
    with page.expect_response(lambda r: r.url.endswith("/acknowledge") and r.ok):
        site.telephony.call(number).answer(agent.username)
    pops = page.evaluate("fetch('/api/v1/pops').then(r => r.json())")
    assert pops == {"items": []}


def test_a_pop_that_nobody_saw_is_shown_when_the_page_opens(
    site: Site, person: NewPerson, log_in: Desk, number: str
) -> None:
    agent = person()
    site.telephony.sign_in(agent.username, agent.seat)
    site.telephony.call(number).ring(agent.username).answer(agent.username)
    page = log_in(agent)
    expect(page.locator("#call-number")).to_have_text(number)
    expect(page.locator("#ticket-form")).to_be_visible()


def test_a_reload_in_the_middle_of_a_call_shows_the_call_again(
    site: Site, person: NewPerson, at_desk: Desk, number: str
) -> None:
    agent = person()
    page = at_desk(agent)
    site.telephony.call(number).answer(agent.username)
    expect(page.locator("#call-number")).to_have_text(number)
    page.reload()
    expect(page.locator("#call-number")).to_have_text(number)
    expect(page.locator("#state-text")).to_have_text("通话中")


def test_after_the_call_the_agent_ends_wrap_up_by_key(
    site: Site, person: NewPerson, at_desk: Desk, number: str
) -> None:
    agent = person()
    page = at_desk(agent)
    site.telephony.call(number).answer(agent.username).hang_up(agent.username)
    expect(page.locator("#state-text")).to_have_text("话后整理")
    page.keyboard.press("Alt+w")
    expect(page.locator("#state-text")).to_have_text("就绪")


def test_wrap_up_may_be_extended_until_it_is_finished(
    site: Site, person: NewPerson, at_desk: Desk, number: str
) -> None:
    agent = person()
    page = at_desk(agent)
    site.telephony.call(number).answer(agent.username).hang_up(agent.username)
    page.get_by_role("button", name="延长整理").click()
    expect(page.get_by_role("button", name="延长整理")).to_have_count(0)
    expect(page.locator("#state-text")).to_have_text("话后整理")
    page.get_by_role("button", name="完成整理").click()
    expect(page.locator("#state-text")).to_have_text("就绪")


def test_the_open_ticket_stands_first_and_one_key_attaches_the_call(
    site: Site, person: NewPerson, at_desk: Desk, number: str
) -> None:
    agent = person()
    page = at_desk(agent)
    site.telephony.call(number).answer(agent.username).hang_up(agent.username)
    page.locator("#field-title").fill("关于湛河区夜间施工噪声的问题")
    expect(page.locator("#save-state")).to_contain_text("已保存")
    page.keyboard.press("Alt+w")
    site.telephony.call(number).ring(agent.username).answer(agent.username)
    expect(page.locator("[data-attach]")).to_have_count(1)
    expect(page.locator(".matter__title").first).to_have_text("关于湛河区夜间施工噪声的问题")
    page.keyboard.press("Alt+1")
    expect(page.locator("#toasts")).to_contain_text("已并入工单")
    expect(page.locator("#call-panel")).to_contain_text("已并入")
    expect(page.locator(".draft")).to_have_count(1)
    expect(page.locator("#field-title")).to_have_value("关于湛河区夜间施工噪声的问题")


def test_a_lost_connection_is_shown_and_mended_by_itself(
    site: Site, person: NewPerson, at_desk: Desk, number: str, complaints: list[str]
) -> None:
    agent = person()
    page = at_desk(agent)
    page.context.set_offline(True)
    page.evaluate("window.dispatchEvent(new Event('offline'))")
    expect(page.locator("#link-text")).to_contain_text("连接中断")
    site.telephony.call(number).answer(agent.username)
    page.context.set_offline(False)
    expect(page.locator("#link-text")).to_have_text("已连接")
    expect(page.locator("#call-number")).to_have_text(number)
    complaints.clear()  # the browser logs each failed attempt


def test_an_anonymous_caller_is_named_so(site: Site, person: NewPerson, at_desk: Desk) -> None:
    agent = person()
    page = at_desk(agent)
    site.telephony.call("").answer(agent.username)
    expect(page.locator("#call-number")).to_have_text("匿名来电")
