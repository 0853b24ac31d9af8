"""Range syntax of seats and short numbers: `8001` or `8001-8200`."""

MAX_SEATS = 5000


def expand(text: str) -> list[str]:
    """Every number of the range, in order. Raises ValueError when it runs backwards, is too long or changes width."""
    first, _, last = text.partition("-")
    last = last or first
    if len(first) != len(last):
        raise ValueError(f"range {text}: both ends need the same number of digits")
    if int(last) < int(first):
        raise ValueError(f"range {text}: runs backwards, write the smaller number first")
    if int(last) - int(first) >= MAX_SEATS:
        raise ValueError(f"range {text}: more than {MAX_SEATS} numbers")
    return [f"{number:0{len(first)}d}" for number in range(int(first), int(last) + 1)]
