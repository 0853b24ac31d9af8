"""Which lines may exist, and how they may be handled: the rules of state that a plan must keep. Pure.

Telephony asks before it applies a plan, the case store when it takes one over; so the rules stand between both.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

EMERGENCY_NUMBERS = frozenset({"110", "119", "120", "122"})
"""Never merged into 12345 (R22; the 112 of one source is a slip of the tongue)."""
JOINED_MODES = frozenset({"forward", "parallel"})
"""How a retained line is joined to 12345 (R12)."""


@dataclass(frozen=True)
class StagedMode:
    """One mode of a line, from 00:00 Asia/Shanghai of its day on."""

    begins_on: date
    mode: str


@dataclass(frozen=True)
class PlannedLine:
    """What the rules look at in a line of a plan. `is_new`: nobody knew this number before."""

    number: str
    category: str
    stages: Sequence[StagedMode] = ()
    aliases: Sequence[str] = field(default_factory=tuple)
    reason: str = ""
    approved_by: str = ""
    is_new: bool = False


def objections_to(line: PlannedLine) -> list[str]:
    """What forbids this line, each as one sentence and what to do; empty when nothing does."""
    return [*_emergency(line), *_retained(line), *_cancelled(line), *_order(line), *_new(line)]


def _emergency(line: PlannedLine) -> list[str]:
    is_emergency = line.number in EMERGENCY_NUMBERS
    found = [
        f"{alias} is an emergency number and stays its own. Remove the alias."
        for alias in line.aliases
        if alias in EMERGENCY_NUMBERS
    ]
    if is_emergency and line.category != "emergency":
        found.append(f"{line.number} is an emergency number and is never merged. Give it category emergency.")
    if line.category == "emergency" and line.stages:
        found.append(f"{line.number} is an emergency line and is never merged. Remove its periods.")
    if line.category == "emergency" and not is_emergency:
        known = ", ".join(sorted(EMERGENCY_NUMBERS))
        found.append(f"{line.number} is no emergency number ({known}). Choose another category.")
    return found


def _retained(line: PlannedLine) -> list[str]:
    """R12: who keeps its own number forwards to us or lets us answer beside, until it is merged or cancelled."""
    modes = [stage.mode for stage in line.stages]
    is_joined = any(mode in JOINED_MODES for mode in modes) and modes[-1] != "dual_number"
    if line.category != "retained" or is_joined:
        return []
    return [
        f"{line.number} is retained but neither forwarded nor answered in parallel (R12)."
        " Add a period with mode forward or parallel, or choose another category."
    ]


def _cancelled(line: PlannedLine) -> list[str]:
    if line.category != "cancelled" or (line.stages and line.stages[-1].mode == "cancelled"):
        return []
    return [f"{line.number} is cancelled but no last period says from which day. Add one with mode cancelled."]


def _order(line: PlannedLine) -> list[str]:
    found = []
    for before, after in zip(line.stages, line.stages[1:], strict=False):
        if after.begins_on == before.begins_on:
            found.append(f"{line.number} has two periods from {after.begins_on}, which overlap. Keep one or move one.")
        elif after.begins_on < before.begins_on:
            days = f"{after.begins_on} after the one from {before.begins_on}"
            found.append(f"{line.number} has its period from {days}. Put them in order of time.")
    return found


def _new(line: PlannedLine) -> list[str]:
    """R15: as a rule no new hotline is set up."""
    if not line.is_new or (line.reason and line.approved_by):
        return []
    missing = " and ".join(name for name in ("reason", "approved_by") if not getattr(line, name))
    return [f"{line.number} is a new line and needs {missing} (R15). Say why it must exist, and who agreed."]
