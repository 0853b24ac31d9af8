"""Whether each process of the stack does its work, asked from outside, as its users would."""

import socket
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import redis
from rich.markup import escape

from app.cli.advice import DATABASE_IS_DOWN, SCHEMA_IS_OLD, advise
from app.cli.console import StepFailed, console
from app.cli.process_control import ProcessControl, ProcessState
from app.cli.settings import StackSettings

PROBE_SECONDS = 2
UP_SECONDS = 60
GIVE_UP_STARTS = 3
ALIVE = ("RUNNING", "STARTING")


def why_not_healthy(name: str, settings: StackSettings) -> str:
    """Empty when the process answers; otherwise what is missing, in a few words."""
    try:
        return _PROBES[name](settings) if name in _PROBES else ""
    except (OSError, redis.RedisError, httpx.HTTPError, ValueError) as error:
        return f"{type(error).__name__}: {error}"


def _connect(name: str, settings: StackSettings) -> socket.socket:
    return socket.create_connection(settings.port_table()[name], timeout=PROBE_SECONDS)


def _probe_redis(settings: StackSettings) -> str:
    with redis.Redis(
        port=settings.redis_port, password=settings.redis_password.get_secret_value(), socket_timeout=PROBE_SECONDS
    ) as client:
        client.ping()
    return ""


def _probe_asterisk(settings: StackSettings) -> str:
    with _connect("asterisk", settings) as connection:
        greeting = connection.recv(64)
    return "" if greeting.startswith(b"Asterisk Call Manager") else f"unexpected greeting {greeting!r}"


def _probe_agi(settings: StackSettings) -> str:
    _connect("agi", settings).close()
    return ""


def _probe_bridge(settings: StackSettings) -> str:
    host, port = settings.port_table()["bridge"]
    answer = httpx.get(f"http://{host}:{port}/health", timeout=PROBE_SECONDS, trust_env=False).json()
    return "" if answer.get("ami_connected") else "not connected to Asterisk"


def _probe_web(settings: StackSettings) -> str:
    return _probe_store("web", settings)


def _probe_facts(settings: StackSettings) -> str:
    return _probe_store("facts", settings)


def _probe_store(name: str, settings: StackSettings) -> str:
    host, port = settings.port_table()[name]
    answer = httpx.get(f"http://{host}:{port}/health", timeout=PROBE_SECONDS, trust_env=False)
    if answer.is_success:
        return ""
    said = answer.json() if answer.status_code == 503 else {}
    if said.get("database") == "down":
        return DATABASE_IS_DOWN
    if said.get("is_schema_current") is False:
        return f"{SCHEMA_IS_OLD}: it is at {said.get('schema_version')}"
    return f"/health says {answer.status_code}: {answer.text[:200]}"


_PROBES: dict[str, Callable[[StackSettings], str]] = {
    "redis": _probe_redis,
    "asterisk": _probe_asterisk,
    "agi": _probe_agi,
    "bridge": _probe_bridge,
    "web": _probe_web,
    "facts": _probe_facts,
}


def wait_until_healthy(control: ProcessControl, settings: StackSettings, names: list[str]) -> None:
    """Wait for each process in turn, with progress. Raises StepFailed with the end of the log and what to do."""
    deadline = time.monotonic() + UP_SECONDS
    for name in names:
        began = time.monotonic()
        starts: set[int] = set()
        with console.status(f"waiting for {name}") as status:
            while reason := _reason(state := control.get_state(name), settings, starts):
                status.update(f"waiting for {name}: [dim]{escape(reason[:80])}[/]")
                if time.monotonic() > deadline or len(starts) > GIVE_UP_STARTS:
                    has_ended = len(starts) > 1 or state.state not in ALIVE
                    log = log_tail(settings, name)
                    remedy = advise(name, problem=reason, log=log, has_ended=has_ended)
                    raise StepFailed(f"{name} is not healthy: {reason}\n{log}", remedy)
                time.sleep(0.1)
        console.print(f"[green]up[/]             {name:<18} [dim]{(time.monotonic() - began) * 1000:.0f} ms[/]")


def _reason(state: ProcessState, settings: StackSettings, starts: set[int]) -> str:
    """Why this process is not healthy yet; `starts` collects how often it was begun."""
    starts.add(state.started_at_epoch)
    if state.state == "RUNNING":
        return why_not_healthy(state.name, settings)
    return f"{state.state} {state.description}"


def log_path(settings: StackSettings, name: str) -> Path:
    return settings.supervisor_home / "logs" / f"{name}.log"


def log_tail(settings: StackSettings, name: str, lines: int = 20) -> str:
    """The end of a process's log, with the file's path."""
    path = log_path(settings, name)
    if not path.exists():
        return f"(no log at {path})"
    ending = path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
    return "\n".join([f"--- end of {path}", *ending])
