"""`hotline bench`: everything in one go on one machine, so that every figure has its baseline beside it."""

import asyncio
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from ami_bridge import bench as bridge_bench
from app.cli.asterisk_root import read_installed_version
from app.cli.bench.call_path import Say, bench_call_path
from app.cli.bench.casework import bench_casework
from app.cli.bench.flows import bench_flows
from app.cli.bench.gap import bench_gap
from app.cli.bench.lines import bench_lines
from app.cli.bench.pops import bench_pops
from app.cli.bench.prompts import bench_prompts
from app.cli.bench.report import BenchReport, Measure
from app.cli.bench.stack import BenchStack, bench_stack
from app.cli.bench.tickets import bench_tickets
from app.cli.bench.waiting import bench_waiting
from app.cli.console import console
from app.cli.settings import StackSettings
from app.contract.env import PROJECT

RESULTS = PROJECT / ".runtime" / "bench"
BRIDGE_AIM = 0.7


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    bridge_events: int
    rates: list[int]
    ceiling_rates: tuple[int, ...]
    """SIPp against SIPp: far above what is asked of it here, and then until it does not keep up."""
    rate_seconds: int
    pop_seconds: int
    gap_seconds: int
    plan: tuple[int, int, int]
    """Lines, trunks, seats."""
    line_calls: int
    prompts: int
    flow_calls: int
    flow_callers: int
    flow_seconds: float
    tickets: int
    ticket_seconds: float
    casework: int
    """Synthetic tickets."""
    casework_requests: int
    waiting_hours: int = 40
    is_quick: bool = False


WHOLE = Size(
    1_000_000, [30, 40, 50, 60, 70, 80], (300, 600, 1200), 12, 60, 30, (500, 200, 1000), 400, 150, 30, 500, 30,
    1_000_000, 10, 100_000, 200,
)  # fmt: skip
QUICK = Size(
    50_000, [15], (300,), 4, 6, 3, (50, 20, 200), 10, 20, 2, 100, 4, 5_000, 1, 2_000, 5, waiting_hours=5, is_quick=True
)


def run_bench(parts: tuple[str, ...], *, is_quick: bool, tickets: int | None = None) -> None:
    """Measure these parts; the table is printed, JSON and plot are written after each part.

    `tickets`: so many synthetic ones for the casework part, instead of its usual number.
    """
    size = QUICK if is_quick else WHOLE
    size = replace(size, casework=tickets) if tickets else size
    RESULTS.mkdir(parents=True, exist_ok=True)
    report = BenchReport(describe_machine("quick" if is_quick else "whole"))
    started = time.monotonic()
    with _progress() as say:
        for measures in _run(parts, size, say):
            report.add(*measures)
            report.write_json(RESULTS / "results.json")
    report.write_plot(RESULTS / "results.png")
    report.print(console)
    console.print(f"{time.monotonic() - started:.0f} s; {RESULTS / 'results.json'}, {RESULTS / 'results.png'}")


def _run(parts: tuple[str, ...], size: Size, say: Say) -> Iterator[list[Measure]]:
    if "bridge" in parts:
        say(f"bridge: {size.bridge_events:,} events")
        yield _bench_bridge(size.bridge_events)
    if {"calls", "pops", "gap"} & set(parts):
        say("starting a stack for the bench")
        with bench_stack(is_quick=size.is_quick) as stack:
            for part, work in _call_parts(stack, size, say):
                if part in parts:
                    yield work()
    if "lines" in parts:
        yield bench_lines(size.plan, calls=size.line_calls, say=say)
    if "flows" in parts:
        yield [bench_prompts(count=size.prompts, say=say)]
        yield bench_flows(calls=size.flow_calls, callers=size.flow_callers, seconds=size.flow_seconds, say=say)
    if "waiting" in parts:
        yield bench_waiting(hours=size.waiting_hours, say=say)
    if "tickets" in parts:
        yield bench_tickets(rows=size.tickets, seconds=size.ticket_seconds, say=say)
    if "casework" in parts:
        yield bench_casework(tickets=size.casework, requests=size.casework_requests, say=say)


def _call_parts(stack: BenchStack, size: Size, say: Say) -> Iterator[tuple[str, Callable[[], list[Measure]]]]:
    yield "pops", lambda: bench_pops(stack, seconds=size.pop_seconds, say=say)
    yield "gap", lambda: bench_gap(stack, gap_seconds=size.gap_seconds, say=say)
    yield (
        "calls",
        lambda: bench_call_path(
            stack, rates=size.rates, ceiling_rates=size.ceiling_rates, seconds=size.rate_seconds, say=say
        ),
    )


def _bench_bridge(events: int) -> list[Measure]:
    rates = asyncio.run(bridge_bench.measure(events))
    growth = (rates.memory_at_end_kib - rates.memory_at_quarter_kib) / 1024
    return [
        Measure("bridge", "socket bytes → journal", rates.bridge, "events/s", rates.panoramisk, f"≥ {BRIDGE_AIM}",
                rates.ratio >= BRIDGE_AIM, "baseline: panoramisk alone"),
        Measure("bridge", "beside bare framing", rates.bridge, "events/s", rates.framing,
                note="baseline: splitting the same bytes"),
        Measure("bridge", f"memory growth over {rates.events:,} events", growth, "MiB", aim="flat", is_met=growth < 8,
                note=f"{rates.memory_at_end_kib / 1024:.0f} MiB at the end"),
    ]  # fmt: skip


def describe_machine(size: str) -> dict[str, str]:
    """What the figures were measured on."""
    return {
        "size": size,
        "cores": str(os.cpu_count()),
        "Python": platform.python_version(),
        "Asterisk": _asterisk_version(),
    }


def _asterisk_version() -> str:
    """Of the Asterisk that the bench's stacks start: no set-up of this project's own home is needed for that."""
    version, _ = read_installed_version(StackSettings().root)
    return ".".join(map(str, version)) or "not installed"


@contextmanager
def _progress() -> Iterator[Say]:
    """A line that says what is being measured, and keeps what was said."""
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting")

        def say(text: str) -> None:
            progress.console.print(f"[dim]{text}[/]")
            progress.update(task, description=text)

        yield say
