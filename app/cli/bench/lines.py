"""What lines over time cost: set-up time of a call whose line must be found out, and an apply of a large plan.

A plan of 500 lines, 200 trunks and 1,000 seats is put in force under load, then called in every way that names a line.
The baseline is a number of the same trunk that answers at once: no line, nothing looked up.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from app.cli.bench.call_path import Say
from app.cli.bench.report import Measure, percentile
from app.cli.side_stack import SideStack
from app.contract.env import PROJECT
from dialplan.asterisk import cli
from dialplan.changes.test_call import Caller
from dialplan.settings import DialplanSettings
from sipp_scenarios.target import TRUNK_ADDRESS

HOME = PROJECT / ".runtime" / "bench" / "lines"
SITE = PROJECT / "dialplan" / "sites" / "bench.yaml"
PORT_OFFSET = 15_000
PLAIN = "10000"
FIRST_LINE = 20_000
EXCHANGE = "127.0.0.3"
AIM_MS = 5
CALL_SECONDS = 10.0
HELD_CALLS = 20

WAYS = {
    "number of a line": ("20499", TRUNK_ADDRESS, ""),
    "main number": ("12345", TRUNK_ADDRESS, ""),
    "Diversion": ("12345", EXCHANGE, "Diversion: <sip:20499@exchange>;reason=unconditional\r\n"),
    "History-Info": ("12345", EXCHANGE, "History-Info: <sip:20499@exchange>;index=1\r\n"
                     "History-Info: <sip:12345@hotline>;index=1.1\r\n"),
}  # fmt: skip
"""How a call names its line: number dialled, from where, with which headers."""


def bench_lines(size: tuple[int, int, int], *, calls: int, say: Say) -> list[Measure]:
    """An apply of a plan of so many lines, trunks and seats, with calls held through it; then calls in each way."""
    lines, trunks, seats = size
    with _stack() as stack:
        plan = HOME / "large.yaml"
        plan.write_text(yaml.safe_dump(large_plan(lines, trunks, seats), allow_unicode=True), encoding="utf-8")
        say(f"applying a plan of {lines} lines, {trunks} trunks and {seats} seats under {HELD_CALLS} calls")
        seconds, lost = _apply(stack, plan)
        settings = stack.read(DialplanSettings)
        say(f"{calls} calls in each of {len(WAYS) + 1} ways")
        times = _set_up_times(settings, calls)
    baseline = percentile(times[PLAIN], 0.99)
    note = f"{lines} lines, {trunks} trunks"
    measures = [
        Measure("lines", "apply of a large plan", seconds, "s", note=f"{note}, {seats} seats; rehearsed and verified"),
        Measure("lines", "calls lost in it", lost, "", aim="0", is_met=lost == 0, note=f"of {HELD_CALLS} held"),
    ]
    for way in WAYS:
        p99 = percentile(times[way], 0.99)
        added, typical = p99 - baseline, percentile(times[way], 0.5) - percentile(times[PLAIN], 0.5)
        measures.append(
            Measure("lines", f"INVITE→200 at p99, {way}", p99, "ms", baseline, f"≤ {AIM_MS} ms more", added <= AIM_MS,
                    f"{added:+.1f} ms at p99, {typical:+.1f} at p50")
        )  # fmt: skip
    return measures


def large_plan(lines: int, trunks: int, seats: int) -> dict[str, Any]:
    """The bench's site with so many lines, trunks and seats. Every tenth line changes its mode one day."""
    plan: dict[str, Any] = yaml.safe_load(SITE.read_text(encoding="utf-8"))
    numbers = [str(FIRST_LINE + n) for n in range(lines - len(plan["lines"]))]
    numbers[-1] = "20499"
    plan["lines"] += [
        {
            "number": number, "label": f"专线{number}", "queue": "common", "unit": f"单位{number}",
            "category": "retained", "reason": "测量", "approved_by": "测量",
            "periods": [{"from": "2024-01-01", "mode": "forward"}]
            + ([{"from": "2030-01-01", "mode": "direct_merge"}] if n % 10 == 0 else []),
        }
        for n, number in enumerate(numbers)
    ]  # fmt: skip
    carrier, exchange = plan["trunks"]
    carrier["dids"] += [{"number": number, "line": number} for number in numbers]
    exchange |= {"kind": "department", "trusts_diversion": True}
    exchange["dids"] = [{"number": "12345", "line": "12345"}]
    plan["trunks"] += [
        {
            "name": f"unit-{n}", "label": f"单位{n}中继", "addresses": [f"127.8.{n // 200}.{n % 200 + 1}"],
            "flow": "hotline-12345", "max_calls": 60, "kind": "department",
            "dids": [{"number": "12345", "line": "12345"}],
        }
        for n in range(trunks - 2)
    ]  # fmt: skip
    last = 8000 + seats
    plan["seats"] = [{"name": "hall", "range": f"8001-{last}", "may_dial": ["colleagues", "echo-test"]}]
    plan["destinations"][0]["numbers"] = f"8001-{last}"
    return plan


@contextmanager
def _stack() -> Iterator[SideStack]:
    stack = SideStack(HOME, port_offset=PORT_OFFSET, settings={"HOTLINE_SITE_PLAN": str(SITE)}, cli_seconds=300)
    stack.prepare()
    stack.begin()
    try:
        yield stack
    finally:
        stack.end()


def _apply(stack: SideStack, plan: Path) -> tuple[float, int]:
    """Seconds of the apply, and how many of the calls that were held through it are gone afterwards."""
    server = _server(stack.read(DialplanSettings))
    held = [Caller("12345", TRUNK_ADDRESS, server) for _ in range(HELD_CALLS)]
    for caller in held:
        caller.__enter__()
        caller.invite(time.monotonic() + CALL_SECONDS)
    started = time.monotonic()
    command = [sys.executable, "-m", "app.cli", "dialplan", "apply", "--plan", str(plan), "--why", "bench", "--json"]
    answer = subprocess.run(
        command, cwd=PROJECT, env=stack.environment, capture_output=True, text=True, check=False, timeout=300
    )
    seconds = time.monotonic() - started
    if answer.returncode:
        raise RuntimeError(f"the plan was not applied: {json.loads(answer.stdout or '{}') or answer.stderr}")
    lost = sum(not caller.hang_up() for caller in held)
    for caller in held:
        caller.__exit__()
    return seconds, lost


def _set_up_times(settings: DialplanSettings, calls: int) -> dict[str, list[float]]:
    """Milliseconds from INVITE to 200 by way, the ways taking turns so that the machine's mood is the same for all."""
    cli(settings, f"dialplan add extension {PLAIN},1,Answer into from-trunk-carrier")
    cli(settings, f"dialplan add extension {PLAIN},2,Wait,20 into from-trunk-carrier")
    ways = {PLAIN: (PLAIN, TRUNK_ADDRESS, ""), **WAYS}
    times: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(calls):
        for way, (number, address, headers) in ways.items():
            with Caller(number, address, _server(settings), headers=headers) as caller:
                began = time.perf_counter()
                status = caller.invite(time.monotonic() + CALL_SECONDS)
                times[way].append((time.perf_counter() - began) * 1000)
                if status != 200:
                    raise RuntimeError(f"{way}: {number} was answered with {status}")
                caller.hang_up()
    return times


def _server(settings: DialplanSettings) -> tuple[str, int]:
    return settings.sip_host, settings.sip_port
