"""Numbers as they may be shown and logged: 138****5678 (domain.md §7)."""

import re

_MOBILE = re.compile(r"^((?:\+?86)?1\d{2})\d{4}(\d{4})$")
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
    if mobile := _MOBILE.match(number):
        return f"{mobile[1]}****{mobile[2]}"
    if len(number) <= _LONGEST_SHORT_NUMBER:
        return number if number.isdigit() else "*" * len(number)
    if number.isdigit() and len(number) >= 10:
        return f"{number[:-8] or number[:2]}****{number[-4:]}"
    return f"{number[:2]}{'*' * (len(number) - 4)}{number[-2:]}"


def mask_text(text: str) -> str:
    """Free text in which mobile numbers, landlines and citizen ids have lost their middle."""
    text = _CITIZEN_ID_IN_TEXT.sub(r"\1********\2", text)
    text = _MOBILE_IN_TEXT.sub(r"\1****\2", text)
    return _LANDLINE_IN_TEXT.sub(r"\1****\2", text)
