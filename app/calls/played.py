"""Flows that an agent played to the citizen in a call: which, by whom, and what came of it. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from app.contract.agent_flows import AgentFlow
from app.contract.events import CallEvent, FlowPlayed, PlayedStep

FLOW_WORDS: Mapping[AgentFlow, str] = MappingProxyType(
    {
        "out-of-scope-judicial": "诉讼仲裁复议不予受理告知",
        "out-of-scope-petition": "信访事项不予受理告知",
        "out-of-scope-discipline": "违纪违法举报渠道告知",
        "nuisance": "恶意来电提醒",
        "emergency-110": "110报警告知",
        "emergency-119": "119消防告知",
        "emergency-120": "120急救告知",
        "emergency-122": "122交通事故告知",
    }
)
STEP_WORDS: Mapping[PlayedStep, str] = MappingProxyType(
    {
        PlayedStep.STARTED: "正在播报",
        PlayedStep.RETURNED: "播报后回到坐席",
        PlayedStep.STOPPED: "坐席停止播报",
        PlayedStep.QUEUED: "转入队列等候接听",
        PlayedStep.HANDED_OVER: "播报后转接",
        PlayedStep.ENDED: "播报中结束通话",
    }
)


@dataclass(frozen=True)
class Playing:
    """One flow played in a call. Times in UTC; `settled_at` is None while the citizen hears it."""

    play: str
    flow: str
    agent: str
    step: PlayedStep
    started_at: datetime
    settled_at: datetime | None

    @property
    def title(self) -> str:
        return title_of(self.flow)

    @property
    def words(self) -> str:
        return STEP_WORDS[self.step]


def title_of(flow: str) -> str:
    """What people read; a flow of a later version by its name."""
    return {str(name): words for name, words in FLOW_WORDS.items()}.get(flow, flow)


def plays_of(events: Iterable[CallEvent]) -> list[Playing]:
    """The playings of one call, the earliest first, in whatever order the facts come. Other facts are passed over."""
    steps: dict[str, list[tuple[datetime, FlowPlayed]]] = {}
    for event in events:
        if isinstance(event.payload, FlowPlayed):
            steps.setdefault(event.payload.play, []).append((event.occurred_at, event.payload))
    return sorted((_tell(play, found) for play, found in steps.items()), key=lambda one: (one.started_at, one.play))


def _tell(play: str, steps: list[tuple[datetime, FlowPlayed]]) -> Playing:
    settled = [(at, step.step) for at, step in steps if step.step is not PlayedStep.STARTED]
    at, last = settled[0] if settled else (None, PlayedStep.STARTED)
    one = steps[0][1]
    return Playing(play, one.flow, one.agent, last, min(at for at, _ in steps), at)
