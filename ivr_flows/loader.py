"""From YAML files to valid flows, or to exact problems."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from ivr_flows.flow import Flow, FlowHead
from ivr_flows.nodes import KINDS, Node
from ivr_flows.validator import NOTHING, Known, find_problems
from ivr_flows.yaml_source import Plain, Problem, YamlSource, read_yaml

FLOWS = Path(__file__).parent / "flows"


class FlowInvalid(ValueError):
    """A flow file that must not be played. `problems` says what and where."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Draft:
    """A file as it was read: the flow, where it could be understood, and what is wrong with the file alone."""

    source: YamlSource
    flow: Flow | None

    def check(self, known: Known) -> list[Problem]:
        """All that is wrong, in the order of the file."""
        if self.flow is None or self.source.problems:
            return sorted(self.source.problems)
        found = find_problems(self.flow, known)
        return sorted(self.source.problem(message, path) for path, message in found)


def load_flow(file: Path, known: Known = NOTHING) -> Flow:
    """Read one flow. `known`: what exists beside it. Raises FlowInvalid."""
    flow, problems = read_flow(file, known)
    if flow is None or problems:
        raise FlowInvalid(problems)
    return flow


def read_flow(file: Path, known: Known = NOTHING) -> tuple[Flow | None, list[Problem]]:
    """The flow, where the file could be understood, and all that is wrong with it, in the order of the file."""
    draft = read_draft(file)
    return draft.flow, draft.check(known)


def read_flows(files: Iterable[Path], known: Known = NOTHING) -> tuple[dict[str, Flow], list[Problem]]:
    """The valid ones of several flows that may name each other, or those known; and what is wrong."""
    drafts = [read_draft(file) for file in files]
    named = {**(known.flows or {}), **{draft.flow.flow: draft.flow for draft in drafts if draft.flow}}
    known = replace(known, flows=named)
    flows, problems = {}, list[Problem]()
    for draft in drafts:
        found = draft.check(known)
        problems.extend(found)
        if draft.flow and not found:
            flows[draft.flow.flow] = draft.flow
    return flows, problems


def read_draft(file: Path) -> Draft:
    """Understand one file; nothing is raised."""
    source = read_yaml(file)
    return Draft(source, None if source.problems or source.value is None else _build(source, source.value, file))


def _build(source: YamlSource, value: Plain, file: Path) -> Flow | None:
    if not isinstance(value, dict):
        source.report("must be a mapping with the keys flow, title, start and nodes")
        return None
    raw_nodes = value.get("nodes")
    head = _head(source, {key: item for key, item in value.items() if key != "nodes"})
    if head and head.flow != file.stem:
        source.report(f"flow is called '{head.flow}', the file '{file.stem}'", ("flow",))
    if not isinstance(raw_nodes, dict) or not raw_nodes:
        source.report("'nodes' is missing" if raw_nodes is None else "'nodes' must be a mapping of names to nodes")
        return None
    nodes = {name: _node(source, name, raw) for name, raw in raw_nodes.items()}
    good = {name: node for name, node in nodes.items() if node}
    if head is None or len(good) < len(nodes):
        return None
    return Flow.model_construct(**dict(head), nodes=good)


def _head(source: YamlSource, raw: dict[str, Plain]) -> FlowHead | None:
    try:
        return FlowHead.model_validate(raw)
    except ValidationError as error:
        _report(source, error, (), "", {})
        return None


def _node(source: YamlSource, name: str, raw: Plain) -> Node | None:
    path, where = ("nodes", name), f"node '{name}': "
    if not isinstance(raw, dict):
        source.report(f"{where}must be a mapping", path)
        return None
    kind = KINDS.get(str(raw.get("kind"))) if raw.get("kind") else None
    if kind is None:
        known = ", ".join(sorted(KINDS))
        said = f"unknown kind '{raw['kind']}'" if "kind" in raw else "'kind' is missing"
        source.report(f"{where}{said}, known kinds are {known}", (*path, "kind"))
        return None
    try:
        node = kind.model_validate({key: item for key, item in raw.items() if key != "kind"})
    except ValidationError as error:
        _report(source, error, path, where, dict(kind.missing))
        return None
    for message in node.problems():
        source.report(where + message, path)
    return node


def _report(
    source: YamlSource, error: ValidationError, path: tuple[str, ...], where: str, missing: dict[str, str]
) -> None:
    for item in error.errors(include_url=False):
        field = ".".join(str(part) for part in item["loc"] if part != "[key]")
        match item["type"]:
            case "missing":
                message = missing.get(field, f"'{field}' is missing")
            case "extra_forbidden":
                message = f"unknown field '{field}'"
            case "value_error":
                message = f"'{field}': {item['ctx']['error']}"
            case _:
                message = f"'{field}' is {item['input']!r}: {item['msg'][0].lower()}{item['msg'][1:]}"
        source.report(where + message, (*path, *item["loc"]))
