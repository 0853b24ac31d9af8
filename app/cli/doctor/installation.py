"""Decisions about this installation: settings, database, prompts, processes. Facts in, a finding out."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from app.cli.doctor.finding import Finding, fail, ok, warn
from app.cli.doctor.machine import RUN_SETUP
from app.cli.env_file import SECRET_NAMES

SHOWN_LINES = 10


def judge_env_file(path: Path, mode: int | None, present: Mapping[str, str]) -> Finding:
    """`mode`: permission bits, None when there is no file."""
    if mode is None:
        return fail("secrets", f"there is no {path}", RUN_SETUP)
    if mode & 0o077:
        return fail("secrets", f"{path} can be read by others (mode {mode:04o})", f"run `chmod 600 {path}`")
    if missing := [name for name in SECRET_NAMES if not present.get(name)]:
        return fail("secrets", f"missing in {path}: {', '.join(missing)}", RUN_SETUP)
    return ok("secrets", f"{path}, mode {mode:04o}")


def judge_addresses(derived: Mapping[str, str], used: Mapping[str, str]) -> Finding:
    """`derived`: what follows from the ports; `used`: what the settings file says. Secrets are not shown."""
    differing = [name for name, value in derived.items() if used.get(name, value) != value]
    if differing:
        return warn(
            "addresses",
            f"{', '.join(differing)} do not follow from the ports",
            "right if these parts run elsewhere; else remove the lines and run `hotline setup`",
        )
    return ok("addresses", "they follow from the ports")


def judge_ports(wanted: Mapping[str, int], taken: Mapping[int, str], ours: frozenset[int]) -> list[Finding]:
    """`taken`: port → who listens on it; `ours`: ports held by this stack's own processes."""
    foreign = {name: port for name, port in wanted.items() if port in taken and port not in ours}
    if not foreign:
        return [ok("ports", "free, or held by this stack")]
    return [
        fail(
            "ports",
            f"port {port} ({name}) is taken by {taken[port]}",
            f"stop that program, or set HOTLINE_{name.upper()}_PORT in hotline.env and run `hotline setup`",
        )
        for name, port in foreign.items()
    ]


def judge_schema(current: str | None, head: str, problem: str = "") -> Finding:
    if problem:
        return fail("database", f"does not answer: {problem}", "start it, or correct HOTLINE_DATABASE_URL")
    if current is None:
        return fail("database", "has no tables yet", RUN_SETUP)
    if current != head:
        return fail("database", f"schema {current} is older than {head}", "run `hotline db upgrade`")
    return ok("database", f"schema {current}, the newest")


def judge_prompts(problems: Sequence[str]) -> Finding:
    if not problems:
        return ok("prompts", "every flow is valid and every prompt has its audio")
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return fail("prompts", f"{problems[0]}{more}", f"`hotline flows check` lists all; {RUN_SETUP} to build audio")


def judge_dialplan(problems: Sequence[str], site_plan: Path) -> Finding:
    if not problems:
        return ok("dialplan", f"{site_plan} renders, and calls can be taken")
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return fail("dialplan", f"{problems[0]}{more}", "`hotline dialplan check` lists all; correct the site plan")


def judge_processes(problems: Mapping[str, str]) -> list[Finding]:
    """`problems`: process → what is wrong, empty text when it is healthy; no entry at all: the stack is stopped."""
    if not problems:
        return [warn("processes", "the stack is not running", "start it with `hotline up`")]
    sick = {name: problem for name, problem in problems.items() if problem}
    if not sick:
        return [ok("processes", f"{', '.join(problems)} are healthy")]
    return [
        fail(name, problem, f"see its log in the home folder, supervisor/logs/{name}.log; `hotline up` starts it again")
        for name, problem in sick.items()
    ]


def judge_calendar(missing_year: int | None) -> Finding:
    """`missing_year`: the year whose working days nobody imported; the next one is due from 1 November on."""
    if missing_year is None:
        return ok("calendar", "the working days of this year, and of the next where they are due, are known")
    return warn(
        "calendar",
        f"the working days of {missing_year} are missing: no due time that needs them can be told",
        f"`hotline clock import-year {missing_year} FILE.csv` once the State Council has published them",
    )


def judge_lines(watched: int, troubles: Mapping[str, str], *, waiting: int = 0) -> Finding:
    """`watched`: lines of the plan in force; `troubles`: line → what its test calls say; `waiting`: not dialled yet."""
    if not watched:
        return ok("lines", "no line is dialled yet: the plan in force has none, or was never applied")
    if not troubles:
        first = f"; {waiting} wait for their first one" if waiting else ""
        return ok("lines", f"the test calls of {watched - waiting} lines are recent and good{first}")
    told = ", ".join(f"{line} ({trouble})" for line, trouble in list(troubles.items())[:SHOWN_LINES])
    more = f", and {len(troubles) - SHOWN_LINES} more" if len(troubles) > SHOWN_LINES else ""
    remedy = (
        "`hotline lines probe` dials them again and says what it meets; `hotline status` says whether the worker runs"
    )
    return warn("lines", f"{len(troubles)} of {watched} lines need a look: {told}{more}", remedy)


def judge_audit(verdict: str, told: str) -> Finding:
    """`verdict` of the newest check of the audit log's chain; `told`: when it was made, and where the chain breaks."""
    verify = "`hotline audit verify`"
    match verdict:
        case "whole":
            return ok("audit log", f"whole when it was checked, {told}")
        case "unchecked":
            return warn("audit log", "was never checked", f"the worker checks it every night; {verify} does it now")
        case "overdue":
            return warn("audit log", f"not checked for two nights: last {told}", f"see that the worker runs; {verify}")
        case _:
            return warn("audit log", f"is broken: {told}", f"leave the database as it is, tell the auditors; {verify}")


def judge_facts(parked: int, refused: Mapping[str, int]) -> Finding:
    """`parked`: facts the store could not keep; `refused`: sender of this node → facts the store would not take."""
    told, remedies = [], []
    if parked:
        told.append(f"{parked} are parked in the store")
        remedies.append("`hotline events parked list` says why, `retry --all` once that is mended")
    if refused:
        told.append(f"{sum(refused.values())} lie refused beside the journals of {', '.join(refused)}")
        remedies.append("`hotline events resend --list` says why, `hotline events resend` once that is mended")
    if not told:
        return ok("call facts", "none is parked, none was refused")
    return warn("call facts", "; ".join(told), "; ".join(remedies))
