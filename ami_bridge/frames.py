"""AMI on the wire: one frame becomes headers, and no value becomes a second action."""

import re
from collections.abc import Mapping

from ami_bridge.switch import Headers, UnsafeValue

MAX_FRAME_BYTES = 1024 * 1024
"""Longer than any event of Asterisk: a peer that sends more without an end is not Asterisk."""

NO_SPACE = re.compile(r"(?m)^([\w-]+):(?! )")
UNSAFE = re.compile(r"[\r\n\0]")


def parse_frame(frame: bytes) -> Headers:
    """Headers of one event. Of a repeated one the first counts; `Key:value` is read like `Key: value`."""
    headers: Headers = {}
    for line in reversed(frame.decode("utf-8", "replace").split("\r\n")):
        key, colon, value = line.partition(":")
        if colon:
            headers[key] = value[1:] if value[:1] == " " else value
    return headers


def with_spaces(frame: bytes) -> str:
    """The text of a frame for panoramisk, which drops a header without the blank behind its colon."""
    return NO_SPACE.sub(r"\1: ", frame.decode("utf-8", "replace"))


def check_values(action: str, headers: Mapping[str, str]) -> None:
    """Raises UnsafeValue when a name or value holds a line break or NUL."""
    for value in (action, *headers.keys(), *headers.values()):
        if UNSAFE.search(value):
            raise UnsafeValue(f"line break in a value of {action}")
