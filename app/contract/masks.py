"""Numbers as they may be shown and logged: 138****5678 (domain.md §7)."""

import re
from collections.abc import Mapping
from typing import Any

_MOBILE = re.compile(r"^((?:\+?86)?1\d{2})\d{4}(\d{4})$")
PSEUDONYM = "anon-"
"""How what stands for the number of a deleted person begins."""
_LONGEST_SHORT_NUMBER = 6
"""12345, 110, seats: public or our own, nobody's personal number."""

_MOBILE_IN_TEXT = re.compile(r"(?<![\d.])((?:\+?86)?1[3-9]\d)\d{4}(\d{4})(?![\d.])")
_LANDLINE_IN_TEXT = re.compile(r"(?<![\d.-])(0\d{2,3}-?)\d{4}(\d{3,4})(?![\d.-])")
_CITIZEN_ID_IN_TEXT = re.compile(r"(?<!\d)([1-9]\d{5})\d{8}(\d{3}[\dXx])(?!\d)")


def mask_number(number: str | None) -> str:
    """A number without its middle; short public numbers stay whole, none becomes an empty string.

    What is no number at all (a caller id may hold any text) keeps its first and last two characters.
    """
    if not number:
        return ""
    if number.startswith(PSEUDONYM):
        return "已注销"
    if mobile := _MOBILE.match(number):
        return f"{mobile[1]}****{mobile[2]}"
    if len(number) <= _LONGEST_SHORT_NUMBER:
        return number if number.isdigit() else "*" * len(number)
    if number.isdigit() and len(number) >= 10:
        return f"{number[:-8] or number[:2]}****{number[-4:]}"
    return f"{number[:2]}{'*' * (len(number) - 4)}{number[-2:]}"


def mask_citizen_ids(text: str) -> str:
    """Free text in which citizens' ids have lost the day of birth."""
    return _CITIZEN_ID_IN_TEXT.sub(r"\1********\2", text)


def mask_text(text: str) -> str:
    """Free text in which mobile numbers, landlines and citizen ids have lost their middle."""
    text = mask_citizen_ids(text)
    text = _MOBILE_IN_TEXT.sub(r"\1****\2", text)
    return _LANDLINE_IN_TEXT.sub(r"\1****\2", text)


def mask_value(value: Any) -> Any:
    """The same for whatever JSON holds: people write numbers into reasons and notes."""
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, Mapping):
        return {str(key): mask_value(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [mask_value(inner) for inner in value]
    return value


def restore_masked(text: str, original: str) -> str:
    """`text`, where what `mask_text` hid of `original` stands again: who edits a text he saw masked loses nothing."""
    for pattern in (_CITIZEN_ID_IN_TEXT, _MOBILE_IN_TEXT, _LANDLINE_IN_TEXT):
        for found in pattern.finditer(original):
            text = text.replace(mask_text(found[0]), found[0], 1)
    return text
