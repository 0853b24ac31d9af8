"""Merging that can be undone: every citizen keeps his own number, notices and follow-up; 件 and 人次 counted apart."""

from collections.abc import Callable
from typing import Any

import pytest

from app.casework import service
from app.casework.duplicates import find_duplicates
from app.casework.refusals import NotNow
from app.tickets.models import TicketStatus
from app.tickets.service import TicketIncomplete
from tests.integration.casework.conftest import Stage

pytestmark = pytest.mark.services


def merged(stage: Stage) -> tuple[int, int]:
    master, other = stage.ticket(), stage.ticket(contact_number="19900054321", contact_name="王先生")
    stage.move(other, "merge", "dispatcher", master=str(master), reason="同一地点同一事项")
    return master, other


def counts(stage: Stage) -> tuple[int, int]:
    with stage.database.reading() as session:
        return service.count(session, stage.people["chief"])


def test_a_merged_ticket_keeps_its_number_and_is_counted_as_a_citizen_only(stage: Stage) -> None:
    master, other = merged(stage)
    row = stage.read(other)
    assert (row.status, row.merged_into_id) == (TicketStatus.MERGED, master)
    assert row.ticket_number != stage.read(master).ticket_number
    assert counts(stage) == (1, 2)


def test_merging_is_undone_and_the_ticket_goes_its_own_way(stage: Stage) -> None:
    master, other = merged(stage)
    stage.move(other, "unmerge", "dispatcher", reason="核实后不是同一处")
    row = stage.read(other)
    assert (row.status, row.merged_into_id) == (TicketStatus.ACCEPTED, None)
    assert counts(stage) == (2, 2)
    assert stage.show(master).followers == []


def test_each_citizen_is_told_and_asked_on_his_own_ticket(stage: Stage, refused: Callable[..., Any]) -> None:
    master, other = merged(stage)
    number = stage.read(other).ticket_number
    stage.move(master, "dispatch", "dispatcher", lead_unit_code="410421-zhengfu")
    stage.move(master, "sign", "clerk")
    stage.move(master, "contact", "clerk", channel="phone", note="已联系两位市民")
    stage.answer(master)
    stage.move(master, "audit_pass", "reviewer")
    told = {notice.ticket_id for notice in stage.show(master).notices if notice.action == "audit_passed"}
    assert told == {master, other}

    stage.move(master, "note_answer", "caller", channel="phone", is_solved=True, satisfaction="satisfied")
    assert stage.read(master).status == TicketStatus.CALLBACK
    with refused(NotNow, number):
        stage.move(master, "rate", "caller")
    with refused(TicketIncomplete, "不属于本事项"):
        stage.move(master, "note_attempt", "caller", channel="phone", reason="未接", of_ticket="99999")
    stage.move(
        master, "note_answer", "caller", channel="phone", is_solved=True, satisfaction="fairly", of_ticket=number
    )
    assert stage.read(master).status == TicketStatus.RATED
    assert [(f.ticket_id, f.satisfaction) for f in stage.show(master).follow_ups] == [
        (master, "satisfied"), (other, "fairly"),
    ]  # fmt: skip


def test_a_ticket_follows_one_open_master_and_no_follower(stage: Stage, refused: Callable[..., Any]) -> None:
    master, other = merged(stage)
    third = stage.ticket()
    with refused(TicketIncomplete, "已并入其他工单"):
        stage.move(third, "merge", "dispatcher", master=str(other), reason="同一地点同一事项")
    with refused(TicketIncomplete, "不能并入自身"):
        stage.move(third, "merge", "dispatcher", master=str(third), reason="同一地点同一事项")
    with refused(NotNow, "已有其他工单并入"):
        stage.move(master, "merge", "dispatcher", master=str(third), reason="同一地点同一事项")


def alike(stage: Stage, ticket: int) -> list[tuple[int, tuple[str, ...]]]:
    with stage.database.reading() as session:
        case = service.open_case(session, ticket, stage.people["dispatcher"], stage.now)
        return [(one.ticket.id, one.reasons[1:]) for one in find_duplicates(session, case)]


def test_the_same_matter_in_other_words_is_suggested_and_another_matter_is_not(stage: Stage) -> None:
    first = stage.ticket(content="小区南门口生活垃圾堆放三天无人清运，气味很大", title="垃圾堆放无人清运")
    stage.ticket(
        content="楼上装修电钻噪音严重影响老人休息",
        title="装修噪音扰民",
        subject_code="070301",
        contact_number="19900000009",
    )
    again = stage.ticket(
        content="南门口的生活垃圾已经三天没人清运，味道大", title="生活垃圾无人清运", contact_number="19900054321"
    )
    assert alike(stage, again) == [(first, ("同一区域", "同一事项"))]


def test_the_same_caller_is_suggested_wherever_the_place_is_and_ended_tickets_never(stage: Stage) -> None:
    first = stage.ticket()
    ended = stage.rated()
    again = stage.ticket(region_code="410422")
    assert ("同一电话", "同一事项") in [reasons for _, reasons in alike(stage, again)]
    assert {ticket for ticket, _ in alike(stage, again)} == {first}
    assert ended not in {ticket for ticket, _ in alike(stage, first)}
