"""A load: how many callers per second, for how long, met by how many seats; and what came of it. Pure."""

import math
from collections.abc import Sequence
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sipp_scenarios.loading import ScenarioError
from sipp_scenarios.templates import SCENARIOS

LOADS = SCENARIOS / "load"


class LoadProfile(BaseModel):
    """What `load/*.yaml` may say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    summary: str = Field(min_length=20)
    calls_per_second: float = Field(gt=0, le=2000, description="the rate; of a ramp, the highest")
    ramp_from: float | None = Field(default=None, gt=0, description="start with this rate and rise evenly")
    duration_seconds: int = Field(ge=1, le=3600, description="how long new callers arrive")
    seats: int = Field(default=10, ge=0, le=2000, description="phones that register and answer; 0: none")
    first_seat: int = Field(default=8001, ge=1, description="the seats are numbered on from here")
    dnis: str = Field(default="12345", pattern=r"^[0-9]{2,15}$")
    stay_ms: int = Field(default=60_000, ge=100, description="a caller hangs up so long after 200, if nobody else does")
    ring_ms: int = Field(
        default=0, ge=0, description="an agent answers so long after the telephone rings, on average; 0: at once"
    )
    talk_ms: int = Field(default=2000, ge=100, description="an agent hangs up so long after answering")
    answer_within_ms: int = Field(default=10_000, ge=100, description="a caller without 200 by then has failed")

    @property
    def calls(self) -> int:
        """How many callers there will be."""
        start = self.calls_per_second if self.ramp_from is None else self.ramp_from
        return max(1, round((start + self.calls_per_second) / 2 * self.duration_seconds))

    @property
    def calls_at_once(self) -> int:
        """More than can ever be there at once: SIPp must not hold callers back by itself."""
        return math.ceil(self.calls_per_second * (self.stay_ms / 1000 + self.answer_within_ms / 1000 + 10))

    def seat_names(self) -> list[str]:
        return [str(self.first_seat + n) for n in range(self.seats)]


class LoadResult(BaseModel):
    """What a load came to. Times in milliseconds, INVITE sent to 200 received."""

    model_config = ConfigDict(frozen=True)

    offered_per_second: float
    calls: int
    succeeded: int
    failed: int
    retransmissions: int
    reached_agents: int = Field(description="conversations that seats answered")
    invite_to_200_p50_ms: float
    invite_to_200_p99_ms: float
    achieved_per_second: float = Field(description="callers that SIPp really sent per second")
    duration_seconds: float
    failures: dict[str, int] = Field(default_factory=dict, description="SIPp's reason -> how many")

    @property
    def success_ratio(self) -> float:
        return self.succeeded / self.calls if self.calls else 0.0

    def is_good(self, *, ratio: float = 0.999, p99_ms: float = 500) -> bool:
        """Whether the stack carried it: nearly nobody lost, everybody answered soon, and SIPp kept the rate."""
        kept_rate = self.achieved_per_second >= 0.95 * self.offered_per_second
        return self.success_ratio >= ratio and self.invite_to_200_p99_ms < p99_ms and kept_rate


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest-rank percentile; 0 for no values."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else 0.0


def load_profile(name: str, folder: Path = LOADS) -> LoadProfile:
    """Read `load/NAME.yaml`. Raises ScenarioError."""
    path = folder / f"{name}.yaml"
    try:
        return LoadProfile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        names = ", ".join(sorted(one.stem for one in folder.glob("*.yaml")))
        raise ScenarioError(path, [f"no such load; there are {names}"]) from None
    except yaml.YAMLError as error:
        raise ScenarioError(path, [f"not readable as YAML: {' '.join(str(error).split())}"]) from None
    except ValidationError as error:
        mistakes = [f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors()]
        raise ScenarioError(path, mistakes) from None


STATISTICS = {
    "FailedCannotSendMessage(C)": "cannot send",
    "FailedMaxUDPRetrans(C)": "no answer to retransmissions",
    "FailedUnexpectedMessage(C)": "unexpected message",
    "FailedTimeoutOnRecv(C)": "no answer in time",
    "FailedTimeoutOnSend(C)": "could not send in time",
    "FailedCallRejected(C)": "rejected",
    "FailedOutboundCongestion(C)": "congestion",
}


class Statistics(BaseModel):
    """Last line of SIPp's -trace_stat file."""

    model_config = ConfigDict(frozen=True)

    created: int
    succeeded: int
    failed: int
    retransmissions: int
    failures: dict[str, int]


def read_statistics(text: str) -> Statistics:
    """Raises ValueError for a file without a line of numbers."""
    lines = [line.rstrip(";").split(";") for line in text.splitlines() if line.strip()]
    if len(lines) < 2:
        raise ValueError("SIPp wrote no statistics")
    row = dict(zip(lines[0], lines[-1], strict=False))
    failures = {meaning: int(row[name]) for name, meaning in STATISTICS.items() if int(row.get(name) or 0)}
    return Statistics(
        created=int(row["TotalCallCreated"]),
        succeeded=int(row["SuccessfulCall(C)"]),
        failed=int(row["FailedCall(C)"]),
        retransmissions=int(row["Retransmissions(C)"]),
        failures=failures,
    )


def read_response_times(text: str) -> list[float]:
    """Milliseconds from SIPp's -trace_rtt file."""
    rows = [line.split(";") for line in text.splitlines()[1:] if line.count(";") >= 2]
    return [float(row[1]) for row in rows]
