"""Nodes that decide without the caller: branch, repeat, lookup, python."""

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import Field
from typing_extensions import override

from ivr_flows.model import SETTLED, YES, Answer, Effect, FlowState, Goto, LookedUp, LookUp
from ivr_flows.nodes.facts import FACTS, TEXT, find_fact
from ivr_flows.nodes.kind import Name, Node, ValueName
from ivr_flows.steps import STEPS

CALLER = "caller"
ArgumentName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


class BranchNode(Node):
    """Go one way or another by a value; the first case that holds."""

    kind = "branch"
    on: ValueName
    of: Name | None = Field(default=None, description="the queue whose load is meant; without it the line's own")
    cases: dict[str, Name] = Field(min_length=1, max_length=50)
    otherwise: Name
    missing: ClassVar[Mapping[str, str]] = {"otherwise": "has no exit 'otherwise'"}

    @override
    def exits(self) -> Mapping[str, str]:
        return {**{f"cases.{value}": node for value, node in self.cases.items()}, "otherwise": self.otherwise}

    @override
    def reads(self) -> tuple[str, ...]:
        return (self.on,)

    @override
    def queues(self) -> tuple[str, ...]:
        return (self.of,) if self.of else ()

    @override
    def load_of(self) -> str:
        return self.of or ""

    @override
    def problems(self) -> list[str]:
        fact = find_fact(self.on)
        if fact is None:
            known = ", ".join(FACTS)
            return [f"branches on '{self.on}', known facts are {known}, flag.NAME, answer.NAME and LOOKUP.KEY"]
        return [f"case '{case}' never happens: '{self.on}' is {fact.what}" for case in fact.wrong_cases(self.cases)]

    @override
    def enter(self, state: FlowState) -> Goto:
        matches, value = (find_fact(self.on) or TEXT).matches, state.value(self.on)
        exits = (f"cases.{case}" for case in self.cases if matches(case, value))
        return Goto(next(exits, "otherwise"), state)


class RepeatNode(Node):
    """Go `again` up to `times` times in one call, then `exhausted`. Every loop between nodes needs one."""

    kind = "repeat"
    is_counter = True
    times: int = Field(ge=1, le=20)
    again: Name
    exhausted: Name

    @override
    def exits(self) -> Mapping[str, str]:
        return {"again": self.again, "exhausted": self.exhausted}

    @override
    def enter(self, state: FlowState) -> Goto:
        if state.count() >= self.times:
            return Goto("exhausted", state)
        return Goto("again", state.counted(state.count() + 1))


class LookupNode(Node):
    """Ask the case store, within a budget. Who is calling: any failure is an unknown caller. All else: the flow says
    where to go when nothing was found, and when the store did not answer in time."""

    kind = "lookup"
    what: Name = CALLER
    arguments: dict[ArgumentName, ValueName] = Field(default_factory=dict, max_length=10, alias="with")
    save_as: Name | None = Field(default=None, description="values become SAVE_AS.KEY; without it WHAT.KEY")
    settles: bool = Field(default=False, description="whom it is found for has got what he called for")
    budget_ms: int = Field(default=800, ge=50, le=3000, description="of the caller's own look-up: see settings")
    next: Name
    not_found: Name | None = None
    failed: Name | None = None

    @override
    def exits(self) -> Mapping[str, str]:
        exits = {"next": self.next, "not_found": self.not_found, "failed": self.failed}
        return {name: node for name, node in exits.items() if node is not None}

    @override
    def reads(self) -> tuple[str, ...]:
        return tuple(self.arguments.values())

    @override
    def saves(self) -> tuple[str, ...]:
        return () if self.what == CALLER else (f"{self.save_as or self.what}.",)

    @override
    def problems(self) -> list[str]:
        if self.what == CALLER:
            unused = [name for name in ("not_found", "failed", "save_as") if getattr(self, name) is not None]
            return [f"'{name}' has no meaning for a look-up of the caller" for name in unused]
        return [f"has no exit '{name}'" for name in ("not_found", "failed") if getattr(self, name) is None]

    @override
    def enter(self, state: FlowState) -> Effect:
        if self.what == CALLER:
            return LookUp(CALLER)
        arguments = tuple((name, state.value(value)) for name, value in self.arguments.items())
        return LookUp(self.what, arguments, self.budget_ms)

    @override
    def resume(self, state: FlowState, answer: Answer) -> Goto:
        told = answer if isinstance(answer, LookedUp) else LookedUp("failed")
        if self.what == CALLER:
            return Goto("next", state.know({**told.values, "lookup": told.result}))
        name = self.save_as or self.what
        known = state.know({f"{name}.{key}": value for key, value in told.values.items()})
        if self.settles and told.result == "known":
            known = known.know({SETTLED: YES})
        return Goto({"known": "next", "unknown": "not_found"}.get(told.result, "failed"), known)


class PythonNode(Node):
    """What data cannot say: a registered pure function of what is known (`ivr_flows/steps.py`)."""

    kind = "python"
    step: Name
    cases: dict[str, Name] = Field(min_length=1, max_length=20)
    failed: Name
    missing: ClassVar[Mapping[str, str]] = {"failed": "has no exit 'failed', for when the step breaks"}

    @override
    def exits(self) -> Mapping[str, str]:
        return {**{f"cases.{outcome}": node for outcome, node in self.cases.items()}, "failed": self.failed}

    @override
    def reads(self) -> tuple[str, ...]:
        step = STEPS.get(self.step)
        return step.reads if step else ()

    @override
    def saves(self) -> tuple[str, ...]:
        step = STEPS.get(self.step)
        return step.saves if step else ()

    @override
    def problems(self) -> list[str]:
        step = STEPS.get(self.step)
        if step is None:
            return [f"unknown python step '{self.step}', known steps are {', '.join(sorted(STEPS)) or 'none'}"]
        missing = [f"step '{self.step}' can end as '{one}': no case" for one in step.outcomes if one not in self.cases]
        never = [f"case '{one}' never happens: step '{self.step}' ends as {', '.join(step.outcomes)}"
                 for one in self.cases if one not in step.outcomes]  # fmt: skip
        return missing + never

    @override
    def enter(self, state: FlowState) -> Goto:
        step = STEPS.get(self.step)  # a flow may come from a node with newer steps
        outcome, values = step.run(state.values) if step else ("", {})
        return Goto(f"cases.{outcome}" if outcome else "failed", state.know(values))
