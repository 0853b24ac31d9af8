"""Which processes make up the stack, in the order of their start. They stop the other way round."""

import shutil
import sys
from dataclasses import dataclass

from app.cli.console import StepFailed
from app.cli.settings import StackSettings

START_ORDER = ("redis", "asterisk", "bridge", "agi", "worker", "web")


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
    """All processes: Redis before its users, Asterisk before the bridge; the web goes first when all stops."""
    redis = shutil.which("redis-server")
    if redis is None:
        raise StepFailed("redis-server is not installed", "run `hotline setup`")
    return [
        Program("redis", [redis, str(settings.home / "redis" / "redis.conf")], "topics and job queue"),
        Program("asterisk", asterisk_command(), "switch: SIP, queues, recording", stop_seconds=15),
        Program("bridge", _python("ami_bridge"), "reports what the queue does", stop_seconds=15),
        Program("agi", _python("agi"), "greets and routes each caller", stop_seconds=30),
        Program("worker", _python("app.platform.jobs"), "runs jobs", stop_seconds=20),
        Program("web", _python("app.web"), "pages and API"),
    ]


def asterisk_command() -> list[str]:
    """How Asterisk is started here; the dialplan's owner knows."""
    from dialplan.asterisk import launch_command  # noqa: PLC0415 - only `up` needs it
    from dialplan.settings import DialplanSettings  # noqa: PLC0415

    return list(launch_command(DialplanSettings()))  # type: ignore[call-arg]  # the environment fills it
