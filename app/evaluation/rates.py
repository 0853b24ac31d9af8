"""The rates: each defined once, as data. The same conditions count them, list what was counted, and are told as words.

Raw is what happened; adjusted leaves out tickets that were excluded with evidence and approval (剔除), counts appeals
that were granted, and what the rate's own `adjusted_by` says (domain.md §2.5, §9.11).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import aliased

from app.calls.models import Call, CallOutcome
from app.casework.forms import Satisfaction
from app.deadlines.models import ClockState, TicketClock
from app.deadlines.profile import ClockKind
from app.evaluation.sources import CALLS, CLOCKS, LEGS, OPENED, REPLIES, SETTLED, Source
from app.tickets.follow_up_tasks import FollowUpStatus, FollowUpTask
from app.tickets.models import Assignment, AssignmentKind, AssignmentStatus, TicketType

_T = FollowUpTask
_ANSWERED = _T.status == FollowUpStatus.ANSWERED
_CONTENT = (Satisfaction.SATISFIED, Satisfaction.FAIRLY)
SHORT_ABANDON_MS = 5000
"""Who hangs up sooner gave nobody a chance (domain.md §4)."""

Counted = Callable[[datetime], ColumnElement[bool]]


@dataclass(frozen=True, eq=False)
class Rate:
    """`counted` is the denominator at a moment, `reached` what of it is the numerator.

    `weighed`: rows of the numerator that count with the weight of 基本满意. `good` and `fair` are where the default
    bands begin, in percent; with `is_low_good` where they end.
    """

    key: str
    name: str
    source: Source
    counted: Counted
    reached: ColumnElement[bool]
    numerator: str
    denominator: str
    good: float
    fair: float
    is_low_good: bool = False
    adjusted_by: str = "剔除经审核不计入的工单"
    counted_adjusted: ColumnElement[bool] | None = None
    reached_adjusted: ColumnElement[bool] | None = None
    weighed: ColumnElement[bool] | None = None
    weighed_adjusted: ColumnElement[bool] | None = None

    @property
    def formula(self) -> str:
        """As pages show it."""
        return f"{self.name} ＝ {self.numerator} ÷ {self.denominator} × 100%"


def _clock(kind: ClockKind) -> Counted:
    """Clocks of this kind that were met, or run and are past their end; what came to nothing or stands still is not."""

    def counted(now: datetime) -> ColumnElement[bool]:
        late = and_(TicketClock.stopped_at.is_(None), TicketClock.paused_since.is_(None), TicketClock.due_at < now)
        return and_(TicketClock.kind == kind, or_(TicketClock.state == ClockState.MET, late))

    return counted


_IN_TIME = and_(TicketClock.state == ClockState.MET, TicketClock.stopped_at <= TicketClock.due_at)


def _every(condition: ColumnElement[bool]) -> Counted:
    return lambda _now: condition


def _first_leg() -> ColumnElement[bool]:
    earlier = aliased(Assignment)
    first = select(func.min(earlier.id)).where(
        earlier.ticket_id == Assignment.ticket_id, earlier.kind == AssignmentKind.LEAD
    )
    return Assignment.id == first.correlate(Assignment).scalar_subquery()


def _to_be_checked(now: datetime) -> ColumnElement[bool]:
    settled = _T.status.in_((FollowUpStatus.ANSWERED, FollowUpStatus.UNREACHED))
    return or_(settled, and_(_T.status == FollowUpStatus.OPEN, _T.due_at < now))


_QUEUED = Call.queued_at.is_not(None)
_SHORT = and_(Call.answered_at.is_(None), Call.hold_ms.is_not(None), Call.hold_ms < SHORT_ABANDON_MS)
_NOT_PRAISE = or_(_T.ticket_type.is_(None), _T.ticket_type != TicketType.PRAISE)
_ADJUSTED_SATISFACTION = func.coalesce(_T.adjusted_satisfaction, _T.satisfaction)
_NO_PRAISE = "剔除经审核不计入的工单和表扬类工单，申诉成立的按更正结果计"

RATES: tuple[Rate, ...] = (
    Rate(
        "connect", "接通率", CALLS, _every(_QUEUED), Call.answered_at.is_not(None),
        "人工接听的来电", "进入人工排队的来电（不含拨测）", good=95, fair=90,
        adjusted_by="剔除排队不足5秒即挂断和自选回拨的来电",
        counted_adjusted=and_(~func.coalesce(_SHORT, False), func.coalesce(Call.outcome, "") != CallOutcome.CALLBACK),
    ),
    Rate(
        "sign", "及时签收率", CLOCKS, _clock(ClockKind.SIGN), _IN_TIME,
        "在签收时限内签收的派单", "当月签收到期的派单", good=98, fair=95,
    ),
    Rate(
        "first_contact", "先行联系率", CLOCKS, _clock(ClockKind.FIRST_CONTACT), _IN_TIME,
        "在时限内联系诉求人的工单", "当月先行联系到期的工单", good=95, fair=90,
    ),
    Rate(
        "on_time", "按时办结率", CLOCKS, _clock(ClockKind.REPLY), _IN_TIME,
        "在办理时限（含批准的延期）内答复的工单", "当月办理到期的工单", good=98, fair=95,
    ),
    Rate(
        "response", "响应率", SETTLED, _every(and_(_ANSWERED, _T.is_contacted.is_not(None))), _T.is_contacted.is_(True),
        "诉求人确认承办单位已联系的回访", "问及是否联系的有效回访", good=95, fair=90,
        adjusted_by=_NO_PRAISE, counted_adjusted=_NOT_PRAISE,
    ),
    Rate(
        "solved", "解决率", SETTLED, _every(and_(_ANSWERED, _T.is_solved.is_not(None))), _T.is_solved.is_(True),
        "诉求人确认已解决的回访", "已解决与未解决的回访", good=85, fair=75,
        adjusted_by=_NO_PRAISE, counted_adjusted=_NOT_PRAISE,
        reached_adjusted=func.coalesce(_T.adjusted_solved, _T.is_solved).is_(True),
    ),
    Rate(
        "satisfied", "满意率", SETTLED, _every(and_(_ANSWERED, _T.satisfaction != "")), _T.satisfaction.in_(_CONTENT),
        "（满意＋基本满意×权重）的回访", "作出满意度评价的回访", good=90, fair=80,
        adjusted_by=_NO_PRAISE, counted_adjusted=_NOT_PRAISE, reached_adjusted=_ADJUSTED_SATISFACTION.in_(_CONTENT),
        weighed=_T.satisfaction == Satisfaction.FAIRLY, weighed_adjusted=_ADJUSTED_SATISFACTION == Satisfaction.FAIRLY,
    ),
    Rate(
        "returned", "退单率", LEGS, _every(Assignment.kind == AssignmentKind.LEAD),
        Assignment.status == AssignmentStatus.RETURNED,
        "经审核同意退回的派单", "当月派给主办单位的派单", good=8, fair=15, is_low_good=True,
    ),
    Rate(
        "redone", "重办率", REPLIES, _every(REPLIES.moment.is_not(None)), REPLIES.model.redone_at.is_not(None),
        "审核或回访后退回重办的答复", "当月提交的答复", good=5, fair=10, is_low_good=True,
    ),
    Rate(
        "first_right", "一次派准率", LEGS, _every(_first_leg()), Assignment.status != AssignmentStatus.RETURNED,
        "首次派单未被退回的工单", "当月首次派单的工单", good=90, fair=85,
    ),
    Rate(
        "checked", "回访核实率", OPENED, _to_be_checked, _ANSWERED,
        "已向诉求人本人核实的回访", "当月应回访且已有结果或已逾期的回访", good=90, fair=80,
    ),
    Rate(
        "unreached", "回访未接通率", SETTLED,
        _every(_T.status.in_((FollowUpStatus.ANSWERED, FollowUpStatus.UNREACHED))),
        _T.status == FollowUpStatus.UNREACHED,
        "三个时段均未接通的回访（不计入满意率）", "已有结果的回访", good=10, fair=20, is_low_good=True,
    ),
)  # fmt: skip

BY_KEY: Mapping[str, Rate] = MappingProxyType({rate.key: rate for rate in RATES})
