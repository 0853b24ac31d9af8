"""What the commands of `hotline flows … --json` answer: pages of ops staff reach a node's flows and prompts only so.

Each command prints one JSON document of the type named here, on stdout; who refuses prints a Refusal (exit code 1).

| command (all take --json) | answer |
|---|---|
| `list` | FlowList |
| `describe NAME [--version N]` | FlowDetail |
| `show NAME --svg - [--version N] [--traffic -]` | SVG, not JSON; --traffic reads a Traffic |
| `publish FILE --note WHY [--by NAME] [--line N] [--from DAY]` (`-` with --name: from the input) | Version |
| `publish … --dry-run` | Check |
| `rollback NAME --note WHY [--to N]`, `rollback --line N --note WHY` | Activation |
| `flag NAME on --note WHY` | Switches |
| `simulate NAME` (reads a Rehearsal) | Simulation |
| `prompts` | PromptList |
| `prompt KEY` | PromptDetail |
| `reword KEY --note WHY --text T [--spoken S] [--slow]`, `reword KEY --shipped --note WHY` | PromptDetail |
| `recording KEY --note WHY` (reads a WAV), `recording KEY --remove --note WHY` | PromptDetail |
| `build [--progress]` | BuildReport; before it a BuildStep a line |

Messages are English; a page has its own Chinese for each `code`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from pydantic import Field

from app.contract.change_plan import Message

SOUND_FOLDERS: Mapping[str, str] = MappingProxyType({"zh": "zh", "en": "en_GB"})
"""Where a language lies below Asterisk's sounds, as `ivr_flows.say` has it: a page serves its audio from there."""


class Problem(Message):
    """One thing that is wrong with a flow file. `line` 0: the file as a whole."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"


class Refusal(Message):
    """Why a command changed nothing."""

    refused: str = Field(description="a code that stays the same whatever the words are")
    message: str
    remedy: str = ""
    values: dict[str, str] = Field(default={}, description="what the sentence of this code needs")
    problems: list[Problem] = Field(default=[])


class Activation(Message):
    """From `since` (a day in Asia/Shanghai) on this version is in force; with `line`, for its callers alone."""

    flow: str
    version: int = Field(description="0: taken back, the trunk's flow answers")
    since: str
    at: str
    by: str
    note: str
    line: str = ""


class Version(Message):
    """One publish. `at` is ISO 8601, UTC."""

    number: int
    at: str
    by: str
    note: str
    flows: list[str]


class FlowSummary(Message):
    """A flow, and what of it is in force today."""

    name: str
    title: str = ""
    lines: list[str] = Field(default=[])
    language: str = "zh"
    is_part: bool = False
    nodes: int = 0
    in_force: Activation | None = Field(default=None, description="none: the flow that ships, never published")
    on_lines: list[Activation] = Field(default=[], description="lines for which it answers of its own, today")
    coming: list[Activation] = Field(default=[], description="what takes effect on a later day")
    is_readable: bool = Field(default=True, description="false: its file is damaged, callers get the fallback")


class Switch(Message):
    """What flows branch on as `flag.NAME`. Never set: off."""

    name: str
    is_on: bool = False
    at: str = ""
    by: str = ""
    note: str = ""
    read_by: list[str] = Field(default=[], description="flows in force that ask for it")


class Switches(Message):
    switches: list[Switch]


class FlowList(Message):
    flows: list[FlowSummary]
    switches: list[Switch]


class Exit(Message):
    name: str
    label: str = Field(description="Chinese; empty: it simply goes on")
    target: str


class Node(Message):
    name: str
    kind: str
    kind_zh: str
    text: str = Field(description="what is heard there, or what it is about")
    prompts: list[str] = Field(default=[])
    exits: list[Exit] = Field(default=[])


class FlowDetail(Message):
    """A flow as one of its versions has it."""

    summary: FlowSummary
    shown: int = Field(description="the version that text and nodes are of; 0: as shipped")
    text: str = Field(description="the file")
    start: str = ""
    nodes: list[Node] = Field(default=[])
    prompts: dict[str, str] = Field(default={}, description="name → what it says")
    versions: list[Version] = Field(default=[], description="the newest first")
    before: int | None = Field(default=None, description="the version that `diff` compares with")
    diff: str = ""
    activations: list[Activation] = Field(default=[], description="the newest first")


class Check(Message):
    """What publishing would do."""

    problems: list[Problem]
    diff: str
    against: int | None = Field(description="the version in force; none: there is none")


class NodeTraffic(Message):
    """How callers went through a node. `left`: exit → callers."""

    entered: int
    mean_ms: int
    hang_ups: int
    left: dict[str, int]


class Traffic(Message):
    """Of one flow, by node."""

    nodes: dict[str, NodeTraffic] = Field(default={})


class Rehearsal(Message):
    """A caller to be played, as far as he has come. `answers`: one per question, in order: keys ("" is silence);
    `known KEY=VALUE …`, `unknown`, `timeout` or `failed` for a look-up; `kept`, `empty` or `failed` for a recording.
    """

    values: dict[str, str] = Field(default={}, max_length=40)
    answers: list[str] = Field(default=[], max_length=200)
    version: int | None = None


class Turn(Message):
    """One thing that happened. `text`: what is heard or was answered; the exit taken, the end."""

    what: Literal["heard", "answered", "went", "looked", "kept", "end"]
    node: str = ""
    text: str = ""
    prompts: list[str] = Field(default=[])
    language: str = ""

    @property
    def keys(self) -> list[str]:
        """LANGUAGE/NAME of each prompt."""
        return [f"{self.language}/{name}" for name in self.prompts]


class Question(Message):
    """What the flow waits for now."""

    kind: Literal["keys", "lookup", "record"]
    node: str
    about: str = Field(default="", description="of a look-up: what, and with which values")
    max_digits: int = 0
    terminator: str = ""


class Simulation(Message):
    """How far the caller has come. Neither question nor end: it went on too long."""

    turns: list[Turn]
    question: Question | None = None
    end: str = Field(default="", description="as scripts name it: `queue common priority 10`")


class PromptSummary(Message):
    """One text in one language, and its audio."""

    key: str = Field(description="LANGUAGE/NAME")
    name: str
    language: str
    text: str
    spoken: str
    is_slow: bool = False
    source: str = Field(default="", description="number in the list of the hotline's prompts")
    origin: Literal["shipped", "page", "hand"] = Field(description="hand: in a list that somebody wrote on the server")
    is_recorded: bool = Field(default=False, description="a studio's recording, not the voice")
    is_tone: bool = False
    state: Literal["ready", "missing", "stale", "clipped"]
    seconds: float = 0.0
    level_db: float = 0.0
    used_by: list[str] = Field(default=[], description="flows in force that play it")


class PromptList(Message):
    prompts: list[PromptSummary]


class PromptChange(Message):
    """What somebody did to a prompt. `at` is ISO 8601, UTC."""

    at: str
    by: str
    note: str
    what: Literal["text", "shipped", "recording", "voice"]
    text: str = ""
    spoken: str = ""
    is_slow: bool = False
    sha256: str = Field(default="", description="of a recording")


class PromptDetail(Message):
    prompt: PromptSummary
    shipped_text: str = Field(default="", description="empty: the product ships none of this name")
    history: list[PromptChange] = Field(default=[], description="the newest first")


class BuildStep(Message):
    done: int
    total: int
    key: str


class BuildReport(Message):
    built: list[str]
    copied: int
    kept: int
    failed: dict[str, str]
    seconds: float
