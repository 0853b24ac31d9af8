"""Range syntax of seats, short numbers and agents: `8001` or `8001-8200`."""

from typing import Any

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


def expand_agents(entries: Any) -> Any:
    """Turn `{range: 1001-1200, seats: 8001-8200, label: 坐席, skills: …}` into one entry per agent.

    Anything else is left for the model to judge. Raises ValueError when the two ranges differ in length.
    """
    if not isinstance(entries, list):
        return entries
    agents: list[Any] = []
    for entry in entries:
        if not (isinstance(entry, dict) and {"range", "seats"} <= entry.keys()):
            agents.append(entry)
            continue
        shared = {key: value for key, value in entry.items() if key not in ("range", "seats", "label")}
        usernames, seats = expand(str(entry["range"])), expand(str(entry["seats"]))
        if len(usernames) != len(seats):
            raise ValueError(
                f"{len(usernames)} agents in range {entry['range']} for {len(seats)} seats: make them equal"
            )
        for username, seat in zip(usernames, seats, strict=True):
            agents.append(
                {"username": username, "seat": seat, "label": f"{entry.get('label', '')}{username}", **shared}
            )
    return agents
