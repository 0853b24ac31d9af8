"""The one settings file, `hotline.env`: secrets are generated once, the rest follows from ports and plan.

A value that a person wrote is never touched: derived lines stand in a block of their own at the end, and a name that
occurs above that block is left out of it.
"""

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from app.cli.console import StepFailed
from app.cli.settings import StackSettings
from dialplan.changes.wanted import wanted_plan_file
from dialplan.plan_file import SitePlanFault, load_plan

SECRET_NAMES = (
    "HOTLINE_AMI_EVENTS_SECRET",
    "HOTLINE_AMI_COMMANDS_SECRET",
    "HOTLINE_REDIS_PASSWORD",
    "HOTLINE_AGI_TOKEN",
    "HOTLINE_BRIDGE_TOKEN",
    "HOTLINE_COMMAND_TOKEN",
    "HOTLINE_SEAT_SECRET",
    "HOTLINE_SESSION_SECRET",
)
HEAD = "# Settings and secrets of this installation; README lists all names. Never commit this file.\n"
DERIVED_MARK = "# --- derived from ports and plan by `hotline setup`, rewritten each time; put your own value above ---"
_MARK = re.compile(r"^# --- derived from .*$", re.MULTILINE)
_ASSIGNMENT = re.compile(r"^\s*(?:export\s+)?(HOTLINE_[A-Z0-9_]+)\s*=\s*(.*?)\s*$")


def read_assignments(text: str) -> dict[str, str]:
    """Names and raw values of a settings file; the last one counts, as for every reader of it."""
    found = (_ASSIGNMENT.match(line) for line in text.splitlines())
    return {match[1]: match[2].strip("'\"") for match in found if match}


def derived_values(settings: StackSettings, redis_password: str) -> dict[str, str]:
    """What follows from the ports and the site plan, so that a change is made in one place. Raises StepFailed."""
    try:
        plan = load_plan(wanted_plan_file(settings.home, settings.site_plan))
    except SitePlanFault as fault:
        raise StepFailed(str(fault), "correct the site plan") from fault
    return {
        "HOTLINE_WRAP_UP_SECONDS": str(max(queue.wrap_up_seconds for queue in plan.queues)),
        "HOTLINE_REDIS_URL": f"redis://:{redis_password}@127.0.0.1:{settings.redis_port}/0",
        "HOTLINE_WEB_URL": f"http://{settings.web_host}:{settings.web_port}",
        "HOTLINE_FACTS_URL": f"http://{settings.facts_host}:{settings.facts_port}",
        "HOTLINE_BRIDGE_URL": f"http://{settings.bridge_host}:{settings.bridge_port}",
        "HOTLINE_AGI_SERVERS": f"{settings.agi_host}:{settings.agi_port}",
    }


def split_derived(text: str) -> tuple[str, str]:
    """The part a person owns, and the derived block."""
    mark = _MARK.search(text)  # also with the words of an earlier version
    return (text[: mark.start()], text[mark.end() :]) if mark else (text, "")


def complete(owned: str, secret_values: Mapping[str, str], derived: Mapping[str, str]) -> str:
    """The new text of the file: missing secrets added to the owned part, the derived block written anew."""
    present = read_assignments(owned)
    added = [f"{name}={value}" for name, value in secret_values.items() if not present.get(name)]
    owned = (owned or HEAD).rstrip("\n") + "\n" + "".join(line + "\n" for line in added)
    lines = [f"{name}={value}" for name, value in derived.items() if name not in present]
    return owned + "\n" + "\n".join([DERIVED_MARK, *lines]) + "\n"


def ensure_env_file(path: Path) -> list[str]:
    """Create or complete the settings file (mode 0600, replaced in one step); names of the secrets that were added.

    The path must be the file that `StackSettings` reads, as ports in it decide the derived addresses.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    owned, _ = split_derived(before)
    present = read_assignments(owned)
    generated = {name: secrets.token_hex(32) for name in SECRET_NAMES if not present.get(name)}
    settings = StackSettings()
    password = settings.redis_password.get_secret_value() or {**generated, **present}["HOTLINE_REDIS_PASSWORD"]
    after = complete(owned, generated, derived_values(settings, password))
    if after != before:
        write_private(path, after)
    path.chmod(0o600)
    return list(generated)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, all of it or nothing."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    beside.replace(path)
