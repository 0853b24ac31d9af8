"""Every check and every test, one after the other, with one summary at the end (`make test`).

A failing stage does not stop the others, so one run shows everything. The exit code is 0 only when all passed; the
last line reads "123 passed, 0 failed" and counts every pytest run, plus one for each other check that failed.
"""

import argparse
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

PROJECT = Path(__file__).resolve().parents[1]
REPORTS = PROJECT / ".runtime" / "reports"
NEED_ROOT = ("calls", "browser")
AT_ONCE = ("unit", "integration")
"""Nothing in them is shared between two processes: each has its own databases, Redis and ports."""
BIN = Path(sys.executable).parent


@dataclass
class Stage:
    """One command. `tests`: the folder, when it is a pytest run."""

    name: str
    command: list[str]
    tests: str = ""
    seconds: float = 0.0
    exit_code: int = 0
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    is_run: bool = field(default=False)


def tool(name: str, *arguments: str) -> Stage:
    return Stage(" ".join([name, *arguments]), [str(BIN / name), *arguments])


def pytest_stage(name: str, *arguments: str) -> Stage:
    report = REPORTS / f"{name}.xml"
    command = [sys.executable, "-m", "pytest", f"tests/{name}", f"--junitxml={report}", "-q", *arguments]
    if name in AT_ONCE:
        command += ["-n", "auto", "--dist", "loadfile"]
    if name in NEED_ROOT and os.getuid():
        command = ["sudo", *command, "-p", "no:cacheprovider"]  # they start Asterisk (ADR 0012)
    return Stage(f"tests/{name}", command, tests=name)


LINT = [tool("ruff", "check"), tool("ruff", "format", "--check")]
TYPES = [tool("mypy"), tool("lint-imports")]


def choose_stages(arguments: argparse.Namespace) -> list[Stage]:
    if arguments.lint:
        return [*LINT, *TYPES]
    if arguments.fast:
        return [*LINT, pytest_stage("unit")]
    suites = [name for name in ("unit", "integration", "calls", "browser") if (PROJECT / "tests" / name).is_dir()]
    return [*LINT, *TYPES, *(pytest_stage(name) for name in suites)]


def read_report(path: Path) -> tuple[int, int, int]:
    """Passed, failed (with errors) and skipped tests of a JUnit file."""
    suites = ET.parse(path).getroot().iter("testsuite")
    total = failed = skipped = 0
    for suite in suites:
        total += int(suite.get("tests", 0))
        failed += int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        skipped += int(suite.get("skipped", 0))
    return max(total - failed - skipped, 0), failed, skipped


def run(stage: Stage) -> None:
    """Run one stage, its output going straight to the terminal."""
    report = REPORTS / f"{stage.tests}.xml"
    if stage.tests:
        report.unlink(missing_ok=True)
    began = time.monotonic()
    stage.exit_code = subprocess.run(stage.command, cwd=PROJECT, check=False).returncode
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
        for stage in stages:
            console.rule(stage.name, align="left")
            run(stage)
    except KeyboardInterrupt:
        console.print("interrupted")
    return summarise(stages, console)


if __name__ == "__main__":
    sys.exit(main())
