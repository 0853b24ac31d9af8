"""What pages load from npm, by a lock file with hashes. Nothing is bundled: the web serves it from node_modules."""

import hashlib
from pathlib import Path

from app.cli.console import report_done, report_present, report_skipped, run_long
from app.contract.env import PROJECT


def ensure_browser_libraries(*, log: Path, project: Path = PROJECT) -> None:
    """`npm ci`, unless node_modules holds just this lock file already. Raises StepFailed."""
    lock = project / "package-lock.json"
    stamp = project / "node_modules" / ".hotline-lock"
    if not lock.exists():
        report_skipped("browser libraries", "there is no package-lock.json")
        return
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        report_present("browser libraries", "node_modules")
        return
    command = ["npm", "ci", "--prefix", str(project), "--no-audit", "--no-fund", "--ignore-scripts"]
    run_long(command, title="npm ci", log=log)
    stamp.write_text(digest)
    report_done("browser libraries", "node_modules")
