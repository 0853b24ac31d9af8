"""What must hold between flows: one that calls another, and the other that returns."""

from collections.abc import Iterator, Mapping

from ivr_flows.flow import Flow
from ivr_flows.nodes import ReturnNode, SubFlowNode
from ivr_flows.nodes.leading import NEXT


def find_subflow_problems(flow: Flow, others: Mapping[str, Flow] | None) -> Iterator[tuple[str, str]]:
    """Node and what is wrong with it. Without `others` only what the flow alone tells."""
    for name, node in flow.nodes.items():
        if isinstance(node, ReturnNode) and flow.lines:
            yield name, "nobody called this flow: one that serves a line cannot return"
        if others is None:
            continue
        for other in node.flows():
            if other not in others:
                yield name, f"flow '{other}' does not exist, flows are {', '.join(sorted(others)) or 'none'}"
        if isinstance(node, SubFlowNode) and node.flow in others:
            yield from ((name, message) for message in _outcomes(node, others[node.flow]))
            if cycle := _cycle(flow.flow, node.flow, {**others, flow.flow: flow}):
                yield name, f"sub-flows go round: {' → '.join(cycle)}"
        elif node.flows() and (side := others.get(node.flows()[0])) and side.part:
            yield name, f"flow '{side.flow}' is a part: it only runs inside other flows"


def _outcomes(node: SubFlowNode, other: Flow) -> Iterator[str]:
    returned = {one.outcome for one in other.nodes.values() if isinstance(one, ReturnNode)}
    if not returned:
        yield f"flow '{other.flow}' never returns: end it with a return node, or make it no sub-flow"
    for outcome in sorted(returned - {*node.outcomes, NEXT}):
        yield f"flow '{other.flow}' can return '{outcome}': add it to 'outcomes'"
    for outcome in sorted({*node.outcomes} - returned):
        yield f"outcome '{outcome}' never happens: flow '{other.flow}' does not return it"


def _called(flow: Flow) -> list[str]:
    return [node.flow for node in flow.nodes.values() if isinstance(node, SubFlowNode)]


def _cycle(home: str, name: str, flows: Mapping[str, Flow], way: tuple[str, ...] = ()) -> list[str]:
    """The way from `home` through `name` back to `home`; empty when there is none."""
    if name == home:
        return [home, *way, home]
    if name in way or name not in flows:
        return []
    for other in _called(flows[name]):
        if cycle := _cycle(home, other, flows, (*way, name)):
            return cycle
    return []


def people_inside(name: str, flows: Mapping[str, Flow], seen: frozenset[str] = frozenset()) -> bool:
    """True when a caller may reach a person inside this flow, other than by returning."""
    if name not in flows or name in seen:
        return False
    nodes = flows[name].nodes.values()
    if any(node.is_person and not isinstance(node, ReturnNode) for node in nodes):
        return True
    return any(people_inside(other, flows, seen | {name}) for other in _called(flows[name]))


def gates_inside(name: str, flows: Mapping[str, Flow], seen: frozenset[str] = frozenset()) -> str:
    """Where a caller must key something inside this flow, e.g. `node 'ask' of 'progress'`; empty when nowhere."""
    if name not in flows or name in seen:
        return ""
    for own, node in flows[name].nodes.items():
        if node.is_gate:
            return f"node '{own}' of '{name}'"
        if isinstance(node, SubFlowNode) and (inside := gates_inside(node.flow, flows, seen | {name})):
            return inside
    return ""
