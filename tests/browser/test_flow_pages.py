"""Pages of flows and prompts: seen, edited, refused, published, rolled back, switched, played, heard."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.accounts.models import Role
from app.contract.events import IntakeRecorded, NodeVisit
from app.flows.builds import BuildFolder
from app.flows.jobs import count_flows
from app.platform.clock import utc_now
from app.platform.job_queue import JobContext
from ivr_flows.loader import FLOWS
from ivr_flows.versions import FlowStore
from tests.browser.conftest import Person, Site
from tests.browser.test_page_quality import check

pytestmark = [pytest.mark.browser, pytest.mark.services]

NewPerson = Callable[..., Person]
Enter = Callable[..., Page]
PATHS = [
    "flows", "flows/hotline-12345", "flows/waiting/edit", "flows/waiting/simulate", "prompts", "prompts?view=words",
    "prompts?language=en&view=trouble", "prompts/zh/greeting", "prompts/en/greeting",
]  # fmt: skip
PATIENCE_MS = 30_000
"""A command is a process of its own, and the machine has other work."""


@pytest.fixture(scope="module", autouse=True)
def published(site: Site) -> None:
    """What set-up does: the flows that ship are in force."""
    shipped = sorted(FLOWS.glob("*.yaml"))
    FlowStore(site.settings.home / "flows").publish(shipped, by="hotline setup", note="as shipped", at=utc_now())


def chinese_words(page: Page) -> set[str]:
    """Latin words outside of what is marked as a name or as English: flows, nodes and prompts have names."""
    text = page.evaluate(
        """() => { const seen = document.body.cloneNode(true);
        for (const one of seen.querySelectorAll('code, kbd, script, svg, textarea, select, [lang="en"]')) one.remove();
        return seen.textContent }"""
    )
    text = re.sub("【[^】]*】", "", text)  # values that are spoken there
    return {word.lower() for word in re.findall(r"[A-Za-z]{2,}", text)} - {"wav", "ctrl", "enter"}


def settled(page: Page) -> None:
    """The state of the node has been read, and the picture drawn."""
    expect(page.locator("#node-state")).to_contain_text("交换机运行中", timeout=PATIENCE_MS)
    if page.locator("#flow-picture").count():
        expect(page.locator("#flow-picture svg")).to_be_visible(timeout=PATIENCE_MS)


def visit(page: Page, url: str) -> None:
    page.goto(url, timeout=PATIENCE_MS)
    settled(page)


@pytest.mark.parametrize(("width", "color_scheme"), [(1366, "light"), (390, "dark")])
@pytest.mark.parametrize("path", PATHS)
def test_a_page_of_flows_is_chinese_labelled_and_fits(
    site: Site, person: NewPerson, log_in: Enter, *, path: str, width: int, color_scheme: str
) -> None:
    page = log_in(person(Role.OPS), width=width, color_scheme=color_scheme)
    visit(page, f"{site.url}/operations/{path}")
    check(page)
    assert chinese_words(page) == set()


def test_a_flow_is_edited_refused_published_and_rolled_back(site: Site, person: NewPerson, log_in: Enter) -> None:
    page = log_in(person(Role.OPS))
    visit(page, f"{site.url}/operations/flows/nuisance/edit")
    text = page.get_by_label("流程文本")
    original = text.input_value()
    text.fill(original.replace("start: ", "start: nowhere-", 1))
    text.press("Control+Enter")
    expect(page.locator("#check-result")).to_contain_text("不是节点", timeout=PATIENCE_MS)
    expect(page.locator("#publish-button")).to_have_count(0)
    page.get_by_role("button", name=re.compile("第 .* 行")).first.click()
    assert "nowhere-" in text.evaluate("e => e.value.slice(e.selectionStart, e.selectionEnd)")

    for title in ("一版", "二版"):
        text = page.get_by_label("流程文本")
        text.fill(re.sub("title: .*", f"title: {title}", original, count=1))
        text.press("Control+Enter")
        expect(page.locator("#check-result .diff")).to_contain_text(f"+title: {title}", timeout=PATIENCE_MS)
        page.get_by_label("发布说明").fill("换一个标题")
        check(page)
        page.get_by_role("button", name="发布", exact=True).click()
        expect(page.get_by_role("heading", name=title)).to_be_visible(timeout=PATIENCE_MS)
        settled(page)
        check(page)
        if title == "一版":
            page.get_by_role("link", name="修改并发布").click()
            settled(page)
    expect(page.locator(".diff").first).to_contain_text("-title: 一版")
    page.get_by_role("button", name="退回上一版").click()
    dialog = page.get_by_role("dialog", name="退回")
    dialog.get_by_role("button", name="退回").click()
    expect(dialog).to_contain_text("必填")
    dialog.get_by_label("原因").fill("标题写错了")
    dialog.get_by_role("button", name="退回").click()
    expect(page.get_by_role("heading", name="一版")).to_be_visible(timeout=PATIENCE_MS)


def test_an_edit_after_the_check_must_be_checked_again(site: Site, person: NewPerson, log_in: Enter) -> None:
    page = log_in(person(Role.OPS))
    visit(page, f"{site.url}/operations/flows/night/edit")
    text = page.get_by_label("流程文本")
    text.fill(text.input_value() + "# 一\n")
    text.press("Control+Enter")
    expect(page.locator("#publish-button")).to_be_enabled(timeout=PATIENCE_MS)
    text.press_sequentially("#")
    expect(page.locator("#publish-button")).to_be_disabled()
    expect(page.get_by_text("请重新预检")).to_be_visible()
    page.get_by_role("button", name="恢复原文").click()


def test_a_switch_is_set_with_a_reason(site: Site, person: NewPerson, log_in: Enter) -> None:
    page = log_in(person(Role.OPS))
    page.request.put(
        f"{site.url}/api/v1/flow-switches/flood",
        data={"is_on": False, "note": "先登记这个开关"},
        headers={"X-CSRF-Token": page.locator('meta[name="csrf-token"]').get_attribute("content") or ""},
    )
    visit(page, f"{site.url}/operations/flows")
    row = page.locator("#switches tr", has_text="flood")
    row.get_by_role("button", name="打开开关 flood").click()
    dialog = page.get_by_role("dialog", name="切换开关")
    expect(dialog).to_contain_text("打开开关 flood")
    dialog.get_by_label("原因").fill("防汛一级响应")
    dialog.get_by_label("原因").press("Enter")
    expect(row).to_contain_text("防汛一级响应", timeout=PATIENCE_MS)
    expect(row.locator(".badge")).to_have_text("开")
    check(page)


def test_a_caller_is_played_with_the_keyboard(site: Site, person: NewPerson, log_in: Enter) -> None:
    page = log_in(person(Role.OPS))
    visit(page, f"{site.url}/operations/flows/waiting/simulate")
    page.get_by_role("button", name="开始").click()
    played = page.locator("#played")
    played.get_by_role("button", name="查到", exact=True).wait_for(timeout=PATIENCE_MS)
    played.get_by_label("查到的内容").fill("minutes=7 ahead=3")
    played.get_by_role("button", name="查到", exact=True).click()
    expect(played.get_by_role("textbox", name="按键")).to_be_focused(timeout=PATIENCE_MS)
    expect(played).to_contain_text("按1")
    page.keyboard.press("3")
    expect(played.locator(".flow-turn--answered").last).to_have_text(re.compile("3"), timeout=PATIENCE_MS)
    check(page)
    assert chinese_words(page) == set()
    played.get_by_role("button", name="退一步").click()
    expect(played.locator(".flow-turn--answered")).to_have_count(1, timeout=PATIENCE_MS)
    played.get_by_role("button", name="不按键", exact=True).click()
    expect(played.locator(".flow-turn--end")).to_contain_text("返回原处", timeout=PATIENCE_MS)


def test_traffic_is_drawn_and_listed(site: Site, person: NewPerson, log_in: Enter) -> None:
    path = [NodeVisit(node="hold-on", left_by="next", ms=4200), NodeVisit(node="doors", left_by="hung_up", ms=3000)]
    site.telephony.tell(IntakeRecorded(flow="waiting", route="hung_up", path=path), call_id="node1-77.1")
    count_flows(JobContext(site.settings, site.database, lambda: utc_now() + timedelta(minutes=2)))
    page = log_in(person(Role.OPS))
    visit(page, f"{site.url}/operations/flows/waiting")
    expect(page.locator("#node-doors")).to_contain_text("100%")
    expect(page.locator("#node-hold-on")).to_contain_text("4.2秒")
    expect(page.locator(".flow-runs")).to_contain_text("来电人挂机")
    expect(page.locator("#flow-picture")).to_contain_text("挂机1")
    page.locator("#flow-picture .node", has=page.locator("title", has_text=re.compile("^doors$"))).click()
    assert page.evaluate("location.hash") == "#node-doors"


def test_a_text_is_changed_and_its_audio_is_heard(
    site: Site, person: NewPerson, log_in: Enter, complaints: list[str]
) -> None:
    page = log_in(person(Role.OPS))
    visit(page, f"{site.url}/operations/prompts/zh/recording-notice")
    page.locator("#text").fill("请按1")
    page.locator("#spoken").fill("")
    page.locator("#text-note").fill("按市里通知改名")
    page.get_by_role("button", name="保存并生成语音").click()
    expect(page.locator('[data-field="spoken"] .field__error')).to_contain_text("汉字", timeout=PATIENCE_MS)
    assert all("422" in complaint for complaint in complaints)
    complaints.clear()
    page.locator("#spoken").fill("请按一")
    page.get_by_role("button", name="保存并生成语音").click()
    expect(page.locator("#build")).to_contain_text("等待后台任务", timeout=PATIENCE_MS)
    build_id = page.url.rpartition("=")[2]
    BuildFolder(site.settings.home).carry_out(build_id)
    expect(page.locator("#build")).to_contain_text("语音已生成", timeout=PATIENCE_MS)
    visit(page, f"{site.url}/operations/prompts?text=recording-notice")
    expect(page.locator("tbody")).to_contain_text("已改写")
    expect(page.locator("tbody")).to_contain_text("就绪")
    button = page.get_by_role("button", name=re.compile("^播放"))
    with page.expect_response(re.compile("/audio")) as heard:
        button.click()
    assert heard.value.status in {200, 206}
    check(page)


def test_a_recording_that_is_not_fit_is_refused_in_words(
    site: Site, person: NewPerson, log_in: Enter, tmp_path: Path, complaints: list[str]
) -> None:
    page = log_in(person(Role.OPS))
    visit(page, f"{site.url}/operations/prompts/zh/greeting")
    (tmp_path / "studio.wav").write_bytes(b"no audio")
    page.get_by_role("button", name="上传录音").click()
    dialog = page.get_by_role("dialog", name="上传录音")
    dialog.get_by_label("录音文件").set_input_files(tmp_path / "studio.wav")
    dialog.get_by_label("原因").fill("录音棚交付")
    check(page)
    dialog.get_by_role("button", name="上传").click()
    expect(page.locator("#toasts")).to_contain_text("不是可以识别的录音", timeout=PATIENCE_MS)
    assert all("422" in complaint for complaint in complaints)
    complaints.clear()


@pytest.mark.parametrize("role", [Role.AGENT, Role.SUPERVISOR, Role.AUDITOR])
def test_pages_of_flows_are_for_ops_staff(site: Site, person: NewPerson, log_in: Enter, role: Role) -> None:
    page = log_in(person(role))
    for path in ("flows", "flows/night", "flows/night/edit", "prompts", "prompts/zh/greeting"):
        assert page.request.get(f"{site.url}/operations/{path}").status == 403
