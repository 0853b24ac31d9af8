"""Flows at one key on the desk: played, stopped and shown as telephony tells it, by keyboard alone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.contract.events import PlayedStep
from tests.browser.conftest import Person, Site

pytestmark = pytest.mark.browser

KEYS = [
    ("F2", "out-of-scope-judicial", "诉讼仲裁复议不予受理告知"),
    ("F4", "out-of-scope-petition", "信访事项不予受理告知"),
    ("F8", "out-of-scope-discipline", "违纪违法举报渠道告知"),
    ("F9", "nuisance", "恶意来电提醒"),
]


def test_each_key_plays_its_flow_and_one_more_brings_the_citizen_back(
    site: Site, person: Callable[..., Person], at_desk: Callable[..., Page], number: str
) -> None:
    agent = person()
    page = at_desk(agent)
    call = site.telephony.call(number).ring(agent.username).answer(agent.username)
    flows = page.get_by_role("region", name="一键播报")
    for key, flow, title in KEYS:
        expect(flows.get_by_role("button", name=f"播报 {title}")).to_be_enabled()
        page.keyboard.press(key)
        expect(flows).to_contain_text("市民正在收听")
        asked = site.door.commands[-1]
        assert (asked["command"], asked["flow"], asked["seat"]) == ("play_flow", flow, agent.seat)
        assert asked["call_id"] == call.call_id
        expect(page.get_by_role("region", name="一键转接").get_by_role("button")).to_have_count(0)
        page.keyboard.press("Alt+b")
        expect(flows.locator("li").first).to_contain_text(f"{title}坐席停止播报")
        assert site.door.commands[-1] == {"command": "stop_flow", "call_id": call.call_id}
    page.goto(f"{site.url}/calls/{call.call_id}")
    expect(page.get_by_role("region", name="通话经过")).to_contain_text("恶意来电提醒坐席 " + agent.username)


def test_a_flow_that_ends_by_itself_is_told_once_and_outlives_a_reload(
    site: Site, person: Callable[..., Person], at_desk: Callable[..., Page], number: str
) -> None:
    agent = person()
    page = at_desk(agent, color_scheme="dark")
    call = site.telephony.call(number).ring(agent.username).answer(agent.username)
    flows = page.get_by_role("region", name="一键播报")
    flows.get_by_role("button", name="播报 信访事项不予受理告知").click()
    expect(flows).to_contain_text("播报后市民会回到您这里")
    call.play(site.door.played, PlayedStep.RETURNED)
    expect(page.locator(".toast")).to_contain_text("信访事项不予受理告知：播报后回到坐席")

    page.reload()

    expect(flows).to_contain_text("播报后回到坐席")
    expect(page.locator("#link-text")).to_have_text("已连接")
    expect(page.locator(".toast")).to_have_count(0)


def test_an_emergency_is_told_to_the_citizen_first_if_the_agent_wants_it(
    site: Site, person: Callable[..., Person], at_desk: Callable[..., Page], number: str
) -> None:
    agent = person()
    page = at_desk(agent)
    site.telephony.call(number).ring(agent.username).answer(agent.username)
    page.get_by_role("button", name="转接 119").click()
    dialog = page.get_by_role("dialog", name="确认转接")
    dialog.get_by_label("先向市民播报告知，播完再接入对方").check()
    dialog.get_by_role("button", name="转接").click()

    expect(page.get_by_role("region", name="一键播报")).to_contain_text("119消防告知")
    assert (site.door.commands[-1]["command"], site.door.commands[-1]["flow"]) == ("play_flow", "emergency-119")


def test_a_refusal_is_said_and_the_keys_are_back(
    site: Site, person: Callable[..., Person], at_desk: Callable[..., Page], number: str, complaints: list[str]
) -> None:
    agent = person()
    page = at_desk(agent, width=390)
    site.telephony.call(number).ring(agent.username).answer(agent.username)
    button = page.get_by_role("button", name="播报 恶意来电提醒")
    expect(button).to_be_visible()
    site.door.refusal = "this call has no channel any more"
    try:
        button.click()
        expect(page.locator(".toast")).to_contain_text("通话已经结束")
    finally:
        site.door.refusal = ""
    expect(button).to_be_enabled()
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    complaints.clear()
