"""A supervisor flags numbers, imports a list, and takes a flag away with a reason."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.accounts.models import Role
from tests.browser.conftest import Person, Site
from tests.browser.test_page_quality import check

pytestmark = [pytest.mark.browser, pytest.mark.services]

NewPerson = Callable[..., Person]
Enter = Callable[..., Page]


@pytest.fixture
def page(site: Site, person: NewPerson, log_in: Enter) -> Page:
    page = log_in(person(Role.SUPERVISOR))
    page.goto(f"{site.url}/priority-callers")
    return page


def masked(number: str) -> str:
    return f"{number[:3]}****{number[-4:]}"


def test_a_number_is_flagged_by_keys_found_and_cleared_with_a_reason(
    page: Page, number: str, complaints: list[str]
) -> None:
    page.keyboard.press("n")
    dialog = page.get_by_role("dialog", name="标记号码")
    dialog.get_by_label("来电号码").fill("110")
    dialog.get_by_label("类别").select_option("残障人士")
    dialog.get_by_label("原因").fill("视力障碍")
    dialog.get_by_role("button", name="标记").click()
    expect(dialog.locator("#field-number-error")).to_contain_text("可回拨")
    complaints.clear()  # the browser tells a refusal on its console
    check(page)
    dialog.get_by_label("来电号码").fill(number)
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("已标记为残障人士")
    expect(dialog).to_be_hidden()

    page.get_by_label("来电号码").first.fill(number)
    page.get_by_role("button", name="查询").click()
    row = page.locator("tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(masked(number))
    page.wait_for_load_state()  # its scripts open the dialog
    row.get_by_role("button", name="取消标记").click()
    clearing = page.get_by_role("dialog", name="取消标记")
    expect(clearing).to_contain_text(masked(number))
    clearing.get_by_label("取消原因").fill("号码已换机主")
    clearing.get_by_role("button", name="取消标记").click()
    expect(page.get_by_text("没有符合条件的号码")).to_be_visible()
    page.get_by_role("link", name="已取消").click()
    expect(page.locator("tbody tr").first).to_contain_text("号码已换机主")
    assert number not in page.locator("main").inner_text()


@pytest.mark.parametrize("width", [1366, 360])
def test_a_list_is_imported_and_its_broken_rows_are_told(
    site: Site, person: NewPerson, log_in: Enter, number: str, width: int
) -> None:
    page = log_in(person(Role.SUPERVISOR), width=width)
    page.goto(f"{site.url}/priority-callers")
    page.get_by_role("button", name="导入名单").click()
    dialog = page.get_by_role("dialog", name="导入名单")
    text = f"号码,类别\n{number},老年人\n{number},领导\n"
    dialog.get_by_label("名单文件").set_input_files(
        {"name": "list.csv", "mimeType": "text/csv", "buffer": text.encode("gb18030")}
    )
    dialog.get_by_label("统一原因").fill("民政局名单")
    dialog.get_by_role("button", name="导入", exact=True).click()
    expect(dialog.locator("#import-report")).to_contain_text("新标记 1 个")
    expect(dialog.locator("#import-report")).to_contain_text("第 3 行：类别应为")
    check(page)
    dialog.get_by_role("button", name="关闭").last.click()
    expect(page.locator("tbody tr", has_text=masked(number)).first).to_contain_text("民政局名单")
