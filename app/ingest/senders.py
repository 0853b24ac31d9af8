"""What a sender may report: its own node, and a foreign exchange nothing but its own line's calls (R13). Pure.

A machine that reports wrongly is refused at the door where its whole batch is not its own; a single fact that is not
its own is parked with the reason, as any fact that cannot be kept.
"""

from app.accounts.auth import Actor
from app.calls.rules import AGENT_EVENTS
from app.contract.events import CallArrived, CallEvent, CallForwarded, IntakeRecorded, LineRule, RecordingSaved
from app.platform.errors import HotlineError


class ForeignNode(HotlineError):
    """This token belongs to another node than the one that it reports for."""

    status = 403
    code = "foreign-node"
    title = "该令牌只能上报自己的节点"


def refuse_foreign_node(actor: Actor, node: str) -> None:
    """ForeignNode unless the actor may report as `node`: market-bureau reports as itself, or as market-bureau.pbx."""
    if actor.node is not None and node.partition(".")[0] != actor.node:
        raise ForeignNode(f"该令牌只能上报节点 {actor.node}，不能上报 {node}", node=actor.node)


def own_fact(event: CallEvent, actor: Actor) -> CallEvent:
    """The fact as this sender may tell it; a call of a bound line gets its line. ValueError: it is not its own."""
    if actor.line is None or actor.node is None:
        return event
    if event.type in AGENT_EVENTS:
        raise ValueError(f"{event.type}: this sender reports calls, not agents")
    _refuse_foreign_ids(event, actor.node)
    _refuse_foreign_payload(event, actor.node)
    return _as_its_own(event, actor.node, actor.line)


def _refuse_foreign_ids(event: CallEvent, node: str) -> None:
    for name in ("event_id", "call_id"):
        value = str(getattr(event, name) or "")
        if not value.startswith((f"{node}-", f"{node}.", f"{node}:")):
            raise ValueError(f"{name} {value!r} is not of this sender: begin it with `{node}-`")


def _refuse_foreign_payload(event: CallEvent, node: str) -> None:
    """Our agents' pages, and the recordings of others, are none of its business."""
    agent = getattr(event.payload, "agent", "")
    if agent and not agent.startswith(f"{node}."):
        raise ValueError(f"agent {agent!r} is not of this sender: begin it with `{node}.`")
    if isinstance(event.payload, RecordingSaved) and not event.payload.file.startswith(f"{node}-"):
        raise ValueError(f"file {event.payload.file!r} is not of this sender: begin it with `{node}-`")


def _as_its_own(event: CallEvent, node: str, line: str) -> CallEvent:
    """With its line named, and its trunk told apart from ours: one of ours carries test calls, which nobody misses."""
    payload = event.payload
    match payload:
        case CallArrived(original_line=told) | IntakeRecorded(original_line=told) | CallForwarded(line=told):
            if told not in {"", line}:
                raise ValueError(f"line {told} is not of this sender: it reports {line} alone")
        case _:
            return event
    if not isinstance(payload, CallArrived):
        return event
    changed = {"trunk": f"{node}.{payload.trunk}"[:80], "original_line": line}
    if not payload.original_line:
        changed["line_rule"] = LineRule.TRUNK.value
    return event.model_copy(update={"payload": payload.model_copy(update=changed)})
