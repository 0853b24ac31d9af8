"""Reads a rendered extensions.conf back, so that it can be checked as Asterisk will see it."""

import re
from dataclasses import dataclass

STEP = re.compile(r"(?:exten|same)\s*=>?\s*(?P<rest>.*)")
CALL = re.compile(r"(?P<priority>[^,]+),(?P<application>[A-Za-z]+)\((?P<arguments>.*)\)$")


@dataclass(frozen=True)
class Step:
    """One priority of one extension."""

    context: str
    extension: str
    application: str
    arguments: str


def parse_extensions(text: str) -> list[Step]:
    """Every step in order. Raises ValueError at a line that is not one of ours."""
    steps, context, extension = [], "", ""
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.split(";", 1)[0].strip()
        if not line:
            continue
        if line.startswith("["):
            context = line.strip("[]")
        elif context not in ("general", "globals"):
            found = STEP.fullmatch(line)
            rest = found["rest"] if found else ""
            if line.startswith("exten"):
                extension, _, rest = rest.partition(",")
            call = CALL.fullmatch(rest)
            if not call:
                raise ValueError(f"line {number} is no step: {line}")
            steps.append(Step(context, extension, call["application"], call["arguments"]))
    return steps
