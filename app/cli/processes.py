"""Which processes make up the stack, in which order they start, and in which they stop (ADR 0010)."""

import shutil
import sys
from dataclasses import dataclass

from app.cli.console import StepFailed
from app.cli.settings import StackSettings

START_ORDER = ("redis", "web", "facts", "worker", "asterisk", "bridge", "agi")
STOP_ORDER = ("agi", "asterisk", "bridge", "facts", "worker", "web", "redis")
"""Flows end first; Asterisk hangs up while the bridge still listens, and the store takes what the bridge reports."""


@dataclass(frozen=True)
class Program:
    """One process under supervision. `stop_seconds`: how long it may take to end by itself."""

    name: str
    command: list[str]
    does: str
    stop_seconds: int = 10


def _python(module: str) -> list[str]:
    return [sys.executable, "-m", module]


def list_programs(settings: StackSettings) -> list[Program]:
    """All processes, in the order of their start. Raises StepFailed without Redis."""
    redis = shutil.which("redis-server")
    if redis is None:
        raise StepFailed("redis-server is not installed", "run `hotline setup`")
    programs = [
        Program("redis", [redis, str(settings.home / "redis" / "redis.conf")], "topics and job queue"),
        Program("asterisk", asterisk_command(), "switch: SIP, queues, recording", stop_seconds=20),
        Program("bridge", _python("ami_bridge"), "reports what the queue does", stop_seconds=15),
        Program("agi", _python("agi"), "greets and routes each caller", stop_seconds=30),
        Program("worker", _python("app.platform.jobs"), "runs jobs", stop_seconds=20),
        Program("web", _python("app.web"), "pages and API", stop_seconds=15),
        Program("facts", _python("app.web.facts"), "keeps call facts, knows who is calling", stop_seconds=15),
    ]
    return sorted(programs, key=lambda program: START_ORDER.index(program.name))


def asterisk_command() -> list[str]:
    """How Asterisk is started here; the dialplan's owner knows."""
    from dialplan.asterisk import launch_command  # noqa: PLC0415 - only `up` needs it
    from dialplan.settings import DialplanSettings  # noqa: PLC0415

    return list(launch_command(DialplanSettings()))  # type: ignore[call-arg]  # the environment fills it
