"""Where Asterisk comes from: the system's own, the distribution's, or a root file system of Debian testing.

The first that is version 20 or newer wins (ADR 0011). A root is built beside its place and renamed when it is
complete, so an interrupted build is never taken for a good one.
"""

import fcntl
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.cli.console import StepFailed, report_done, report_present, run_long
from app.cli.packages import FOR_ASTERISK_ROOT, as_root, ensure_packages, install

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
    command = ["asterisk", "-V"] if root == SYSTEM_ROOT else as_root(["chroot", str(root), "/usr/sbin/asterisk", "-V"])
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return parse_version(result.stdout)


def choose_root(wanted: Path, *, log: Path) -> Path:
    """The root to use: `wanted` where it is built, the system's where it is new enough, else `wanted`, built now."""
    if is_new_enough(version := read_version(wanted)):
        report_present("Asterisk", f"{_dotted(version)} in {wanted}")
        return wanted
    if is_new_enough(version := read_version(SYSTEM_ROOT)):
        report_present("Asterisk", f"{_dotted(version)}, the system's own")
        return SYSTEM_ROOT
    if is_new_enough(_candidate()):
        install(["asterisk", "asterisk-modules"], log=log)
        report_done("Asterisk", "from the distribution")
        return SYSTEM_ROOT
    build_root(wanted, log=log)
    return wanted


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
            subprocess.run(as_root(["rm", "-rf", "--one-file-system", str(left)]), check=True)
        building = root.with_name(f"{root.name}.building-{os.getpid()}")
        command = [
            "mmdebstrap", "--variant=apt", '--aptopt=Acquire::Check-Valid-Until "false"',
            "--include=asterisk,asterisk-modules", SUITE, str(building),
        ]  # fmt: skip
        run_long(as_root(command), title=f"building {root} from Debian {SUITE}", log=log)
        subprocess.run(as_root(["tee", str(building / "etc/hosts")]), input=hosts_file(platform.node()).encode(),
                       stdout=subprocess.DEVNULL, check=True)  # fmt: skip
        subprocess.run(as_root(["mv", str(building), str(root)]), check=True)
    version = read_version(root)
    if not is_new_enough(version):
        raise StepFailed(f"{root} was built, but holds no Asterisk that runs", f"see {log}")
    report_done("Asterisk", f"{_dotted(version)} in {root}")


def hosts_file(hostname: str) -> str:
    """Names that PJSIP looks up for each call: without them a machine with no DNS lets every call time out."""
    return f"127.0.0.1 localhost {hostname} A.ROOT-SERVERS.NET\n::1 localhost\n"


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
