"""Looking at the machine and the installation for the facts the decisions need. Changes nothing."""

import os
import platform
import re
import shutil
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from app.cli import health
from app.cli.asterisk_root import read_installed_version
from app.cli.console import StepFailed
from app.cli.doctor import installation, machine
from app.cli.doctor.finding import Finding, Level, fail
from app.cli.env_file import derived_values, read_assignments
from app.cli.packages import FOR_STACK, list_missing
from app.cli.process_control import ProcessControl
from app.cli.settings import StackSettings
from app.contract.env import PROJECT
from app.platform.clock import to_shanghai, utc_now

LOOK_UP_LIMIT_SECONDS = 3.0
ROOT_SERVER = "A.ROOT-SERVERS.NET"
_LISTENER = re.compile(r"^(?:tcp|udp)\s+\S+\s+\d+\s+\d+\s+\S+:(\d+)\s+\S+\s*(.*)$")
_HOLDER = re.compile(r'\("([^"]+)",pid=(\d+)')


def run_checks(settings: StackSettings, checks: "Sequence[Check] | None" = None) -> Iterator[Finding]:
    """Every check, in order; or these alone. A check that breaks is a finding, not the end."""
    for check in checks or CHECKS:
        try:
            result = check(settings)
            yield from result if isinstance(result, list) else [result]
        except Exception as error:
            yield fail(check.__name__.removeprefix("check_"), f"could not be checked: {error}", "report this")


def check_python(_settings: StackSettings) -> Finding:
    return machine.judge_python(sys.version_info[:3])


def check_programs(_settings: StackSettings) -> Finding:
    return machine.judge_programs(list_missing(FOR_STACK))


def check_asterisk(settings: StackSettings) -> Finding:
    return machine.judge_asterisk(*read_installed_version(settings.root))


def check_dns(settings: StackSettings) -> Finding:
    names = {name: time_look_up(name) for name in (platform.node(), ROOT_SERVER)}
    hosts = settings.home / "asterisk/etc/hosts"  # shown to Asterisk in place of the machine's own
    known = hosts.read_text().split() if hosts.exists() else []
    return machine.judge_look_up(names, asterisk_knows_names=all(name in known for name in names))


def time_look_up(name: str) -> float | None:
    """Seconds a look-up takes, whatever its answer; None when it has not ended within the limit."""
    began = time.monotonic()
    ended = threading.Event()

    def look_up() -> None:
        try:
            socket.getaddrinfo(name, None)
        except OSError:
            pass
        finally:
            ended.set()

    threading.Thread(target=look_up, daemon=True).start()
    return time.monotonic() - began if ended.wait(LOOK_UP_LIMIT_SECONDS) else None


def check_disk(settings: StackSettings) -> Finding:
    folder = settings.home if settings.home.exists() else PROJECT
    return machine.judge_disk(shutil.disk_usage(folder).free, folder)


def check_clock(_settings: StackSettings) -> Finding:
    newest = datetime.fromtimestamp((PROJECT / "requirements.lock").stat().st_mtime, UTC)
    answer = ""
    if shutil.which("timedatectl"):
        command = ["timedatectl", "show", "--property=NTPSynchronized", "--value"]
        answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10).stdout.strip()
    return machine.judge_clock(utc_now(), newest, {"yes": True, "no": False}.get(answer))


def check_env_file(settings: StackSettings) -> Finding:
    path = settings.home / "hotline.env"
    if not path.exists():
        return installation.judge_env_file(path, None, {})
    present = {**read_assignments(path.read_text(encoding="utf-8")), **os.environ}
    return installation.judge_env_file(path, stat.S_IMODE(path.stat().st_mode), present)


def check_addresses(settings: StackSettings) -> Finding:
    path = settings.home / "hotline.env"
    used = read_assignments(path.read_text(encoding="utf-8")) if path.exists() else {}
    try:
        derived = derived_values(settings, settings.redis_password.get_secret_value())
    except StepFailed as failure:
        return fail("addresses", str(failure), failure.remedy)
    return installation.judge_addresses(derived, {**used, **os.environ})


def check_ports(settings: StackSettings) -> list[Finding]:
    wanted = {name if name != "asterisk" else "ami": address[1] for name, address in settings.port_table().items()}
    wanted["sip"] = settings.sip_port
    command = ["ss", "-H", "-l", "-n", "-t", "-u", "-p"]
    listing = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    taken, holders = parse_listeners(listing)
    our_processes = set(ProcessControl(settings).list_left_over())
    ours = frozenset(port for port, pids in holders.items() if pids & our_processes)
    return installation.judge_ports(wanted, taken, ours)


def parse_listeners(listing: str) -> tuple[dict[int, str], dict[int, set[int]]]:
    """From `ss -H -lntup`: port → who (for people), port → process ids."""
    taken: dict[int, str] = {}
    holders: dict[int, set[int]] = {}
    for line in listing.splitlines():
        if match := _LISTENER.match(line):
            port, found = int(match[1]), _HOLDER.findall(match[2])
            taken[port] = ", ".join(f"{name} (pid {pid})" for name, pid in found) or "a program of another user"
            holders.setdefault(port, set()).update(int(pid) for _, pid in found)
    return taken, holders


def check_database(settings: StackSettings) -> Finding:
    from app.platform.migrations import current_and_head  # noqa: PLC0415 - slow to import, and may be what is broken

    sqlite_file = Path(settings.effective_database_url.removeprefix("sqlite:///"))
    if settings.effective_database_url.startswith("sqlite") and not sqlite_file.exists():
        return installation.judge_schema(None, "")
    try:
        return installation.judge_schema(*current_and_head(settings.effective_database_url))
    except SQLAlchemyError as error:
        return installation.judge_schema(None, "", problem=str(error).splitlines()[0])


def check_dialplan(settings: StackSettings) -> Finding:
    from dialplan.changes.wanted import wanted_plan_file  # noqa: PLC0415
    from dialplan.check import check_site  # noqa: PLC0415
    from dialplan.settings import DialplanSettings  # noqa: PLC0415

    plan = wanted_plan_file(settings.home, settings.site_plan)
    try:
        node = DialplanSettings()  # type: ignore[call-arg]  # the environment fills it
    except ValidationError:
        return installation.judge_dialplan(["settings: there are no secrets yet"], plan)
    problems = check_site(node.model_copy(update={"site_plan": plan}))
    return installation.judge_dialplan([str(problem) for problem in problems], plan)


def check_prompts(settings: StackSettings) -> Finding:
    from app.cli.line_voices import find_problems  # noqa: PLC0415

    return installation.judge_prompts([str(problem) for problem in find_problems(settings)])


def check_processes(settings: StackSettings) -> list[Finding]:
    states = ProcessControl(settings).list_states()
    problems = {
        state.name: health.why_not_healthy(state.name, settings) if state.state == "RUNNING" else state.state
        for state in states
    }
    return installation.judge_processes(problems)


def check_lines(settings: StackSettings) -> Finding:
    """What the test calls say; nothing where there is no database yet, which is another check's finding."""
    from app.cli.line_watch import describe_trouble, watch_now  # noqa: PLC0415

    if check_database(settings).level is not Level.OK:
        return installation.judge_lines(0, {})
    watch = watch_now(settings)
    troubles = {one.line.number: describe_trouble(one) for one in watch.troubled}
    return installation.judge_lines(len(watch.lines), troubles, waiting=watch.waiting)


def check_calendar(settings: StackSettings) -> Finding:
    """Whether deadlines can be told; the calendars as they were shipped where there is no database yet."""
    from app.cli.due_command import load_rules  # noqa: PLC0415
    from app.deadlines.calendar import missing_year  # noqa: PLC0415

    calendar, _, _ = load_rules(settings)
    return installation.judge_calendar(missing_year(calendar.years, to_shanghai(utc_now()).date()))


def check_audit(settings: StackSettings) -> Finding:
    """Whether the last nightly check of the audit log passed, and when; nothing of a database that is not there."""
    from app.accounts.audit_check import find_last_check  # noqa: PLC0415
    from app.accounts.audit_watch import judge  # noqa: PLC0415
    from app.cli.seeding import open_database  # noqa: PLC0415

    if check_database(settings).level is not Level.OK:
        return installation.judge_audit("unchecked", "")
    with open_database(settings) as database, database.reading() as session:
        check = find_last_check(session)
    if check is None:
        return installation.judge_audit("unchecked", "")
    where = f", entry {check.break_seq} ({check.break_kind})" if check.break_kind else f", {check.entries:,} entries"
    told = f"{to_shanghai(check.checked_at):%Y-%m-%d %H:%M} by {check.checked_by}{where}"
    return installation.judge_audit(judge(check, utc_now()), told)


def check_facts(settings: StackSettings) -> Finding:
    """What the store could not keep, and what it would not take of this node's senders."""
    from app.cli.resend_command import set_aside_of  # noqa: PLC0415
    from app.cli.seeding import open_database  # noqa: PLC0415
    from app.ingest.parked import count_open  # noqa: PLC0415

    refused = {sender: len(found.read()) for sender, found in set_aside_of(settings.home, settings.node).items()}
    if check_database(settings).level is not Level.OK:
        return installation.judge_facts(0, refused)
    with open_database(settings) as database, database.reading() as session:
        return installation.judge_facts(sum(count_open(session).values()), refused)


Check = Callable[[StackSettings], Finding | list[Finding]]
CHECKS: tuple[Check, ...] = (
    check_python, check_programs, check_asterisk, check_dns, check_disk, check_clock, check_env_file, check_addresses,
    check_ports, check_database, check_dialplan, check_prompts, check_processes, check_lines,
    check_calendar, check_facts, check_audit,
)  # fmt: skip
