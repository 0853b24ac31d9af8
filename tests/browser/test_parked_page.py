"""Ops staff see in Chinese why a report was parked, and try it again by button and by key."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import delete

from app.accounts.models import Role
from app.calls.models import ParkedEvent
from app.contract.events import CallArrived, CallEvent, EventBatch
from app.ingest import rules
from app.ingest.effects import Terms
from app.ingest.service import store_batch
from app.platform.clock import utc_now
from tests.browser.conftest import Person, Site
from tests.browser.test_operations_pages import settled
from tests.browser.test_page_quality import check, visible_words

pytestmark = [pytest.mark.browser, pytest.mark.services]

NewPerson = Callable[..., Person]
Enter = Callable[..., Page]
SENDERS = {"node", "ami"}
"""Parts of a sender's name."""


@pytest.fixture
def parked(site: Site, number: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Two reports parked by a clock that is right again, and one that is a month ahead; the caller's number."""
    now = utc_now()

    def arrived(name: str, *, days: int = 0) -> dict[str, object]:
        payload = CallArrived(trunk="carrier", dnis="12345", ani=number)
        event = CallEvent.make(
            payload, node="node7", occurred_at=now + timedelta(days=days), uniqueid=name, call_id=name
        )
        return event.model_dump(mode="json")

    with monkeypatch.context() as patch:
        patch.setattr(rules, "CLOCK_SLACK", timedelta(hours=-2))
        events = [arrived(f"node7-{number[3:7]}.1"), arrived(f"node7-{number[3:7]}.2"), arrived("node7-9.9", days=30)]
        with site.database.transaction() as session:
            session.execute(delete(ParkedEvent))  # another test may have left some
            for event in events:  # of one batch, any may stand first
                assert store_batch(session, EventBatch(node="node7.ami", events=[event]), Terms(), now).parked == 1
    yield number
    with site.database.transaction() as session:
        session.execute(delete(ParkedEvent))


@pytest.mark.parametrize(("width", "color_scheme"), [(1366, "light"), (360, "dark")])
def test_the_list_says_in_chinese_what_is_wrong_and_shows_no_number(
    site: Site, parked: str, person: NewPerson, log_in: Enter, *, width: int, color_scheme: str
) -> None:
    page = log_in(person(Role.OPS), width=width, color_scheme=color_scheme)
    page.goto(f"{site.url}/operations/parked")
    settled(page)
    expect(page.locator("#node-state")).to_contain_text("3 条通话事件没能入库")
    expect(page.locator("tbody tr")).to_have_count(3)
    expect(page.locator("tbody tr").first).to_contain_text("请核对上报方的时钟")
    check(page)
    assert visible_words(page) <= SENDERS
    page.get_by_text("技术信息").first.click()
    expect(page.locator("pre").first).to_contain_text("occurred_at")
    assert parked not in page.content()
    check(page)


def test_one_is_tried_by_its_button_and_the_rest_by_a_key(
    site: Site, parked: str, person: NewPerson, log_in: Enter
) -> None:
    page = log_in(person(Role.OPS))
    page.goto(f"{site.url}/operations/parked")
    settled(page)
    page.locator("tbody tr").nth(1).get_by_role("button", name="重新入库").click()
    expect(page.locator("#toasts")).to_contain_text("已重新入库")
    expect(page.locator("tbody tr")).to_have_count(2)

    page.keyboard.press("r")
    expect(page.locator("#toasts")).to_contain_text("仍有 1 条不能入库")
    expect(page.locator("tbody tr")).to_have_count(1)

    page.get_by_role("link", name="已入库").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    page.locator("tbody tr").first.get_by_role("link", name="通话").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_nothing_parked_is_good_news(site: Site, person: NewPerson, log_in: Enter) -> None:
    page = log_in(person(Role.OPS))
    page.goto(f"{site.url}/operations/parked")
    settled(page)
    expect(page.get_by_text("没有搁置的上报")).to_be_visible()
    check(page)
    page.keyboard.press("r")  # nothing to try
    expect(page.locator("#toasts")).to_be_empty()
