"""The life of a ticket as one table (domain.md §3.7): who may move it from where to where, and what follows.

Nothing else moves a ticket. docs/ticket-states.md is drawn from this table; the guards are functions of the same name
in `app.casework.guards`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from app.accounts.models import Role
from app.tickets.models import TicketStatus

_S = TicketStatus


class Duty(StrEnum):
    """What a move is part of. R35: who handles never judges, and who judges never handles."""

    INTAKE = "intake"
    DISPATCH = "dispatch"
    HANDLE = "handle"
    APPROVE = "approve"
    AUDIT = "audit"
    SUPERVISE = "supervise"
    EVALUATE = "evaluate"
    CLOSE = "close"
    TIMING = "timing"
    """A day has come: done by the system alone."""


_D = Duty

DUTY_WORDS: Mapping[Duty, str] = MappingProxyType(
    {
        _D.INTAKE: "受理", _D.DISPATCH: "派单", _D.HANDLE: "办理", _D.APPROVE: "单位审签", _D.AUDIT: "审核",
        _D.SUPERVISE: "督办", _D.EVALUATE: "回访评价", _D.CLOSE: "归档", _D.TIMING: "计时",
    }
)  # fmt: skip

DUTIES: Mapping[Role, frozenset[Duty]] = MappingProxyType(
    {
        Role.AGENT: frozenset({_D.INTAKE}),
        Role.SUPERVISOR: frozenset({_D.INTAKE, _D.DISPATCH, _D.AUDIT, _D.SUPERVISE}),
        Role.DISPATCHER: frozenset({_D.DISPATCH}),
        Role.REVIEWER: frozenset({_D.AUDIT}),
        Role.FOLLOW_UP: frozenset({_D.EVALUATE}),
        Role.UNIT_STAFF: frozenset({_D.HANDLE}),
        Role.UNIT_LEADER: frozenset({_D.HANDLE, _D.APPROVE}),
        Role.OPS: frozenset(),
        Role.AUDITOR: frozenset(),
        Role.ADMIN: frozenset(),
    }
)
SYSTEM_DUTIES = frozenset({_D.INTAKE, _D.DISPATCH, _D.EVALUATE, _D.CLOSE, _D.TIMING})
"""What happens by itself: urgent matters skip the look-over, follow-up begins, suspensions end, the archive closes."""

SEPARATED: frozenset[frozenset[Duty]] = frozenset(
    frozenset(pair)
    for pair in (
        (_D.HANDLE, _D.AUDIT), (_D.HANDLE, _D.SUPERVISE), (_D.HANDLE, _D.EVALUATE), (_D.HANDLE, _D.CLOSE),
        (_D.APPROVE, _D.AUDIT), (_D.APPROVE, _D.SUPERVISE), (_D.APPROVE, _D.EVALUATE), (_D.APPROVE, _D.CLOSE),
    )
)  # fmt: skip
"""办理与督办分离 (R35): no role has both duties of a pair, and nobody does both on one ticket."""

SEPARATED_ON_A_TICKET = SEPARATED | {frozenset({_D.INTAKE, _D.AUDIT}), frozenset({_D.HANDLE, _D.APPROVE})}
"""What a role may hold together, but one person not on the same ticket: nobody judges or signs his own work."""


class Clock(StrEnum):
    """The deadlines of a ticket that moves start and stop; app.deadlines runs them."""

    DISPATCH = "dispatch"
    SIGN = "sign"
    FIRST_CONTACT = "first_contact"
    REPLY = "reply"
    REWORK = "rework"
    FOLLOW_UP = "follow_up"


class Do(StrEnum):
    START = "start"
    STOP = "stop"
    PAUSE = "pause"
    RESUME = "resume"
    EXTEND = "extend"


@dataclass(frozen=True)
class Effect:
    """What a move does to clocks."""

    do: Do
    clocks: tuple[Clock, ...]


@dataclass(frozen=True)
class Move:
    """One row of the table. `action` is its name in the history, `text` what people read there.

    `notice` is what the citizen is told ({number}, {unit}; empty: nothing).
    """

    verb: str
    action: str
    sources: tuple[TicketStatus, ...]
    target: TicketStatus
    duty: Duty
    guard: str
    text: str
    notice: str = ""
    effects: tuple[Effect, ...] = ()

    def may_be_done_by(self, role: Role | None) -> bool:
        """None is the system itself."""
        return self.duty in (SYSTEM_DUTIES if role is None else DUTIES[role])


_C = Clock


def _start(*clocks: Clock) -> Effect:
    return Effect(Do.START, clocks)


def _stop(*clocks: Clock) -> Effect:
    return Effect(Do.STOP, clocks)


_ALL = tuple(Clock)
_UNITS_CLOCKS = (_C.SIGN, _C.FIRST_CONTACT, _C.REPLY, _C.REWORK)
_AT_WORK = (
    _S.DISPATCHED, _S.SIGNED, _S.HANDLING, _S.EXTENSION_PENDING, _S.SUSPENDED, _S.RETURN_PENDING, _S.DISPUTE,
    _S.REPLIED, _S.REDO,
)  # fmt: skip

MOVES: tuple[Move, ...] = (
    # intake
    Move("accept", "accepted", (_S.DRAFT,), _S.ACCEPTED, _D.INTAKE, "complete", "提交受理",
         "您反映的事项已受理，工单号{number}。", (_start(_C.DISPATCH),)),
    Move("finish", "finished", (_S.DRAFT,), _S.FINISHED, _D.INTAKE, "answered_at_once", "直接答复办结"),
    Move("reject", "rejected", (_S.DRAFT,), _S.REJECTED, _D.INTAKE, "out_of_scope", "不予受理并告知渠道",
         "您反映的事项不属于热线受理范围，工单号{number}。", (_stop(*_ALL),)),
    Move("guide", "guided", (_S.DRAFT,), _S.GUIDED, _D.INTAKE, "out_of_scope", "引导告知正确渠道"),
    Move("attach", "merged", (_S.DRAFT,), _S.MERGED, _D.INTAKE, "call_of_an_open_ticket", "来电并入已有工单"),
    Move("detach", "detached", (_S.MERGED,), _S.DRAFT, _D.INTAKE, "was_a_draft", "撤销来电并入"),
    Move("merge", "merged_as_duplicate", (_S.ACCEPTED, _S.PRE_AUDIT, _S.TO_DISPATCH), _S.MERGED, _D.DISPATCH,
         "open_master", "重复诉求并单", "您反映的事项与在办工单合并办理，您的工单号{number}不变。", (_stop(*_ALL),)),
    Move("unmerge", "unmerged", (_S.MERGED,), _S.ACCEPTED, _D.DISPATCH, "was_accepted", "撤销并单",
         "您反映的事项（工单号{number}）恢复单独办理。", (_start(_C.DISPATCH),)),
    # look-over and dispatch
    Move("claim", "claimed", (_S.ACCEPTED,), _S.PRE_AUDIT, _D.DISPATCH, "free", "开始预审"),
    Move("send_back", "sent_back", (_S.PRE_AUDIT,), _S.DRAFT, _D.DISPATCH, "reasoned", "预审退回补充",
         effects=(_stop(_C.DISPATCH),)),
    Move("release", "released", (_S.ACCEPTED, _S.PRE_AUDIT, _S.REOPENED), _S.TO_DISPATCH, _D.DISPATCH, "complete",
         "预审通过，待派单"),
    Move("dispatch", "dispatched", (_S.TO_DISPATCH,), _S.DISPATCHED, _D.DISPATCH, "fit_unit", "派单",
         "您反映的事项（工单号{number}）已转{unit}办理。",
         (_stop(_C.DISPATCH), _start(_C.SIGN, _C.REPLY))),
    Move("sign", "signed", (_S.DISPATCHED,), _S.SIGNED, _D.HANDLE, "own_lead", "签收",
         effects=(_stop(_C.SIGN), _start(_C.FIRST_CONTACT))),
    # return and dispute
    Move("request_return", "return_requested", (_S.DISPATCHED, _S.SIGNED), _S.RETURN_PENDING, _D.HANDLE,
         "returnable", "申请退单"),
    Move("agree_return", "return_agreed", (_S.RETURN_PENDING,), _S.TO_DISPATCH, _D.AUDIT, "below_third_return",
         "同意退单", effects=(_stop(*_UNITS_CLOCKS), _start(_C.DISPATCH))),
    Move("refuse_return", "return_refused", (_S.RETURN_PENDING,), _S.SIGNED, _D.AUDIT, "reasoned", "不同意退单",
         effects=(_stop(_C.SIGN), _start(_C.FIRST_CONTACT))),
    Move("dispute", "disputed", (_S.RETURN_PENDING,), _S.DISPUTE, _D.AUDIT, "disputable", "转入争议协调"),
    Move("note_opinion", "opinion_noted", (_S.DISPUTE,), _S.DISPUTE, _D.SUPERVISE, "reasoned", "记录协调意见"),
    Move("designate", "designated", (_S.DISPUTE,), _S.DISPATCHED, _D.SUPERVISE, "fit_unit", "指定承办单位（不得再退）",
         "您反映的事项（工单号{number}）已指定{unit}办理。",
         (_stop(*_UNITS_CLOCKS), _start(_C.SIGN, _C.REPLY))),
    # in the unit's hands
    Move("contact", "contacted", (_S.SIGNED,), _S.HANDLING, _D.HANDLE, "own_lead", "先行联系诉求人",
         effects=(_stop(_C.FIRST_CONTACT),)),
    Move("note_failed_contact", "contact_failed", (_S.SIGNED,), _S.SIGNED, _D.HANDLE, "own_lead", "联系诉求人未果"),
    Move("begin", "begun", (_S.SIGNED,), _S.HANDLING, _D.HANDLE, "two_failed_contacts", "两次联系未果，开始办理",
         effects=(_stop(_C.FIRST_CONTACT),)),
    Move("assign_support", "support_assigned", (_S.HANDLING,), _S.HANDLING, _D.HANDLE, "supportable", "加派协办单位"),
    Move("request_extension", "extension_requested", (_S.HANDLING,), _S.EXTENSION_PENDING, _D.APPROVE, "extensible",
         "申请延期"),
    Move("approve_extension", "extension_approved", (_S.EXTENSION_PENDING,), _S.HANDLING, _D.AUDIT, "pending_request",
         "同意延期", "您反映的事项（工单号{number}）经审核延期办理。", (Effect(Do.EXTEND, (_C.REPLY,)),)),
    Move("refuse_extension", "extension_refused", (_S.EXTENSION_PENDING,), _S.HANDLING, _D.AUDIT, "reasoned",
         "不同意延期"),
    Move("request_suspension", "suspension_requested", (_S.HANDLING,), _S.HANDLING, _D.HANDLE, "suspendable",
         "申请挂起"),
    Move("suspend", "suspended", (_S.HANDLING,), _S.SUSPENDED, _D.AUDIT, "pending_suspension", "同意挂起",
         "您反映的事项（工单号{number}）因法定原因暂停计时。", (Effect(Do.PAUSE, (_C.REPLY, _C.REWORK)),)),
    Move("refuse_suspension", "suspension_refused", (_S.HANDLING,), _S.HANDLING, _D.AUDIT, "pending_suspension",
         "不同意挂起"),
    Move("resume", "resumed", (_S.SUSPENDED,), _S.HANDLING, _D.HANDLE, "own_lead", "恢复办理",
         effects=(Effect(Do.RESUME, (_C.REPLY, _C.REWORK)),)),
    Move("end_suspension", "suspension_ended", (_S.SUSPENDED,), _S.HANDLING, _D.AUDIT, "reasoned", "终止挂起",
         effects=(Effect(Do.RESUME, (_C.REPLY, _C.REWORK)),)),
    Move("lapse_suspension", "suspension_lapsed", (_S.SUSPENDED,), _S.HANDLING, _D.TIMING, "review_day_came",
         "挂起到期，自动恢复计时", "您反映的事项（工单号{number}）恢复办理计时。",
         (Effect(Do.RESUME, (_C.REPLY, _C.REWORK)),)),
    Move("request_commitment", "commitment_requested", (_S.HANDLING,), _S.HANDLING, _D.APPROVE, "committable",
         "申请承诺办理"),
    Move("approve_commitment", "commitment_approved", (_S.HANDLING,), _S.HANDLING, _D.AUDIT, "pending_commitment",
         "同意承诺办理", "您反映的事项（工单号{number}）转为承诺办理，将按阶段推进。",
         (Effect(Do.EXTEND, (_C.REPLY,)),)),
    Move("refuse_commitment", "commitment_refused", (_S.HANDLING,), _S.HANDLING, _D.AUDIT, "pending_commitment",
         "不同意承诺办理"),
    Move("report_milestone", "milestone_reported", (_S.HANDLING,), _S.HANDLING, _D.HANDLE, "milestone_waits",
         "报告阶段目标完成情况", "您反映的事项（工单号{number}）承诺办理有新的进展。"),
    Move("request_termination", "termination_requested", (_S.HANDLING,), _S.HANDLING, _D.APPROVE, "terminable",
         "申请终止办理"),
    Move("terminate", "terminated", (_S.HANDLING,), _S.TERMINATED, _D.AUDIT, "pending_termination", "同意终止办理",
         "您反映的事项（工单号{number}）已终止办理，原因已由承办单位告知。", (_stop(*_ALL),)),
    Move("refuse_termination", "termination_refused", (_S.HANDLING,), _S.HANDLING, _D.AUDIT, "pending_termination",
         "不同意终止办理"),
    Move("draft_reply", "reply_drafted", (_S.HANDLING,), _S.HANDLING, _D.HANDLE, "reply_fit_to_show", "拟写答复"),
    Move("reply", "replied", (_S.HANDLING,), _S.REPLIED, _D.APPROVE, "reply_complete", "单位负责人审签并提交答复",
         effects=(_stop(_C.REPLY, _C.REWORK),)),
    # judged and checked
    Move("audit_pass", "audit_passed", (_S.REPLIED,), _S.AUDIT_OK, _D.AUDIT, "free", "审核通过",
         "您反映的事项（工单号{number}）已由{unit}答复，我们将回访核实。", (_start(_C.FOLLOW_UP),)),
    Move("audit_redo", "audit_failed", (_S.REPLIED,), _S.REDO, _D.AUDIT, "redo_allowed", "审核退回重办",
         effects=(_start(_C.REWORK),)),
    Move("take_up_redo", "redo_taken_up", (_S.REDO,), _S.HANDLING, _D.HANDLE, "own_lead", "接受重办"),
    Move("start_follow_up", "follow_up_started", (_S.AUDIT_OK,), _S.CALLBACK, _D.EVALUATE, "free", "开始回访"),
    Move("note_attempt", "attempt_noted", (_S.CALLBACK,), _S.CALLBACK, _D.EVALUATE, "at_another_hour", "回访未接通"),
    Move("note_answer", "answer_noted", (_S.CALLBACK,), _S.CALLBACK, _D.EVALUATE, "of_this_matter", "记录回访结果"),
    Move("rate", "rated", (_S.CALLBACK,), _S.RATED, _D.EVALUATE, "all_asked_one_answered", "回访完成",
         effects=(_stop(_C.FOLLOW_UP),)),
    Move("finish_unreached", "unreached", (_S.CALLBACK,), _S.FINISHED, _D.EVALUATE, "all_asked_none_answered",
         "三次回访未接通，办结", effects=(_stop(_C.FOLLOW_UP),)),
    Move("follow_up_redo", "follow_up_failed", (_S.CALLBACK,), _S.REDO, _D.EVALUATE, "dissatisfied",
         "回访不满意，退回重办", effects=(_stop(_C.FOLLOW_UP), _start(_C.REWORK))),
    # ends
    Move("archive", "archived", (_S.FINISHED, _S.RATED), _S.ARCHIVED, _D.CLOSE, "quiet_long_enough", "归档",
         effects=(_stop(*_ALL),)),
    Move("reopen", "reopened", (_S.FINISHED, _S.RATED), _S.REOPENED, _D.INTAKE, "new_facts_in_time", "重新启动办理",
         "您反映的事项（工单号{number}）已重新启动办理。", (_start(_C.DISPATCH),)),
    Move("withdraw", "withdrawn", (_S.ACCEPTED, _S.PRE_AUDIT, _S.TO_DISPATCH, _S.REOPENED, *_AT_WORK), _S.TERMINATED,
         _D.INTAKE, "withdrawn_by_citizen", "诉求人撤回", "您反映的事项（工单号{number}）已按您的要求撤回。",
         (_stop(*_ALL),)),
)  # fmt: skip

ENDS = frozenset({_S.ARCHIVED, _S.REJECTED, _S.GUIDED, _S.TERMINATED})
"""No way on. MERGED is an end too, but one that can be undone."""

OPEN = frozenset(TicketStatus) - ENDS - {_S.MERGED, _S.FINISHED, _S.RATED}
"""Somebody still has to do something: shown first when the citizen calls again."""

EDITABLE = frozenset({_S.DRAFT, _S.ACCEPTED, _S.PRE_AUDIT})
"""The registration itself may still be corrected."""

BY_VERB: Mapping[str, Move] = MappingProxyType({move.verb: move for move in MOVES})
ACTION_WORDS: Mapping[str, str] = MappingProxyType({move.action: move.text for move in MOVES})
ACTS: Mapping[str, Duty] = MappingProxyType(
    {
        "supervised": _D.SUPERVISE, "supervision_answered": _D.HANDLE, "support_signed": _D.HANDLE,
        "support_reported": _D.HANDLE,
    }
)  # fmt: skip
"""What is part of a duty without moving the ticket: action in the history → duty."""
DUTY_OF_ACTION: Mapping[str, Duty] = MappingProxyType({move.action: move.duty for move in MOVES} | dict(ACTS))


def moves_from(status: TicketStatus) -> tuple[Move, ...]:
    """What the table allows from here; duties and guards come on top."""
    return tuple(move for move in MOVES if status in move.sources)


def may_move(status: TicketStatus, verb: str) -> bool:
    """Whether the table has this verb for this status."""
    return verb in BY_VERB and status in BY_VERB[verb].sources


def separated_from(duty: Duty, done: frozenset[Duty]) -> Duty | None:
    """A duty that this person has done on the ticket and that shuts him out of `duty`; None: nothing does."""
    return next((other for other in sorted(done) if frozenset({duty, other}) in SEPARATED_ON_A_TICKET), None)
