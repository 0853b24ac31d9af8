"""What the commands of `hotline dialplan … --json` answer: the pages of ops staff reach a node's changes only so.

Each command prints one JSON document of the type named here, on stdout, also when it fails (exit code 1).

| command (all take --json) | answer |
|---|---|
| `check [--plan FILE]` | CheckReport |
| `plan [--plan FILE]` | ChangePlan |
| `render [--dry-run]` | ApplyReport: the plan this node shall have, with today's templates and settings |
| `apply [--plan FILE \\| --proposal ID] --why TEXT [--by NAME] [--dry-run] [--overwrite-hand-edits] [--progress]` | ApplyReport |
| `rollback [VERSION] --why TEXT [--by NAME] [--dry-run] [--overwrite-hand-edits] [--progress]` | ApplyReport |
| `history [--limit N]` | History (without diffs) |
| `show [VERSION]` | VersionDetail: text of the plan, whole diff |
| `state` | NodeState: what is applied, who works on it, hand-edited files |
| `propose [--plan FILE] --why TEXT [--by NAME] [--dry-run]` | Proposal |
| `approve ID [--by NAME] [--dry-run]`, `reject ID [--by NAME] --why TEXT [--dry-run]`, `proposal ID` | Proposal |
| `proposals` | ProposalList, newest first |
| `trunks` | TrunkReport |
| `clock` | ClockState |

`--plan -` reads the plan from stdin. `--progress` prints a Progress line (JSON Lines) at each step's begin and end before the
last line, which is the ApplyReport. A refusal (bad plan, lock, missing approval, hand edits) is a report with outcome
`refused`, `message` and `remedy`; it is never a stack trace.

Each sentence has a `code` that stays the same whatever its words are, English for the terminal and, in a field that ends
in `_zh`, Chinese for pages. A `_zh` field is empty only in what an older release has kept.
"""  # noqa: E501 - a table

from datetime import datetime
from enum import StrEnum

from pydantic import Field

from app.contract.change_plan import Area, ChangePlan, CheckReport, Effect, Fault, FileChange, MeaningChange, Message

__all__ = ["Area", "ChangePlan", "CheckReport", "Effect", "Fault", "FileChange", "MeaningChange", "Message"]
"""And what is defined here."""


class StepOutcome(StrEnum):
    RUNNING = "running"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


class StepName(StrEnum):
    """Steps of an apply, in their order. The last three come only after a failure, or at the end."""

    LOCK = "lock"
    CHECK = "check"
    APPROVAL = "approval"
    HAND_EDITS = "hand_edits"
    RENDER = "render"
    REHEARSE = "rehearse"
    SWAP = "swap"
    RELOAD = "reload"
    VERIFY = "verify"
    TEST_CALL = "test_call"
    ROLL_BACK = "roll_back"
    HISTORY = "history"
    TAKE_OVER = "take_over"


class Step(Message):
    """One step; `detail` says what was seen."""

    name: StepName
    outcome: StepOutcome
    detail: str = ""
    detail_zh: str = Field(default="", description="the same in Chinese, for pages")
    duration_ms: int = 0


class Progress(Message):
    """One line while an apply runs."""

    step: Step


class Outcome(StrEnum):
    APPLIED = "applied"
    NOTHING_TO_DO = "nothing_to_do"
    DRY_RUN = "dry_run"
    REFUSED = "refused"
    ROLLED_BACK = "rolled_back"
    BROKEN = "broken"
    """Rolling back failed too: somebody must look at once."""


class ApplyReport(Message):
    """How an apply or a rollback ended."""

    outcome: Outcome
    code: str = Field(default="", description="what ended it, the same whatever the words are")
    message: str
    message_zh: str = ""
    remedy: str = Field(default="", description="what to do, at the terminal")
    remedy_zh: str = Field(default="", description="what to do, on a page")
    version: int | None = Field(default=None, description="number under which it stands in the history")
    steps: list[Step] = Field(default=[])
    change: ChangePlan | None = None
    duration_ms: int = 0
    calls_before: int | None = Field(default=None, description="active calls just before the swap; none: not running")
    calls_after: int | None = Field(default=None, description="active calls just after the verification")


class Version(Message):
    """One line of the history."""

    number: int
    at: datetime
    by: str
    why: str
    approved_by: str | None = None
    outcome: Outcome
    is_current: bool = False
    plan_digest: str
    rolled_back_to: int | None = Field(default=None, description="the version a rollback brought back")
    meaning: list[MeaningChange] = Field(default=[])
    files: list[FileChange] = Field(default=[], description="without diff in the history")
    code: str = Field(default="", description="why it is not in force; empty when it was")
    message: str = ""
    message_zh: str = ""
    duration_ms: int = 0


class History(Message):
    """Newest first."""

    versions: list[Version] = Field(default=[])


class VersionDetail(Message):
    """A version with the text of its plan; without a number, the applied one."""

    version: Version | None = Field(description="none: nothing was applied yet, the text is the plan file's")
    plan_text: str


class LockHolder(Message):
    """Who changes the node at this moment."""

    by: str
    since: datetime
    what: str
    step: StepName | None = None
    pid: int


class NodeState(Message):
    """What is applied, and what stands in the way of a change."""

    current: Version | None = None
    is_running: bool = Field(description="whether Asterisk answers on its console")
    active_calls: int | None = None
    locked_by: LockHolder | None = None
    hand_edits: list[FileChange] = Field(default=[])
    plan_file: str = Field(description="the file HOTLINE_SITE_PLAN names")
    plan_file_differs: bool = Field(description="the file was changed since it was applied")
    needs_approval: bool = False
    clock_offset_seconds: int = Field(
        default=0,
        description="lines are handled as at a moment so far from now: a coming day is rehearsed; 0: real time",
    )
    is_cut_short: bool = Field(
        default=False,
        description="an apply was killed half-way: the next one, or `hotline up`, brings the old files back",
    )


class ClockState(Message):
    """By what time lines change their modes."""

    offset_seconds: int = Field(description="0: the real time")
    shown_at: datetime = Field(description="the moment at which lines are handled now")


class ProposalStatus(StrEnum):
    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"
    APPLIED = "applied"
    STALE = "stale"
    """Another change was applied meanwhile: propose it again."""


class Proposal(Message):
    """A change that waits for a second person."""

    id: str = Field(pattern=r"^[0-9]{8}-[0-9]{6}-[0-9a-f]{6}$")
    at: datetime
    by: str
    why: str
    status: ProposalStatus
    plan_digest: str
    base_version: int | None
    change: ChangePlan
    plan_text: str
    decided_by: str | None = None
    decided_at: datetime | None = None
    decided_why: str | None = None
    applied_as: int | None = None


class ProposalList(Message):
    proposals: list[Proposal] = Field(default=[])


class Refusal(Message):
    """The answer of any command that could not be carried out for a reason a person can mend."""

    outcome: Outcome = Outcome.REFUSED
    code: str = ""
    message: str
    message_zh: str = ""
    remedy: str = ""
    remedy_zh: str = ""


class Qualify(StrEnum):
    """What OPTIONS pings of a trunk's far end say."""

    REACHABLE = "reachable"
    UNREACHABLE = "unreachable"
    NOT_ASKED = "not_asked"
    """The trunk only delivers calls: the plan gives it no `outbound`."""
    UNKNOWN = "unknown"
    """Asterisk does not run, or has not asked yet."""


class TrunkHealth(Message):
    """One trunk of the applied plan as Asterisk sees it now."""

    name: str
    label: str
    kind: str
    line: str | None = None
    addresses: list[str]
    outbound: str | None = Field(default=None, description="host:port")
    qualify: Qualify
    round_trip_ms: float | None = None
    active_calls: int | None = Field(default=None, description="none: Asterisk does not run")
    max_calls: int


class TrunkReport(Message):
    at: datetime
    is_running: bool
    trunks: list[TrunkHealth] = Field(default=[])
