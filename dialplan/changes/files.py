"""Differences between rendered files, with every password masked."""

import difflib
import hashlib
import re
from collections import Counter
from collections.abc import Mapping

from app.contract.changes import Effect, FileChange

SECRET_LINE = re.compile(r"^([\s;]*[\w-]*(?:password|passwd|pass|secret|md5[_-]?cred)\w*\s*=>?\s*)(.+)$", re.IGNORECASE)
"""Commented out and in any case too: Asterisk reads `Secret = …` like `secret=…`, and a hand edit may hold both."""
HUNK = re.compile(r"([-+])(\d+)(?=[, ])")
SHOWN_LINES = 400
CONTEXT_LINES = 3
COMPARED_LINES = 3000
"""Of more lines than that in the middle of a file, difflib would need seconds."""


def masked(line: str) -> str:
    """The line without its password; a mark of 16 bits tells one from another."""
    if found := SECRET_LINE.match(line):
        mark = hashlib.sha256(found[2].encode()).hexdigest()[:4]
        return f"{found[1]}(masked {mark})"
    return line


def diff_files(old: Mapping[str, str], new: Mapping[str, str]) -> list[FileChange]:
    """Every file that differs, by name."""
    return [
        _diff(name, old.get(name), new.get(name))
        for name in sorted(old.keys() | new.keys())
        if old.get(name) != new.get(name)
    ]


def _diff(name: str, old: str | None, new: str | None) -> FileChange:
    effect = Effect.ADDED if old is None else Effect.REMOVED if new is None else Effect.CHANGED
    before, after = (old or "").splitlines(), (new or "").splitlines()
    first, last = _common_ends(before, after)
    one, other = before[first : len(before) - last], after[first : len(after) - last]
    removed, added = Counter(one), Counter(other)
    if max(len(one), len(other)) <= COMPARED_LINES:
        # the common ends stay outside, but for the context
        lead = max(first - CONTEXT_LINES, 0)
        tail = max(last - CONTEXT_LINES, 0)
        lines = list(
            difflib.unified_diff(
                before[lead : len(before) - tail],
                after[lead : len(after) - tail],
                f"applied/{name}",
                f"new/{name}",
                lineterm="",
                n=CONTEXT_LINES,
            )
        )
        lines = [_moved(line, lead) for line in lines]
    else:
        lines = [f"--- applied/{name}", f"+++ new/{name}"]
        lines += [f"-{line}" for line in (removed - added).elements()]
        lines += [f"+{line}" for line in (added - removed).elements()]
    shown = [line[:1] + masked(line[1:]) for line in lines[:SHOWN_LINES]]
    if len(lines) > SHOWN_LINES:
        shown.append(f"... {len(lines) - SHOWN_LINES} more lines")
    return FileChange(
        name=name,
        effect=effect,
        lines_added=(added - removed).total(),
        lines_removed=(removed - added).total(),
        diff="\n".join(shown),
    )


def _moved(line: str, offset: int) -> str:
    """A hunk's heading with line numbers of the whole file."""
    if not line.startswith("@@ "):
        return line
    return HUNK.sub(lambda found: f"{found[1]}{int(found[2]) + offset}", line)


def _common_ends(one: list[str], other: list[str]) -> tuple[int, int]:
    """How many lines are the same at the beginning and at the end."""
    shorter = min(len(one), len(other))
    first = next((n for n in range(shorter) if one[n] != other[n]), shorter)
    last = next((n for n in range(shorter - first) if one[-1 - n] != other[-1 - n]), shorter - first)
    return first, last
