"""What a flow is made of at run time: effects it asks for, answers it gets, and its state. Pure values, no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

LookupResult = Literal["known", "unknown", "timeout", "failed"]
SETTLED, YES = "settled", "yes"
"""The value under which it is known that nobody need call this caller back: a flow gave him what he called for."""

# what a flow may ask of the channel


@dataclass(frozen=True, slots=True)
class PlayPrompt:
    """Speak one prompt. Skippable: any key ends it."""

    prompt: str
    is_recording_notice: bool = False
    is_skippable: bool = False


@dataclass(frozen=True, slots=True)
class Say:
    """Speak prompts one after the other: a sentence with a number or a date in it."""

    items: tuple[str, ...]
    is_skippable: bool = False


@dataclass(frozen=True, slots=True)
class CollectDigits:
    """Speak prompts, then read keys. `timeout_ms`: silence after the prompt, and between keys."""

    items: tuple[str, ...]
    max_digits: int
    timeout_ms: int
    is_barge_in: bool = True
    terminator: str = "#"


@dataclass(frozen=True, slots=True)
class Record:
    """Record a message, after the prompts and a tone."""

    items: tuple[str, ...]
    name: str
    max_seconds: int
    silence_seconds: int
    terminator: str = "#"


@dataclass(frozen=True, slots=True)
class LookUp:
    """Ask the case store. `kind` "caller" is who is calling; its budget is the player's."""

    kind: str
    arguments: tuple[tuple[str, str], ...] = ()
    budget_ms: int = 0


@dataclass(frozen=True, slots=True)
class Observe:
    """Tell these facts as they are now (time, load, switches). `queue`: whose load; empty: the line's own."""

    names: tuple[str, ...]
    queue: str = ""


@dataclass(frozen=True, slots=True)
class Rate:
    """Keep the caller's score for this call."""

    score: int


@dataclass(frozen=True, slots=True)
class RequestCallback:
    """Keep that the caller is to be called back at this number: by his choice, or because the system failed."""

    number: str
    is_failure: bool = False


@dataclass(frozen=True, slots=True)
class EnterQueue:
    """The flow's usual end: the caller waits for a person. A higher priority is answered first."""

    queue: str
    priority: int = 0
    original_line: str = ""
    seat: str = ""
    """Which seat should be rung first; empty: none in particular."""
    side_doors: str = ""
    """The flow that a key opens while the caller waits."""
    doors_after_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Dial:
    """An end: another line's department is rung; who does not answer sends the caller to the queue."""

    target: str


@dataclass(frozen=True, slots=True)
class HandOver:
    """An end: 110, 119, 120 or 122 is rung; who does not answer sends the caller to the queue."""

    target: str


@dataclass(frozen=True, slots=True)
class GoBack:
    """An end of a side-door flow: the caller goes back to where he was."""

    outcome: str = "next"


@dataclass(frozen=True, slots=True)
class HangUp:
    """The call is over."""


End = EnterQueue | Dial | HandOver | GoBack | HangUp
Effect = PlayPrompt | Say | CollectDigits | Record | LookUp | Observe | Rate | RequestCallback | End

# what the channel answers


@dataclass(frozen=True, slots=True)
class Played:
    """`is_heard` is false when a prompt was missing: the flow goes on all the same."""

    is_heard: bool = True


@dataclass(frozen=True, slots=True)
class Keyed:
    """Empty digits are silence; a lone # is "#"."""

    digits: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """`failed`: nothing could be kept, e.g. the disk is full."""

    result: Literal["kept", "empty", "failed"]
    file: str = ""
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class LookedUp:
    """`unknown`: the store answered and knows nothing. `values` are texts; yes and no for what is true or false."""

    result: LookupResult = "unknown"
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Observed:
    """A fact that cannot be told is missing here or empty."""

    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Done:
    """`is_kept` is false when what was asked could not be kept."""

    is_kept: bool = True


Answer = Played | Keyed | Recorded | LookedUp | Observed | Done


@dataclass(frozen=True, slots=True)
class FlowState:
    """Where a caller is, and what the flows have learned. `callers`: the sub-flow nodes that wait for a return."""

    flow: str
    node: str
    values: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    callers: tuple[tuple[str, str], ...] = ()
    is_observing: bool = False

    def value(self, name: str) -> str:
        """What is known under this name; empty when nothing is."""
        return self.values.get(name, "")

    @property
    def answers(self) -> dict[str, str]:
        """What the caller keyed or left, by the name it was saved under."""
        return {name[7:]: value for name, value in self.values.items() if name.startswith("answer.")}

    @property
    def is_settled(self) -> bool:
        """Whether a flow gave the caller what he called for."""
        return self.value(SETTLED) == YES

    def know(self, values: Mapping[str, str]) -> "FlowState":
        """The state with these values; earlier ones of the same names are replaced."""
        return replace(self, values={**self.values, **values})

    def keep(self, answer: str, value: str) -> "FlowState":
        """The state with this answer kept."""
        return self.know({f"answer.{answer}": value})

    def count(self) -> int:
        """How often the present node has counted."""
        return self.counts.get(f"{self.flow}/{self.node}", 0)

    def counted(self, count: int) -> "FlowState":
        """The state with the present node's count set."""
        return replace(self, counts={**self.counts, f"{self.flow}/{self.node}": count})


# what a node decides


@dataclass(frozen=True, slots=True)
class Goto:
    """Leave by this exit, with the state left behind."""

    exit: str
    state: FlowState


@dataclass(frozen=True, slots=True)
class Stay:
    """Ask for something else before leaving."""

    effect: Effect
    state: FlowState


@dataclass(frozen=True, slots=True)
class Call:
    """Go through another flow first."""

    flow: str
    state: FlowState


@dataclass(frozen=True, slots=True)
class Return:
    """Back to the flow that called this one."""

    outcome: str
    state: FlowState
