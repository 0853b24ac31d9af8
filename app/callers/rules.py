"""Who goes first, and why. Vulnerability and unsolved matters count, never standing (domain.md §4)."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class PriorityKind(StrEnum):
    """Why a caller is put through first."""

    ELDERLY = "elderly"
    DISABLED = "disabled"
    MINOR = "minor"
    UNRESOLVED = "unresolved"
    ENTERPRISE = "enterprise"


KIND_WORDS: Mapping[PriorityKind, str] = MappingProxyType(
    {
        PriorityKind.ELDERLY: "老年人",
        PriorityKind.DISABLED: "残障人士",
        PriorityKind.MINOR: "未成年人",
        PriorityKind.UNRESOLVED: "重复未解决",
        PriorityKind.ENTERPRISE: "企业专席",
    }
)
