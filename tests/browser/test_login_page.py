"""Logging in and out, and where each role starts."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.accounts.models import Role
from tests.browser.conftest import PASSWORD, Person, Site

pytestmark = [pytest.mark.browser, pytest.mark.services]


def test_an_agent_logs_in_by_keyboard_alone_and_stands_at_the_desk(
    site: Site, person: Callable[..., Person], open_page: Callable[..., Page]
) -> None:
    page, agent = open_page(), person()
    page.goto(site.url)
    expect(page.get_by_label("工号")).to_be_focused()
    page.keyboard.type(agent.username)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk")
    expect(page.locator("#state-text")).to_have_text("未签入")


def test_a_wrong_password_is_told_beside_the_form_and_the_number_stays(
    site: Site, person: Callable[..., Person], open_page: Callable[..., Page], complaints: list[str]
) -> None:
    page, agent = open_page(), person()
    page.goto(f"{site.url}/login")
    page.get_by_label("工号").fill(agent.username)
    page.get_by_label("密码").fill("not-the-password")
    page.get_by_role("button", name="登录").click()
    expect(page.locator("#login-error")).to_be_visible()
    expect(page.get_by_label("工号")).to_have_value(agent.username)
    expect(page.get_by_label("密码")).to_be_focused()
    complaints.clear()  # the browser logs the 401 of the form


@pytest.mark.parametrize(
    ("role", "heading"),
    [
        (Role.SUPERVISOR, "督办台"),
        (Role.AUDITOR, "审计日志"),
        (Role.OPS, "线路"),
        (Role.UNIT_STAFF, "待办工单"),
        (Role.DISPATCHER, "待办工单"),
    ],
)
def test_every_role_starts_at_a_page_of_its_own(
    person: Callable[..., Person], log_in: Callable[..., Page], role: Role, heading: str
) -> None:
    page = log_in(person(role))
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)


def test_unit_staff_are_told_that_nothing_is_assigned_yet(
    person: Callable[..., Person], log_in: Callable[..., Page]
) -> None:
    page = log_in(person(Role.UNIT_STAFF))
    expect(page.get_by_text("没有等待签收的工单")).to_be_visible()


def test_after_log_out_the_desk_asks_for_a_log_in(
    site: Site, person: Callable[..., Person], log_in: Callable[..., Page]
) -> None:
    page = log_in(person())
    page.get_by_role("button", name="退出").click()
    page.wait_for_url("**/login")
    page.goto(f"{site.url}/desk")
    expect(page).to_have_url(f"{site.url}/login?next=/desk")


def test_a_role_without_the_right_gets_a_page_that_says_so(
    site: Site, person: Callable[..., Person], log_in: Callable[..., Page], complaints: list[str]
) -> None:
    page = log_in(person(Role.OPS))
    page.goto(f"{site.url}/tickets")
    expect(page.get_by_role("heading", name="没有权限")).to_be_visible()
    complaints.clear()  # the browser logs the 403
