"""What a flow is made of at run time: effects it asks for, answers it gets, and its state. Pure values, no I/O."""

from dataclasses import dataclass, field, replace
from typing import Literal

LookupResult = Literal["known", "unknown", "timeout", "failed"]


@dataclass(frozen=True, slots=True)
class Caller:
    """What the lookup told of the caller. The default is a caller of whom nothing is known."""

    lookup: LookupResult = "unknown"
    is_known: bool = False
    is_priority: bool = False
    original_line: str = ""
    queue: str = ""
    open_tickets: int = 0


# what a flow may ask of the channel


@dataclass(frozen=True, slots=True)
class PlayPrompt:
    prompt: str
    is_recording_notice: bool = False


@dataclass(frozen=True, slots=True)
class LookUpCaller:
    """Ask the case store who is calling; the budget is the player's."""


@dataclass(frozen=True, slots=True)
class CollectDigits:
    prompt: str
    max_digits: int
    timeout_ms: int
    is_barge_in: bool = True


@dataclass(frozen=True, slots=True)
class EnterQueue:
    """The flow's usual end: the caller waits for a person. A higher priority is answered first."""

    queue: str
    priority: int = 0
    original_line: str = ""


@dataclass(frozen=True, slots=True)
class HangUp:
    """The flow's other end."""


End = EnterQueue | HangUp
Effect = PlayPrompt | LookUpCaller | CollectDigits | End

# what the channel answers


@dataclass(frozen=True, slots=True)
class Played:
    """`is_heard` is false when the prompt was missing: the flow goes on all the same."""

    is_heard: bool = True


@dataclass(frozen=True, slots=True)
class LookedUp:
    caller: Caller


@dataclass(frozen=True, slots=True)
class Keyed:
    """Empty digits are silence."""

    digits: str = ""


Answer = Played | LookedUp | Keyed


@dataclass(frozen=True, slots=True)
class FlowState:
    """Where a caller is in a flow, and what the flow has learned."""

    node: str
    caller: Caller = field(default_factory=Caller)
    answers: tuple[tuple[str, str], ...] = ()
    counts: tuple[tuple[str, int], ...] = ()

    def answer(self, name: str) -> str:
        """What was keyed under this name; empty when nothing was."""
        return dict(self.answers).get(name, "")

    def keep(self, name: str, value: str) -> "FlowState":
        """The state with this answer kept; an earlier one of the same name is replaced."""
        return replace(self, answers=tuple({**dict(self.answers), name: value}.items()))

    def count(self) -> int:
        """How often the present node has counted."""
        return dict(self.counts).get(self.node, 0)

    def counted(self, count: int) -> "FlowState":
        """The state with the present node's count set."""
        return replace(self, counts=tuple({**dict(self.counts), self.node: count}.items()))


@dataclass(frozen=True, slots=True)
class Goto:
    """A node's decision to leave by one of its exits, with the state it leaves behind."""

    node: str
    state: FlowState


@dataclass(frozen=True, slots=True)
class Stay:
    """A node's decision to ask for something else before it leaves."""

    effect: Effect
    state: FlowState
