"""What will happen to a ticket beside the usual: the fault rates of domain.md §8."""

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Fate:
    """`redone`: who sends it back, audit or follow_up, or nobody. `ending`: withdraw, terminate, or the usual one."""

    is_returned: bool
    is_disputed: bool
    is_extended: bool
    is_suspended: bool
    redone: str
    is_late: bool
    signs_late: bool
    contacts_late: bool
    is_unreached: bool
    ending: str
    is_reopened: bool
    has_supports: bool


def draw_fate(draw: Random) -> Fate:
    """Always the same number of draws, so that one rate changes nothing else."""
    chance = [draw.random() for _ in range(12)]
    return Fate(
        is_returned=chance[0] < 0.06,
        is_disputed=chance[1] < 0.02,
        is_extended=chance[2] < 0.08,
        is_suspended=chance[3] < 0.005,
        redone="audit" if chance[4] < 0.02 else "follow_up" if chance[4] < 0.04 else "",
        is_late=chance[5] < 0.02,
        signs_late=chance[6] < 0.02,
        is_unreached=chance[7] < 0.08,
        ending="withdraw" if chance[8] < 0.01 else "terminate" if chance[8] < 0.015 else "",
        is_reopened=chance[9] < 0.007,
        has_supports=chance[10] < 0.11,
        contacts_late=chance[11] < 0.03,
    )
