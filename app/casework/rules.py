"""Pure decisions of handling: the machine of one unit's leg, and what may be shown to the public."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from app.tickets.models import AssignmentKind, AssignmentStatus

_A = AssignmentStatus

NEXT: Mapping[AssignmentKind, Mapping[AssignmentStatus, frozenset[AssignmentStatus]]] = MappingProxyType(
    {
        AssignmentKind.LEAD: MappingProxyType(
            {
                _A.ASSIGNED: frozenset({_A.SIGNED, _A.RETURNED, _A.CLOSED}),
                _A.SIGNED: frozenset({_A.REPORTED, _A.RETURNED, _A.CLOSED}),
                _A.REPORTED: frozenset({_A.SIGNED, _A.CLOSED}),
                _A.RETURNED: frozenset(),
                _A.CLOSED: frozenset(),
            }
        ),
        AssignmentKind.SUPPORTING: MappingProxyType(
            {
                _A.ASSIGNED: frozenset({_A.SIGNED, _A.CLOSED}),
                _A.SIGNED: frozenset({_A.REPORTED, _A.CLOSED}),
                _A.REPORTED: frozenset({_A.CLOSED}),
                _A.RETURNED: frozenset(),
                _A.CLOSED: frozenset(),
            }
        ),
    }
)
"""Which status of a leg may follow which. A supporting unit returns nothing: the lead unit decides whom it asks."""


def may_follow(kind: str, status: str, to: AssignmentStatus) -> bool:
    """Whether a leg of this kind and status may become `to`."""
    return to in NEXT[AssignmentKind(kind)][AssignmentStatus(status)]


_PRIVATE: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)"), "手机号码"),
    (re.compile(r"(?<!\d)[1-9]\d{16}[\dXx](?!\d)"), "身份证号码"),
    (re.compile(r"\d+\s*(?:号楼|栋|幢)\s*(?:\d+\s*单元)?\s*\d{2,4}\s*[室号户]"), "门牌号"),
)


def private_words(text: str) -> list[str]:
    """What a public reply must not hold (domain.md §7): kinds of personal data found in it."""
    return [kind for pattern, kind in _PRIVATE if pattern.search(text)]
