"""The ticket form: saved as the agent types, whatever happens to the page, the network or a second writer."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from app.platform.clock import utc_now
from app.tickets.models import Ticket
from app.tickets.service import save_ticket
from tests.browser.conftest import Person, Site

pytestmark = [pytest.mark.browser, pytest.mark.services]

NewPerson = Callable[..., Person]
Desk = Callable[..., Page]
CONTENT = "王女士来电反映：建设路工地连续三晚打桩，影响休息。"


@pytest.fixture
def in_call(site: Site, person: NewPerson, at_desk: Desk, number: str) -> Page:
    """An agent's page in the middle of a call, with the draft open."""
    agent = person()
    page = at_desk(agent)
    site.telephony.call(number).answer(agent.username)
    expect(page.locator("#ticket-form")).to_be_visible()
    return page


def ticket_id(page: Page) -> int:
    return int(page.locator("#ticket-form").get_attribute("data-ticket") or 0)


def stored(site: Site, ticket: int) -> Ticket:
    with site.database.reading() as session:
        found = session.get(Ticket, ticket)
        assert found is not None
        return found


def fill_required(page: Page, *, ticket_type: str = "投诉") -> None:
    page.locator(".choice", has_text=ticket_type).click()
    page.get_by_role("combobox", name="事项分类").fill("噪")
    page.keyboard.press("Enter")
    page.get_by_role("combobox", name="事发区域").fill("湛河")
    page.keyboard.press("Enter")
    page.locator("#field-content").fill(CONTENT)


def test_what_is_typed_is_saved_without_a_button(site: Site, in_call: Page) -> None:
    fill_required(in_call)
    in_call.locator("#field-contact_name").fill("王女士")
    expect(in_call.locator("#save-state")).to_contain_text("已保存")
    expect(in_call.locator("#save-state")).to_have_attribute("data-state", "saved")
    ticket = stored(site, ticket_id(in_call))
    assert (ticket.ticket_type, ticket.content, ticket.contact_name) == ("complaint", CONTENT, "王女士")
    assert ticket.region_code == "410411"
    assert ticket.subject_code


def test_a_complete_ticket_is_accepted_by_key_and_leaves_the_desk(site: Site, in_call: Page) -> None:
    fill_required(in_call)
    ticket = ticket_id(in_call)
    in_call.keyboard.press("Control+Enter")
    expect(in_call.locator("#toasts")).to_contain_text("已受理")
    expect(in_call.locator("#ticket-form")).to_have_count(0)
    assert stored(site, ticket).status == "accepted"


def test_what_is_missing_is_said_beside_its_field(in_call: Page, complaints: list[str]) -> None:
    in_call.get_by_role("button", name="提交受理").click()
    expect(in_call.locator("[data-error-for=field-ticket_type]")).to_have_text("请选择诉求类型")
    expect(in_call.locator("[data-error-for=field-content]")).to_contain_text("诉求内容")
    expect(in_call.locator("#field-content")).to_have_attribute("aria-invalid", "true")
    in_call.locator("#field-content").fill(CONTENT)
    expect(in_call.locator("[data-error-for=field-content]")).to_be_empty()
    complaints.clear()  # the browser logs the 422


def test_a_consultation_is_answered_and_finished_at_once(site: Site, in_call: Page) -> None:
    fill_required(in_call, ticket_type="咨询")
    in_call.locator("#field-answer").fill("已告知办理流程和所需材料。")
    ticket = ticket_id(in_call)
    in_call.get_by_role("button", name="直接答复办结").click()
    expect(in_call.locator("#toasts")).to_contain_text("已直接答复办结")
    assert stored(site, ticket).status == "finished"


def test_words_not_yet_saved_survive_a_reload(site: Site, in_call: Page, complaints: list[str]) -> None:
    in_call.route("**/api/v1/tickets/*", lambda route: route.abort())
    in_call.locator("#field-content").fill(CONTENT)
    expect(in_call.locator("#save-state")).to_have_text("保存失败，正在重试")
    in_call.unroute("**/api/v1/tickets/*")
    in_call.reload()
    expect(in_call.locator("#field-content")).to_have_value(CONTENT)
    expect(in_call.locator("#save-state")).to_contain_text("已保存")
    assert stored(site, ticket_id(in_call)).content == CONTENT
    complaints.clear()  # the browser logs the aborted requests


def test_saving_is_tried_again_until_the_server_is_back(site: Site, in_call: Page, complaints: list[str]) -> None:
    refused: list[str] = []

    def refuse_twice(route: Route) -> None:
        if len(refused) < 2:
            refused.append(route.request.method)
            route.fulfill(status=503, content_type="application/problem+json", body='{"detail":"数据库暂时不可用"}')
        else:
            route.continue_()

    in_call.route("**/api/v1/tickets/*", refuse_twice)
    in_call.locator("#field-title").fill("关于噪声的问题")
    expect(in_call.locator("#save-state")).to_contain_text("已保存")
    assert refused == ["PATCH", "PATCH"]
    assert stored(site, ticket_id(in_call)).title == "关于噪声的问题"
    complaints.clear()  # the browser logs the 503


def other_writer(site: Site, ticket: int, **values: str) -> None:
    """A supervisor saves the same ticket from another place."""
    with site.database.transaction() as session:
        save_ticket(session, ticket, values, version=None, actor="supervisor", now=utc_now())


def test_a_conflict_says_who_changed_what_and_the_agent_may_keep_his_own(
    site: Site, in_call: Page, complaints: list[str]
) -> None:
    ticket = ticket_id(in_call)
    other_writer(site, ticket, title="班长写的标题")
    in_call.locator("#field-title").fill("话务员写的标题")
    dialog = in_call.locator("#conflict-dialog")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("supervisor")
    expect(dialog).to_contain_text("班长写的标题")
    expect(dialog).to_contain_text("话务员写的标题")
    in_call.get_by_role("button", name="保留我的").click()
    expect(in_call.locator("#save-state")).to_contain_text("已保存")
    assert stored(site, ticket).title == "话务员写的标题"
    complaints.clear()  # the browser logs the 412


def test_in_a_conflict_the_other_content_may_be_taken(site: Site, in_call: Page, complaints: list[str]) -> None:
    ticket = ticket_id(in_call)
    other_writer(site, ticket, title="班长写的标题")
    in_call.locator("#field-title").fill("话务员写的标题")
    in_call.get_by_role("button", name="采用对方的").click()
    expect(in_call.locator("#field-title")).to_have_value("班长写的标题")
    assert stored(site, ticket).title == "班长写的标题"
    complaints.clear()  # the browser logs the 412


def test_changes_of_different_fields_are_merged_without_a_question(
    site: Site, in_call: Page, complaints: list[str]
) -> None:
    ticket = ticket_id(in_call)
    other_writer(site, ticket, address="建设路与姚电大道交叉口")
    in_call.locator("#field-title").fill("话务员写的标题")
    expect(in_call.locator("#field-address")).to_have_value("建设路与姚电大道交叉口")
    expect(in_call.locator("#save-state")).to_contain_text("已保存")
    merged = stored(site, ticket)
    assert (merged.title, merged.address) == ("话务员写的标题", "建设路与姚电大道交叉口")
    complaints.clear()  # the browser logs the 412


def test_a_call_that_comes_while_typing_waits_and_the_old_draft_stays_in_reach(
    site: Site, person: NewPerson, at_desk: Desk, number: str
) -> None:
    agent = person()
    page = at_desk(agent)
    site.telephony.call(number).answer(agent.username).hang_up(agent.username)
    first = ticket_id(page)
    page.locator("#field-content").press_sequentially("第一件还没写完", delay=5)
    site.telephony.call("").answer(agent.username)
    expect(page.locator("#switch-banner")).to_be_visible()
    expect(page.locator("#field-content")).to_have_value("第一件还没写完")
    page.keyboard.press("Alt+n")
    expect(page.locator("#field-content")).to_have_value("")
    assert ticket_id(page) != first
    page.locator(f'.draft[data-ticket="{first}"]').click()
    expect(page.locator("#field-content")).to_have_value("第一件还没写完")
    expect(page.locator(".draft")).to_have_count(2)
