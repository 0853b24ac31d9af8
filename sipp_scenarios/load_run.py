"""Putting load on a stack with SIPp, and finding out what SIPp itself can do on this machine."""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from socket import SOCK_DGRAM

from app.contract.ports import free_port
from sipp_scenarios.load_profile import LoadProfile, LoadResult, percentile, read_response_times, read_statistics
from sipp_scenarios.sipp import SippPlan, SippProcess, digest, start_sipp
from sipp_scenarios.target import SEAT_ADDRESS, TRUNK_ADDRESS, Target
from sipp_scenarios.templates import COMMON, render
from sipp_scenarios.waiting import TooLate

REGISTERS_PER_SECOND = 100
TAIL_SECONDS = 30
CALLER_NUMBERS = 10_000

Progress = Callable[[float, int], None]
"""Told twice a second: seconds since the first caller, callers sent so far."""


def _silent(_seconds: float, _calls: int) -> None:
    """Nobody watches."""


def run_load(
    profile: LoadProfile,
    target: Target,
    *,
    before_calls: Callable[[Sequence[str]], None] = lambda _: None,
    progress: Progress = _silent,
) -> LoadResult:
    """Register the seats, call `before_calls` with them (sign the agents in), send the callers.

    Raises TooLate when seats do not register, ValueError when SIPp leaves no statistics.
    """
    folder = _new_folder(target)
    with ExitStack() as stack:
        seats = _start_seats(profile, target, folder) if profile.seats else None
        if seats:
            stack.callback(seats.kill)
        before_calls(profile.seat_names())
        result = _send_callers(_Way(profile, target.sip_address, TRUNK_ADDRESS, folder), progress)
        reached = _count(seats, "answered") if seats else 0
    return result.model_copy(update={"reached_agents": reached})


def run_ceiling(profile: LoadProfile, folder: Path, *, progress: Progress = _silent) -> LoadResult:
    """The same callers against a plain SIPp that answers: SIPp's own limit on this machine, RTP left out."""
    folder.mkdir(parents=True, exist_ok=True)
    answering = start_sipp(_answering(profile, folder))
    try:
        way = _Way(profile, f"{SEAT_ADDRESS}:{answering.port}", TRUNK_ADDRESS, folder)
        result = _send_callers(way, progress)
        return result.model_copy(update={"reached_agents": _count(answering, "answered")})
    finally:
        answering.kill()


def _new_folder(target: Target) -> Path:
    target.runs_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = target.runs_folder / f"load-{datetime.now().astimezone():%Y%m%d-%H%M%S-%f}"
    folder.mkdir()
    return folder


def _count(process: SippProcess, what: str) -> int:
    return sum(fact.what == what for fact in process.facts())


def _start_seats(profile: LoadProfile, target: Target, folder: Path) -> SippProcess:
    """One SIPp registers all seats and ends; then one answers for all of them on the same port.

    Not one SIPp for both: of many calls in its out-of-call scenario, SIPp 3.6.1 lets only the first ones time out, so
    that most agents would never hang up. Raises TooLate when a seat is not registered.
    """
    port, names = free_port(SEAT_ADDRESS, kind=SOCK_DGRAM), profile.seat_names()
    values = {"seat": "[field0]", "authentication": "[field1]", "stay_ms": 0}
    limit = 10 + 2 * len(names) // REGISTERS_PER_SECOND
    registering = SippPlan(
        "seats", folder / "registering", render("register", COMMON, values), target.sip_address, SEAT_ADDRESS,
        port=port, timeout_seconds=limit, calls=len(names), calls_at_once=len(names), is_traced=False,
        options=("-inf", "seats.csv", "-r", str(REGISTERS_PER_SECOND), "-aa"),
    )  # fmt: skip
    lines = ["SEQUENTIAL", *(f"{name};{digest(name, target.seat_password(name))}" for name in names)]
    registering.folder.mkdir()
    (registering.folder / "seats.csv").write_text("\n".join(lines) + "\n")
    if start_sipp(registering).wait() != 0:
        raise TooLate(f"{len(names)} seats register: not all did within {limit} s; see {registering.folder}")
    return start_sipp(_answering(profile, folder, port))


def _answering(profile: LoadProfile, folder: Path, port: int = 0) -> SippPlan:
    """A SIPp that answers whatever comes, for every seat at once."""
    values = {"seat": "seat", "ring_ms": profile.ring_ms, "talk_ms": profile.talk_ms}
    return SippPlan(
        "answering", folder / "answering",
        render("load-seat", COMMON, values), "", SEAT_ADDRESS, port=port,
        timeout_seconds=profile.duration_seconds + profile.stay_ms // 1000 + TAIL_SECONDS * 4, calls=0,
        calls_at_once=profile.calls_at_once, is_traced=False,
    )  # fmt: skip


@dataclass(frozen=True)
class _Way:
    """From where to where the callers go."""

    profile: LoadProfile
    target: str
    address: str
    folder: Path


def _send_callers(way: _Way, progress: Progress) -> LoadResult:
    profile = way.profile
    folder = way.folder / "callers"
    folder.mkdir()
    numbers = "\n".join(f"199000{n:05d}" for n in range(CALLER_NUMBERS))
    (folder / "numbers.csv").write_text(f"SEQUENTIAL\n{numbers}\n")
    values = {"dnis": profile.dnis, "stay_ms": profile.stay_ms, "answer_within_ms": profile.answer_within_ms}
    limit = profile.duration_seconds + profile.stay_ms // 1000 + TAIL_SECONDS
    plan = SippPlan(
        "callers", folder, render("load-caller", COMMON, values), way.target, way.address,
        timeout_seconds=limit, calls=profile.calls, calls_at_once=profile.calls_at_once, is_traced=False,
        options=("-inf", "numbers.csv", *_rate(profile), "-trace_stat", "-stf", "statistics.csv", "-fd", "1",
                 "-trace_rtt", "-rtt_freq", "1"),
    )  # fmt: skip
    started = time.monotonic()
    callers = start_sipp(plan)
    sending_seconds = 0.0
    try:
        while callers.process.poll() is None and time.monotonic() - started < limit + TAIL_SECONDS:
            time.sleep(0.5)
            sent = _sent(folder)
            if sent < profile.calls:
                sending_seconds = time.monotonic() - started
            progress(time.monotonic() - started, sent)
    finally:
        callers.kill()
    return _result(profile, folder, sending_seconds, time.monotonic() - started)


def _rate(profile: LoadProfile) -> tuple[str, ...]:
    if profile.ramp_from is None:
        return ("-r", _number(profile.calls_per_second))
    step = (profile.calls_per_second - profile.ramp_from) / profile.duration_seconds
    return (
        "-r", _number(profile.ramp_from), "-rate_increase", _number(step), "-rate_interval", "1s",
        "-rate_max", _number(profile.calls_per_second), "-no_rate_quit",
    )  # fmt: skip


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _sent(folder: Path) -> int:
    path = folder / "statistics.csv"
    try:
        return read_statistics(path.read_text()).created
    except (OSError, ValueError):
        return 0


def _result(profile: LoadProfile, folder: Path, sending_seconds: float, duration_seconds: float) -> LoadResult:
    statistics = read_statistics((folder / "statistics.csv").read_text())
    times = [time for path in folder.glob("*_rtt.csv") for time in read_response_times(path.read_text())]
    offered = profile.calls / profile.duration_seconds
    return LoadResult(
        offered_per_second=offered,
        calls=max(profile.calls, statistics.created),
        succeeded=statistics.succeeded,
        failed=statistics.failed,
        retransmissions=statistics.retransmissions,
        reached_agents=0,
        invite_to_200_p50_ms=percentile(times, 0.5),
        invite_to_200_p99_ms=percentile(times, 0.99),
        achieved_per_second=statistics.created / max(sending_seconds, 1e-3),
        duration_seconds=duration_seconds,
        failures=statistics.failures,
    )
