"""A change of the plan on the pages: proposed, approved by another, carried out, refused, brought back."""

import re
import threading
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.accounts.models import AuditEntry, Role
from app.operations.jobs import carry_out_change
from app.platform.clock import utc_now
from app.platform.job_queue import JobContext
from tests.browser.conftest import Person, Site
from tests.browser.test_operations_pages import NAMES
from tests.browser.test_page_quality import check, visible_words

pytestmark = [pytest.mark.browser, pytest.mark.services]

NewPerson = Callable[..., Person]
Enter = Callable[..., Page]


@pytest.fixture
def worker(site: Site) -> Iterator[Callable[[Page], None]]:
    """Carries out the run that a page shows, as the worker would."""
    context = JobContext(site.settings, site.database, utc_now)
    threads: list[threading.Thread] = []

    def work(page: Page) -> None:
        run_id = page.url.rpartition("/")[2]
        threads.append(threading.Thread(target=carry_out_change, args=(context, run_id)))
        threads[-1].start()

    yield work
    for thread in threads:
        thread.join()


def propose(page: Page, site: Site, *, added: str, why: str) -> None:
    """Through the editor: a line more in the plan, checked and proposed."""
    page.goto(f"{site.url}/operations/changes/new")
    plan = page.get_by_label("方案文本")
    plan.fill(plan.input_value() + added)
    plan.press("Control+Enter")
    page.get_by_label("变更原因").fill(why)
    page.get_by_role("button", name="提交申请").click()
    page.wait_for_url(re.compile("/operations/changes/2026"))


def approve(page: Page) -> None:
    page.get_by_role("button", name="批准").click()
    page.get_by_role("dialog").get_by_role("button", name="批准").click()
    expect(page.get_by_role("button", name="执行", exact=True)).to_be_visible()
    page.wait_for_load_state()  # its scripts open the next dialog


def order(page: Page) -> None:
    page.get_by_role("button", name="执行", exact=True).click()
    page.locator("#apply-submit").click()
    page.wait_for_url("**/operations/runs/*")


def test_a_change_is_proposed_approved_by_another_and_applied(
    site: Site, person: NewPerson, log_in: Enter, worker: Callable[[Page], None]
) -> None:
    first, second = person(Role.OPS), person(Role.OPS)
    page = log_in(first)
    propose(page, site, added="# needs approval\n", why="开启双人批准")
    order(page)
    expect(page.locator("#run")).to_contain_text("等待后台任务接手")
    worker(page)
    expect(page.locator("#run-outcome")).to_contain_text("已生效")
    check(page)

    propose(page, site, added="# 第二次\n", why="12328 按通知并入")
    expect(page.get_by_text("等待另一位运维人员批准")).to_be_visible()
    expect(page.get_by_role("button", name="批准")).to_have_count(0)
    expect(page.get_by_role("button", name="执行", exact=True)).to_have_count(0)
    check(page)

    other = log_in(second)
    other.goto(page.url)
    approve(other)
    order(other)
    worker(other)
    expect(other.locator("#run-outcome")).to_contain_text("已生效")

    other.goto(f"{site.url}/operations/history")
    newest = other.locator("tbody tr").first
    for text in ("12328 按通知并入", second.username, "生效中"):
        expect(newest).to_contain_text(text)
    with site.database.reading() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.object_type == "dialplan_change")).all()
    assert [entry.action for entry in entries if entry.actor == second.username] == [
        "change_approved",
        "change_applied",
    ]


def test_a_change_that_fails_is_rolled_back_and_says_so(
    site: Site, person: NewPerson, log_in: Enter, worker: Callable[[Page], None]
) -> None:
    page, other = log_in(person(Role.OPS)), log_in(person(Role.OPS))
    propose(page, site, added="# collapses\n", why="会失败的变更")
    other.goto(page.url)
    if other.get_by_role("button", name="批准").count():  # the plan in force may ask for it
        approve(other)
    order(other)
    worker(other)
    expect(other.locator("#run-outcome")).to_contain_text("已自动回退")
    failed = other.locator(".steps__row--failed")
    expect(failed).to_contain_text("试拨 12345：接通了，但没有声音")
    check(other)
    assert visible_words(other) == set()
    failed.get_by_text("技术信息").click()
    expect(failed.locator("code")).to_contain_text("answered, but silent")
    other.goto(f"{site.url}/operations/history")
    other.get_by_role("row").filter(has_text="会失败的变更").get_by_role("link").first.click()
    expect(other.get_by_role("heading", name="经过")).to_be_visible()
    assert visible_words(other) - digest_letters(other) <= NAMES


def digest_letters(page: Page) -> set[str]:
    """Letters of a plan's digest, which is hexadecimal."""
    return {word for word in visible_words(page) if re.fullmatch("[a-f]+", word)}


def test_a_proposal_is_rejected_with_a_reason(
    site: Site, person: NewPerson, log_in: Enter, complaints: list[str]
) -> None:
    page = log_in(person(Role.OPS))
    propose(page, site, added="# 三\n", why="想一想再说")
    page.get_by_role("button", name="撤回").click()
    page.get_by_role("dialog").get_by_label("原因").fill("短")
    page.get_by_role("dialog").get_by_role("button", name="撤回").click()
    expect(page.locator("#toasts")).to_contain_text("请写明原因")
    assert all("422" in complaint for complaint in complaints)
    complaints.clear()
    page.get_by_role("dialog").get_by_label("原因").fill("日期写错了，重新申请")
    page.get_by_role("dialog").get_by_role("button", name="撤回").click()
    expect(page.get_by_text("已驳回：日期写错了，重新申请")).to_be_visible()


def test_a_version_is_brought_back_from_the_history(
    site: Site, person: NewPerson, log_in: Enter, worker: Callable[[Page], None]
) -> None:
    page = log_in(person(Role.OPS))
    propose(page, site, added="# 四\n", why="稍后退回")
    page.goto(f"{site.url}/operations/history/1")
    if page.get_by_role("button", name="恢复到这一版").count() == 0:
        pytest.skip("run alone: the first version is in force")
    page.get_by_role("button", name="恢复到这一版").click()
    page.get_by_label("恢复原因").fill("新方案有误，先退回")
    page.get_by_role("dialog").get_by_role("button", name="恢复").click()
    page.wait_for_url("**/operations/runs/*")
    worker(page)
    expect(page.locator("#run-outcome")).to_contain_text("已生效")
    page.goto(f"{site.url}/operations/history")
    expect(page.locator("tbody tr").first).to_contain_text("恢复到第 1 版")
