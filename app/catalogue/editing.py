"""Reference data that people edit: each change keeps who, when and what, and refuses to overwrite a colleague's."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue.models import DispatchRule, Exclusion, ReferenceChange, Region, Subject, Unit
from app.platform.clock import to_shanghai
from app.platform.errors import Conflict, HotlineError, NotFound, PreconditionFailed

Edited = TypeVar("Edited", Unit, Exclusion, DispatchRule, Subject, Region)

WORDS: Mapping[type, str] = {
    Unit: "承办单位", Exclusion: "不予受理情形", DispatchRule: "派单规则", Subject: "事项分类",
    Region: "区划",
}  # fmt: skip
_NAMED: Mapping[str, tuple[type, str]] = {
    "region_code": (Region, "没有这个区划"),
    "subject_code": (Subject, "没有这个事项分类"),
    "parent_code": (Unit, "没有这个上级单位"),
    "substitute_code": (Unit, "没有这个代管单位"),
    "lead_unit_code": (Unit, "没有这个主办单位"),
}


class EntryRefused(HotlineError):
    """A row of reference data that names what does not exist, or stands in a circle; `errors` names each field."""

    status = 422
    code = "entry-refused"
    title = "资料内容有误"

    def __init__(self, wrong: Mapping[str, str]) -> None:
        errors = [{"field": name, "message": message} for name, message in wrong.items()]
        super().__init__("；".join(wrong.values()), errors=errors)


class CodeTaken(Conflict):
    code = "code-taken"
    title = "编码已被使用"


def get_entry(session: Session, model: type[Edited], code: str, *, is_locked: bool = False) -> Edited:
    """The row of this code. Raises NotFound."""
    row = session.get(model, code, with_for_update=is_locked or None, populate_existing=is_locked)
    if row is None:
        raise NotFound(f"没有这条{WORDS[model]}：{code}")
    return row


def create_entry(
    session: Session, model: type[Edited], code: str, values: Mapping[str, Any], *, actor: str, now: datetime
) -> Edited:
    """A new row. Raises CodeTaken, EntryRefused."""
    if session.get(model, code) is not None:
        raise CodeTaken(f"编码 {code} 已被使用")
    row = model(code=code, version=1, **values)
    _check(session, row, values)
    _wait_for_first_day(row, now)
    session.add(row)
    _note(session, row, {name: [None, value] for name, value in values.items()}, actor=actor, now=now)
    return row


def edit_entry(
    session: Session,
    model: type[Edited],
    code: str,
    values: Mapping[str, Any],
    *,
    version: int,
    actor: str,
    now: datetime,
) -> Edited:
    """Change some fields of the row as it was read in `version`. Raises NotFound, PreconditionFailed, EntryRefused."""
    row = get_entry(session, model, code, is_locked=True)
    if version != row.version:
        last = history(session, model, code)[-1:]
        told = "".join(f"{e.actor} 于 {to_shanghai(e.at):%m-%d %H:%M} 修改过，请刷新后再改" for e in last)
        raise PreconditionFailed(told, current_version=row.version)
    changed = {name: [getattr(row, name), value] for name, value in values.items() if getattr(row, name) != value}
    if changed:
        for name, (_, value) in changed.items():
            setattr(row, name, value)
        _check(session, row, values)
        _wait_for_first_day(row, now)
        row.version += 1
        _note(session, row, changed, actor=actor, now=now)
    return row


def history(session: Session, model: type[Edited], code: str) -> list[ReferenceChange]:
    """Every change of a row, the oldest first; what a file brought has none."""
    query = select(ReferenceChange).where(
        ReferenceChange.table_name == model.__tablename__, ReferenceChange.key == code
    )
    return list(session.scalars(query.order_by(ReferenceChange.id)))


def _note(session: Session, row: Edited, changed: Mapping[str, list[Any]], *, actor: str, now: datetime) -> None:
    kept = {name: [_plain(before), _plain(after)] for name, (before, after) in changed.items()}
    session.add(
        ReferenceChange(
            at=now, actor=actor, table_name=row.__tablename__, key=row.code, changes=kept, version=row.version
        )
    )
    session.flush()


def _wait_for_first_day(row: Edited, now: datetime) -> None:
    """What holds from a later day on is switched on by that day (`jobs.keep_validity`), not by whoever enters it."""
    if (
        not isinstance(row, DispatchRule | Region)
        and row.valid_from is not None
        and row.valid_from > to_shanghai(now).date()
    ):
        row.is_active = False


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _check(session: Session, row: Edited, values: Mapping[str, Any]) -> None:
    wrong = {}
    with session.no_autoflush:
        for name, (model, message) in _NAMED.items():
            if values.get(name) is not None and session.get(_named_by(row, name, model), values[name]) is None:
                wrong[name] = message
        if not isinstance(row, Region) and row.valid_from and row.valid_until and row.valid_until < row.valid_from:
            wrong["valid_until"] = "失效日期不能早于生效日期"
        for code in str(values.get("supporting_unit_codes") or "").split():
            if session.get(Unit, code) is None:
                wrong["supporting_unit_codes"] = f"没有承办单位 {code}"
        for name in ("parent_code", "substitute_code"):
            if (
                isinstance(row, Unit)
                and name in values
                and name not in wrong
                and _stands_in_a_circle(session, row, name)
            ):
                wrong[name] = "上下级或代管关系不能成环"
    if wrong:
        raise EntryRefused(wrong)


def _named_by(row: Edited, name: str, model: type) -> Any:
    """The table that a field names a row of: a subject's parent is a subject, a region's a region."""
    return type(row) if isinstance(row, Subject | Region) and name == "parent_code" else model


def _stands_in_a_circle(session: Session, row: Unit, name: str) -> bool:
    code, seen = getattr(row, name), {row.code}
    while code is not None:
        if code in seen:
            return True
        seen.add(code)
        above = session.get(Unit, code)
        code = getattr(above, name) if above else None
    return False
