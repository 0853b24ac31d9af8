"""Part `flows`: what a node costs beside the same step in plain dialplan; hundreds of callers inside flows at once."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from app.cli.bench.call_path import Say
from app.cli.bench.flow_callers import Crowd, crowd_in_flow
from app.cli.bench.report import Measure, percentile
from app.cli.side_stack import SideStack
from app.contract.env import PROJECT
from dialplan.asterisk import cli
from dialplan.changes.test_call import Caller
from dialplan.settings import DialplanSettings
from ivr_flows.versions import FlowStore
from sipp_scenarios.target import TRUNK_ADDRESS

HOME = PROJECT / ".runtime" / "bench" / "flows"
PORT_OFFSET = 20_000
FLOW = "hotline-12345"
PROMPT = "say-1"
SHORT, LONG = 1, 11
"""Nodes of the two flows: the difference of their times is that of the nodes alone."""
PLAIN = {SHORT: "10001", LONG: "10002"}
AIM_RATIO = 1.1
AIM_MS = 100
CALL_SECONDS = 30.0
HEAD = f"""flow: {FLOW}
title: measured
unrecorded_reason: nobody speaks
personless_reason: nobody speaks
start: n1
nodes:
"""
MENU = f"""{HEAD}  n1: {{kind: choose, prompt: {PROMPT}, keys: {{"1": again}}, silence: end, wrong_key: end}}
  again: {{kind: repeat, times: 20, again: n2, exhausted: end}}
  n2: {{kind: choose, prompt: {PROMPT}, keys: {{"1": again2}}, silence: end, wrong_key: end}}
  again2: {{kind: repeat, times: 20, again: n1, exhausted: end}}
  end: {{kind: hang-up}}
"""


def bench_flows(*, calls: int, callers: int, seconds: float, say: Say) -> list[Measure]:
    """So many calls of each length in each way; then so many callers inside a flow for so many seconds."""
    with _stack() as stack:
        settings = stack.read(DialplanSettings)
        _add_plain(settings)
        say(f"{calls} calls through {SHORT} and {LONG} nodes, in a flow and in plain dialplan")
        flow_ms, plain_ms = _per_node(stack, settings, calls)
        say(f"{callers} callers inside a flow for {seconds:g} s")
        return [_overhead(flow_ms, plain_ms), *_crowd(stack, callers, seconds)]


@contextmanager
def _stack() -> Iterator[SideStack]:
    site = {"HOTLINE_SITE_PLAN": str(PROJECT / "dialplan" / "sites" / "bench.yaml")}
    stack = SideStack(HOME, port_offset=PORT_OFFSET, settings=site, cli_seconds=300)
    stack.prepare()
    try:
        stack.begin()
        yield stack
    finally:
        stack.end()


def _add_plain(settings: DialplanSettings) -> None:
    for nodes, number in PLAIN.items():
        steps = ["Answer", *[f"Playback,hotline/{PROMPT}"] * nodes, "Hangup"]
        for priority, step in enumerate(steps, 1):
            cli(settings, f"dialplan add extension {number},{priority},{step} into from-trunk-carrier")


def _per_node(stack: SideStack, settings: DialplanSettings, calls: int) -> tuple[float, float]:
    """Milliseconds of a node in a flow, and of the same step in the dialplan; the median call of each length."""
    flow: dict[int, list[float]] = {SHORT: [], LONG: []}
    plain: dict[int, list[float]] = {SHORT: [], LONG: []}
    for nodes in (SHORT, LONG):
        _publish(stack, _line_of(nodes))
        for _ in range(calls):
            flow[nodes].append(_duration_ms(settings, "12345"))
            plain[nodes].append(_duration_ms(settings, PLAIN[nodes]))
    return _difference(flow), _difference(plain)


def _difference(times: dict[int, list[float]]) -> float:
    return (percentile(times[LONG], 0.5) - percentile(times[SHORT], 0.5)) / (LONG - SHORT)


def _line_of(nodes: int) -> str:
    """A flow of so many prompts, one after the other."""
    lines = [f"  n{n}: {{kind: play, prompt: {PROMPT}, next: n{n + 1}}}" for n in range(1, nodes + 1)]
    return HEAD + "\n".join([*lines, f"  n{nodes + 1}: {{kind: hang-up}}"]) + "\n"


def _publish(stack: SideStack, text: str) -> None:
    file = HOME / f"{FLOW}.yaml"
    file.write_text(text, encoding="utf-8")
    FlowStore(stack.home / "flows").publish([file], by="bench", note="measured", at=datetime.now(UTC))


def _duration_ms(settings: DialplanSettings, number: str) -> float:
    """From the answer to the hotline's own good-bye."""
    with Caller(number, TRUNK_ADDRESS, (settings.sip_host, settings.sip_port)) as caller:
        deadline = time.monotonic() + CALL_SECONDS
        if (status := caller.invite(deadline)) != 200:
            raise RuntimeError(f"{number} was answered with {status}")
        answered = time.perf_counter()
        caller.wait_for_goodbye(deadline)
        return (time.perf_counter() - answered) * 1000


def _overhead(flow_ms: float, plain_ms: float) -> Measure:
    ratio = flow_ms / plain_ms
    return Measure("flows", "a prompt's node", flow_ms, "ms", plain_ms, f"≤ {AIM_RATIO} times", ratio <= AIM_RATIO,
                   f"{flow_ms - plain_ms:+.1f} ms a node; baseline: Playback() in the dialplan")  # fmt: skip


def _crowd(stack: SideStack, callers: int, seconds: float) -> Sequence[Measure]:
    _publish(stack, MENU)
    pid = stack.control.get_state("agi").pid
    before_kib = _memory_kib(pid)
    crowd, inside_kib = asyncio.run(_watched(stack, pid, callers, seconds))
    p99 = percentile(crowd.answers_ms, 0.99)
    note = f"{len(crowd.answers_ms) / seconds:.0f} keys/s, p50 {percentile(crowd.answers_ms, 0.5):.1f} ms"
    return [
        Measure("flows", f"key → next prompt at p99, {callers} callers", p99, "ms", aim=f"≤ {AIM_MS}",
                is_met=p99 <= AIM_MS, note=f"{note}; Asterisk's side is a socket"),
        Measure("flows", "memory of a caller", (inside_kib - before_kib) / callers, "KiB",
                note=f"{inside_kib / 1024:.0f} MiB with {callers} inside"),
        Measure("flows", "callers lost", crowd.broken, "", aim="0", is_met=crowd.broken == 0),
    ]  # fmt: skip


async def _watched(stack: SideStack, pid: int, callers: int, seconds: float) -> tuple[Crowd, int]:
    crowd_at = partial(crowd_in_flow, stack.settings.agi_host, stack.settings.agi_port)
    await crowd_at(callers=1, seconds=0)  # he waits for the new version; who comes beside him still gets the old one
    running = asyncio.create_task(crowd_at(callers=callers, seconds=seconds))
    await asyncio.sleep(seconds)
    inside_kib = _memory_kib(pid)
    return await running, inside_kib


def _memory_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
