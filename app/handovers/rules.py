"""What the facts of a hand-over add up to. Pure: a function of the set of facts, in whatever order they come."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from app.contract.events import CallEvent, HandedOver, HandoverResult

_R = HandoverResult

AFTER: Mapping[HandoverResult, frozenset[HandoverResult]] = MappingProxyType(
    {
        _R.OFFERED: frozenset({_R.ANSWERED, _R.ACCEPTED, _R.REFUSED, _R.RETURNED}),
        _R.ANSWERED: frozenset({_R.ACCEPTED, _R.REFUSED, _R.RETURNED}),
        _R.ACCEPTED: frozenset({_R.RETURNED}),
        _R.REFUSED: frozenset(),
        _R.RETURNED: frozenset(),
    }
)
"""Which step may follow which. Accepted and then returned: the agent had left, and the other side never spoke."""

SETTLED = frozenset({_R.ACCEPTED, _R.REFUSED, _R.RETURNED})
UNDER_WAY = frozenset(HandoverResult) - SETTLED
EMERGENCY_NUMBERS = ("110", "119", "120", "122")

STATUS_WORDS: Mapping[HandoverResult, str] = MappingProxyType(
    {
        _R.OFFERED: "正在呼叫",
        _R.ANSWERED: "三方通话中",
        _R.ACCEPTED: "对方已接办",
        _R.REFUSED: "未接通",
        _R.RETURNED: "已退回，由我方继续办理",
    }
)
"""国办发〔2022〕12号: what stays undecided is kept by who accepted it first, so `returned` is ours."""

TONES: Mapping[HandoverResult, str] = MappingProxyType(
    {_R.OFFERED: "accent", _R.ANSWERED: "good", _R.ACCEPTED: "good", _R.REFUSED: "bad", _R.RETURNED: "warn"}
)
"""How a badge of this status looks."""

UNREPORTED = "unreported"
"""Cause of a step that nobody told: the store itself ends an attempt of which nothing more is heard."""

CAUSE_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "busy": "对方忙",
        "no_answer": "无人接听",
        "rejected": "对方拒接",
        "trunk_down": "线路不通",
        "withdrawn": "已撤回",
        "caller_gone": "市民已挂机",
        "failed": "呼叫未能发出",
        UNREPORTED: "没有收到结果",
    }
)


@dataclass(frozen=True)
class Attempt:
    """One attempt as far as its facts are known. Times in UTC."""

    attempt: str
    target: str
    agent: str
    status: HandoverResult
    cause: str
    offered_at: datetime
    answered_at: datetime | None
    settled_at: datetime | None


_Step = tuple[datetime, int, HandedOver]


def attempts_of(events: Iterable[CallEvent]) -> list[Attempt]:
    """The attempts of one call, the earliest first. Facts that are not of a hand-over are passed over."""
    steps: dict[str, list[_Step]] = {}
    for event in events:
        if isinstance(event.payload, HandedOver):
            rank = list(HandoverResult).index(event.payload.result)
            steps.setdefault(event.payload.attempt, []).append((event.occurred_at, rank, event.payload))
    told = [_tell(attempt, found) for attempt, found in steps.items()]
    return sorted(told, key=lambda one: (one.offered_at, one.attempt))


def _tell(attempt: str, steps: list[_Step]) -> Attempt:
    """Late facts change nothing: a step counts when the table lets it follow. Whole seconds are put right by rank."""
    steps = _without_what_was_heard_of_since(steps)
    # lines of queue_log have whole seconds, so a later step may seem older: the table's order goes first
    ordered = sorted(steps, key=lambda step: (step[1], step[0]))
    status, cause = ordered[0][2].result, ordered[0][2].cause
    at = {ordered[0][2].result: ordered[0][0]}
    for moment, _, step in ordered[1:]:
        at.setdefault(step.result, moment)
        if step.result in AFTER[status]:
            status, cause = step.result, step.cause
    settled = [at[result] for result in SETTLED & at.keys()]
    return Attempt(
        attempt=attempt,
        target=ordered[0][2].target,
        agent=next((step.agent for _, _, step in ordered if step.agent), ""),
        status=status,
        cause=cause,
        offered_at=min(moment for moment, _, _ in ordered),
        answered_at=at.get(_R.ANSWERED),
        settled_at=max(settled) if settled else None,
    )


def _without_what_was_heard_of_since(steps: list[_Step]) -> list[_Step]:
    """The store's own conclusion counts only as long as nothing else was told of what it concluded from."""
    told = [step for step in steps if step[2].cause != UNREPORTED]
    if not told:
        return steps
    last = max(told, key=lambda step: step[1])[2].result
    concluded = [step for step in steps if step[2].cause == UNREPORTED and step[2].result is conclusion_of(last)]
    return told if last in SETTLED else told + concluded


def explain(status: str, cause: str) -> str:
    """What people read: 未接通（对方忙）."""
    words = STATUS_WORDS[HandoverResult(status)]
    reason = CAUSE_WORDS.get(cause, "")
    return f"{words}（{reason}）" if reason else words


def conclusion_of(status: HandoverResult) -> HandoverResult:
    """How an attempt ends of which nothing more is heard: never answered, or talked about and not taken (ours)."""
    return HandoverResult.RETURNED if status is HandoverResult.ANSWERED else HandoverResult.REFUSED
