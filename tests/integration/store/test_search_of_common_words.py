"""A word that stands in many tickets: the newest are read along, and every page is what the index alone would give."""

from datetime import UTC, datetime, timedelta

import pytest

from app.platform.database import Database
from app.tickets import listing
from app.tickets.listing import TicketFilters, list_tickets
from app.tickets.service import create_ticket

pytestmark = pytest.mark.services

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize("words", ["停水", "阳光花园", "停水 阳光", "水", "井盖"])
def test_pages_are_the_same_however_many_of_the_newest_are_read_along(
    database: Database, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    with database.transaction() as session:
        for number in range(24):
            place = "阳光花园" if number % 3 else "建设路"
            matter = "井盖缺失" if number in {1, 22} else "小区停水"
            at = NOW + timedelta(minutes=number // 2)
            form = {"title": f"{place}{matter}", "address": place, "content": f"第{number}户来电"}
            create_ticket(session, form, actor="8001", region_code="410400", now=at)

    found = []
    for read_along in (1, 7, 5_000):
        monkeypatch.setattr(listing, "READ_ALONG", read_along)
        pages, cursor = [], None
        with database.reading() as session:
            while True:
                page = list_tickets(session, TicketFilters(text=words), cursor=cursor, limit=4)
                pages.append([ticket.id for ticket in page.items])
                cursor = page.next_cursor
                if cursor is None:
                    break
        found.append(pages)

    assert found[0] == found[1] == found[2]
    ids = [ticket_id for page in found[0] for ticket_id in page]
    assert len(ids) == len(set(ids)) == {"停水": 22, "阳光花园": 16, "停水 阳光": 14, "水": 22, "井盖": 2}[words]
    assert ids == sorted(ids, reverse=True)
