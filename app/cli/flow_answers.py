"""What is known of the flows of this node, as `app.contract.flows` tells it."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path

from app.cli.flow_node import prompt_texts, store, today
from app.cli.flow_refusal import FlowRefused
from app.contract import flows as told
from ivr_flows.flags import read_flags
from ivr_flows.flow import ANY, Flow
from ivr_flows.loader import FLOWS, read_draft
from ivr_flows.nodes import NAME, Node
from ivr_flows.picture import KINDS, exit_label, node_text
from ivr_flows.versions import NONE, Activation, in_force

FLAG = "flag."


class Shelf:
    """Every flow of this node as it is today. Read once."""

    def __init__(self) -> None:
        self.store, self.day = store(), today()
        self.activations = self.store.activations()
        files = {file.stem: file for file in FLOWS.glob("*.yaml")} if not self.activations else {}
        self.files: dict[str, Path] = files or self.store.files_in_force(self.day)
        for one in self.activations:  # what begins later is listed too
            if one.version:
                self.files.setdefault(one.flow, self.store.file(one.flow, one.version))

    @cached_property
    def flows(self) -> dict[str, Flow]:
        """Those that can be read."""
        drafts = {name: read_draft(file) for name, file in sorted(self.files.items())}
        return {name: one.flow for name, one in drafts.items() if one.flow}

    def now(self, name: str, line: str = "") -> Activation | None:
        found = in_force(self.activations, self.day, flow=name if not line else "", line=line)
        return found if found and found.version and found.flow == name else None

    def file_of(self, name: str, version: int | None) -> tuple[Path, int]:
        """The file of a version (none: the one in force) and its number. Raises FlowRefused."""
        if name not in self.files:
            there = ", ".join(sorted(self.files))
            raise FlowRefused("unknown-flow", f"there is no flow '{name}'", f"flows are {there}", flow=name)
        now = self.now(name)
        if version is None and now is None:
            file = self.files[name]
            return file, int(file.parent.name) if file.parent.name.isdecimal() else NONE
        number = version if version is not None else now.version if now else NONE
        file = self.store.file(name, number)
        if not file.exists():
            raise FlowRefused("unknown-version", f"flow '{name}' has no version {number}", flow=name, version=number)
        return file, number

    def summary(self, name: str) -> told.FlowSummary:
        flow = self.flows.get(name)
        now = self.now(name)
        lines = sorted({one.line for one in self.activations if one.line and one.flow == name})
        on_lines = [found for line in lines if (found := self.now(name, line))]
        return told.FlowSummary(
            name=name,
            title=flow.title if flow else "",
            lines=flow.lines if flow else [],
            language=flow.language if flow else "zh",
            is_part=flow.part if flow else False,
            nodes=len(flow.nodes) if flow else 0,
            in_force=_activation(now) if now else None,
            on_lines=[_activation(one) for one in on_lines],
            coming=[_activation(one) for one in self._coming(name)],
            is_readable=flow is not None,
        )

    def _coming(self, name: str) -> list[Activation]:
        """What will be otherwise on a later day: of a day the last word counts, and a take-back changes nothing."""
        later = {(one.since, one.line): one for one in self.activations if one.flow == name and one.since > self.day}
        found = []
        for (_, line), one in sorted(later.items()):
            now = self.now(name, line)
            if one.version != (now.version if now else NONE):
                found.append(one)
        return found

    def switches(self) -> list[told.Switch]:
        """Those that flows ask for, and those that somebody has set."""
        readers: dict[str, list[str]] = {}
        for name, flow in self.flows.items():
            read = {value for node in flow.nodes.values() for value in node.reads() if value.startswith(FLAG)}
            for value in sorted(read):
                readers.setdefault(value.removeprefix(FLAG), []).append(name)
        set_ones = read_flags(self.store.folder)
        found = []
        for name in sorted({*readers, *set_ones}):
            one = set_ones.get(name)
            switch = told.Switch(name=name, read_by=readers.get(name, []))
            values = {"is_on": one.on, "at": one.at, "by": one.by, "note": one.note} if one else {}
            found.append(switch.model_copy(update=values))
        return found


def list_everything() -> told.FlowList:
    """Flows by name, and switches."""
    shelf = Shelf()
    return told.FlowList(flows=[shelf.summary(name) for name in sorted(shelf.files)], switches=shelf.switches())


def describe(name: str, version: int | None = None) -> told.FlowDetail:
    """A flow as this version has it; none: the one in force. Raises FlowRefused."""
    shelf = Shelf()
    file, shown = shelf.file_of(name, version)
    flow = read_draft(file).flow
    text = file.read_text(encoding="utf-8", errors="replace")
    versions = [one for one in shelf.store.versions() if name in one.flows]
    before = max((one.number for one in versions if one.number < shown), default=None)
    old = shelf.store.file(name, before).read_text(encoding="utf-8", errors="replace") if before else ""
    texts = texts_of(flow) if flow else {}
    own = [one for one in shelf.activations if one.flow == name]
    return told.FlowDetail(
        summary=shelf.summary(name),
        shown=shown,
        text=text,
        start=flow.start if flow else "",
        nodes=[_node(one, node, texts) for one, node in flow.nodes.items()] if flow else [],
        prompts={prompt: texts.get(prompt, "") for prompt in sorted(flow.prompts)} if flow else {},
        versions=[told.Version(**{**asdict(one), "flows": [*one.flows]}) for one in reversed(versions)],
        before=before,
        diff=difference(old, text, f"{name} {before}", f"{name} {shown}") if before else "",
        activations=[_activation(one) for one in reversed(own)],
    )


def texts_of(flow: Flow) -> Mapping[str, str]:
    """What the flow's prompts say, in its language; one for any language is shown in Chinese."""
    return prompt_texts("zh" if flow.language == ANY else flow.language)


def difference(old: str, new: str, old_name: str, new_name: str) -> str:
    """A unified diff; empty when both are alike."""
    rows: Iterable[str] = difflib.unified_diff(old.splitlines(), new.splitlines(), old_name, new_name, lineterm="")
    return "\n".join(rows)


def check_name(name: str) -> str:
    """The name of a flow, if it may be one: it becomes a file's. Raises FlowRefused."""
    if not re.fullmatch(NAME, name):
        raise FlowRefused("unknown-flow", f"'{name}' is not the name of a flow", flow=name)
    return name


def _activation(one: Activation) -> told.Activation:
    return told.Activation(**asdict(one))


def _node(name: str, node: Node, texts: Mapping[str, str]) -> told.Node:
    exits = [told.Exit(name=one, label=exit_label(one), target=target) for one, target in node.exits().items()]
    return told.Node(
        name=name, kind=node.kind, kind_zh=KINDS.get(node.kind, node.kind), text=node_text(node, texts),
        prompts=[*dict.fromkeys(node.prompts())], exits=exits,
    )  # fmt: skip
