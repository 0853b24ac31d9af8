"""Every check and every test, with one summary at the end (`make test`); one after the other, but for call tests.

A failing stage does not stop the others, so one run shows everything. The exit code is 0 only when all passed; the
last line reads "123 passed, 0 failed" and counts every pytest run, plus one for each other check that failed.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

PROJECT = Path(__file__).resolve().parents[1]
REPORTS = PROJECT / ".runtime" / "reports"
NEED_ROOT = ("calls", "browser")
AT_ONCE = ("unit", "integration")
"""Nothing in them is shared between two processes: each has its own databases, Redis and ports."""
OWN_NETWORK = ["unshare", "--net", "sh", "-c"]
WHOLE_STACK = "from tests.stack import"
BIN = Path(sys.executable).parent


@dataclass
class Stage:
    """One command. `tests`: the name of its report, when it is a pytest run. `is_apart`: goes on beside the next one,
    and shows what it printed at the end."""

    name: str
    command: list[str]
    tests: str = ""
    is_apart: bool = False
    seconds: float = 0.0
    exit_code: int = 0
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    is_run: bool = field(default=False)


def tool(name: str, *arguments: str) -> Stage:
    return Stage(" ".join([name, *arguments]), [str(BIN / name), *arguments])


def pytest_stage(name: str, files: Sequence[str] = (), *, apart: bool = False) -> Stage:
    """The tests of a folder, or these of its files; apart: in a network of their own, where all ports are free."""
    report = f"{name}-apart" if apart else name
    command = [
        sys.executable,
        "-m",
        "pytest",
        *(files or [f"tests/{name}"]),
        f"--junitxml={REPORTS / report}.xml",
        "-q",
    ]
    if name in AT_ONCE:
        command += ["-n", "auto", "--dist", "loadfile"]
    if apart:
        command = [*OWN_NETWORK, 'ip link set lo up && exec "$@"', "sh", *command]
    if name in NEED_ROOT and os.getuid():
        command = ["sudo", *command, "-p", "no:cacheprovider"]  # they start Asterisk (ADR 0012)
    return Stage(f"tests/{report}", command, tests=report, is_apart=apart)


def call_stages() -> list[Stage]:
    """Call tests mostly wait: those that need no whole stack run beside those that do, where networks can be made."""
    check = [*(["sudo"] if os.getuid() else []), *OWN_NETWORK, "ip link set lo up"]
    if subprocess.run(check, check=False, capture_output=True).returncode:
        return [pytest_stage("calls")]
    files = sorted((PROJECT / "tests" / "calls").rglob("test_*.py"))
    whole = [str(file.relative_to(PROJECT)) for file in files if WHOLE_STACK in file.read_text(encoding="utf-8")]
    apart = [str(file.relative_to(PROJECT)) for file in files if WHOLE_STACK not in file.read_text(encoding="utf-8")]
    return [pytest_stage("calls", apart, apart=True), pytest_stage("calls", whole)]


LINT = [tool("ruff", "check"), tool("ruff", "format", "--check")]
TYPES = [tool("mypy"), tool("lint-imports")]


def choose_stages(arguments: argparse.Namespace) -> list[Stage]:
    if arguments.lint:
        return [*LINT, *TYPES]
    if arguments.fast:
        return [*LINT, pytest_stage("unit")]
    quick = [pytest_stage("unit"), pytest_stage("integration")]
    return [*LINT, *TYPES, *quick, *call_stages(), pytest_stage("browser")]


def read_report(path: Path) -> tuple[int, int, int]:
    """Passed, failed (with errors) and skipped tests of a JUnit file."""
    suites = ET.parse(path).getroot().iter("testsuite")
    total = failed = skipped = 0
    for suite in suites:
        total += int(suite.get("tests", 0))
        failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped += int(suite.get("skipped", 0))
    return max(total - failed - skipped, 0), failed, skipped


def run_stages(stages: Sequence[Stage], console: Console) -> None:
    """One after the other, but for those that are apart: each ends with the one after it."""
    apart: list[tuple[Stage, threading.Thread]] = []
    for stage in stages:
        if stage.is_apart:
            console.rule(f"{stage.name}: goes on beside what follows", align="left")
            thread = threading.Thread(target=run, args=(stage,))
            thread.start()
            apart.append((stage, thread))
            continue
        console.rule(stage.name, align="left")
        run(stage)
        for other, thread in apart:
            thread.join()
            console.rule(other.name, align="left")
            print(output_of(other).read_text(encoding="utf-8", errors="replace"), flush=True)
        apart.clear()


def output_of(stage: Stage) -> Path:
    """Where a stage that is apart prints."""
    return REPORTS / f"{stage.tests}.txt"


def run(stage: Stage) -> None:
    """Run one stage, its output going straight to the terminal, or into its file when it is apart."""
    report = REPORTS / f"{stage.tests}.xml"
    if stage.tests:
        report.unlink(missing_ok=True)
    began = time.monotonic()
    with output_of(stage).open("wb") if stage.is_apart else contextlib.nullcontext() as output:
        stage.exit_code = subprocess.run(
            stage.command, cwd=PROJECT, check=False, stdout=output, stderr=output
        ).returncode
    stage.seconds = time.monotonic() - began
    stage.is_run = True
    if stage.tests and report.exists():
        stage.passed, stage.failed, stage.skipped = read_report(report)
    if stage.exit_code and not stage.failed:
        stage.failed = 1  # it broke before it could count, or it is no pytest run


def summarise(stages: list[Stage], console: Console) -> int:
    """Print the table and the closing line; the exit code of the whole."""
    table = Table("stage", "result", "passed", "failed", "skipped", "seconds", title="Summary")
    for stage in stages:
        result = "not run" if not stage.is_run else "[red]failed[/]" if stage.failed else "[green]passed[/]"
        counts = [str(stage.passed), str(stage.failed), str(stage.skipped)] if stage.tests else ["", "", ""]
        table.add_row(stage.name, result, *counts, f"{stage.seconds:.1f}")
    console.print(table)
    failed = sum(stage.failed for stage in stages)
    print(f"{sum(stage.passed for stage in stages)} passed, {failed} failed", flush=True)
    return 1 if failed or not all(stage.is_run for stage in stages) else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--fast", action="store_true", help="lint and unit tests")
    kind.add_argument("--lint", action="store_true", help="no tests")
    stages = choose_stages(parser.parse_args())
    REPORTS.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("FORCE_COLOR", "1" if sys.stdout.isatty() else "")
    if not os.environ["FORCE_COLOR"]:
        del os.environ["FORCE_COLOR"]
    console = Console(highlight=False)
    try:
        run_stages(stages, console)
    except KeyboardInterrupt:
        console.print("interrupted")
    return summarise(stages, console)


if __name__ == "__main__":
    sys.exit(main())
