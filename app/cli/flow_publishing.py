"""Publishing flows: what is in force, what would change, and what set-up puts in force by itself."""

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path

from app.cli.console import report_done, report_present, report_skipped
from app.cli.flow_node import known, now, store, today
from app.cli.flow_refusal import FlowRefused
from ivr_flows.loader import FLOWS, FlowInvalid
from ivr_flows.versions import NothingToDo, Version, in_force

SETUP = "hotline setup"


def publish(files: Sequence[Path], *, by: str, note: str, line: str = "", since: str = "") -> Version:
    """Put files in force. Raises FlowRefused with every problem; what was in force then stays."""
    if since and since < today():
        raise FlowRefused("day-over", f"{since} is over", "name today or a day to come, or leave --from out", day=since)
    try:
        return store().publish(files, by=by, note=note, at=now(), line=line, since=since, known=known())
    except FlowInvalid as error:
        raise FlowRefused(
            "flow-invalid", f"nothing was published:\n{error}", "correct the file and publish again",
            problems=error.problems,
        ) from error  # fmt: skip
    except NothingToDo as error:
        raise FlowRefused("nothing-to-do", str(error)) from error
    except OSError as error:
        raise FlowRefused("not-written", f"nothing was published: {error}") from error


def differences(files: Sequence[Path], line: str) -> Iterator[str]:
    """What publishing these files would change, as lines of a diff."""
    activations, day = store().activations(), today()
    for file in files:
        active = in_force(activations, day, flow=file.stem, line=line)
        old = store().file(file.stem, active.version) if active and active.version else None
        before = old.read_text(encoding="utf-8").splitlines() if old else []
        after = file.read_text(encoding="utf-8").splitlines()
        name = f"version {active.version}" if active else "not in force"
        yield from difflib.unified_diff(before, after, f"{file.stem} ({name})", f"{file.stem} (new)", lineterm="")


def ensure_flows() -> None:
    """The shipped flows in force: at first all of them; later those that a release changed, unless somebody has
    published his own."""
    activations, day = store().activations(), today()
    active = {file: in_force(activations, day, flow=file.stem) for file in sorted(FLOWS.glob("*.yaml"))}
    own = [file.stem for file, one in active.items() if one and one.by != SETUP]
    files = [file for file in active if file.stem not in own]
    try:
        version = store().publish(files, by=SETUP, note="as shipped", at=now(), known=known())
    except NothingToDo:
        report_present("flows", f"{len(active)} in force")
    except FlowInvalid as error:
        report_skipped("flows", f"not published: {error}")
    else:
        report_done("flows", f"version {version.number}: {', '.join(version.flows)}")
    if own:
        report_skipped("own flows", f"{', '.join(own)}: published by people, left as they are")
