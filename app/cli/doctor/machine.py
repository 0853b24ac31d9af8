"""Decisions about the machine: facts in, a finding out. Nothing here looks at the machine itself."""

from datetime import datetime
from pathlib import Path

from app.cli.asterisk_root import OLDEST_MAJOR
from app.cli.doctor.finding import Finding, fail, ok, warn

SLOW_LOOKUP_SECONDS = 1.0
LEAST_FREE_BYTES = 500 * 1024**2
FEW_FREE_BYTES = 5 * 1024**3
RUN_SETUP = "run `hotline setup`"


def judge_python(version: tuple[int, ...]) -> Finding:
    text = ".".join(str(part) for part in version[:3])
    if version >= (3, 11):
        return ok("python", text)
    return fail("python", f"{text} is too old", "install Python 3.11 and run `make setup PYTHON=python3.11`")


def judge_programs(missing: list[str]) -> Finding:
    """`missing`: Debian packages whose program was not found."""
    if missing:
        return fail("programs", f"missing: {', '.join(missing)}", RUN_SETUP)
    return ok("programs", "redis-server, sipp, espeak-ng, sox and the others are there")


def judge_asterisk(version: tuple[int, ...], root: Path) -> Finding:
    """Known faults by version: telephony.md, finding 10."""
    text = ".".join(str(part) for part in version)
    if not version:
        return fail("asterisk", f"there is no Asterisk in {root}", RUN_SETUP)
    if version[0] < OLDEST_MAJOR:
        return fail("asterisk", f"{text} is too old: {OLDEST_MAJOR} or newer is needed", RUN_SETUP)
    newer = "take 22.11 or newer once your distribution has it"
    if version == (22, 10, 1):
        return warn(
            "asterisk",
            f"{text}: SIP over TCP may stall and WebRTC may deadlock (#2011, #1946); UDP is not concerned",
            f"keep trunks and phones on UDP; {newer}",
        )
    if version == (22, 10, 0):
        return warn("asterisk", f"{text} lacks the security fixes of 22.10.1", newer)
    if version[:2] == (22, 9):
        return warn("asterisk", f"{text} can deadlock when a call is hung up (#1907)", newer)
    return ok("asterisk", f"{text} in {root}")


def judge_look_up(names: dict[str, float | None], *, asterisk_knows_names: bool) -> Finding:
    """`names`: seconds each look-up took, None when it had not ended. PJSIP does such look-ups in mid-call."""
    slow = [name for name, seconds in names.items() if seconds is None or seconds > SLOW_LOOKUP_SECONDS]
    if not slow:
        return ok("dns", "look-ups answer at once")
    if asterisk_knows_names:
        return ok("dns", f"looking up {', '.join(slow)} hangs, but Asterisk's own hosts file knows the name")
    return fail(
        "dns",
        f"looking up {', '.join(slow)} hangs: every SIP call would wait for it",
        f"add the line `127.0.0.1 {' '.join(slow)}` to /etc/hosts",
    )


def judge_disk(free_bytes: int, folder: Path) -> Finding:
    text = f"{free_bytes / 1024**3:.1f} GB free in {folder}"
    if free_bytes < LEAST_FREE_BYTES:
        return fail("disk", text, "make room now: journals and recordings are about to be refused")
    if free_bytes < FEW_FREE_BYTES:
        return warn("disk", text, "make room: an hour of recordings of one call takes 55 MB")
    return ok("disk", text)


def judge_clock(now: datetime, newest_file: datetime, is_synchronised: bool | None) -> Finding:
    """A clock behind our own files is wrong; `is_synchronised` is None where nobody can tell."""
    text = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    if now < newest_file:
        return fail("clock", f"{text} lies before files written here", "set the clock, then start a time service")
    if is_synchronised is False:
        return warn("clock", f"{text}, not synchronised", "start a time service: `timedatectl set-ntp true`")
    return ok("clock", text)
