"""How long each class of data is kept (PIPL art. 19): the years are data, what a class consists of stands here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import ColumnElement, and_

from app.broadcasts.models import IncidentFollower
from app.callbacks.models import Callback, CallbackTry
from app.callers.models import PriorityCaller
from app.calls.models import CallEventRow, MissedCall, ScreenPop
from app.contract.env import PROJECT
from app.platform.database import Base, table_of
from app.platform.errors import HotlineError

SHIPPED = PROJECT / "sql" / "reference" / "retention.yaml"
OWN = Path("retention.yaml")
"""Below the home folder; in place of the shipped one."""
YEAR = timedelta(days=365.25)
LEAST = timedelta(days=30)
"""A slip of the pen deletes nothing younger."""
KEPT_FOR_GOOD = frozenset({"tickets", "audit_log"})
OF_FILES = frozenset({"recordings", "materials", "journals"})


class RetentionFault(HotlineError):
    """The file of classes cannot be used; the detail says why."""

    status = 503
    code = "retention-fault"
    title = "保存期限文件无法使用，请联系运维人员"


class DataClass(BaseModel):
    """One class of data and how long it is kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    code: str
    name: str = Field(min_length=2, max_length=40)
    years: float | None = Field(default=None, gt=0, le=100)
    days: int | None = Field(default=None, gt=0, le=36_500)
    basis: str = Field(min_length=2, max_length=200)

    @property
    def keeps(self) -> timedelta | None:
        """None: for good."""
        if self.years is not None:
            return YEAR * self.years
        return timedelta(days=self.days) if self.days is not None else None


@dataclass(frozen=True)
class Expiring:
    """The rows of a class: by which moment they grow old, which of them, and tables whose rows go before them."""

    model: type[Base]
    moment: str
    is_over: str = ""
    """A column that is set once the matter is over; empty: it always is."""
    children: tuple[tuple[type[Base], str], ...] = ()

    def condition(self, before: datetime) -> ColumnElement[bool]:
        """Rows that are older."""
        columns = table_of(self.model).columns
        old = columns[self.moment] < before
        return and_(old, columns[self.is_over].is_not(None)) if self.is_over else old


ROWS: Mapping[str, Expiring] = MappingProxyType(
    {
        "call_facts": Expiring(CallEventRow, "occurred_at"),
        "missed_calls": Expiring(MissedCall, "last_missed_at", "resolved_at"),
        "callbacks": Expiring(Callback, "requested_at", "settled_at", ((CallbackTry, "callback_id"),)),
        "priority_flags": Expiring(PriorityCaller, "set_at", "cleared_at"),
        "followers": Expiring(IncidentFollower, "followed_at", "told_at"),
        "screen_pops": Expiring(ScreenPop, "created_at"),
    }
)
"""Classes of rows. Those of files are in `deleting.py`."""


def load_classes(home: Path) -> list[DataClass]:
    """The classes in force. RetentionFault: unknown, missing or twice, or kept for too short a time."""
    file = home / OWN if (home / OWN).exists() else SHIPPED
    try:
        told = yaml.safe_load(file.read_text(encoding="utf-8"))
        classes = [DataClass.model_validate(row) for row in told["classes"]]
    except (OSError, yaml.YAMLError, ValidationError, KeyError, TypeError) as error:
        raise RetentionFault(f"{file}: {error}") from error
    codes = [one.code for one in classes]
    known = KEPT_FOR_GOOD | OF_FILES | ROWS.keys()
    if set(codes) != known or len(codes) != len(known):
        raise RetentionFault(f"{file}: the classes are {', '.join(sorted(known))}, each once")
    for one in classes:
        if one.code in KEPT_FOR_GOOD and one.keeps is not None:
            raise RetentionFault(f"{file}: {one.code} is kept for good")
        if one.keeps is not None and one.keeps < LEAST:
            raise RetentionFault(f"{file}: {one.code} is kept for less than {LEAST.days} days")
    return classes
