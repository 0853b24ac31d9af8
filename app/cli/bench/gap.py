"""Gap repair: the bridge is killed for a while under load; afterwards every call is there, once."""

import threading
import time

from sqlalchemy import func, select

from app.calls.models import Call, CallEventRow
from app.cli.bench.call_path import Say
from app.cli.bench.pops import run_steady
from app.cli.bench.report import Measure
from app.cli.bench.stack import BenchStack
from app.contract.events import EventType
from app.platform.database import Database, make_engine
from app.tickets.models import Ticket

RATE = 20
BEFORE_SECONDS = 4
AFTER_SECONDS = 4
CATCH_UP_LIMIT_SECONDS = 120


def bench_gap(stack: BenchStack, *, gap_seconds: int, say: Say) -> list[Measure]:
    """Kill -9 in the middle of 20 calls a second, start again after `gap_seconds`, count."""
    database = Database(make_engine(stack.settings.effective_database_url))
    before = _count(database)
    say(f"{RATE} calls/s; the bridge is killed for {gap_seconds} s")
    caught_up: list[float] = []

    def break_it() -> None:
        time.sleep(BEFORE_SECONDS)
        stack.kill("bridge")
        time.sleep(gap_seconds)
        arrived, answered = _lines_of_queue_log(stack, "HLARRIVED"), _lines_of_queue_log(stack, "CONNECT")
        started = time.monotonic()
        stack.start("bridge")
        while (known := _count(database))["calls"] - before["calls"] < arrived - before["HLARRIVED"] or known[
            "answered"
        ] - before["answered"] < answered - before["CONNECT"]:
            if time.monotonic() - started > CATCH_UP_LIMIT_SECONDS:
                return
            time.sleep(0.05)
        caught_up.append(time.monotonic() - started)

    before |= {event: _lines_of_queue_log(stack, event) for event in ("HLARRIVED", "CONNECT")}
    breaker = threading.Thread(target=break_it)
    breaker.start()
    result = run_steady(stack, RATE, BEFORE_SECONDS + gap_seconds + AFTER_SECONDS)
    breaker.join()
    _settle(database)
    after = _count(database)
    database.engine.dispose()
    calls = after["calls"] - before["calls"]
    tickets = after["tickets"] - before["tickets"]
    answered = after["answered"] - before["answered"]
    lost = (result.calls - calls) + max(0, result.reached_agents - answered) + max(0, result.reached_agents - tickets)
    doubled = max(0, calls - result.calls) + max(0, answered - result.reached_agents) + max(0, tickets - answered)
    note = f"{result.calls} calls, {result.reached_agents} conversations, {tickets} tickets, gap {gap_seconds} s"
    return [
        Measure("gap repair", "calls, answers or tickets lost", lost, "", aim="0", is_met=lost == 0, note=note),
        Measure("gap repair", "doubled", doubled, "", aim="0", is_met=doubled == 0),
        Measure("gap repair", "start of the bridge until caught up", caught_up[0] if caught_up else float("inf"), "s",
                is_met=None if caught_up else False),
    ]  # fmt: skip


def _lines_of_queue_log(stack: BenchStack, event: str) -> int:
    """How often Asterisk itself has written this event."""
    log = stack.home / "asterisk" / "log" / "queue_log"
    return log.read_text(encoding="utf-8", errors="replace").count(f"|{event}|") if log.exists() else 0


def _count(database: Database) -> dict[str, int]:
    answered = select(func.count()).where(CallEventRow.type == EventType.AGENT_ANSWERED)
    with database.reading() as session:
        return {
            "calls": session.scalar(select(func.count()).select_from(Call)) or 0,
            "tickets": session.scalar(select(func.count()).select_from(Ticket)) or 0,
            "answered": session.scalar(answered.select_from(CallEventRow)) or 0,
        }


def _settle(database: Database) -> None:
    """Until nothing has been added for a second."""
    last, since = _count(database), time.monotonic()
    while time.monotonic() - since < 1:
        time.sleep(0.1)
        now = _count(database)
        if now != last:
            last, since = now, time.monotonic()
