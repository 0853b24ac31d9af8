"""Follow-up desk, the citizen's link, rates and scores, as people meet them."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.accounts.auth import actor_of_user
from app.accounts.models import Role, User
from app.contract.ids import follow_up_call_id
from app.evaluation.by_link import make_link
from app.platform.clock import utc_now
from app.tickets.follow_up_tasks import FollowUpTask
from tests.browser.conftest import Person, Site
from tests.browser.test_page_quality import check, visible_words
from tests.integration.casework.conftest import COUNTY, Stage

pytestmark = [pytest.mark.browser, pytest.mark.services]

OFFICE = {
    "8001": (Role.AGENT, ""), "dispatcher": (Role.DISPATCHER, ""), "reviewer": (Role.REVIEWER, ""),
    "caller": (Role.FOLLOW_UP, ""), "clerk": (Role.UNIT_STAFF, COUNTY), "leader": (Role.UNIT_LEADER, COUNTY),
    "chief": (Role.SUPERVISOR, ""),
}  # fmt: skip


class Office:
    """Everybody who has a part in a ticket's life, and what happens to tickets."""

    def __init__(self, site: Site, person: Callable[..., Person]) -> None:
        self.people = {name: person(role, unit) for name, (role, unit) in OFFICE.items()}
        self.stage = Stage(site.database, utc_now())
        with site.database.reading() as session:
            for name, made in self.people.items():
                user = session.scalars(select(User).where(User.username == made.username)).one()
                self.stage.people[name] = actor_of_user(user)

    def asked(self) -> FollowUpTask:
        """A citizen who waits to be asked."""
        ticket = self.stage.asked()
        with self.stage.database.reading() as session:
            return session.scalars(select(FollowUpTask).where(FollowUpTask.ticket_id == ticket)).one()


@pytest.fixture
def office(site: Site, person: Callable[..., Person]) -> Office:
    return Office(site, person)


def quality(page: Page, *allowed: str) -> None:
    check(page)
    assert visible_words(page) - set(allowed) == set()


def test_an_unhappy_citizen_is_asked_and_his_matter_goes_back(
    site: Site, office: Office, log_in: Callable[..., Page]
) -> None:
    task = office.asked()
    page = log_in(office.people["caller"])
    expect(page.get_by_role("heading", name="回访台")).to_be_visible()
    quality(page)
    page.goto(f"{site.url}/follow-ups/{task.id}")
    quality(page)
    page.get_by_label("没有联系").check()
    page.get_by_label("未解决", exact=True).check()
    page.get_by_label("不满意", exact=True).check()
    page.get_by_label("诉求人意见").fill("垃圾仍未清运")
    page.get_by_role("button", name="保存答复").click()
    expect(page.get_by_role("heading", name="诉求人不满意或认为未解决，请处理")).to_be_visible()
    quality(page)
    page.locator("#redo-reason").fill("现场照片显示未清运")
    page.get_by_role("button", name="退回重办").click()
    expect(page.locator("main")).to_contain_text("已退回重办")


@pytest.mark.parametrize(("width", "color_scheme"), [(1366, "dark"), (360, "light")])
def test_the_machine_asks_a_citizen_at_one_click_and_the_page_shows_what_he_keyed(
    site: Site, office: Office, log_in: Callable[..., Page], *, width: int, color_scheme: str
) -> None:
    task = office.asked()
    page = log_in(office.people["caller"], width=width, color_scheme=color_scheme)
    page.goto(f"{site.url}/follow-ups/{task.id}")
    page.get_by_role("button", name="由系统语音回访").press("Enter")
    expect(page.locator("#machine")).to_contain_text("系统正在拨打诉求人")
    expect(page.locator("main")).to_contain_text("系统已拨打 1 次")
    quality(page)
    command = site.door.commands[-1]
    assert (command["command"], command["call_id"]) == ("follow_up_call", follow_up_call_id(task.id, 1))

    call = site.telephony.reach(command["call_id"], command["number"])
    expect(page.locator("#machine")).to_contain_text("已接通")
    quality(page)
    call.key("1", score=3).end()
    expect(page.locator("main")).to_contain_text("已答复")
    expect(page.get_by_role("region", name="回访结果")).to_contain_text("已解决")
    quality(page)


@pytest.mark.parametrize(("width", "color_scheme"), [(360, "light"), (360, "dark"), (1366, "light")])
def test_a_citizen_rates_on_his_telephone_once(
    site: Site, office: Office, open_page: Callable[..., Page], *, width: int, color_scheme: str
) -> None:
    task = office.asked()
    with site.database.transaction() as session:
        secret = make_link(session.get_one(FollowUpTask, task.id), utc_now())
    page = open_page(width=width, color_scheme=color_scheme)
    page.goto(f"{site.url}/r/{secret}")
    quality(page)
    page.get_by_label("已解决").check()
    page.get_by_label("基本满意").check()
    page.get_by_role("button", name="提交评价").click()
    expect(page.locator("main")).to_contain_text("感谢您的评价")
    quality(page)


@pytest.mark.parametrize(("width", "color_scheme"), [(1366, "light"), (1366, "dark"), (360, "light")])
def test_figures_and_scores_fit_and_each_figure_opens_what_it_counts(
    site: Site, office: Office, log_in: Callable[..., Page], *, width: int, color_scheme: str
) -> None:
    task = office.asked()
    office.stage.move(
        task.matter_id, "note_answer", "caller", channel="phone", satisfaction="dissatisfied", reason="没人来"
    )
    page = log_in(office.people["chief"], width=width, color_scheme=color_scheme)
    for by in ("total", "unit", "region", "month"):
        page.goto(f"{site.url}/statistics?by={by}")
        quality(page)
    page.goto(f"{site.url}/statistics")
    page.get_by_label("满意率分母明细").first.click()
    expect(page.get_by_role("heading", name="满意率")).to_be_visible()
    expect(page.locator("main")).to_contain_text("铁路街道垃圾未清运")
    quality(page)
    for path in ("/scores", "/scores?all=true", "/scores?view=objections"):
        page.goto(site.url + path)
        quality(page)


def test_a_leader_appeals_and_a_supervisor_decides(site: Site, office: Office, log_in: Callable[..., Page]) -> None:
    task = office.asked()
    office.stage.move(
        task.matter_id, "note_answer", "caller", channel="phone", satisfaction="dissatisfied", reason="没人来"
    )
    page = log_in(office.people["leader"])
    page.goto(f"{site.url}/scores")
    page.locator("details").first.get_by_text("申诉", exact=True).click()
    appeal = page.locator("details[open]")
    appeal.get_by_label("事由").select_option("misrecorded")
    appeal.get_by_label("理由").fill("诉求人称满意，记录有误")
    appeal.get_by_label("佐证材料").fill("通话录音编号一二三")
    quality(page)
    appeal.get_by_role("button", name="提交").click()
    expect(page.locator("main")).to_contain_text("申诉已提交")
    page = log_in(office.people["chief"])
    page.goto(f"{site.url}/scores?view=objections")
    page.get_by_text("审核", exact=True).first.click()
    decision = page.locator("details[open]")
    decision.get_by_label("申诉成立，更正评价").check()
    decision.get_by_label("已解决").check()
    decision.get_by_label("基本满意").check()
    decision.get_by_label("审核意见").fill("复听录音，记录有误")
    quality(page)
    decision.get_by_role("button", name="提交审核结果").click()
    expect(page.locator("main")).to_contain_text("审核结果已记录")
