"""An unexpected error as it may be logged: its message may hold a caller's number, its type and place cannot."""

import traceback
from pathlib import Path


def describe_fault(error: BaseException) -> str:
    """`ValueError at client.py:78 in post_events`: what was raised and where, without the message."""
    frames = traceback.extract_tb(error.__traceback__)
    name = type(error).__name__
    if not frames:
        return name
    return f"{name} at {Path(frames[-1].filename).name}:{frames[-1].lineno} in {frames[-1].name}"
