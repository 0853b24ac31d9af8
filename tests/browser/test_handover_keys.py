"""The keys 110, 119, 120, 122 on the desk: confirmed, by keyboard alone, and shown as telephony tells it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.contract.events import HandoverResult
from tests.browser.conftest import Person, Site

pytestmark = pytest.mark.browser


def last_attempt(site: Site) -> str:
    return str(len(site.door.commands))


def test_a_key_asks_first_and_then_shows_how_far_it_is(
    site: Site, person: Callable[..., Person], at_desk: Callable[..., Page], number: str
) -> None:
    agent = person()
    page = at_desk(agent)
    call = site.telephony.call(number).ring(agent.username).answer(agent.username)
    panel = page.locator(".handover")
    panel.get_by_role("button", name="转接 119").click()
    expect(page.get_by_role("dialog", name="确认转接").get_by_label("119")).to_be_checked()
    page.get_by_role("button", name="取消").click()
    assert not [c for c in site.door.commands if c["command"] == "hand_over" and c["call_id"] == call.call_id]

    panel.get_by_role("button", name="转接 110").click()
    expect(page.locator("#handover-confirm")).to_be_focused()
    page.keyboard.press("Enter")

    expect(panel).to_contain_text("110 正在呼叫")
    asked = site.door.commands[-1]
    assert (asked["target"], asked["agent"], asked["seat"]) == ("110", agent.username, agent.seat)
    attempt = last_attempt(site)
    call.hand_over(HandoverResult.ANSWERED, agent.username, attempt=attempt)
    expect(panel).to_contain_text("110 三方通话中")
    with page.expect_response("**/leave") as left:
        panel.get_by_role("button", name="交给对方").click()
    assert left.value.status == 202
    call.hand_over(HandoverResult.ACCEPTED, agent.username, attempt=attempt)
    expect(panel).to_contain_text("对方已接办")
    assert site.door.commands[-1]["command"] == "leave_hand_over"
    page.goto(f"{site.url}/calls/{call.call_id}")
    expect(page.get_by_role("region", name="转接记录")).to_contain_text("对方已接办")
    page.goto(f"{site.url}/handovers?target=110&agent={agent.username}")
    expect(page.get_by_role("row")).to_have_count(2)


def test_the_keyboard_alone_hands_over_and_takes_back(
    site: Site, person: Callable[..., Person], at_desk: Callable[..., Page], number: str
) -> None:
    agent = person()
    page = at_desk(agent)
    call = site.telephony.call(number).ring(agent.username).answer(agent.username)
    expect(page.locator(".handover")).to_be_visible()

    page.keyboard.press("Alt+h")
    expect(page.get_by_role("dialog", name="确认转接")).to_be_visible()
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    expect(page.locator(".handover")).to_contain_text("119 正在呼叫")
    attempt = last_attempt(site)
    with page.expect_response("**/take-back") as answer:
        page.keyboard.press("Alt+b")
    assert answer.value.status == 202
    assert site.door.commands[-1] == {"command": "take_back", "call_id": call.call_id}
    call.hand_over(HandoverResult.REFUSED, agent.username, attempt=attempt, cause="withdrawn")

    expect(page.locator(".handover")).to_contain_text("已撤回")
    expect(page.locator(".handover").get_by_role("button", name="转接 110")).to_be_enabled()


def test_a_page_that_is_loaded_again_shows_the_attempt_and_says_nothing_twice(
    site: Site, person: Callable[..., Person], at_desk: Callable[..., Page], number: str
) -> None:
    agent = person()
    page = at_desk(agent, color_scheme="dark")
    call = site.telephony.call(number).ring(agent.username).answer(agent.username)
    call.hand_over(HandoverResult.OFFERED, agent.username, attempt="1")
    call.hand_over(HandoverResult.REFUSED, agent.username, attempt="1", cause="no_answer")
    expect(page.locator(".handover")).to_contain_text("未接通（无人接听）")

    page.reload()

    expect(page.locator(".handover")).to_contain_text("未接通（无人接听）")
    expect(page.locator("#link-text")).to_have_text("已连接")
    expect(page.locator(".toast")).to_have_count(0)
