"""Highest call rate of the whole product beside the same prompts and queue in plain dialplan.

A rate is carried when at least 99.9 % of the callers talk to an agent and INVITE→200 stays below 500 ms at p99. Both
sides are measured at the same rates, one after the other, so that the machine's mood is the same for both.
"""

import time
from collections.abc import Callable

from app.cli.bench.report import Measure
from app.cli.bench.stack import PLAIN_DNIS, BenchStack
from app.cli.process_control import ProcessControl
from sipp_scenarios.load_profile import LoadProfile, LoadResult
from sipp_scenarios.load_run import run_ceiling, run_load

Say = Callable[[str], None]

GOOD_RATIO = 0.999
OURS = ("agi", "bridge", "web", "facts", "worker")
SEATS_PER_RATE = 4
"""A seat is busy for two seconds of talk and the ringing before it."""


def bench_call_path(
    stack: BenchStack, *, rates: list[int], ceiling_rates: tuple[int, ...], seconds: int, say: Say
) -> list[Measure]:
    """Climb `rates` on both sides until one is not carried any more, `ceiling_rates` with SIPp alone."""
    best = {"plain": (0.0, _nothing()), "product": (0.0, _nothing())}
    carrying = {"plain", "product"}
    for rate in rates:
        for side in ("plain", "product"):
            if side not in carrying:
                continue
            say(f"{side}: {rate} calls/s for {seconds} s")
            result = _one(stack, side, rate, seconds)
            if is_carried(result):
                best[side] = (rate, result)
            else:
                carrying.discard(side)
                say(f"{side}: {rate} calls/s not carried ({result.reached_agents}/{result.calls} reached an agent, "
                    f"p99 {result.invite_to_200_p99_ms:.0f} ms) {result.failures or ''}")  # fmt: skip
    ceiling, offered = _sipp_ceiling(stack, ceiling_rates, min(seconds, 10), say)
    plain, product = best["plain"], best["product"]
    ratio = product[0] / plain[0] if plain[0] else 0
    note = f"p99 INVITE→200 {product[1].invite_to_200_p99_ms:.0f} ms beside {plain[1].invite_to_200_p99_ms:.0f} ms"
    if carrying:
        note += f"; {' and '.join(sorted(carrying))} carried the highest rate offered"
    return [
        Measure("call path", "highest rate carried", product[0], "calls/s", plain[0], "≥ 0.95", ratio >= 0.95, note),
        Measure("call path", "SIPp's own ceiling, no Asterisk", ceiling.achieved_per_second, "calls/s",
                note=f"{offered} offered; {ceiling.succeeded}/{ceiling.calls} answered, "
                     f"p99 {ceiling.invite_to_200_p99_ms:.0f} ms"),
    ]  # fmt: skip


def _sipp_ceiling(stack: BenchStack, rates: tuple[int, ...], seconds: int, say: Say) -> tuple[LoadResult, str]:
    """What SIPp does alone: the last rate it kept up with, or the first if it kept up with none."""
    best, offered = _nothing(), ""
    for rate in rates:
        say(f"SIPp alone: {rate} calls/s")
        result = run_ceiling(_profile("12345", rate, seconds), stack.target().runs_folder / _stamp())
        keeps_up = result.is_good(ratio=GOOD_RATIO) and result.achieved_per_second >= 0.9 * rate
        if keeps_up or not best.calls:
            best, offered = result, f"{rate}/s"
        if not keeps_up:
            return best, f"{offered} (of {rate}/s it made {result.achieved_per_second:.0f})"
    return best, f"{offered}, the most that was tried"


def is_carried(result: LoadResult) -> bool:
    """Every caller but one in a thousand has talked to an agent, soon answered, at the rate that was asked for."""
    return result.is_good(ratio=GOOD_RATIO) and result.reached_agents >= GOOD_RATIO * result.calls


def _one(stack: BenchStack, side: str, rate: int, seconds: int) -> LoadResult:
    dnis = PLAIN_DNIS if side == "plain" else "12345"
    control = stack.control

    def before_calls(seats: object) -> None:
        assert isinstance(seats, list)  # noqa: S101 - narrows the profile's list of names
        stack.sign_in(seats)
        if side == "plain":
            _stop_ours(control)

    try:
        return run_load(_profile(dnis, rate, seconds), stack.target(), before_calls=before_calls)
    finally:
        for name in OURS if side == "plain" else ():
            stack.start(name)


def _stop_ours(control: ProcessControl) -> None:
    for name in OURS:
        control.stop(name)


def _profile(dnis: str, rate: int, seconds: int) -> LoadProfile:
    return LoadProfile(
        summary=f"{rate} callers a second for the bench", calls_per_second=rate, duration_seconds=seconds,
        seats=min(SEATS_PER_RATE * rate, 200), dnis=dnis, talk_ms=2000, stay_ms=60_000,
    )  # fmt: skip


def _nothing() -> LoadResult:
    return LoadResult(
        offered_per_second=0, calls=0, succeeded=0, failed=0, retransmissions=0, reached_agents=0,
        invite_to_200_p50_ms=0, invite_to_200_p99_ms=0, achieved_per_second=0, duration_seconds=0,
    )  # fmt: skip


def _stamp() -> str:
    return f"ceiling-{time.time_ns()}"
