"""The one door from our values into Asterisk's configuration: harmless text passes, the rest is refused."""

import re
from ipaddress import IPv4Address, IPv4Network
from typing import Any

from jinja2 import Undefined

HARMLESS = re.compile(r"[A-Za-z0-9\u0080-\uffff _./:@+*\\-]*")
"""No newline, no ; [ ] { } $ " ' | < > ( ) , = & #: nothing that ends a line, opens a section or splits arguments."""


class UnsafeValue(ValueError):
    """A value would change the meaning of the configuration it is put into."""


def configuration_value(value: Any) -> str:
    """Text of a value for a configuration file (Jinja's `finalize`: no expression of a template escapes it)."""
    if isinstance(value, Undefined):
        str(value)  # StrictUndefined raises and names what is missing
    if isinstance(value, bool) or not isinstance(value, str | int | IPv4Address | IPv4Network):
        raise UnsafeValue(f"a {type(value).__name__} cannot stand in Asterisk's configuration")
    text = str(value)
    if not HARMLESS.fullmatch(text):
        wrong = sorted({c for c in text if not HARMLESS.fullmatch(c)})
        raise UnsafeValue(f"refused for Asterisk's configuration: contains {', '.join(map(repr, wrong))}")
    return text
