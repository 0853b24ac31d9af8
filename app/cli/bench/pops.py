"""Pop latency under load: AMI event → committed, and → received by an SSE client, for every answered call."""

import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import httpx
from redis import Redis
from sqlalchemy import select

from app.calls.models import CallEventRow
from app.cli.bench.call_path import Say
from app.cli.bench.report import Measure, percentile
from app.cli.bench.stack import FIRST_AGENT, BenchStack
from app.cli.env_file import read_assignments
from app.contract.events import EventType
from app.platform.database import Database, make_engine
from app.platform.topics import PREFIX
from sipp_scenarios.load_profile import LoadProfile, LoadResult
from sipp_scenarios.load_run import run_load

RATE = 20
SEATS = 60
COMMITTED_AIM_MS = 50
RECEIVED_AIM_MS = 100


class Arrivals:
    """When each answered pop was first seen, by call id; seconds since the epoch."""

    def __init__(self) -> None:
        self.committed: dict[str, float] = {}
        self.received: dict[str, float] = {}


def bench_pops(stack: BenchStack, *, seconds: int, say: Say) -> list[Measure]:
    """20 calls a second reach 60 agents, each with an open page."""
    arrivals = Arrivals()
    usernames = [str(FIRST_AGENT + n) for n in range(SEATS)]
    say(f"{SEATS} agents open their pages")
    with _listening(stack, usernames, arrivals):
        say(f"{RATE} calls/s for {seconds} s")
        result = run_steady(stack, RATE, seconds)
    answered = _answered_at(stack)
    committed = [(at - answered[call]) * 1000 for call, at in arrivals.committed.items() if call in answered]
    received = [(at - answered[call]) * 1000 for call, at in arrivals.received.items() if call in answered]
    note = f"{len(received)} pops of {result.calls} calls"
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


@contextmanager
def _listening(stack: BenchStack, usernames: Sequence[str], arrivals: Arrivals) -> Iterator[None]:
    """One thread per open page, one for the topic that every commit ends with."""
    stop = threading.Event()
    clients = [_log_in(stack, username) for username in usernames]
    opened = threading.Barrier(len(clients) + 2)
    threads = [
        threading.Thread(target=_read_page, args=(client, arrivals, stop, opened), daemon=True) for client in clients
    ]
    threads.append(threading.Thread(target=_read_topic, args=(stack, arrivals, stop, opened), daemon=True))
    for thread in threads:
        thread.start()
    opened.wait(60)
    try:
        yield
    finally:
        stop.set()
        for client in clients:
            client.close()


def _log_in(stack: BenchStack, username: str) -> httpx.Client:
    client = httpx.Client(base_url=stack.url, timeout=httpx.Timeout(20, read=None))
    answer = client.post("/api/v1/session", json={"username": username, "password": stack.user(username)})
    answer.raise_for_status()
    return client


def _read_page(client: httpx.Client, arrivals: Arrivals, stop: threading.Event, opened: threading.Barrier) -> None:
    event = ""
    try:
        with client.stream("GET", "/desk/events") as answer:
            answer.raise_for_status()
            opened.wait(60)
            for line in answer.iter_lines():
                if stop.is_set():
                    return
                if line.startswith("event:"):
                    event = line[6:].strip()
                elif line.startswith("data:") and event == "pop":
                    data = json.loads(line[5:])
                    if data["kind"] == "answered":
                        arrivals.received.setdefault(data["call_id"], time.time())
    except (httpx.TransportError, httpx.StreamError, OSError):
        if not stop.is_set():
            raise


def _read_topic(stack: BenchStack, arrivals: Arrivals, stop: threading.Event, opened: threading.Barrier) -> None:
    """The topic's message leaves right after the commit and names the pop: an upper bound of "committed"."""
    url = read_assignments((stack.home / "hotline.env").read_text())["HOTLINE_REDIS_URL"]
    with Redis.from_url(url, decode_responses=True) as client, client.pubsub() as subscription:
        subscription.psubscribe(f"{PREFIX}agent:*")
        opened.wait(60)
        while not stop.is_set():
            message = subscription.get_message(timeout=0.5)
            if message and message["type"] == "pmessage":
                kind, _, call_id = str(message["data"]).removeprefix("pop ").partition(" ")
                if kind == "answered":
                    arrivals.committed.setdefault(call_id, time.time())
