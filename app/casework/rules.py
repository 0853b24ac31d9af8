"""Pure decisions of handling: the machine of one unit's leg."""

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
