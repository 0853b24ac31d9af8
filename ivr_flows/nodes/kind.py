"""What every kind of node is. A kind is one class: its fields are its YAML, its methods say what it does and where it
leads. To add a kind, write a subclass with `kind` set; loader, validator and stepper find it by that name.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from ivr_flows.model import Answer, Call, Effect, FlowState, Goto, Return, Stay

NAME = r"^[a-z0-9][a-z0-9-]{0,39}$"
Name = Annotated[str, Field(pattern=NAME)]
ValueName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}(\.[a-z0-9][a-z0-9_-]{0,39})?$")]
"""How a flow calls what it knows: `line`, `answer.choice`, `progress.due_on`, `flag.flood`."""
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
        if "kind" not in cls.__dict__:
            return  # what several kinds share
        if cls.kind in KINDS:
            raise TypeError(f"two kinds of node are called '{cls.kind}'")
        KINDS[cls.kind] = cls

    @abstractmethod
    def exits(self) -> Mapping[str, str]:
        """Name of each exit and the node it leads to."""

    def prompts(self) -> tuple[str, ...]:
        """Every prompt that the node names."""
        return ()

    def queues(self) -> tuple[str, ...]:
        """Every queue that the node names."""
        return ()

    def targets(self) -> tuple[str, ...]:
        """Every number or line that the node dials."""
        return ()

    def flows(self) -> tuple[str, ...]:
        """Every other flow that the node names."""
        return ()

    def saves(self) -> tuple[str, ...]:
        """Values that the node keeps: `answer.NAME`, or `LOOKUP.` for whatever a look-up tells."""
        return ()

    def reads(self) -> tuple[str, ...]:
        """Values that the node uses."""
        return ()

    def load_of(self) -> str:
        """The queue whose load the node asks for; empty: the line's own."""
        return ""

    def problems(self) -> list[str]:
        """What is wrong with the node taken alone, beyond the types of its fields."""
        return []

    @abstractmethod
    def enter(self, state: FlowState) -> Effect | Goto | Call | Return:
        """The caller arrives here."""

    def resume(self, state: FlowState, answer: Answer) -> Stay | Goto:
        """What `enter` (or the last `resume`) asked for is done."""
        raise TypeError(f"{self.kind} node '{state.node}' got {answer}")
