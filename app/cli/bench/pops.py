"""Pop latency under load: AMI event → committed, and → received by an SSE client, for every answered call."""

import math
from collections.abc import Sequence

from sqlalchemy import select

from app.calls.models import CallEventRow
from app.cli.bench.call_path import Say
from app.cli.bench.pop_readers import Arrivals, listening
from app.cli.bench.report import Measure, percentile
from app.cli.bench.stack import FIRST_AGENT, BenchStack
from app.contract.events import EventType
from app.platform.database import Database, make_engine
from sipp_scenarios.load_profile import LoadProfile, LoadResult
from sipp_scenarios.load_run import run_load

RATE = 20
SEATS = 60
COMMITTED_AIM_MS = 50
RECEIVED_AIM_MS = 100


def bench_pops(stack: BenchStack, *, seconds: int, say: Say) -> list[Measure]:
    """20 calls a second reach 60 agents, each with an open page."""
    arrivals = Arrivals()
    usernames = [str(FIRST_AGENT + n) for n in range(SEATS)]
    say(f"{SEATS} agents open their pages")
    with listening(stack, usernames, arrivals):
        say(f"{RATE} calls/s for {seconds} s")
        result = run_steady(stack, RATE, seconds)
    answered = _answered_at(stack)
    committed = [(arrivals.committed.get(call, math.inf) - at) * 1000 for call, at in answered.items()]
    received = [(arrivals.received.get(call, math.inf) - at) * 1000 for call, at in answered.items()]
    note = f"{sum(map(math.isfinite, received))} pops of {result.calls} calls, {arrivals.unconfirmed} not confirmed"
    return [
        *_measures("AMI event → committed", committed, COMMITTED_AIM_MS, note),
        *_measures("AMI event → SSE client", received, RECEIVED_AIM_MS, note),
    ]


def run_steady(stack: BenchStack, rate: int, seconds: int) -> LoadResult:
    """A steady load of short calls, agents signed in."""
    profile = LoadProfile(
        summary=f"{rate} callers a second, steadily", calls_per_second=rate, duration_seconds=seconds, seats=SEATS,
        ring_ms=800, talk_ms=1000, stay_ms=60_000,
    )  # fmt: skip
    return run_load(profile, stack.target(), before_calls=stack.sign_in)


def _measures(name: str, values: Sequence[float], aim_ms: float, note: str) -> list[Measure]:
    high = percentile(values, 0.99)
    return [
        Measure("pop latency", f"{name}, p50", percentile(values, 0.5), "ms", note=note),
        Measure("pop latency", f"{name}, p99", high, "ms", aim=f"≤ {aim_ms:.0f} ms", is_met=high <= aim_ms),
    ]


def _answered_at(stack: BenchStack) -> dict[str, float]:
    """When Asterisk reported each answer: the AMI event's own time stamp."""
    engine = make_engine(stack.settings.effective_database_url)
    query = select(CallEventRow.call_id, CallEventRow.occurred_at)
    with Database(engine).reading() as session:
        rows = session.execute(query.where(CallEventRow.type == EventType.AGENT_ANSWERED)).all()
    engine.dispose()
    return {call_id: at.timestamp() for call_id, at in rows if call_id is not None}
