"""How commands talk to the person at the terminal: one line per step, progress on long work, a clear end."""

import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False)

JsonOption = Annotated[bool, typer.Option("--json", help="Answer in JSON, for scripts.")]

QUIET_TERMINAL_SECONDS = 10
"""Without a terminal (CI) long work says every so often that it lives."""


class StepFailed(Exception):
    """A step could not be done; `remedy` says what the person can do."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


def say(text: str) -> None:
    """One line with markup, however long: paths stay whole for copying."""
    console.print(text, soft_wrap=True)


def report_done(step: str, detail: str = "") -> None:
    say(f"[green]done[/]           {step:<18} [dim]{escape(detail)}[/]")


def report_present(step: str, detail: str = "") -> None:
    say(f"[dim]already there  {step:<18} {escape(detail)}[/]")


def report_skipped(step: str, detail: str) -> None:
    say(f"[yellow]skipped[/]        {step:<18} {escape(detail)}")


def run_long(command: Sequence[str], *, title: str, log: Path, environment: Mapping[str, str] | None = None) -> None:
    """Run a command that takes a while; its last line is the progress, its whole output goes to `log`.

    Raises StepFailed with the end of the output.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    if not shutil.which(command[0]):
        raise StepFailed(f"{title}: {command[0]} is not installed", f"install {command[0]} and run this again")
    last: list[str] = []
    told_at = time.monotonic()
    with (
        log.open("w", encoding="utf-8", errors="replace") as file,
        console.status(title) as status,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True,
            errors="replace", env=dict(environment) if environment is not None else None,
        ) as process,
    ):  # fmt: skip
        for line in process.stdout or ():
            file.write(line)
            last = [*last, line.rstrip()][-15:]
            status.update(f"{title}: [dim]{_safe(line)}[/]")
            if not console.is_terminal and time.monotonic() - told_at > QUIET_TERMINAL_SECONDS:
                told_at = time.monotonic()
                say(f"               {title}: [dim]{_safe(line)}[/]")
    if process.returncode:
        ending = "\n".join(last)
        raise StepFailed(f"{title} failed (exit code {process.returncode}):\n{ending}", f"the whole output is in {log}")


def _safe(line: str) -> str:
    return escape(line.strip()[:100])
