"""Every page, light and dark, wide and narrow: Chinese, labelled, within its width, quiet on the console."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.accounts.models import Role
from tests.browser.conftest import Person, Site

pytestmark = [pytest.mark.browser, pytest.mark.services]

ALLOWED_WORDS = {"alt", "ctrl", "enter", "esc", *"bcfhijklnoprswx"}
"""Names of keys; everything else on a page is Chinese."""

PAGES = [
    (Role.AGENT, "/desk"),
    (Role.AGENT, "/tickets"),
    (Role.AGENT, "/calls"),
    (Role.AGENT, "/missed-calls"),
    (Role.AGENT, "/missed-calls?view=done"),
    (Role.SUPERVISOR, "/tickets?text=没有这样的工单"),
    (Role.SUPERVISOR, "/agents"),
    (Role.SUPERVISOR, "/account"),
    (Role.OPS, "/account"),
    (Role.UNIT_STAFF, "/account"),
    (Role.UNIT_STAFF, "/work"),
    (Role.AGENT, "/work"),
    (Role.DISPATCHER, "/work"),
    (Role.DISPATCHER, "/dispatch-rules"),
    (Role.DISPATCHER, "/reference/units"),
    (Role.SUPERVISOR, "/reference/subjects?text=垃圾"),
    (Role.SUPERVISOR, "/reference/subjects/020301"),
    (Role.DISPATCHER, "/reference/exclusions/new"),
    (Role.DISPATCHER, "/reference/rules/new"),
    (Role.SUPERVISOR, "/dispatch-rules?view=candidate"),
    (Role.SUPERVISOR, "/work?view=disputes"),
    (Role.SUPERVISOR, "/tickets?place=没有这样的地方"),
    (Role.AUDITOR, "/calls"),
    (Role.AUDITOR, "/handovers"),
    (Role.SUPERVISOR, "/priority-callers"),
    (Role.AGENT, "/priority-callers?view=done"),
]

CHECKS = (Path(__file__).parent / "page_checks.js").read_text(encoding="utf-8")


def visible_words(page: Page) -> set[str]:
    """Latin words that people see or hear: text, placeholders, titles, labels; a command marked as such has a name."""
    text = page.evaluate(
        """() => [[...document.querySelectorAll('code')].reduce(
        (text, one) => text.replaceAll(one.innerText, ''), document.body.innerText),
        ...[...document.querySelectorAll('[placeholder],[title],[aria-label]')].map(
        e => [e.placeholder, e.title, e.ariaLabel].join(' '))].join(' ')"""
    )
    return {word.lower() for word in re.findall(r"[A-Za-z]+", text)} - ALLOWED_WORDS


def check(page: Page) -> None:
    """What a person sees, once the page's scripts are here: keys that are pressed after this reach them."""
    page.wait_for_load_state()
    answers = page.evaluate(f"() => {{ {CHECKS} return checks() }}")
    assert {name: wrong for name, wrong in answers.items() if wrong} == {}
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    assert page.locator("h1").count() == 1


@pytest.mark.parametrize(("width", "color_scheme"), [(1366, "light"), (390, "dark")])
@pytest.mark.parametrize(("role", "path"), PAGES)
def test_a_page_is_chinese_labelled_and_fits(
    site: Site, person: Callable[..., Person], log_in: Callable[..., Page], *,
    role: Role, path: str, width: int, color_scheme: str,
) -> None:  # fmt: skip
    page = log_in(person(role), width=width, color_scheme=color_scheme)
    page.goto(site.url + path)
    check(page)
    assert visible_words(page) == set()


@pytest.mark.parametrize(("width", "color_scheme"), [(1366, "light"), (1366, "dark"), (390, "light")])
def test_a_desk_in_the_middle_of_a_call_is_chinese_labelled_and_fits(
    site: Site, person: Callable[..., Person], at_desk: Callable[..., Page], number: str, width: int, color_scheme: str
) -> None:
    agent = person()
    page = at_desk(agent, width=width, color_scheme=color_scheme)
    site.telephony.call(number).ring(agent.username).answer(agent.username)
    expect(page.locator("#ticket-form")).to_be_visible()
    check(page)
    assert visible_words(page) == set()


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_the_log_in_page_is_chinese_labelled_and_fits(
    site: Site, open_page: Callable[..., Page], color_scheme: str
) -> None:
    page = open_page(color_scheme=color_scheme)
    page.goto(f"{site.url}/login")
    check(page)
    assert visible_words(page) == set()


def test_the_chosen_scheme_stays_after_a_reload(site: Site, open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto(f"{site.url}/login")
    page.get_by_role("button", name="切换深浅色").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_help_lists_the_keys_and_closes_with_escape(
    person: Callable[..., Person], log_in: Callable[..., Page]
) -> None:
    page = log_in(person())
    expect(page.locator("#link-text")).to_have_text("已连接")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="快捷键")).to_be_visible()
    assert visible_words(page) == set()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="快捷键")).to_be_hidden()
