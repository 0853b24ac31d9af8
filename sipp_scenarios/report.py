"""What a run saw, compared with what it should have seen."""

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Stage:
    """One moment of the run. `at_ms` counts from the start of the run."""

    at_ms: int
    who: str
    what: str
    source: str
    """runner, sip or store: who saw it."""


@dataclass(frozen=True)
class Check:
    """One comparison."""

    side: str
    """sip or store: on which side it was looked at."""
    what: str
    expected: str
    seen: str

    @property
    def is_met(self) -> bool:
        return self.expected == self.seen


@dataclass(frozen=True)
class CallSummary:
    """What the case store says of one caller's call, for the reader."""

    caller: str
    call_id: str
    number: str
    outcome: str
    agent: str
    ticket_number: str


@dataclass
class Report:
    """The result of one scenario."""

    scenario: str
    summary: str
    traces: str
    stages: list[Stage] = field(default_factory=list)
    calls: list[CallSummary] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """What kept the run from going on as written; empty in a good run."""
    hints: list[str] = field(default_factory=list)
    """Where to look, after a failure."""
    duration_ms: int = 0

    @property
    def is_passed(self) -> bool:
        """Whether both sides agree with the scenario. A run without a single comparison proves nothing."""
        return bool(self.checks) and not self.problems and all(check.is_met for check in self.checks)

    def to_json(self) -> dict[str, Any]:
        """For `--json`: everything, with the verdict."""
        checks = [{**asdict(check), "is_met": check.is_met} for check in self.checks]
        return {"is_passed": self.is_passed, **asdict(self), "checks": checks}
