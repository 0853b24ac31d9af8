"""A ticket's ways through the table of states, on both databases: who may, what is missing, what is kept."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.casework import service
from app.casework.forms import GivenRefused
from app.casework.jobs import archive_due
from app.casework.refusals import NotNow
from app.catalogue.models import DispatchRule
from app.deadlines.service import ExtensionRefused
from app.platform.clock import to_shanghai
from app.platform.errors import Conflict, NotAllowed, NotFound, PreconditionFailed
from app.platform.job_queue import JobContext
from app.tickets import service as tickets
from app.tickets.models import TicketStatus
from app.tickets.moving import TransitionRefused
from app.tickets.service import TicketIncomplete
from tests.integration.casework.conftest import BASIS, CITY_OFFICE, COUNTY, OTHER_COUNTY, REPLY, Stage

pytestmark = pytest.mark.services

Refused = Callable[..., Any]


def status(stage: Stage, ticket: int) -> str:
    return stage.read(ticket).status


def actions(stage: Stage, ticket: int) -> list[str]:
    with stage.database.reading() as session:
        return [entry.action for entry in tickets.history(session, ticket) if entry.action != "timed"]


def test_a_complaint_goes_the_whole_way_and_every_step_is_kept(stage: Stage) -> None:
    ticket = stage.rated()
    assert status(stage, ticket) == TicketStatus.RATED
    assert actions(stage, ticket) == [
        "opened", "accepted", "released", "dispatched", "signed", "contacted", "reply_drafted", "replied",
        "audit_passed", "follow_up_started", "answer_noted", "rated",
    ]  # fmt: skip
    case = stage.show(ticket)
    assert [(leg.unit_code, leg.kind, leg.status) for leg in case.legs] == [(COUNTY, "lead", "closed")]
    assert case.legs[0].why[0][0] == "属地优先"
    assert [notice.action for notice in case.notices] == ["accepted", "dispatched", "audit_passed"]


def test_a_quiet_ticket_is_archived_after_15_days_and_is_immutable(
    stage: Stage, settings: Any, refused: Refused
) -> None:
    ticket = stage.rated()
    context = JobContext(settings, stage.database, lambda: stage.now)
    archive_due(context)
    assert status(stage, ticket) == TicketStatus.RATED
    stage.now += timedelta(days=15)
    archive_due(context)
    archive_due(context)
    assert status(stage, ticket) == TicketStatus.ARCHIVED
    assert actions(stage, ticket).count("archived") == 1
    with refused(TransitionRefused, "不能再修改"), stage.database.transaction() as session:
        tickets.save_ticket(session, ticket, {"title": "改"}, version=None, actor="8001", now=stage.now)
    with refused(TransitionRefused, "可进行的操作：无"):
        stage.move(ticket, "reopen", "8001", new_facts="又出现了同样的垃圾堆放问题")


def test_a_ticket_is_reopened_within_15_days_with_new_facts(stage: Stage, refused: Refused) -> None:
    ticket = stage.rated()
    with refused(GivenRefused, "新的事实或理由"):
        stage.move(ticket, "reopen", "8001", new_facts="")
    stage.move(ticket, "reopen", "8001", new_facts="三天后同一地点再次堆放垃圾")
    stage.move(ticket, "dispatch", "dispatcher", lead_unit_code=COUNTY)
    assert status(stage, ticket) == TicketStatus.DISPATCHED
    late = stage.rated()
    stage.now += timedelta(days=15)
    with refused(NotNow, "建立新工单"):
        stage.move(late, "reopen", "8001", new_facts="三天后同一地点再次堆放垃圾")


def test_urgent_matters_skip_the_look_over_and_an_emergency_is_phoned_to_the_duty_room(
    stage: Stage, refused: Refused
) -> None:
    ticket = stage.ticket(urgency="emergency")
    assert status(stage, ticket) == TicketStatus.TO_DISPATCH
    with refused(TicketIncomplete, "值班室"):
        stage.move(ticket, "dispatch", "dispatcher", lead_unit_code=COUNTY)
    stage.move(ticket, "dispatch", "dispatcher", lead_unit_code=COUNTY, duty_call="王值班员")
    assert status(stage, ticket) == TicketStatus.DISPATCHED


@pytest.mark.parametrize("verb", ["reject", "guide"])
def test_out_of_scope_needs_the_channel_told_and_a_known_exclusion(stage: Stage, refused: Refused, verb: str) -> None:
    with stage.database.transaction() as session:
        draft = tickets.create_ticket(
            session, {"content": "举报干部违纪"}, actor="8001", region_code="410400", now=stage.now
        ).id
    given = {"exclusion_code": "discipline", "reason": "涉及干部违纪"}
    with refused(TicketIncomplete, "正确的反映渠道"):
        stage.move(draft, verb, "8001", **given)
    with refused(TicketIncomplete, "没有这种不受理情形"):
        stage.move(draft, verb, "8001", **{**given, "exclusion_code": "nothing"}, is_channel_told=True)
    stage.move(draft, verb, "8001", **given, is_channel_told=True)
    assert status(stage, draft) == {"reject": "rejected", "guide": "guided"}[verb]
    assert stage.possible(draft, "chief") == set()


def test_a_consultation_is_finished_at_once_and_nothing_else(stage: Stage, refused: Refused) -> None:
    with stage.database.transaction() as session:
        made = tickets.create_ticket(
            session,
            {"ticket_type": "help", "subject_code": "030101", "region_code": "410421",
             "content": "停水什么时候才恢复呢",
             "contact_number": "19900012345", "answer": "今晚八点恢复"},
            actor="8001", region_code="410400", now=stage.now,
        ).id  # fmt: skip
    with refused(TicketIncomplete, "只有咨询"):
        stage.move(made, "finish", "8001")
    with stage.database.transaction() as session:
        tickets.save_ticket(session, made, {"ticket_type": "consult"}, version=None, actor="8001", now=stage.now)
    stage.move(made, "finish", "8001")
    assert status(stage, made) == TicketStatus.FINISHED


def test_a_return_inside_the_window_with_evidence_goes_back_to_the_dispatcher(stage: Stage, refused: Refused) -> None:
    ticket = stage.dispatched()
    with refused(GivenRefused, "佐证材料"):
        stage.move(ticket, "request_return", "clerk", **{**BASIS, "evidence": ""})
    stage.move(ticket, "request_return", "clerk", **BASIS, suggested_unit_code=CITY_OFFICE)
    stage.move(ticket, "agree_return", "reviewer")
    row = stage.read(ticket)
    assert (row.status, row.return_count, row.lead_unit_code) == (TicketStatus.TO_DISPATCH, 1, None)
    assert stage.show(ticket).legs[0].status == "returned"
    with refused(NotFound, "没有这张工单"):
        stage.move(ticket, "sign", "clerk")


def test_a_late_return_is_refused(stage: Stage, refused: Refused) -> None:
    ticket = stage.dispatched()
    stage.now += timedelta(days=40)
    with refused(NotNow, "超过签收时限"):
        stage.move(ticket, "request_return", "clerk", **BASIS)


def test_a_refused_return_stays_and_cannot_be_tried_again(stage: Stage, refused: Refused) -> None:
    ticket = stage.dispatched()
    stage.move(ticket, "request_return", "clerk", **BASIS)
    stage.move(ticket, "refuse_return", "reviewer", reason="属地单位应当首接负责")
    assert status(stage, ticket) == TicketStatus.SIGNED
    with refused(NotNow, "不得再次退回"):
        stage.move(ticket, "request_return", "clerk", **BASIS)


def test_the_third_return_becomes_a_dispute_that_ends_with_a_locked_designation(stage: Stage, refused: Refused) -> None:
    ticket = stage.dispatched()
    for lead, clerk in ((OTHER_COUNTY, "clerk"), (CITY_OFFICE, "clerk2")):
        with refused(TransitionRefused, "不能“转入争议协调”"):
            stage.move(ticket, "dispute", "reviewer", reason="多家推诿")
        stage.move(ticket, "request_return", clerk, **BASIS)
        stage.move(ticket, "agree_return", "reviewer")
        stage.move(ticket, "dispatch", "dispatcher", lead_unit_code=lead)
    stage.move(ticket, "request_return", "officer", **BASIS)
    with refused(NotNow, "第三次"):
        stage.move(ticket, "agree_return", "reviewer")
    stage.move(ticket, "dispute", "reviewer", reason="三家单位均称不属职责")
    stage.move(ticket, "note_opinion", "chief", reason="征求编办、司法局意见：属地负责")
    stage.move(
        ticket, "designate", "chief", lead_unit_code=COUNTY, decision="经市政府研究指定宝丰县办理", becomes_rule=True
    )
    row = stage.read(ticket)
    assert (row.status, row.is_locked, row.lead_unit_code) == (TicketStatus.DISPATCHED, True, COUNTY)
    with refused(NotNow, "不得退回"):
        stage.move(ticket, "request_return", "clerk", **BASIS)
    with stage.database.reading() as session:
        rule = session.scalars(select(DispatchRule).where(DispatchRule.status == "candidate")).one()
    assert (rule.lead_unit_code, rule.subject_code, rule.region_code) == (COUNTY, "020301", "410421")


def test_a_first_return_between_two_parties_is_no_dispute(stage: Stage, refused: Refused) -> None:
    ticket = stage.dispatched()
    stage.move(ticket, "request_return", "clerk", **BASIS)
    with refused(NotNow, "首次退单"):
        stage.move(ticket, "dispute", "reviewer", reason="多家推诿扯皮")


def test_handling_begins_with_the_citizen_or_after_two_vain_attempts(stage: Stage, refused: Refused) -> None:
    ticket = stage.dispatched()
    stage.move(ticket, "sign", "clerk")
    with refused(NotNow, "两次联系未果"):
        stage.move(ticket, "begin", "clerk")
    for _ in range(2):
        stage.move(ticket, "note_failed_contact", "clerk", channel="phone", note="无人接听")
    stage.move(ticket, "begin", "clerk")
    assert status(stage, ticket) == TicketStatus.HANDLING


def test_the_reply_waits_for_every_supporting_unit_and_for_the_leader(stage: Stage, refused: Refused) -> None:
    ticket = stage.at_work()
    stage.move(ticket, "assign_support", "clerk", unit_code=CITY_OFFICE, task="协助核实清运合同")
    with refused(TicketIncomplete, "已在办理"):
        stage.move(ticket, "assign_support", "clerk", unit_code=CITY_OFFICE, task="协助核实清运合同")
    with refused(NotNow, "先由经办人拟写答复"):
        stage.move(ticket, "reply", "leader")
    stage.move(ticket, "draft_reply", "clerk", **REPLY)
    with refused(NotAllowed, "承办单位负责人"):
        stage.move(ticket, "reply", "clerk")
    with refused(NotNow, "协办单位尚未反馈：平顶山市城市管理局"):
        stage.move(ticket, "reply", "leader")
    stage.support(ticket, "officer")
    stage.support(ticket, "officer", report="合同已核实并督促履行")
    stage.move(ticket, "reply", "leader")
    assert status(stage, ticket) == TicketStatus.REPLIED


def test_a_public_reply_with_personal_data_is_refused(stage: Stage, refused: Refused) -> None:
    ticket = stage.at_work()
    with refused(TicketIncomplete, "手机号码"):
        stage.move(ticket, "draft_reply", "clerk", **{**REPLY, "to_citizen": "已与19900012345联系并清运完毕。"})


def test_audit_sends_back_and_the_second_round_has_a_reply_of_its_own(stage: Stage, refused: Refused) -> None:
    ticket = stage.replied()
    stage.move(ticket, "audit_redo", "reviewer", reason_code="no_evidence", reason="缺少清运后照片")
    row = stage.read(ticket)
    assert (row.status, row.redo_count) == (TicketStatus.REDO, 1)
    stage.move(ticket, "take_up_redo", "clerk")
    with refused(NotNow, "先由经办人拟写答复"):
        stage.move(ticket, "reply", "leader")
    stage.answer(ticket)
    assert stage.show(ticket).reply.round == 1


def test_a_dissatisfied_citizen_sends_it_back_twice_at_most(stage: Stage, refused: Refused) -> None:
    ticket = stage.asked()
    for _ in range(2):
        stage.move(
            ticket,
            "note_answer",
            "caller",
            channel="phone",
            is_solved=False,
            satisfaction="dissatisfied",
            reason="没清完",
        )
        stage.move(ticket, "follow_up_redo", "caller", reason="诉求合理，未解决")
        stage.move(ticket, "take_up_redo", "clerk")
        stage.answer(ticket)
        stage.move(ticket, "audit_pass", "reviewer")
    stage.move(ticket, "note_answer", "caller", channel="phone", satisfaction="dissatisfied", reason="仍没清完")
    with refused(NotNow, "转入督办"):
        stage.move(ticket, "follow_up_redo", "caller", reason="诉求合理，未解决")
    with refused(TicketIncomplete, "不退回重办的理由"):
        stage.move(ticket, "rate", "caller")
    stage.move(ticket, "rate", "caller", reason="已重办两次，转督办跟进")
    assert status(stage, ticket) == TicketStatus.RATED


def test_three_vain_calls_finish_a_ticket(stage: Stage) -> None:
    ticket = stage.asked()
    for hour in (9, 14, 19):
        assert status(stage, ticket) == TicketStatus.CALLBACK
        stage.now = to_shanghai(stage.now).replace(hour=hour) + timedelta(days=1)
        stage.move(ticket, "note_attempt", "caller", channel="phone", reason="无人接听")
    assert status(stage, ticket) == TicketStatus.FINISHED


def test_suspension_is_for_listed_reasons_and_needs_the_hotlines_consent(stage: Stage, refused: Refused) -> None:
    ticket = stage.at_work()
    later = (stage.now + timedelta(days=5)).date().isoformat()
    with refused(GivenRefused, "挂起事由"):
        stage.move(ticket, "request_suspension", "clerk", ground="busy", review_on=later, evidence="附说明材料一份")
    with refused(NotNow, "没有等待审核的申请"):
        stage.move(ticket, "suspend", "reviewer")
    stage.move(ticket, "request_suspension", "clerk", ground="appraisal", review_on=later, evidence="附检测委托书")
    with refused(NotNow, "已有一项申请"):
        stage.move(ticket, "request_suspension", "clerk", ground="court", review_on=later, evidence="附检测委托书")
    stage.move(ticket, "suspend", "reviewer")
    assert status(stage, ticket) == TicketStatus.SUSPENDED
    stage.move(ticket, "resume", "clerk")
    assert status(stage, ticket) == TicketStatus.HANDLING


def test_an_extension_is_asked_by_the_leader_before_the_end_once_and_told_to_the_citizen(
    stage: Stage, refused: Refused
) -> None:
    ticket = stage.at_work()
    due = (stage.now + timedelta(days=21)).date().isoformat()
    given = {"reason": "需跨部门会商清运方案", "due_on": due, "evidence": "附会商纪要一份"}
    with refused(NotAllowed, "承办单位负责人"):
        stage.move(ticket, "request_extension", "clerk", **given)
    stage.move(ticket, "request_extension", "leader", **given)
    stage.move(ticket, "refuse_extension", "reviewer", reason="理由不充分")
    stage.move(ticket, "request_extension", "leader", **given)
    stage.move(ticket, "approve_extension", "reviewer")
    row = stage.read(ticket)
    assert (row.status, row.extension_count) == (TicketStatus.HANDLING, 1)
    assert any("延期" in notice.text for notice in stage.show(ticket).notices)
    given["due_on"] = (stage.now + timedelta(days=22)).date().isoformat()
    with refused(ExtensionRefused, "最多延期1次"):
        stage.move(ticket, "request_extension", "leader", **given)


def test_a_commitment_lasts_nine_months_at_most(stage: Stage, refused: Refused) -> None:
    ticket = stage.at_work()
    first, second = ((stage.now + timedelta(days=days)).date() for days in (60, 150))
    given = {"reason": "需列入年度改造计划实施", "milestones": f"{first} 完成设计\n{second} 完成施工"}
    with refused(TicketIncomplete, "九个月"):
        stage.move(
            ticket, "request_commitment", "leader", **given, due_on=(stage.now + timedelta(days=300)).date().isoformat()
        )
    stage.move(
        ticket, "request_commitment", "leader", **given, due_on=(stage.now + timedelta(days=200)).date().isoformat()
    )
    stage.move(ticket, "approve_commitment", "reviewer")
    assert stage.show(ticket).requests[0].status == "approved"


def test_termination_needs_a_ground_and_consent(stage: Stage) -> None:
    ticket = stage.at_work()
    stage.move(ticket, "request_termination", "leader", ground="not_cooperating", evidence="附三次联系记录")
    stage.move(ticket, "terminate", "reviewer")
    assert status(stage, ticket) == TicketStatus.TERMINATED


def test_the_citizen_withdraws_but_not_an_emergency(stage: Stage, refused: Refused) -> None:
    ticket = stage.at_work()
    with refused(TicketIncomplete, "核实诉求人身份"):
        stage.move(ticket, "withdraw", "8001", reason="问题已解决")
    stage.move(ticket, "withdraw", "8001", reason="问题已解决", is_identity_checked=True)
    assert status(stage, ticket) == TicketStatus.TERMINATED
    danger = stage.ticket(urgency="emergency")
    with refused(NotNow, "特急"):
        stage.move(danger, "withdraw", "8001", reason="问题已解决", is_identity_checked=True)


def test_it_is_never_given_to_the_unit_complained_of_nor_to_the_hotline(stage: Stage, refused: Refused) -> None:
    ticket = stage.ticket(complained_unit_code=COUNTY)
    for unit, words in (
        (COUNTY, "回避"),
        ("410421101-zhengfu", "回避"),
        ("410400-rexian", "不承办"),
        ("nobody", "没有"),
    ):
        with refused(TicketIncomplete, words):
            stage.move(ticket, "dispatch", "dispatcher", lead_unit_code=unit)
    with refused(TicketIncomplete, "回避"):
        stage.move(
            ticket, "dispatch", "dispatcher", lead_unit_code=CITY_OFFICE, supporting_unit_codes=["410421101-zhengfu"]
        )


def test_the_second_of_two_dispatchers_is_told_what_happened(stage: Stage, refused: Refused) -> None:
    ticket = stage.ticket()
    version = stage.read(ticket).version
    stage.move(ticket, "dispatch", "dispatcher", version=version, lead_unit_code=COUNTY)
    with refused(PreconditionFailed, "dispatcher 于"):
        stage.move(ticket, "dispatch", "dispatcher2", version=version, lead_unit_code=CITY_OFFICE)
    with refused(TransitionRefused, "当前状态不能“派单”"):
        stage.move(ticket, "dispatch", "dispatcher2", lead_unit_code=CITY_OFFICE)
    assert stage.read(ticket).lead_unit_code == COUNTY


def test_an_unknown_verb_or_field_moves_nothing(stage: Stage, refused: Refused) -> None:
    ticket = stage.ticket()
    with refused(NotFound, "没有“explode”"):
        stage.move(ticket, "explode", "chief")
    with refused(GivenRefused, "不认识的字段"):
        stage.move(ticket, "release", "chief", surprise="x")


def test_of_two_dispatchers_in_the_same_moment_one_wins_and_the_other_gets_a_conflict(stage: Stage) -> None:
    ticket = stage.ticket()
    start, outcomes = threading.Barrier(2), list[str]()

    def dispatch(who: str, unit: str) -> None:
        start.wait()
        try:
            with stage.database.transaction() as session:
                given = {"lead_unit_code": unit}
                service.move(session, ticket, "dispatch", given, actor=stage.people[who], now=stage.now)
            outcomes.append(unit)
        except Conflict as refused:
            outcomes.append(refused.code)

    rivals = [
        threading.Thread(target=dispatch, args=args) for args in (("dispatcher", COUNTY), ("dispatcher2", CITY_OFFICE))
    ]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join(30)
    winner = stage.read(ticket).lead_unit_code
    assert sorted(outcomes) == sorted([winner, "transition-refused"])
    assert [leg.unit_code for leg in stage.show(ticket).legs] == [winner]
