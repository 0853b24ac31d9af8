"""Users and the audit log on their pages, by keyboard where people would."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.accounts.models import Role
from tests.browser.conftest import Person, Site
from tests.browser.test_page_quality import check, visible_words

pytestmark = [pytest.mark.browser, pytest.mark.services]

NewPerson = Callable[..., Person]
Enter = Callable[..., Page]
EXAMPLES = {"common", "consumer", "chengguan"}
"""Codes that the hints of a form show."""


@pytest.mark.parametrize(("width", "color_scheme"), [(1366, "light"), (390, "dark")])
@pytest.mark.parametrize(
    ("role", "path"),
    [
        (Role.ADMIN, "/users"),
        (Role.ADMIN, "/users?text=没有这个人"),
        (Role.ADMIN, "/new-user"),
        (Role.ADMIN, "/users/{username}"),
        (Role.AUDITOR, "/users/{username}"),
        (Role.AUDITOR, "/audit"),
        (Role.SUPERVISOR, "/audit?action=number_revealed&since=2020-01-01&until=2020-01-02"),
        (Role.SUPERVISOR, "/audit?since=gestern"),
    ],
)
def test_a_page_of_administration_is_chinese_labelled_and_fits(
    site: Site, person: NewPerson, log_in: Enter, *, role: Role, path: str, width: int, color_scheme: str
) -> None:
    who = person(role)
    page = log_in(who, width=width, color_scheme=color_scheme)
    page.goto(site.url + path.format(username=who.username))
    check(page)
    assert visible_words(page) <= EXAMPLES


def test_a_user_is_made_by_keyboard_and_changes_his_one_time_password_first(
    site: Site, person: NewPerson, log_in: Enter, open_page: Callable[..., Page]
) -> None:
    admin = log_in(person(Role.ADMIN))
    admin.get_by_role("link", name="新建用户").press("Enter")
    expect(admin.get_by_label("工号")).to_be_focused()
    admin.keyboard.type("8765")
    admin.keyboard.press("Tab")
    admin.keyboard.type("王芳")
    admin.keyboard.press("Enter")
    password = admin.locator("#one-time-password").inner_text()
    check(admin)

    page = open_page()
    page.goto(f"{site.url}/login?next=/calls")
    page.get_by_label("工号").fill("8765")
    page.get_by_label("密码").fill(password)
    page.keyboard.press("Enter")
    expect(page.locator("#password-issued")).to_contain_text("一次性密码")
    expect(page.locator(".nav a")).to_have_count(0)
    check(page)
    page.goto(f"{site.url}/calls")
    page.wait_for_url("**/account")
    for name, text in (
        ("current_password", password), ("new_password", "only I know this"), ("repeated_password", "only I know this"),
    ):  # fmt: skip
        page.locator(f"[name={name}]").fill(text)
    page.get_by_role("button", name="保存").click()
    expect(page.locator("#password-saved")).to_be_visible()
    page.goto(f"{site.url}/calls")
    expect(page.get_by_role("heading", name="通话")).to_be_visible()


def test_a_user_is_switched_off_after_a_question_and_the_log_tells_it(
    site: Site, person: NewPerson, log_in: Enter
) -> None:
    agent, administrator = person(), person(Role.ADMIN)
    admin = log_in(administrator)
    admin.goto(f"{site.url}/users/{agent.username}")
    admin.get_by_role("button", name="停用").click()
    dialog = admin.get_by_role("dialog", name="停用用户")
    expect(dialog).to_contain_text("坐席状态")
    admin.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    admin.get_by_role("button", name="停用").click()
    dialog.get_by_role("button", name="停用").click()
    expect(admin.locator("#user-saved")).to_contain_text("已停用")
    check(admin)

    auditor = log_in(person(Role.AUDITOR))
    auditor.goto(f"{site.url}/users/{agent.username}")
    auditor.get_by_role("link", name="审计记录").click()
    row = auditor.locator("tbody tr").first
    for text in ("停用用户", administrator.username, agent.display_name):
        expect(row).to_contain_text(text)
    check(auditor)
