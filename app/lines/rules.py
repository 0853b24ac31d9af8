"""Which hotline did the caller mean? Pure."""

import re

MAIN_LINE = "12345"


def candidate_numbers(dnis: str) -> list[str]:
    """Line numbers that a dialled number may stand for, the likeliest first.

    Networks deliver 12345, 0375-12345, +8637512345 or 8637512345 for the same line (R16: both numbers serve).
    """
    digits = re.sub(r"\D", "", dnis)
    candidates = [digits]
    local = re.sub(r"^(?:00)?86", "", digits)
    candidates += [local, re.sub(r"^0?\d{3}(?=\d{5}$)", "", local), re.sub(r"^0?\d{2}(?=\d{5}$)", "", local)]
    return [number for number in dict.fromkeys(candidates) if 3 <= len(number) <= 20]
