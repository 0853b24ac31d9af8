"""Every citizen is asked once for each reply: by the desk, a machine or a link; three tries, three parts of a day."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, select

from app.accounts.models import Role
from app.casework.refusals import NotNow
from app.deadlines.lists import ListName, supervision_list
from app.evaluation import by_call, desk
from app.evaluation.by_link import GUESSES, LINK_LIVES, make_link
from app.evaluation.desk import DeskList, TaskSettled
from app.evaluation.jobs import open_missing_tasks
from app.outbox.models import OutboxMessage
from app.platform.clock import SHANGHAI, to_shanghai
from app.platform.errors import NotAllowed
from app.platform.job_queue import JobContext
from app.tickets.follow_up_tasks import FollowUpTask
from app.tickets.models import TicketStatus
from app.tickets.service import TicketIncomplete
from tests.integration.casework.conftest import COUNTY, Stage

pytestmark = pytest.mark.services

CONTENT = {"is_contacted": True, "is_solved": True, "satisfaction": "satisfied", "channel": "phone"}
UNHAPPY = {"is_solved": False, "satisfaction": "dissatisfied", "reason": "垃圾还在", "channel": "phone"}


def tasks(stage: Stage) -> list[FollowUpTask]:
    with stage.database.reading() as session:
        return list(session.scalars(select(FollowUpTask).order_by(FollowUpTask.id)))


def morning(stage: Stage) -> None:
    """The next day, nine o'clock."""
    day = to_shanghai(stage.now).date() + timedelta(days=1)
    stage.now = datetime.combine(day, datetime.min.time(), SHANGHAI) + timedelta(hours=9)


def record(stage: Stage, task: int, verb: str, who: str = "caller", **given: Any) -> None:
    with stage.database.transaction() as session:
        desk.record(session, task, verb, given, actor=stage.people[who], now=stage.now)


def listed(stage: Stage, name: DeskList) -> list[int]:
    with stage.database.reading() as session:
        return [row.task.id for row in desk.list_tasks(session, name, actor=stage.people["caller"], now=stage.now)]


def test_each_round_of_handling_opens_one_task_with_its_unit_and_its_clock(stage: Stage) -> None:
    ticket = stage.asked()
    (first,) = tasks(stage)
    assert (first.ticket_id, first.matter_id, first.round, first.unit_code) == (ticket, ticket, 0, COUNTY)
    assert first.due_at is not None
    record(stage, first.id, "note_answer", **UNHAPPY)
    with stage.database.transaction() as session:
        desk.decide(session, first.id, is_redone=True, reason="诉求合理", actor=stage.people["caller"], now=stage.now)
    stage.move(ticket, "take_up_redo", "clerk")
    stage.answer(ticket)
    stage.move(ticket, "audit_pass", "reviewer")

    assert [(task.round, task.status) for task in tasks(stage)] == [(0, "answered"), (1, "open")]


def test_a_reopened_ticket_is_answered_and_asked_anew(stage: Stage, refused: Callable[..., Any]) -> None:
    ticket = stage.rated()
    stage.move(ticket, "reopen", "8001", new_facts="三天后同一地点再次堆放垃圾")
    stage.move(ticket, "dispatch", "dispatcher", lead_unit_code=COUNTY)
    stage.move(ticket, "sign", "clerk")
    stage.move(ticket, "contact", "clerk", channel="phone", note="已联系")
    with refused(NotNow, "先由经办人拟写答复"):
        stage.move(ticket, "reply", "leader")
    stage.answer(ticket)
    stage.move(ticket, "audit_pass", "reviewer")

    assert stage.read(ticket).status == TicketStatus.CALLBACK
    assert [(task.round, task.status) for task in tasks(stage)] == [(0, "answered"), (1, "open")]


def test_three_tries_are_three_parts_of_the_day_and_no_answer_stands_apart(
    stage: Stage, refused: Callable[..., Any]
) -> None:
    ticket = stage.asked()
    (task,) = tasks(stage)
    morning(stage)
    record(stage, task.id, "note_attempt", channel="phone", reason="无人接听")
    with refused(NotNow, "上午已试过，请改在下午或晚间回访"):
        record(stage, task.id, "note_attempt", channel="phone", reason="无人接听")
    assert listed(stage, DeskList.LATER) == [task.id]
    stage.now += timedelta(hours=4)
    assert listed(stage, DeskList.NOW) == [task.id]
    record(stage, task.id, "note_attempt", channel="phone", reason="占线")
    stage.now += timedelta(hours=6)
    record(stage, task.id, "note_attempt", channel="phone", reason="占线")

    (task,) = tasks(stage)
    assert (task.status, task.tries, task.satisfaction, task.is_unhappy) == ("unreached", 3, "", False)
    assert stage.read(ticket).status == TicketStatus.FINISHED


def test_the_handling_unit_never_evaluates_itself(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]], refused: Callable[..., Any]
) -> None:
    stage.asked()
    (task,) = tasks(stage)
    for who in ("clerk", "leader"):
        with refused(NotAllowed, "应由回访员"):
            record(stage, task.id, "note_answer", who, **CONTENT)
        headers = enter(who)
        for path in ("answer", "attempt", "decide", "invite"):
            answer = client.post(f"/api/v1/follow-ups/{task.id}/{path}", json={}, headers=headers)
            assert answer.status_code == 403
        assert client.get(f"/follow-ups/{task.id}").status_code == 403
    (task,) = tasks(stage)
    assert task.status == "open"


def test_one_unhappy_citizen_of_a_merged_matter_is_not_outvoted(stage: Stage, refused: Callable[..., Any]) -> None:
    master, other = stage.ticket(), stage.ticket(contact_number="19900054321")
    stage.move(other, "merge", "dispatcher", master=str(master), reason="同一地点同一事项")
    stage.move(master, "dispatch", "dispatcher", lead_unit_code=COUNTY)
    stage.move(master, "sign", "clerk")
    stage.move(master, "contact", "clerk", channel="phone", note="已联系")
    stage.answer(master)
    stage.move(master, "audit_pass", "reviewer")
    first, second = tasks(stage)
    assert [(task.ticket_id, task.matter_id) for task in (first, second)] == [(master, master), (other, master)]
    record(stage, first.id, "note_answer", **UNHAPPY)
    record(stage, second.id, "note_answer", **CONTENT)

    assert stage.read(master).status == TicketStatus.CALLBACK
    assert listed(stage, DeskList.UNHAPPY) == [first.id]
    with stage.database.transaction() as session, refused(TicketIncomplete, "不退回重办的理由"):
        desk.decide(session, first.id, is_redone=False, reason="", actor=stage.people["caller"], now=stage.now)
    with stage.database.transaction() as session:
        reason = "超出政策规定，已解释"
        desk.decide(session, first.id, is_redone=False, reason=reason, actor=stage.people["caller"], now=stage.now)
    assert stage.read(master).status == TicketStatus.RATED
    assert listed(stage, DeskList.UNHAPPY) == []


def test_an_answer_is_kept_once(stage: Stage, refused: Callable[..., Any]) -> None:
    stage.asked()
    (task,) = tasks(stage)
    record(stage, task.id, "note_answer", **CONTENT)
    with refused(TaskSettled, "已有结果"):
        record(stage, task.id, "note_answer", **UNHAPPY)
    (task,) = tasks(stage)
    assert (task.is_solved, task.is_contacted, task.satisfaction, task.by) == (True, True, "satisfied", "caller")


def test_unhappy_answers_and_bad_ratings_of_talks_stand_on_the_list_of_the_dissatisfied(stage: Stage) -> None:
    from app.calls.models import Call  # noqa: PLC0415

    ticket, rated = stage.asked(), stage.asked()
    record(stage, tasks(stage)[0].id, "note_answer", **UNHAPPY)
    with stage.database.transaction() as session:
        for number, rating in enumerate((1, 3)):
            session.add(Call(call_id=f"c{number}", node="n", arrived_at=stage.now, rating=rating, ticket_id=rated))

    with stage.database.reading() as session:
        page = supervision_list(session, ListName.DISSATISFIED, actor=stage.people["chief"], now=stage.now)
    assert {(item.ticket.id, item.times) for item in page.items} == {(ticket, 1), (rated, 1)}


def test_a_matter_in_follow_up_without_a_task_gets_one_from_the_sweep(stage: Stage, settings: Any) -> None:
    stage.asked()
    with stage.database.transaction() as session:
        session.execute(delete(FollowUpTask))
    context = JobContext(settings, stage.database, lambda: stage.now)
    open_missing_tasks(context)
    open_missing_tasks(context)

    assert [task.status for task in tasks(stage)] == ["open"]


@dataclass(frozen=True)
class Heard:
    """What telephony tells of one call."""

    is_reached: bool = True
    cause: str = ""
    is_solved: bool | None = None
    score: int | None = None
    wants_person: bool = False


def claim(stage: Stage) -> list[by_call.CallToMake]:
    with stage.database.transaction() as session:
        return by_call.claim_calls(session, stage.now)


def hear(stage: Stage, task: int, heard: Heard) -> None:
    with stage.database.transaction() as session:
        by_call.keep_result(session, task, heard, now=stage.now)


def test_a_machine_rings_each_citizen_once_in_a_part_of_the_day_and_never_at_night(stage: Stage) -> None:
    stage.asked()
    (task,) = tasks(stage)
    morning(stage)
    assert claim(stage) == [by_call.CallToMake(task.id, 1, "19900012345")]
    assert claim(stage) == []
    hear(stage, task.id, Heard(is_reached=False, cause="busy"))
    hear(stage, task.id, Heard(is_reached=False, cause="busy"))
    assert [one.tries for one in tasks(stage)] == [1]
    stage.now += timedelta(hours=13)
    assert claim(stage) == []
    stage.now += timedelta(hours=16)
    assert claim(stage) == [by_call.CallToMake(task.id, 2, "19900012345")]


def test_what_is_keyed_in_a_call_is_the_answer_and_a_wish_for_a_person_goes_to_the_desk(stage: Stage) -> None:
    happy, wishing = stage.asked(), stage.asked()
    first, second = tasks(stage)
    morning(stage)
    claim(stage)
    hear(stage, first.id, Heard(is_solved=True, score=2))
    hear(stage, first.id, Heard(is_solved=False, score=1))
    hear(stage, second.id, Heard(wants_person=True))
    hear(stage, 999_999, Heard(is_solved=True, score=3))

    first, second = tasks(stage)
    assert (first.is_solved, first.satisfaction, first.by) == (True, "fairly", "system")
    assert stage.read(happy).status == TicketStatus.RATED
    assert stage.read(wishing).status == TicketStatus.CALLBACK
    assert listed(stage, DeskList.NOW) == [second.id]
    with stage.database.reading() as session:
        assert by_call.reported_on(session, first.id) is not None
        assert by_call.reported_on(session, 999_999) is None


def link(stage: Stage, task: int, at: datetime | None = None) -> str:
    with stage.database.transaction() as session:
        return make_link(session.get_one(FollowUpTask, task), at or stage.now)


def test_a_link_is_sent_to_the_citizens_own_number_and_only_its_hash_is_kept(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]]
) -> None:
    stage.asked()
    (task,) = tasks(stage)
    headers = enter("caller")
    sent = client.post(f"/api/v1/follow-ups/{task.id}/invite", headers=headers)

    assert sent.status_code == 200, sent.text
    with stage.database.reading() as session:
        message = session.scalars(select(OutboxMessage).where(OutboxMessage.key.startswith("follow-up:"))).one()
    secret = message.text.split("/r/")[1].split(" ")[0]
    assert (message.recipient, secret in (tasks(stage)[0].token_hash or "")) == ("19900012345", False)
    assert client.get(f"/r/{secret}").status_code == 200


def test_a_citizen_answers_by_his_link_once(stage: Stage, client: TestClient) -> None:
    ticket = stage.asked()
    (task,) = tasks(stage)
    secret = link(stage, task.id)
    page = client.get(f"/r/{secret}")
    assert (page.status_code, "19900012345" in page.text) == (200, False)
    incomplete = client.post(f"/r/{secret}", data={"is_solved": "true"})
    assert (incomplete.status_code, tasks(stage)[0].status) == (422, "open")

    said = {"is_contacted": "false", "is_solved": "false", "satisfaction": "dissatisfied", "reason": "没有人来过"}
    assert "感谢" in client.post(f"/r/{secret}", data=said).text
    assert client.post(f"/r/{secret}", data=CONTENT).status_code == 404

    (task,) = tasks(stage)
    assert (task.channel, task.is_contacted, task.is_solved, task.reason) == ("web", False, False, "没有人来过")
    assert stage.read(ticket).status == TicketStatus.CALLBACK
    assert listed(stage, DeskList.UNHAPPY) == [task.id]


def test_an_old_link_and_a_replaced_one_are_dead(stage: Stage, client: TestClient) -> None:
    stage.asked()
    (task,) = tasks(stage)
    replaced = link(stage, task.id)
    old = link(stage, task.id, stage.now - LINK_LIVES - timedelta(days=1))

    assert [client.get(f"/r/{secret}").status_code for secret in (replaced, old)] == [404, 404]


def test_guessing_links_is_slowed_down(stage: Stage, client: TestClient) -> None:
    stage.asked()
    (task,) = tasks(stage)
    secret = link(stage, task.id)
    guesses = [client.get(f"/r/guess-number-{number}").status_code for number in range(GUESSES.free_failures + 2)]

    assert guesses == [404] * GUESSES.free_failures + [429] * 2
    assert client.get(f"/r/{secret}").status_code == 429


def test_a_secret_matter_shows_nothing_of_itself_behind_its_link(stage: Stage, client: TestClient) -> None:
    stage.asked(secrecy="confidential")
    (task,) = tasks(stage)
    page = client.get(f"/r/{link(stage, task.id)}").text

    assert "垃圾" not in page


def test_the_desks_pages_lead_from_the_list_to_the_answer_and_back(
    stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]]
) -> None:
    ticket = stage.asked(title="垃圾未清运，电话19900012345", content="小区门口垃圾多日无人清运，请回电19900012345")
    (task,) = tasks(stage)
    token = enter("caller")["X-CSRF-Token"]
    for view in DeskList:
        assert client.get(f"/follow-ups?view={view}").status_code == 200
    page = client.get("/follow-ups").text + client.get(f"/follow-ups/{task.id}").text
    assert "199****2345" in page
    assert "19900012345" not in page
    refused = client.post(f"/follow-ups/{task.id}/answer", data={"csrf_token": token, "is_solved": "true"})
    assert (refused.status_code, "满意度" in refused.text) == (422, True)
    unhappy = client.post(f"/follow-ups/{task.id}/answer", data={"csrf_token": token, **UNHAPPY})
    assert "请处理" in unhappy.text
    done = client.post(f"/follow-ups/{task.id}/redo", data={"csrf_token": token, "reason": "诉求合理，仍未清运"})
    assert "已退回重办" in done.text
    assert stage.read(ticket).status == TicketStatus.REDO
    assert client.post(f"/follow-ups/{task.id}/nonsense", data={"csrf_token": token}).status_code == 404


def test_nobody_else_opens_the_desk(stage: Stage, client: TestClient, enter: Callable[[str], dict[str, str]]) -> None:
    stage.person("admin", Role.ADMIN)
    for who in ("8001", "ops", "admin", "dispatcher"):
        enter(who)
        assert client.get("/follow-ups").status_code == 403
        assert client.get("/api/v1/follow-ups").status_code == 403
