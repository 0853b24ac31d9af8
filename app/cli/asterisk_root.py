"""Where Asterisk comes from: the system's own, the distribution's, or a root file system of Debian testing.

The first that is version 20 or newer wins (ADR 0011). A root is built beside its place and renamed when it is
complete, so an interrupted build is never taken for a good one.
"""

import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.cli.console import StepFailed, report_done, report_present, run_long
from app.cli.packages import FOR_ASTERISK_ROOT, ensure_packages, install

OLDEST_MAJOR = 20
SUITE = "forky"
SYSTEM_ROOT = Path("/")


def parse_version(text: str) -> tuple[int, ...]:
    """`Asterisk 22.10.1~dfsg…` → (22, 10, 1); empty when there is no version in the text."""
    match = re.search(r"(?:^|[\s:])(\d+)\.(\d+)(?:\.(\d+))?", text)
    return tuple(int(part) for part in match.groups() if part) if match else ()


def parse_candidate(policy: str) -> tuple[int, ...]:
    """The version apt would install, from `apt-cache policy asterisk`; empty for none."""
    match = re.search(r"^\s*Candidate:\s*(\S+)", policy, re.MULTILINE)
    return parse_version(match[1]) if match else ()


def read_version(root: Path) -> tuple[int, ...]:
    """Version of the Asterisk in a root file system; empty when there is none that runs."""
    if not (root / "usr/sbin/asterisk").exists():
        return ()
    command = ["asterisk", "-V"] if root == SYSTEM_ROOT else ["chroot", str(root), "/usr/sbin/asterisk", "-V"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return parse_version(result.stdout)


def read_installed_version(root: Path) -> tuple[tuple[int, ...], Path]:
    """Version and place of the Asterisk that would be started: the one in `root`, else the system's."""
    found = root if (root / "usr/sbin/asterisk").exists() else SYSTEM_ROOT
    return read_version(found), found


def ensure_asterisk(root: Path, *, log: Path) -> None:
    """Asterisk in `root` where that is built, else the system's where it is new enough, else `root`, built now."""
    if is_new_enough(version := read_version(root)):
        report_present("Asterisk", f"{_dotted(version)} in {root}")
        return
    if is_new_enough(version := read_version(SYSTEM_ROOT)):
        report_present("Asterisk", f"{_dotted(version)}, the system's own")
        return
    if is_new_enough(_candidate()):
        install(["asterisk", "asterisk-modules"], log=log)
        report_done("Asterisk", "from the distribution")
        return
    build_root(root, log=log)


def is_new_enough(version: tuple[int, ...]) -> bool:
    return bool(version) and version[0] >= OLDEST_MAJOR


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)


def _candidate() -> tuple[int, ...]:
    if shutil.which("apt-cache") is None:
        return ()
    result = subprocess.run(["apt-cache", "policy", "asterisk"], capture_output=True, text=True, check=False)
    return parse_candidate(result.stdout)


def build_root(root: Path, *, log: Path) -> None:
    """Build the root file system (about 30 s, 360 MB). Raises StepFailed."""
    with _only_one(root.with_name(f".{root.name}.lock")):
        if is_new_enough(read_version(root)):
            return
        ensure_packages("mmdebstrap", FOR_ASTERISK_ROOT, log=log.with_name("apt-mmdebstrap.log"))
        for left in [root, *root.parent.glob(f"{root.name}.building-*")]:
            subprocess.run(["rm", "-rf", "--one-file-system", str(left)], check=True)
        building = root.with_name(f"{root.name}.building-{os.getpid()}")
        command = [
            "unshare", "--mount",  # what a build that was cut off had mounted is nowhere to be deleted
            "mmdebstrap", "--variant=apt", '--aptopt=Acquire::Check-Valid-Until "false"',
            "--include=asterisk,asterisk-modules", SUITE, str(building),
        ]  # fmt: skip
        run_long(command, title=f"building {root} from Debian {SUITE}", log=log)
        building.rename(root)
    version = read_version(root)
    if not is_new_enough(version):
        raise StepFailed(f"{root} was built, but holds no Asterisk that runs", f"see {log}")
    report_done("Asterisk", f"{_dotted(version)} in {root}")


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
