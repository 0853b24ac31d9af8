"""What must hold of a whole flow: a caller is never stuck, never lost, and reaches a person."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from ivr_flows.flow import ANY, Flow
from ivr_flows.nodes import Node, PlayNode, SubFlowNode
from ivr_flows.nodes.facts import FACTS, is_observed
from ivr_flows.subflows import find_subflow_problems, gates_inside, people_inside
from ivr_flows.yaml_source import YamlPath

GATELESS_LINE = "12345"
"""Intake of this line must not sit behind a menu (GB/T 33358-2016)."""
FAILURE_EXITS = ("silence", "wrong_key", "not_found", "empty", "failed", "exhausted")
"""What leads away from a question, a look-up or a recording that came to nothing."""
Prompts = Mapping[str, Collection[str]]
"""Names of the prompts that exist, by language."""
Found = tuple[YamlPath, str]
"""Where in the file, and what is wrong."""


@dataclass(frozen=True, slots=True)
class Known:
    """What exists beside a flow; what is None is not checked. `targets`: numbers that can be rung."""

    prompts: Prompts | None = None
    flows: Mapping[str, Flow] | None = None
    queues: Collection[str] | None = None
    targets: Collection[str] | None = None


NOTHING = Known()


def find_problems(flow: Flow, known: Known = NOTHING) -> list[Found]:
    """Everything wrong with the flow."""
    others = known.flows or {}
    dangling = list(_dangling(flow))
    if dangling:
        return dangling  # the rest walks along the exits
    reached = _reach(flow, [flow.start])
    return [
        *((_at(name), f"node '{name}': no exit leads here") for name in flow.nodes if name not in reached),
        *_unknown_prompts(flow, known.prompts),
        *_unknown_places(flow, known),
        *_unknown_values(flow, others),
        *_endless_loops(flow),
        *_far_from_a_person(flow, others),
        *_gates(flow, reached, others),
        *_unannounced_recording(flow, others),
        *((_at(name), f"node '{name}': {message}") for name, message in find_subflow_problems(flow, known.flows)),
    ]


def _at(node: str) -> YamlPath:
    return ("nodes", node)


def _dangling(flow: Flow) -> Iterator[Found]:
    if flow.start not in flow.nodes:
        yield ("start",), f"start '{flow.start}' is not a node"
    for name, node in flow.nodes.items():
        for exit_name, target in node.exits().items():
            if target not in flow.nodes:
                yield _at(name), f"node '{name}': exit '{exit_name}' leads to '{target}', which is not a node"


def _reach(flow: Flow, starts: Iterable[str], without: Collection[str] = ()) -> set[str]:
    """Nodes that can be reached from `starts` (themselves included) on ways that avoid `without`."""
    waiting, reached = [name for name in starts if name not in without], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(target for target in flow.nodes[name].exits().values() if target not in without)
    return reached


def _unknown_prompts(flow: Flow, prompts: Prompts | None) -> Iterator[Found]:
    if prompts is None:
        return
    anywhere = {name for names in prompts.values() for name in names}
    for name, node in flow.nodes.items():
        for prompt in dict.fromkeys(node.prompts()):
            if prompt not in anywhere:
                yield _at(name), f"node '{name}': prompt '{prompt}' is not in the prompt list"
                continue
            for language in prompts if flow.language == ANY else (flow.language,):
                if prompt not in prompts.get(language, ()):
                    yield _at(name), f"node '{name}': prompt '{prompt}' has no text in '{language}'"


def _unknown_places(flow: Flow, known: Known) -> Iterator[Found]:
    for name, node in flow.nodes.items():
        for queue in node.queues():
            if known.queues is not None and queue not in known.queues:
                there = ", ".join(sorted(known.queues))
                yield _at(name), f"node '{name}': queue '{queue}' is not in the site plan, queues are {there}"
        for target in node.targets():
            if known.targets is not None and target not in known.targets:
                there = ", ".join(sorted(known.targets)) or "none"
                yield _at(name), f"node '{name}': nothing rings at '{target}', the site plan can ring {there}"


def _unknown_values(flow: Flow, others: Mapping[str, Flow]) -> Iterator[Found]:
    """What a part reads may have been told by the flow around it, so parts are not asked."""
    if flow.part:
        return
    told = {name for node in flow.nodes.values() for name in node.saves()}
    told |= {name for other in _inside(flow, others) for node in other.nodes.values() for name in node.saves()}
    for name, node in flow.nodes.items():
        for value in node.reads():
            if value in FACTS or is_observed(value) or value in told or f"{value.partition('.')[0]}." in told:
                continue
            if value.startswith("answer."):
                yield _at(name), f"node '{name}': reads answer '{value[7:]}', which no node saves"
            elif "." in value:
                yield _at(name), f"node '{name}': reads '{value}', which no look-up tells"
            else:
                known = ", ".join(FACTS)
                yield _at(name), f"node '{name}': reads '{value}', known values are {known}"


def _inside(flow: Flow, others: Mapping[str, Flow]) -> list[Flow]:
    """The flows that this one goes through, and those that they go through."""
    waiting, found = list(flow.subflows), dict[str, Flow]()
    while waiting:
        name = waiting.pop()
        if name in others and name not in found:
            found[name] = others[name]
            waiting.extend(others[name].subflows)
    return list(found.values())


def _endless_loops(flow: Flow) -> Iterator[Found]:
    counters = {name for name, node in flow.nodes.items() if node.is_counter}
    looping = {
        name: _reach(flow, flow.nodes[name].exits().values(), counters) for name in flow.nodes if name not in counters
    }
    told: set[str] = set()
    for name, ahead in looping.items():
        if name in ahead and name not in told:
            loop = [other for other in flow.nodes if other in ahead and name in looping.get(other, ())]
            told.update(loop)
            yield (
                _at(name),
                f"node '{name}': loop without a counter ({' → '.join(loop)}); lead it through a repeat node",
            )


def _people(flow: Flow, is_person: Callable[[Node], bool]) -> set[str]:
    return {name for name, node in flow.nodes.items() if is_person(node)}


def _leads_to_person(others: Mapping[str, Flow]) -> Callable[[Node], bool]:
    return lambda node: node.is_person or (isinstance(node, SubFlowNode) and people_inside(node.flow, others))


def _far_from_a_person(flow: Flow, others: Mapping[str, Flow]) -> Iterator[Found]:
    if flow.personless_reason:
        return
    people = _people(flow, _leads_to_person(others))
    if not people:
        yield (), "no way to a person: the flow has no queue node; if it needs none, say why in 'personless_reason'"
        return
    for name, node in flow.nodes.items():
        if not node.is_end and not people & _reach(flow, [name]):
            yield _at(name), f"node '{name}': no way to a person from here"
            continue
        for exit_name in FAILURE_EXITS:
            target = node.exits().get(exit_name)
            if target and not people & _reach(flow, [target]):
                yield (
                    _at(name),
                    f"node '{name}': exit '{exit_name}' never leads to a person; lead it to a queue, or say why not "
                    "in 'personless_reason'",
                )


def _gates(flow: Flow, reached: set[str], others: Mapping[str, Flow]) -> Iterator[Found]:
    if not flow.serves(GATELESS_LINE) or flow.gate_reason:
        return
    people = _people(flow, _leads_to_person(others))
    for name, node in flow.nodes.items():
        inside = gates_inside(node.flow, others) if isinstance(node, SubFlowNode) else ""
        if name in reached and (node.is_gate or inside) and people & _reach(flow, [name]):
            where = f" ({inside})" if inside else ""
            yield (
                _at(name),
                f"node '{name}'{where}: a caller of {GATELESS_LINE} must not have to key anything before a person "
                "(GB/T 33358-2016); if it must be, say why in 'gate_reason'",
            )


def _unannounced_recording(flow: Flow, others: Mapping[str, Flow]) -> Iterator[Found]:
    if flow.unrecorded_reason or flow.part:
        return
    notices = {name for name, node in flow.nodes.items() if isinstance(node, PlayNode) and node.is_recording_notice}
    people = _people(flow, _leads_to_person(others))
    for name in sorted(_reach(flow, [flow.start], notices)):
        if name in people:
            yield (
                _at(name),
                f"node '{name}': a caller can get here without the recording notice; play a prompt with "
                "'is_recording_notice: true' on every way, or say why not in 'unrecorded_reason'",
            )
