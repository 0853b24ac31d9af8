"""Programs from the distribution: what is missing, and how it is installed without leaving services running."""

import glob
import shutil
from dataclasses import dataclass
from pathlib import Path

from app.cli.console import StepFailed, report_done, report_present, run_long


@dataclass(frozen=True)
class Need:
    """A program we start, the Debian package that holds it, and where else it may lie than in the search path."""

    package: str
    program: str
    pattern: str = ""

    def is_met(self) -> bool:
        return bool(glob.glob(self.pattern)) if self.pattern else shutil.which(self.program) is not None


FOR_STACK = (
    Need("redis-server", "redis-server"),
    Need("sip-tester", "sipp"),
    Need("espeak-ng", "espeak-ng"),
    Need("sox", "sox"),
    Need("graphviz", "dot"),
    Need("iproute2", "ss"),
    Need("procps", "ps"),
    Need("util-linux", "unshare"),
    Need("nodejs", "node"),
    Need("npm", "npm"),
)
FOR_TESTS = (
    Need("postgresql", "postgres", "/usr/lib/postgresql/*/bin/postgres"),
    Need("chromium", "chromium"),
    Need("fonts-noto-cjk", "", "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"),
)
FOR_ASTERISK_ROOT = (Need("mmdebstrap", "mmdebstrap"),)

# A new redis-server or postgresql must not take ports: services are neither started now nor at the next boot.
INSTALL_SCRIPT = r"""
set -eu
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' > "$policy"; chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update || echo "some package lists could not be refreshed; going on with what is there"
apt-get install -y --no-install-recommends "$@"
if command -v systemctl >/dev/null; then
    for package in "$@"; do
        case "$package" in redis-server|postgresql|asterisk) systemctl disable "$package" || true ;; esac
    done
fi
"""


def list_missing(needs: tuple[Need, ...]) -> list[str]:
    """Packages whose program is not there."""
    return [need.package for need in needs if not need.is_met()]


def ensure_packages(step: str, needs: tuple[Need, ...], *, log: Path) -> None:
    """Install what is missing. Raises StepFailed."""
    missing = list_missing(needs)
    if not missing:
        report_present(step, ", ".join(need.package for need in needs))
        return
    install(missing, log=log)
    if still_missing := list_missing(needs):
        raise StepFailed(f"installed, yet not found: {', '.join(still_missing)}", f"see {log}")
    report_done(step, ", ".join(missing))


def install(packages: list[str], *, log: Path) -> None:
    """apt-get install, with progress. Raises StepFailed."""
    if shutil.which("apt-get") is None:
        raise StepFailed("this is no Debian: there is no apt-get", f"install these yourself: {', '.join(packages)}")
    command = ["sh", "-c", INSTALL_SCRIPT, "install", *packages]
    run_long(command, title=f"installing {', '.join(packages)}", log=log)
