"""Nodes that keep something for later: record (a message), call-back."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field
from typing_extensions import override

from ivr_flows.model import Answer, Done, Effect, FlowState, Goto, Record, Recorded, RequestCallback
from ivr_flows.nodes.items import Items, named_prompts, read_values, speech
from ivr_flows.nodes.kind import Name, Node, ValueName

EXITS = {"kept": "next", "empty": "empty", "failed": "failed"}


class RecordNode(Node):
    """Record a message after a tone, until the terminator, silence or `max_seconds`. A disk that is full, like any
    other trouble, leaves by `failed`."""

    kind = "record"
    is_gate = True
    prompt: Items
    save_as: Name
    max_seconds: int = Field(default=120, ge=1, le=300)
    silence_seconds: int = Field(default=5, ge=1, le=30, description="silence that ends the message")
    terminator: Literal["#", "*"] = "#"
    next: Name
    empty: Name
    failed: Name
    missing: ClassVar[Mapping[str, str]] = {
        "empty": "has no exit for who says nothing: 'empty'",
        "failed": "has no exit 'failed', e.g. disk full",
    }

    @override
    def exits(self) -> Mapping[str, str]:
        return {"next": self.next, "empty": self.empty, "failed": self.failed}

    @override
    def prompts(self) -> tuple[str, ...]:
        return named_prompts(self.prompt)

    @override
    def reads(self) -> tuple[str, ...]:
        return read_values(self.prompt)

    @override
    def saves(self) -> tuple[str, ...]:
        return (f"answer.{self.save_as}",)

    @override
    def enter(self, state: FlowState) -> Effect:
        return Record(
            speech(self.prompt, state), self.save_as, self.max_seconds, self.silence_seconds, self.terminator
        )  # fmt: skip

    @override
    def resume(self, state: FlowState, answer: Answer) -> Goto:
        told = answer if isinstance(answer, Recorded) else Recorded("failed")
        return Goto(EXITS[told.result], state.keep(self.save_as, told.file) if told.file else state)


class CallBackNode(Node):
    """Keep that the caller wants to be called back. `number`: where the number is: `number`, or `answer.NAME`."""

    kind = "call-back"
    number: ValueName = "number"
    is_failure: bool = Field(default=False, description="because the system failed, not by the caller's choice")
    next: Name
    failed: Name
    missing: ClassVar[Mapping[str, str]] = {"failed": "has no exit 'failed', e.g. a caller without a number"}

    @override
    def exits(self) -> Mapping[str, str]:
        return {"next": self.next, "failed": self.failed}

    @override
    def reads(self) -> tuple[str, ...]:
        return (self.number,)

    @override
    def enter(self, state: FlowState) -> Effect | Goto:
        number = state.value(self.number)
        return RequestCallback(number, self.is_failure) if number else Goto("failed", state)

    @override
    def resume(self, state: FlowState, answer: Answer) -> Goto:
        return Goto("next" if isinstance(answer, Done) and answer.is_kept else "failed", state)
