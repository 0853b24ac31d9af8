"""Desks of their own: a judge, a supervisor, a unit that is dissolved, a citizen with a photograph."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete, select, update

from app.accounts.auth import actor_of_user
from app.accounts.models import Role, User
from app.casework import service as casework
from app.catalogue.models import DispatchRule, ReferenceChange, Unit
from app.deadlines.models import TicketClock
from app.platform.clock import utc_now
from app.tickets import service as tickets
from app.tickets.models import Ticket
from tests.browser.conftest import Person, Site
from tests.browser.test_page_quality import check, visible_words
from tests.unit.casework.test_citizen_files import JPEG

pytestmark = [pytest.mark.browser, pytest.mark.services]

NewPerson = Callable[..., Person]
Enter = Callable[..., Page]
OFFICE, HEIR = "410425-zhengfu", "410404-zhengfu"
SCHEMES = [(1366, "light"), (360, "dark")]
REPLY = {
    "to_platform": "已责成环卫公司更换井盖，复核人员到场", "to_citizen": "尊敬的市民：井盖已于今日更换，感谢监督。",
    "result": "solved", "told_how": "phone",
}  # fmt: skip


class Hands:
    """Everybody who moves a ticket, and the ticket."""

    def __init__(self, site: Site, person: NewPerson, number: str) -> None:
        self._site, self._person, self._actors = site, person, dict[str, Any]()
        values = {
            "ticket_type": "complaint", "subject_code": "020301", "region_code": "410425", "contact_name": "赵先生",
            "title": f"东城街道井盖破损{number[-8:]}", "content": "东城街道十字路口井盖破损多日，夜间有人绊倒",
            "contact_number": number,
        }  # fmt: skip
        with site.database.transaction() as session:
            agent = person().username
            made = tickets.create_ticket(session, values, actor=agent, region_code="410400", now=utc_now())
            self.ticket = tickets.accept_ticket(session, made.id, actor=agent, now=utc_now())
        self.move("dispatch", Role.DISPATCHER, lead_unit_code=OFFICE)

    def move(self, verb: str, role: Role, **given: Any) -> None:
        with self._site.database.transaction() as session:
            if role not in self._actors:
                unit = OFFICE if role in {Role.UNIT_STAFF, Role.UNIT_LEADER} else ""
                name = self._person(role, unit=unit).username
                self._actors[role] = actor_of_user(session.query(User).filter_by(username=name).one())
            casework.move(session, self.ticket.id, verb, given, actor=self._actors[role], now=utc_now())

    def answer(self) -> None:
        self.move("sign", Role.UNIT_STAFF)
        self.move("contact", Role.UNIT_STAFF, channel="phone", note="已电话联系，约定当日查看")
        self.move("draft_reply", Role.UNIT_STAFF, **REPLY)
        self.move("reply", Role.UNIT_LEADER)

    def status(self) -> str:
        with self._site.database.reading() as session:
            return tickets.get_ticket(session, self.ticket.id).status


@pytest.fixture
def hands(site: Site, person: NewPerson, number: str) -> Hands:
    return Hands(site, person, number)


@pytest.mark.parametrize(("width", "color_scheme"), SCHEMES)
def test_a_judge_reads_both_sides_and_sends_back_by_keyboard(
    site: Site, person: NewPerson, log_in: Enter, hands: Hands, width: int, color_scheme: str
) -> None:
    hands.answer()
    page = log_in(person(Role.REVIEWER), width=width, color_scheme=color_scheme)
    expect(page.get_by_role("heading", level=1)).to_have_text("审核台")
    check(page)
    assert visible_words(page) == set()
    page.locator(f'.work__title[href="/reviews/{hands.ticket.id}"]').press("Enter")
    for words in ("夜间有人绊倒", REPLY["to_citizen"], "约定当日查看"):
        expect(page.locator(".review")).to_contain_text(words)
    check(page)
    assert visible_words(page) == set()
    page.locator("h1").click()
    page.keyboard.press("r")
    expect(page.get_by_label("退回原因")).to_be_focused()
    check(page)
    page.get_by_label("退回原因").select_option("no_evidence")
    page.get_by_label("审核意见").fill("请附更换后的照片")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".notice--good")).to_contain_text("已完成：审核退回重办")
    assert hands.status() == "redo"


@pytest.mark.parametrize(("width", "color_scheme"), SCHEMES)
def test_a_supervisor_orders_a_joint_supervision_from_his_desk_by_keyboard(
    site: Site, person: NewPerson, log_in: Enter, hands: Hands, width: int, color_scheme: str
) -> None:
    now = utc_now()
    with site.database.transaction() as session:
        late = update(TicketClock).where(TicketClock.ticket_id == hands.ticket.id, TicketClock.stopped_at.is_(None))
        session.execute(late.values(due_at=now - timedelta(days=900), near_due_at=now - timedelta(days=901)))
    page = log_in(person(Role.SUPERVISOR), width=width, color_scheme=color_scheme)
    expect(page.get_by_role("heading", level=1)).to_have_text("督办台")
    expect(page.locator("#units-behind tbody")).to_contain_text("郏县人民政府")
    expect(page.locator("#count-recurring")).not_to_have_text("…")
    check(page)
    assert visible_words(page) == set()
    row = page.locator(".work__row", has=page.locator(f'a[href="/tickets/{hands.ticket.id}"]')).first
    row.locator("a").focus()
    page.keyboard.press("s")
    expect(page.get_by_label("督办方式")).to_be_focused()
    check(page)
    page.get_by_label("督办方式").select_option("joint")
    page.get_by_label("督办理由").fill("涉及两个单位，联合督办")
    page.get_by_role("button", name="发起督办").click()
    expect(page.locator(".notice--good")).to_contain_text("已发起：联合督办")
    ordered = page.get_by_label("督办中，等单位回应")
    expect(ordered).to_contain_text("涉及两个单位")
    page.locator("#units-behind").get_by_role("link", name="郏县人民政府逾期").click()
    expect(page.locator(".notice").first).to_contain_text("只看主办单位为郏县人民政府的工单")
    check(page)
    assert visible_words(page) == set()
    with site.database.transaction() as session:  # late for nobody else's test
        session.execute(late.values(stopped_at=now, state="cancelled"))


@pytest.fixture
def _units_as_they_were(site: Site) -> Iterator[None]:
    with site.database.reading() as session:
        kept = [
            (model, {column.name: getattr(row, column.name) for column in row.__table__.columns})
            for model in (Unit, DispatchRule)
            for row in session.scalars(select(model))
        ]
    yield
    with site.database.transaction() as session:
        session.execute(delete(ReferenceChange).where(ReferenceChange.key == OFFICE))
        for model, values in kept:
            session.merge(model(**values))


@pytest.mark.usefixtures("_units_as_they_were")
@pytest.mark.parametrize(("width", "color_scheme"), SCHEMES)
def test_a_dispatcher_dissolves_a_unit_after_seeing_what_moves(
    site: Site, person: NewPerson, log_in: Enter, hands: Hands, complaints: list[str], width: int, color_scheme: str
) -> None:
    page = log_in(person(Role.DISPATCHER), width=width, color_scheme=color_scheme)
    page.goto(f"{site.url}/reference/units/{OFFICE}")
    page.get_by_role("link", name="撤并该单位").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("撤并郏县人民政府")
    check(page)
    assert visible_words(page) == set()
    page.get_by_role("button", name="预览移交内容").click()
    expect(page.locator("#field-reason-error")).to_have_text("必填")
    complaints.clear()  # Chromium notes the answer 422
    page.get_by_label("接办单位").select_option(HEIR)
    page.get_by_label("撤并原因").fill("机构改革职能划转")
    page.get_by_role("button", name="预览移交内容").click()
    expect(page.locator("main")).to_contain_text(hands.ticket.ticket_number)
    check(page)
    assert visible_words(page) == set()
    page.get_by_role("button", name="确认撤并").click()
    expect(page.locator(".notice--good")).to_contain_text("已撤并，由石龙区人民政府接办")
    check(page)
    with site.database.reading() as session:
        assert session.get_one(Ticket, hands.ticket.id).lead_unit_code == HEIR


@pytest.mark.parametrize(("width", "color_scheme"), [(360, "light"), (1366, "dark")])
def test_a_citizen_adds_a_photograph_and_the_clerk_takes_it(
    site: Site, log_in: Enter, person: NewPerson, open_page: Callable[..., Page], hands: Hands, tmp_path: Path,
    complaints: list[str], width: int, color_scheme: str,
) -> None:  # fmt: skip
    good, bad, large = tmp_path / "现场照片.jpg", tmp_path / "网页.jpg", tmp_path / "大图.jpg"
    good.write_bytes(JPEG)
    bad.write_bytes(b"<!doctype html><script>alert(1)</script>")
    large.write_bytes(JPEG + b"\0" * 9_000_000)
    page = open_page(width=width, color_scheme=color_scheme)
    page.goto(f"{site.url}/progress")
    page.get_by_label("工单号或您留下的电话号码").fill(hands.ticket.ticket_number)
    page.get_by_label("查询码").fill(hands.ticket.query_code)
    page.keyboard.press("Enter")
    page.get_by_label("附件").set_input_files(large)
    expect(page.locator("#field-files-error")).to_contain_text("超过8兆")
    page.get_by_label("附件").set_input_files(bad)
    expect(page.locator("#field-files-error")).to_be_empty()
    page.get_by_role("button", name="提交").click()
    expect(page.locator("#field-files-error")).to_contain_text("不是照片")
    complaints.clear()  # Chromium notes the answer 422
    check(page)
    page.get_by_label("附件").set_input_files(good)
    page.get_by_role("button", name="提交").click()
    expect(page.locator(".notice--good")).to_contain_text("已收到")
    expect(page.get_by_label("已提交的附件")).to_contain_text("现场照片")
    check(page)

    clerk = log_in(person(Role.UNIT_STAFF, unit=OFFICE), width=width, color_scheme=color_scheme)
    clerk.goto(f"{site.url}/tickets/{hands.ticket.id}")
    expect(clerk.locator("#ticket-timeline")).to_contain_text("诉求人补充附件")
    check(clerk)
    with clerk.expect_download() as started:
        clerk.locator("#handling").get_by_role("link", name="现场照片.jpg").click()
    assert started.value.suggested_filename == "现场照片.jpg"
    assert Path(started.value.path()).read_bytes() == JPEG


def test_a_supervisor_searches_keeps_a_view_and_exports_on_a_telephone_with_keys_alone(
    site: Site, person: NewPerson, log_in: Enter, hands: Hands
) -> None:
    page = log_in(person(Role.SUPERVISOR), width=360)
    for asked in (hands.ticket.ticket_number, hands.ticket.query_code, hands.ticket.contact_number, hands.ticket.title):
        page.goto(f"{site.url}/tickets")
        page.get_by_label("关键字").fill(asked)
        page.keyboard.press("Enter")
        expect(page.locator("tbody tr").filter(has_text=hands.ticket.ticket_number)).to_have_count(1)
    check(page)
    page.locator("summary", has_text="保存为视图").press("Enter")
    page.get_by_label("视图名称").fill("井盖")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="井盖", exact=True)).to_have_attribute("aria-current", "page")
    page.locator("summary", has_text="导出").press("Enter")
    check(page)
    page.get_by_label("导出用途").fill("十一月办理情况通报")
    with page.expect_download() as started:
        page.keyboard.press("Enter")
    assert started.value.suggested_filename.endswith(".xlsx")
