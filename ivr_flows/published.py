"""Which flow a call gets now: a new version is seen by the next call, and a running call keeps what it started with."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from ivr_flows.flags import FLAGS, Flag, read_flags
from ivr_flows.flow import Flow
from ivr_flows.loader import read_draft, read_flows
from ivr_flows.stepper import Flows
from ivr_flows.versions import ACTIVE, NONE, SHANGHAI, Activation, FlowStore, in_force
from ivr_flows.yaml_source import Problem

Work = Callable[[], "Table"]


@dataclass(frozen=True, slots=True)
class Choice:
    """A flow to play, at a version, and the flows it may go through. Nobody changes it any more."""

    name: str
    version: int
    flows: Flows
    is_lookup_wanted: bool = False
    """Some node will ask who is calling: the player may ask ahead, while a prompt is spoken."""


@dataclass(frozen=True, slots=True)
class Table:
    """All flows in force on a day, those of lines of their own, and the files that could not be read."""

    day: str
    flows: dict[str, Flow]
    versions: dict[str, int]
    lines: dict[str, tuple[Flow, int]]
    broken: list[Problem] = field(default_factory=list)
    choices: dict[tuple[str, str], Choice] = field(default_factory=dict)
    """By flow, and by line where it has a flow of its own: made once, as all that a call needs is known before it."""


class PublishedFlows:
    """`folder`: that of FlowStore. `shipped`: the flows to play while nothing was published, as version 0.

    `load` runs what reads files; a server gives it to another thread. `tell` is called with each new
    table: what is in force now, and what could not be read.
    """

    def __init__(
        self, folder: Path, shipped: Path, *, load: Callable[[Work], Table] = lambda work: work(),
        tell: Callable[[Table], None] = lambda _: None, now: Callable[[], datetime],
    ) -> None:  # fmt: skip
        self._store, self._shipped, self._load, self._tell, self._now = FlowStore(folder), shipped, load, tell, now
        self._parsed: dict[Path, tuple[int, Flow | None, list[Problem]]] = {}
        self._table: Table | None = None
        self._mark: tuple[int, str] = (-1, "")
        self._is_loading = False
        self._flags: dict[str, Flag] = {}
        self._flags_mark = -1

    def choose(self, name: str, line: str = "") -> Choice | None:
        """The flow for a call that asks for `name`: one of the line's own, where the flow serves lines at all."""
        table = self._fresh()
        asked = table.flows.get(name)
        if line in table.lines and (asked is None or asked.lines):
            flow, version = table.lines[line]
        elif asked:
            flow, version, line = asked, table.versions[name], ""
        else:
            return None
        key = (flow.flow, line)
        if key not in table.choices:
            flows = {**table.flows, flow.flow: flow}
            is_wanted = any(flows[other].is_lookup_wanted for other in _inside(flow, flows))
            table.choices[key] = Choice(flow.flow, version, flows, is_wanted)
        return table.choices[key]

    def flag(self, name: str) -> bool:
        """Whether a switch is on. One that nobody has set is off."""
        mark = _mark(self._store.folder / FLAGS)
        if mark != self._flags_mark:
            self._flags, self._flags_mark = read_flags(self._store.folder), mark
        return name in self._flags and self._flags[name].on

    def names(self) -> list[str]:
        """Every flow in force."""
        return sorted(self._fresh().flows)

    def _fresh(self) -> Table:
        """The table of today; read again when another version was put in force. While one caller waits for it, the
        others go on with the old one."""
        mark = (_mark(self._store.folder / ACTIVE), self._now().astimezone(SHANGHAI).date().isoformat())
        if self._table is None or (mark != self._mark and not self._is_loading):
            self._is_loading = True
            try:
                table = self._load(lambda: self._read(mark[1]))
            except (OSError, ValueError) as error:
                if self._table is None:
                    raise
                self._tell(replace(self._table, broken=[Problem(ACTIVE, 0, f"the flows stay as they are: {error}")]))
            else:
                self._table = table
                self._tell(table)
            finally:
                self._is_loading, self._mark = False, mark
        return self._table

    def _read(self, day: str) -> Table:
        activations = self._store.activations()
        table = Table(day, {}, {}, {})
        if not activations:
            flows, problems = read_flows(sorted(self._shipped.glob("*.yaml")))
            return Table(day, flows, dict.fromkeys(flows, NONE), {}, problems)
        for name, file in self._store.files_in_force(day).items():
            self._add(table, file, _version(activations, day, name))
        for line in {one.line for one in activations if one.line}:
            chosen = in_force(activations, day, line=line)
            if (
                chosen
                and chosen.version
                and (flow := self._parse(table, self._store.file(chosen.flow, chosen.version)))
            ):
                table.lines[line] = flow, chosen.version
        return table

    def _add(self, table: Table, file: Path, version: int) -> None:
        if flow := self._parse(table, file):
            table.flows[flow.flow], table.versions[flow.flow] = flow, version

    def _parse(self, table: Table, file: Path) -> Flow | None:
        mark = _mark(file)
        if file not in self._parsed or self._parsed[file][0] != mark:
            draft = read_draft(file)
            self._parsed[file] = mark, None if draft.source.problems else draft.flow, draft.source.problems
        _, flow, problems = self._parsed[file]
        table.broken.extend(problems)
        return flow


def _inside(flow: Flow, flows: Flows) -> set[str]:
    """The flow and all that it goes through."""
    waiting, found = [flow.flow], set[str]()
    while waiting:
        name = waiting.pop()
        if name in flows and name not in found:
            found.add(name)
            waiting.extend(flows[name].subflows)
    return found


def _version(activations: list[Activation], day: str, flow: str) -> int:
    chosen = in_force(activations, day, flow=flow)
    return chosen.version if chosen else NONE


def _mark(file: Path) -> int:
    """Changes when the file is replaced; 0 when there is none."""
    try:
        return file.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
