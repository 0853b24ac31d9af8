"""The kinds of node. A kind is one class: its fields are its YAML, its methods say what it does and where it leads.

To add a kind, write a subclass with `kind` set; loader, validator and stepper find it by that name.
"""

import re
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import override

from ivr_flows.model import (
    Answer,
    CollectDigits,
    Effect,
    EnterQueue,
    FlowState,
    Goto,
    HangUp,
    Keyed,
    LookedUp,
    LookUpCaller,
    PlayPrompt,
    Stay,
)

NAME = r"^[a-z0-9][a-z0-9-]{0,39}$"
Name = Annotated[str, Field(pattern=NAME)]
KINDS: dict[str, type["Node"]] = {}


class Node(BaseModel):
    """One place in a flow."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ClassVar[str] = ""
    is_gate: ClassVar[bool] = False
    """The caller must do something here before he goes on."""
    is_end: ClassVar[bool] = False
    is_person: ClassVar[bool] = False
    """An end where a person answers."""
    is_counter: ClassVar[bool] = False
    """Lets a loop through it run a bounded number of times."""
    missing: ClassVar[Mapping[str, str]] = {}
    """What to say when a field is missing, where the plain words would not tell why it matters."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.kind in KINDS:
            raise TypeError(f"two kinds of node are called '{cls.kind}'")
        KINDS[cls.kind] = cls

    @abstractmethod
    def exits(self) -> Mapping[str, str]:
        """Name of each exit and the node it leads to."""

    def prompts(self) -> tuple[str, ...]:
        """Every prompt that the node may play."""
        return ()

    def queues(self) -> tuple[str, ...]:
        """Every queue that the node names."""
        return ()

    def saves(self) -> tuple[str, ...]:
        """Names under which the node keeps answers."""
        return ()

    def problems(self) -> list[str]:
        """What is wrong with the node taken alone, beyond the types of its fields."""
        return []

    @abstractmethod
    def enter(self, state: FlowState) -> Effect | Goto:
        """The caller arrives here."""

    def resume(self, state: FlowState, answer: Answer) -> Stay | Goto:
        """What `enter` (or the last `resume`) asked for is done."""
        raise TypeError(f"{self.kind} node '{state.node}' got {answer}")


class PlayNode(Node):
    """Speak a prompt. `is_recording_notice`: recording may start once it was heard."""

    kind = "play"
    prompt: Name
    is_recording_notice: bool = False
    next: Name

    @override
    def exits(self) -> Mapping[str, str]:
        return {"next": self.next}

    @override
    def prompts(self) -> tuple[str, ...]:
        return (self.prompt,)

    @override
    def enter(self, state: FlowState) -> Effect:
        return PlayPrompt(self.prompt, self.is_recording_notice)

    @override
    def resume(self, state: FlowState, answer: Answer) -> Goto:
        return Goto(self.next, state)


class LookupNode(Node):
    """Wait (within the budget) for what the case store knows of the caller. Any failure is an unknown caller."""

    kind = "lookup"
    next: Name

    @override
    def exits(self) -> Mapping[str, str]:
        return {"next": self.next}

    @override
    def enter(self, state: FlowState) -> Effect:
        return LookUpCaller()

    @override
    def resume(self, state: FlowState, answer: Answer) -> Goto:
        known = replace(state, caller=answer.caller) if isinstance(answer, LookedUp) else state
        return Goto(self.next, known)


class BranchNode(Node):
    """Go one way or another by a fact: one that the lookup told, or `answer.NAME`."""

    kind = "branch"
    on: str = Field(pattern=r"^[a-z_]+$|^answer\.[a-z0-9][a-z0-9-]{0,39}$")
    cases: dict[str, Name] = Field(min_length=1, max_length=50)
    otherwise: Name
    missing = {"otherwise": "has no exit 'otherwise'"}

    YES_NO: ClassVar[tuple[str, ...]] = ("is_known", "is_priority", "has_open_tickets")
    FACTS: ClassVar[tuple[str, ...]] = (*YES_NO, "lookup", "original_line")

    @override
    def exits(self) -> Mapping[str, str]:
        return {**{f"cases.{value}": node for value, node in self.cases.items()}, "otherwise": self.otherwise}

    @override
    def problems(self) -> list[str]:
        if self.on.startswith("answer."):
            return []
        if self.on not in self.FACTS:
            return [f"branches on '{self.on}', known facts are {', '.join(self.FACTS)} and answer.NAME"]
        if self.on in self.YES_NO:
            return [f"case '{case}' never happens: '{self.on}' is yes or no" for case in {*self.cases} - {"yes", "no"}]
        return []

    @override
    def enter(self, state: FlowState) -> Goto:
        return Goto(self.cases.get(self.fact(state), self.otherwise), state)

    def fact(self, state: FlowState) -> str:
        if self.on.startswith("answer."):
            return state.answer(self.on.removeprefix("answer."))
        if self.on == "has_open_tickets":
            return "yes" if state.caller.open_tickets else "no"
        value = getattr(state.caller, self.on)
        return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


class CollectNode(Node):
    """Ask for digits. Silence and wrong keys are asked again up to `tries` times in all, then leave by their exits."""

    kind = "collect"
    is_gate = True
    prompt: Name
    retry_prompt: Name | None = None
    save_as: Name
    max_digits: int = Field(default=1, ge=1, le=32)
    accept: str = Field(default="[0-9]+", max_length=100, description="what counts as an answer (regular expression)")
    timeout_seconds: float = Field(default=5, gt=0, le=30, description="silence after the prompt, and between keys")
    tries: int = Field(default=3, ge=1, le=5)
    is_barge_in: bool = True
    next: Name
    silence: Name
    wrong_key: Name
    missing = {"silence": "has no exit on silence", "wrong_key": "has no exit on a wrong key"}

    @override
    def exits(self) -> Mapping[str, str]:
        return {"next": self.next, "silence": self.silence, "wrong_key": self.wrong_key}

    @override
    def prompts(self) -> tuple[str, ...]:
        return (self.prompt, self.retry_prompt) if self.retry_prompt else (self.prompt,)

    @override
    def saves(self) -> tuple[str, ...]:
        return (self.save_as,)

    @override
    def problems(self) -> list[str]:
        try:
            re.compile(self.accept)
        except re.error as error:
            return [f"'accept' is not a regular expression: {error}"]
        return []

    @override
    def enter(self, state: FlowState) -> Effect:
        return self._ask(self.prompt)

    @override
    def resume(self, state: FlowState, answer: Answer) -> Stay | Goto:
        digits = answer.digits if isinstance(answer, Keyed) else ""
        if digits and re.fullmatch(self.accept, digits):
            return Goto(self.next, state.counted(0).keep(self.save_as, digits))
        if state.count() + 1 < self.tries:
            return Stay(self._ask(self.retry_prompt or self.prompt), state.counted(state.count() + 1))
        return Goto(self.wrong_key if digits else self.silence, state.counted(0))

    def _ask(self, prompt: str) -> CollectDigits:
        return CollectDigits(prompt, self.max_digits, round(self.timeout_seconds * 1000), self.is_barge_in)


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
            return Goto(self.exhausted, state)
        return Goto(self.again, state.counted(state.count() + 1))


class QueueNode(Node):
    """Wait for a person. `is_line_queue_preferred`: the queue of the line that the lookup named, where there is one."""

    kind = "queue"
    is_end = True
    is_person = True
    queue: Name
    priority: int = Field(default=0, ge=0, le=100, description="higher is answered first")
    is_line_queue_preferred: bool = False

    @override
    def exits(self) -> Mapping[str, str]:
        return {}

    @override
    def problems(self) -> list[str]:
        return ["Asterisk keeps the queue name 'general' for itself"] if self.queue == "general" else []

    @override
    def queues(self) -> tuple[str, ...]:
        return (self.queue,)

    @override
    def enter(self, state: FlowState) -> Effect:
        line_queue = state.caller.queue if self.is_line_queue_preferred else ""
        return EnterQueue(line_queue or self.queue, self.priority, state.caller.original_line)


class HangUpNode(Node):
    """End the call. What the caller should hear first is a play node before it."""

    kind = "hang-up"
    is_end = True

    @override
    def exits(self) -> Mapping[str, str]:
        return {}

    @override
    def enter(self, state: FlowState) -> Effect:
        return HangUp()
