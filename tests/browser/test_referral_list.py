"""The list of referred matters in a browser: one key takes the first, and the desk has its draft open."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from app.accounts.auth import Actor
from app.accounts.models import Role
from app.handovers.referrals import receive
from app.handovers.schemas import ReferralIn
from app.platform.clock import utc_now
from tests.browser.conftest import Person, Site
from tests.browser.test_page_quality import check

pytestmark = [pytest.mark.browser, pytest.mark.services]

CONTENT = "夜间渣土车扬尘，请派人查看。"
NewPerson = Callable[..., Person]
Enter = Callable[..., Page]


def refer(site: Site, incident: str) -> None:
    body = ReferralIn.model_validate(
        {
            "incident_number": incident, "alarmed_at": "2026-11-23T15:58:00+08:00", "address": "矿工路",
            "caller_number": "13800000077", "category": "扬尘污染", "transfer_kind": "ticket", "content": CONTENT,
        }
    )  # fmt: skip
    with site.database.transaction() as session:
        receive(session, body, Actor("police-110"), region_code="410400", area_code="0375", now=utc_now())


def test_an_agent_takes_a_matter_with_one_key_and_goes_on_at_the_desk(
    site: Site, person: NewPerson, log_in: Enter
) -> None:
    refer(site, "J-browser-0001")
    page = log_in(person())
    page.goto(f"{site.url}/referrals?text=J-browser-0001")
    check(page)

    page.keyboard.press("Alt+1")

    page.wait_for_url("**/desk?ticket_id=*")
    expect(page.locator("#ticket-form textarea[name=content]")).to_have_value(CONTENT)
    page.goto(f"{site.url}/referrals?text=J-browser-0001")
    expect(page.get_by_text("没有符合条件的事项")).to_be_visible()


def test_a_supervisor_gives_a_matter_to_an_agent(site: Site, person: NewPerson, log_in: Enter) -> None:
    refer(site, "J-browser-0002")
    agent = person()
    page = log_in(person(Role.SUPERVISOR), width=400)
    page.goto(f"{site.url}/referrals?text=J-browser-0002")
    check(page)

    page.get_by_role("button", name="指派 扬尘污染").click()
    expect(page.locator("#toasts")).to_contain_text("请先选择话务员")
    page.locator("[data-taker]").select_option(agent.username)
    page.get_by_role("button", name="指派 扬尘污染").click()

    expect(page.locator("#main")).to_contain_text("没有符合条件的事项")
    page.goto(f"{site.url}/referrals?view=taken&text=J-browser-0002")
    expect(page.locator("tbody")).to_contain_text(agent.username)
