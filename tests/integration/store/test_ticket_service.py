"""Tickets: save, accept, finish, attach; two people at once; the list."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.accounts.models import Role
from app.calls.models import Call
from app.ingest.effects import Terms
from app.ingest.service import store_batch
from app.platform.database import Database
from app.platform.errors import NotFound, PreconditionFailed
from app.tickets import service
from app.tickets.models import Ticket, TicketHistory, TicketStatus
from app.tickets.service import TicketFilters, TicketIncomplete, TransitionRefused
from tests.integration.store.calling import NUMBER, Caller, answered_call, batch

pytestmark = pytest.mark.services

COMPLETE: dict[str, Any] = {
    "ticket_type": "consult",
    "subject_code": "030101",
    "region_code": "410421",
    "content": "李女士来电咨询周庄镇停水何时恢复",
    "answer": "预计今晚八点恢复供水",
}

Draft = Callable[..., int]


@pytest.fixture
def draft(database: Database, now: datetime) -> Draft:
    """Id of the draft of an answered call."""

    def make(n: int = 1, agent: str = "8001", number: str = NUMBER) -> int:
        call = answered_call(f"node1-1.{n}", now - timedelta(minutes=60 - n), agent, number=number)
        with database.transaction() as session:
            store_batch(session, batch(*call.events), Terms(), now - timedelta(minutes=50 - n))
            return session.scalars(select(Ticket.id).where(Ticket.call_id == call.call_id)).one()

    return make


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.transaction() as session:
        yield session


def test_saving_changes_the_fields_raises_the_version_and_is_remembered(
    draft: Draft, session: Session, now: datetime
) -> None:
    ticket = service.save_ticket(
        session, draft(), {"title": "停水", "address": "周庄镇"}, version=1, actor="8001", now=now
    )

    assert (ticket.title, ticket.address, ticket.version, ticket.updated_at) == ("停水", "周庄镇", 2, now)
    entry = service.history(session, ticket.id)[-1]
    assert (entry.actor, entry.action, entry.ticket_version) == ("8001", "edited", 2)
    assert entry.changes == {"title": ["", "停水"], "address": ["", "周庄镇"]}


def test_saving_what_is_there_already_changes_nothing(draft: Draft, session: Session, now: datetime) -> None:
    ticket_id = draft()
    for _ in range(2):
        ticket = service.save_ticket(session, ticket_id, {"title": "停水"}, version=None, actor="8001", now=now)

    assert ticket.version == 2
    assert len(service.history(session, ticket_id)) == 2


def test_who_comes_second_learns_who_was_first_and_what_changed(draft: Draft, session: Session, now: datetime) -> None:
    ticket_id = draft()
    service.save_ticket(session, ticket_id, {"title": "停水"}, version=1, actor="8001", now=now)
    with pytest.raises(PreconditionFailed, match=r"8001 于 .* 修改了标题") as refused:
        service.save_ticket(session, ticket_id, {"title": "停电"}, version=1, actor="9001", now=now)

    assert refused.value.extra["current_version"] == 2
    assert refused.value.extra["changes"] == [{"actor": "8001", "at": now.isoformat(), "fields": ["title"]}]


def test_of_two_who_save_at_once_one_is_refused(draft: Draft, database: Database, now: datetime) -> None:
    ticket_id, start = draft(), Barrier(2)

    def save(actor: str) -> str:
        start.wait(10)
        try:
            with database.transaction() as session:
                service.save_ticket(session, ticket_id, {"title": actor}, version=1, actor=actor, now=now)
        except PreconditionFailed:
            return "refused"
        return "saved"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(save, ["8001", "8002"])) == ["refused", "saved"]
    with database.reading() as session:
        assert session.get_one(Ticket, ticket_id).version == 2


@pytest.mark.parametrize(
    ("changes", "field"), [({"subject_code": "999999"}, "subject_code"), ({"region_code": "110000"}, "region_code")]
)
def test_codes_that_do_not_exist_are_refused_beside_their_field(
    draft: Draft, session: Session, now: datetime, changes: dict[str, str], field: str
) -> None:
    with pytest.raises(TicketIncomplete) as refused:
        service.save_ticket(session, draft(), changes, version=1, actor="8001", now=now)

    assert [error["field"] for error in refused.value.extra["errors"]] == [field]  # type: ignore[attr-defined]


def test_the_form_cannot_set_what_is_not_its_own(draft: Draft, session: Session, now: datetime) -> None:
    with pytest.raises(ValueError, match="status"):
        service.save_ticket(session, draft(), {"status": "finished"}, version=1, actor="8001", now=now)


def test_an_empty_draft_is_not_accepted_and_says_what_is_missing(draft: Draft, session: Session, now: datetime) -> None:
    with pytest.raises(TicketIncomplete) as refused:
        service.accept_ticket(session, draft(), actor="8001", now=now)

    fields = [error["field"] for error in refused.value.extra["errors"]]  # type: ignore[attr-defined]
    assert fields == ["ticket_type", "subject_code", "region_code", "content"]


def test_a_complete_draft_is_accepted_once(draft: Draft, session: Session, now: datetime) -> None:
    ticket_id = draft()
    service.save_ticket(session, ticket_id, COMPLETE, version=1, actor="8001", now=now)
    ticket = service.accept_ticket(session, ticket_id, actor="8001", now=now, version=2)

    assert (ticket.status, ticket.accepted_at, ticket.accepted_by) == ("accepted", now, "8001")
    with pytest.raises(TransitionRefused):
        service.accept_ticket(session, ticket_id, actor="8001", now=now)


def test_a_consultation_is_finished_at_once_and_then_closed_to_edits(
    draft: Draft, session: Session, now: datetime
) -> None:
    ticket_id = draft()
    service.save_ticket(session, ticket_id, COMPLETE, version=1, actor="8001", now=now)
    assert service.finish_ticket(session, ticket_id, actor="8001", now=now).status == "finished"

    with pytest.raises(TransitionRefused):
        service.save_ticket(session, ticket_id, {"title": "x"}, version=None, actor="8001", now=now)


def test_attaching_merges_the_calls_own_draft_into_the_older_ticket(
    draft: Draft, session: Session, now: datetime
) -> None:
    older, own = draft(1), draft(2)
    target = service.attach_call(session, "node1-1.2", older, actor="8001", now=now)
    service.attach_call(session, "node1-1.2", older, actor="8001", now=now)

    merged = service.get_ticket(session, own)
    assert (merged.status, merged.merged_into_id) == (TicketStatus.MERGED, older)
    assert session.scalar(select(Call.ticket_id).where(Call.call_id == "node1-1.2")) == older
    found = service.find_ticket_of_call(session, "node1-1.2")
    assert found is not None
    assert found.id == older == target.id
    assert [e.action for e in service.history(session, older)] == ["opened", "attached"]
    assert [e.action for e in service.history(session, own)] == ["opened", "merged"]


def test_late_facts_of_an_attached_call_leave_it_attached(
    draft: Draft, database: Database, session: Session, now: datetime
) -> None:
    older = draft(1)
    call = Caller("node1-1.2", now).arrives().queues().is_answered_by("8001")
    store_batch(session, batch(*call.events), Terms(), now)
    service.attach_call(session, "node1-1.2", older, actor="8001", now=now)
    store_batch(session, batch(*call.stops_talking_to("8001").hangs_up().events), Terms(), now)

    assert session.scalar(select(Call.ticket_id).where(Call.call_id == "node1-1.2")) == older
    assert session.scalar(select(func.count()).select_from(Ticket)) == 2


def test_nothing_is_attached_to_a_finished_ticket(draft: Draft, session: Session, now: datetime) -> None:
    older, _ = draft(1), draft(2)
    service.save_ticket(session, older, COMPLETE, version=1, actor="8001", now=now)
    service.finish_ticket(session, older, actor="8001", now=now)
    with pytest.raises(TransitionRefused):
        service.attach_call(session, "node1-1.2", older, actor="8001", now=now)
    with pytest.raises(NotFound):
        service.attach_call(session, "node1-9.9", older, actor="8001", now=now)


def test_the_pop_finds_the_callers_open_tickets_but_not_the_calls_own(
    draft: Draft, session: Session, now: datetime
) -> None:
    older, _own, finished = draft(1), draft(2), draft(3)
    service.save_ticket(session, finished, COMPLETE, version=1, actor="8001", now=now)
    service.finish_ticket(session, finished, actor="8001", now=now)

    found = service.open_tickets_of_number(session, NUMBER, except_call_id="node1-1.2")
    assert [ticket.id for ticket in found] == [older]


def test_a_ticket_is_found_by_its_number_too(draft: Draft, session: Session) -> None:
    ticket = service.get_ticket(session, draft())

    assert service.get_ticket(session, ticket.ticket_number).id == ticket.id
    with pytest.raises(NotFound):
        service.get_ticket(session, 999)


def test_the_draft_follows_the_call_to_the_next_agent(draft: Draft, session: Session, now: datetime) -> None:
    call = Caller("node1-1.1", now).arrives().queues().is_answered_by("8001").stops_talking_to("8001")
    store_batch(session, batch(*call.events), Terms(), now)
    store_batch(session, batch(*call.queues().is_answered_by("8002").events), Terms(), now)

    ticket = session.scalars(select(Ticket)).one()
    assert (ticket.accepted_by, ticket.version) == ("8002", 1)
    assert session.scalars(select(TicketHistory.action)).all() == ["opened", "taken_over"]


def _ids(session: Session, **filters: Any) -> list[int]:
    return [ticket.id for ticket in service.list_tickets(session, TicketFilters(**filters)).items]


def test_each_filter_finds_its_tickets_and_no_others(draft: Draft, session: Session, now: datetime) -> None:
    first, second = draft(1), draft(2, agent="8002", number="19900054321")
    service.save_ticket(session, first, {**COMPLETE, "title": "周庄镇停水"}, version=1, actor="8001", now=now)
    service.accept_ticket(session, first, actor="8001", now=now)
    number = service.get_ticket(session, first).ticket_number

    assert _ids(session) == [second, first]
    for found in (
        {"statuses": (TicketStatus.ACCEPTED,)}, {"statuses": (TicketStatus.ACCEPTED, TicketStatus.FINISHED)},
        {"ticket_type": "consult"}, {"subject": "030101"}, {"subject": "030100"}, {"subject": "030000"},
        {"region": "410421"}, {"region": "410400"}, {"region": "410000"}, {"agent": "8001"},
        {"caller_number": NUMBER}, {"text": "停水"}, {"text": "周庄镇 恢复"}, {"text": "水"}, {"text": number},
        {"text": "199 0001 2345"}, {"until": service.get_ticket(session, second).created_at},
    ):  # fmt: skip
        assert _ids(session, **found) == [first], found
    for nothing in (
        {"subject": "030200"}, {"region": "410402"}, {"text": "停电"}, {"text": "停水 停电"}, {"text": "%"},
        {"text": "_水"}, {"agent": "9999"}, {"caller_number": "none"}, {"since": now},
    ):  # fmt: skip
        assert _ids(session, **nothing) == [], nothing


def test_pages_stay_stable_while_tickets_are_added(draft: Draft, database: Database) -> None:
    ids = [draft(n) for n in range(1, 6)]
    with database.reading() as session:
        first = service.list_tickets(session, limit=2)
    added = draft(6)
    with database.reading() as session:
        second = service.list_tickets(session, cursor=first.next_cursor, limit=2)
        third = service.list_tickets(session, cursor=second.next_cursor, limit=2)

    shown = [ticket.id for page in (first, second, third) for ticket in page.items]
    assert shown == ids[::-1]
    assert added not in shown
    assert third.next_cursor is None


def test_agents_list_their_own_tickets_and_those_of_the_caller_they_hold(
    draft: Draft, session: Session, now: datetime
) -> None:
    own, other = draft(1, agent="8001"), draft(2, agent="8002", number="19900054321")
    people = {role: Actor(name="8001", role=role) for role in Role}

    def seen(role: Role) -> list[int]:
        return [ticket.id for ticket in service.list_tickets(session, actor=people[role]).items]

    assert seen(Role.AGENT) == [own]
    assert seen(Role.SUPERVISOR) == seen(Role.AUDITOR) == [other, own]
    assert seen(Role.OPS) == seen(Role.UNIT_STAFF) == []
    ringing = Caller("node1-1.3", now, number="19900054321").arrives().queues().rings("8001")
    store_batch(session, batch(*ringing.events), Terms(), now)
    assert seen(Role.AGENT) == [other, own]
