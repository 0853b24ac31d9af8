"""Messages are heard and dealt with on their page; an outage ends in one of two ways, and its page says who is told."""

import wave
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.accounts.models import AuditEntry, Role
from app.broadcasts import service as broadcasts
from app.broadcasts.models import Broadcast, BroadcastKind
from app.calls.models import Call
from app.messages.models import VoiceMessage
from app.platform.clock import utc_now
from tests.browser.conftest import Person, Site
from tests.browser.test_page_quality import check, visible_words

pytestmark = [pytest.mark.browser, pytest.mark.services]

NewPerson = Callable[..., Person]
Enter = Callable[..., Page]
WIDE_AND_NARROW = [(1366, "light"), (360, "dark")]


def left_message(site: Site, number: str) -> str:
    """A call whose message waits; its id."""
    call_id, now = f"node1-{number}.1", utc_now()
    folder = site.settings.home / "asterisk" / "recordings"
    folder.mkdir(parents=True, exist_ok=True)
    file = f"{call_id}-1-message.wav"
    with wave.open(str(folder / file), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(b"\1\0" * 16_000)
    with site.database.transaction() as session:
        session.add(
            Call(
                call_id=call_id, node="node1", state="ended", outcome="message", caller_number=number, ani=number,
                original_line="12345", arrived_at=now, ended_at=now,
            )
        )  # fmt: skip
        session.add(VoiceMessage(call_id=call_id, file=file, kind="message", seconds=2, left_at=now))
    return call_id


def followed_outage(site: Site, *numbers: str) -> int:
    """An outage on the air that these follow."""
    now = utc_now()
    with site.database.transaction() as session:
        row = broadcasts.announce(
            session, kind=BroadcastKind.INCIDENT, text="建设路因管网抢修停水，正在抢修。", by="1001", now=now,
            expires_at=now + timedelta(hours=2),
        )  # fmt: skip
        outage = row.id
        broadcasts.mark_spoken(session, outage, now)
    with site.database.transaction() as session:
        for number in numbers:
            assert broadcasts.follow(session, outage, number=number, call_id=f"node1-{number}.2", now=now)
    return outage


@pytest.mark.parametrize(("width", "color_scheme"), WIDE_AND_NARROW)
def test_an_agent_hears_a_message_with_the_keyboard_and_makes_a_ticket_of_it(
    site: Site, person: NewPerson, log_in: Enter, number: str, width: int, color_scheme: str
) -> None:
    call_id = left_message(site, number)
    page = log_in(person(), width=width, color_scheme=color_scheme)
    page.goto(f"{site.url}/messages")
    row = page.locator(f"tbody tr:has(a[href='/calls/{call_id}'])")
    player = row.locator("audio")
    check(page)
    assert visible_words(page) == set()

    player.focus()
    page.keyboard.press("Space")
    page.wait_for_function("audio => audio.currentTime > 0", arg=player.element_handle())
    with site.database.reading() as session:
        heard = session.scalars(select(AuditEntry.action).where(AuditEntry.action == "message_heard")).all()
    assert heard
    row.get_by_role("button", name="转为工单").press("Enter")
    page.wait_for_url("**/desk?ticket_id=*")
    expect(page.locator("#ticket-form")).to_be_visible()


def test_a_message_that_was_dealt_with_leaves_the_list(
    site: Site, person: NewPerson, log_in: Enter, number: str
) -> None:
    call_id = left_message(site, number)
    page = log_in(person(Role.SUPERVISOR))
    page.goto(f"{site.url}/messages")
    row = page.locator(f"tbody tr:has(a[href='/calls/{call_id}'])")
    row.get_by_role("button", name="已处理").click()
    expect(row).to_have_count(0)
    page.goto(f"{site.url}/messages?view=done")
    expect(row).to_contain_text("已处理")


@pytest.mark.parametrize(("width", "color_scheme"), WIDE_AND_NARROW)
def test_an_outage_ends_and_its_followers_wait_until_it_is_over(
    site: Site, person: NewPerson, log_in: Enter, number: str, width: int, color_scheme: str
) -> None:
    outage = followed_outage(site, number)
    page = log_in(person(Role.SUPERVISOR), width=width, color_scheme=color_scheme)
    page.goto(f"{site.url}/broadcasts")
    page.locator(f"[data-end='{outage}']").click()
    dialog = page.get_by_role("dialog", name="结束公告")
    expect(dialog).to_be_visible()
    check(page)
    assert visible_words(page) == set()
    dialog.get_by_role("button", name="只停播").press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.locator(f"[data-end='{outage}']")).to_have_count(0)

    page.goto(f"{site.url}/broadcasts/{outage}")
    expect(page.locator("tbody")).to_contain_text("待恢复")
    check(page)
    assert visible_words(page) == set()
    page.once("dialog", lambda asked: asked.accept())
    page.get_by_role("button", name="告知关注者").click()
    expect(page.locator("h1 + .badge")).to_have_text("已恢复")
    with site.database.reading() as session:
        assert session.get_one(Broadcast, outage).over_at is not None
    check(page)
