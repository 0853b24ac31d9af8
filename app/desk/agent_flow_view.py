"""What the desk page shows of flows that the agent plays. Nothing here changes anything."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.calls.models import AgentStatus, Call
from app.calls.played import FLOW_WORDS, Playing
from app.calls.service import list_plays
from app.contract.agent_flows import AgentFlow
from app.contract.events import PlayedStep
from app.desk.handover_view import HandoverPanel
from app.desk.service import Agent

KEYS: tuple[tuple[AgentFlow, str, str], ...] = (
    ("out-of-scope-judicial", "诉讼仲裁", "F2"),
    ("out-of-scope-petition", "信访事项", "F4"),
    ("out-of-scope-discipline", "违纪举报", "F8"),
    ("nuisance", "恶意来电", "F9"),
)
"""Flow, what stands on its button, and its key. Those of emergencies stand in the dialog of the hand-over."""


@dataclass(frozen=True)
class FlowKey:
    """One button."""

    flow: str
    label: str
    key: str
    title: str


@dataclass(frozen=True)
class AgentFlowPanel:
    """`may_play`: the agent talks with the citizen, and nothing else goes on. `present` is what is heard now."""

    may_play: bool
    keys: tuple[FlowKey, ...]
    present: Playing | None
    past: list[Playing]


def read_agent_flow_panel(session: Session, agent: Agent, call: Call, handover: HandoverPanel) -> AgentFlowPanel:
    """The keys, and what was played in this call."""
    plays = list_plays(session, call.call_id)
    is_talking = agent.status is AgentStatus.TALKING and agent.call_id == call.call_id
    present = plays[-1] if is_talking and plays and plays[-1].step is PlayedStep.STARTED else None
    return AgentFlowPanel(
        may_play=is_talking and present is None and handover.present is None,
        keys=tuple(FlowKey(flow, label, key, FLOW_WORDS[flow]) for flow, label, key in KEYS),
        present=present,
        past=[one for one in reversed(plays) if one is not present],
    )
