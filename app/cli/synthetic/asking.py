"""What units ask of the hotline in synthetic lives, and what it answers: return, dispute, extension, suspension, end.

Each part takes the moment of what came before and gives that of its own end.
"""

from typing import TYPE_CHECKING, Any

from app.casework.forms import WORDS, ReturnReason
from app.casework.models import RequestKind, RequestStatus
from app.cli.synthetic.times import WORKED, utc
from app.cli.synthetic.world import SUPERVISOR
from app.deadlines.profile import ClockKind
from app.platform.clock import to_shanghai
from app.tickets.models import AssignmentStatus

if TYPE_CHECKING:
    from app.cli.synthetic.stories import Story

REASON = "事项涉及多个环节，需进一步核实处理"
EVIDENCE = "附现场照片和会议纪要"
DUTY, PLACE = "三定方案规定由其他部门负责", "事发地在两地交界，权属不清"


def send_back(story: "Story", at: int) -> int:
    """退单 within the window, agreed, and given to another unit."""
    life, after = story.life, story.world.timetable.work_after
    at = _ask_return(story, after(at, int(story.draw.random() * 5)), ReturnReason.NOT_OUR_DUTY, DUTY)
    at = after(at, int(story.draw.random() * 4))
    changed: dict[str, list[Any]] = {
        "return_count": [life.returns, life.returns + 1],
        "lead_unit_code": [life.lead, None],
    }
    story.returned_by |= {life.lead or ""}
    life.move("agree_return", story.reviewer, at, changed=changed)
    life.decide(RequestStatus.APPROVED, story.reviewer, at)
    life.end_legs(at, AssignmentStatus.RETURNED)
    life.returns, life.lead = life.returns + 1, None
    return story.dispatched(at)


def dispute(story: "Story", at: int) -> int:
    """Between several units: disputed, heard, and designated for good."""
    life, after = story.life, story.world.timetable.work_after
    at = after(_ask_return(story, after(at, 2), ReturnReason.NOT_OUR_PLACE, PLACE), 3)
    life.move("dispute", story.reviewer, at, told={"理由": "涉及多个单位，职责存在争议"})
    at = after(at, WORKED)
    life.move("note_opinion", SUPERVISOR, at, told={"理由": "征求编办、司法局意见：属地负责"})
    at = after(at, WORKED)
    decision = "经会商指定承办，不得再退"
    story.give(story.choice(), "designate", SUPERVISOR, at, {"指定决定": decision})
    life.decide(RequestStatus.REFUSED, SUPERVISOR, at, decision)
    return at


def _ask_return(story: "Story", at: int, reason: ReturnReason, basis: str) -> int:
    detail = {"reason": reason, "basis": basis, "evidence": EVIDENCE}
    told = {"退单原因": WORDS[ReturnReason][reason], "职责依据": basis, "佐证材料": EVIDENCE}
    story.life.move("request_return", story.clerk(), at, told=told)
    story.life.ask(RequestKind.RETURN, detail, story.clerk(), at)
    return at


def extend(story: "Story", at: int) -> int:
    """延期 for half as long again, where there is still time to decide; else nothing."""
    life, leader, after = story.life, story.leader(), story.world.timetable.work_after
    term, due = story.world.term(ClockKind.REPLY, life.ticket_type, life.urgency), life.due(ClockKind.REPLY)
    asked = after(at, WORKED)
    decided = after(asked, int(story.draw.random() * 6))
    if life.extensions or term is None or not term.is_days or due is None or decided >= due:
        return at
    last_day = story.world.timetable.last_day_after(due, max(1, term.amount // 2))
    if last_day is None:
        return at
    detail = {"reason": REASON, "due_on": last_day.isoformat(), "evidence": EVIDENCE}
    life.move("request_extension", leader, asked, told={"延期理由": REASON, "延期至": last_day.isoformat()})
    life.ask(RequestKind.EXTENSION, detail, leader, asked)
    changed = {"extension_count": [life.extensions, life.extensions + 1]}
    life.move("approve_extension", story.reviewer, decided, changed=changed, more=(last_day, REASON))
    life.decide(RequestStatus.APPROVED, story.reviewer, decided)
    life.extensions += 1
    return decided


def suspend(story: "Story", at: int) -> int:
    """挂起 for an appraisal, and taken up again."""
    life, clerk, after = story.life, story.clerk(), story.world.timetable.work_after
    asked = after(at, 2)
    decided = after(asked, 3)
    back = after(decided, 4 * WORKED)
    due = life.due(ClockKind.REPLY)
    if due is None or decided >= due:
        return at
    review_on = to_shanghai(utc(back)).date().isoformat()
    detail = {"ground": "appraisal", "review_on": review_on, "evidence": EVIDENCE}
    life.move("request_suspension", clerk, asked, told={"挂起事由": "法定鉴定、检验、检测", "复核日期": review_on})
    life.ask(RequestKind.SUSPENSION, detail, clerk, asked)
    life.move("suspend", story.reviewer, decided)
    life.decide(RequestStatus.APPROVED, story.reviewer, decided)
    life.move("resume", clerk, back)
    return back


def terminate(story: "Story", at: int) -> None:
    """终止: the citizen does not cooperate."""
    life, leader, after = story.life, story.leader(), story.world.timetable.work_after
    at = after(at, 4)
    detail = {"ground": "not_cooperating", "evidence": EVIDENCE}
    life.move("request_termination", leader, at, told={"终止事由": "诉求人不配合致无法办理"})
    life.ask(RequestKind.TERMINATION, detail, leader, at)
    at = after(at, 4)
    life.move("terminate", story.reviewer, at)
    life.decide(RequestStatus.APPROVED, story.reviewer, at)
    life.ended = at
