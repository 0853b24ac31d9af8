"""The kinds of reference data and the fields of their forms: one table, read by the pages."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel
from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.catalogue.editing import create_entry, edit_entry
from app.catalogue.models import DispatchRule, Exclusion, Region, RuleStatus, Subject, Unit, UnitKind
from app.catalogue.regions import TOWNSHIP, VILLAGE, create_region, edit_region
from app.catalogue.schemas import (
    ExclusionChanges,
    ExclusionIn,
    RegionChanges,
    RegionIn,
    RuleChanges,
    RuleIn,
    SubjectChanges,
    SubjectIn,
    UnitChanges,
    UnitIn,
)
from app.catalogue.subjects import create_subject, edit_subject

UNIT_KINDS = {
    UnitKind.PLATFORM: "热线工作机构", UnitKind.GOVERNMENT: "政府", UnitKind.DEPARTMENT: "部门",
    UnitKind.UTILITY: "公用企业", UnitKind.RESIDENT: "驻市单位", UnitKind.TOWNSHIP: "乡镇街道",
}  # fmt: skip
RULE_STATUSES = {RuleStatus.ACTIVE: "执行中", RuleStatus.CANDIDATE: "候选", RuleStatus.RETIRED: "已停用"}
LEVELS = {"1": "省", "2": "市", "3": "县（市、区）", "4": "乡镇街道", "5": "村（社区）"}

FIXED: Mapping[str, Mapping[str, str]] = {
    "levels": LEVELS,
    "kinds": {str(code): words for code, words in UNIT_KINDS.items()},
    "statuses": {str(code): words for code, words in RULE_STATUSES.items()},
}
_OWN_WAYS: Mapping[Any, tuple[Callable[..., Any], Callable[..., Any]]] = {
    Subject: (create_subject, edit_subject),
    Region: (create_region, edit_region),
}
"""Tables of which some columns follow from others: how a row is made and changed."""


@dataclass(frozen=True)
class Field:
    """One field. `kind`: text, long, choice, check, date, units."""

    name: str
    label: str
    kind: str = "text"
    choices: str = ""
    is_required: bool = False
    may_change: bool = True
    hint: str = ""
    default: Any = ""
    most: int = 60


@dataclass(frozen=True)
class Kind:
    """One table that people edit."""

    name: str
    label: str
    model: Any
    new: type[BaseModel]
    changes: type[BaseModel]
    fields: Sequence[Field]
    searched: Sequence[InstrumentedAttribute[Any]]
    columns: Sequence[str] = field(default=())
    """Names of the fields that the list shows."""

    def create(self, session: Session, code: str, values: Mapping[str, Any], *, actor: str, now: datetime) -> Any:
        """A new row. Raises CodeTaken, EntryRefused."""
        if self.model in _OWN_WAYS:
            return _OWN_WAYS[self.model][0](session, code, values, actor=actor, now=now)
        return create_entry(session, self.model, code, values, actor=actor, now=now)

    def edit(
        self, session: Session, code: str, values: Mapping[str, Any], *, version: int, actor: str, now: datetime
    ) -> Any:
        """Change a row. Raises NotFound, PreconditionFailed, EntryRefused."""
        if self.model in _OWN_WAYS:
            return _OWN_WAYS[self.model][1](session, code, values, version=version, actor=actor, now=now)
        return edit_entry(session, self.model, code, values, version=version, actor=actor, now=now)


_CODE = Field("code", "编码", is_required=True, may_change=False, most=40, hint="小写字母、数字和短横线；保存后不能改")
_VALIDITY = (
    Field("valid_from", "生效日期", "date", hint="到这一天自动启用；不填为即时"),
    Field("valid_until", "失效日期", "date", hint="过了这一天自动停用；不填为长期"),
)
_ACTIVE = Field("is_active", "启用", "check", default=True)

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "units", "承办单位", Unit, UnitIn, UnitChanges,
            (
                _CODE, Field("name", "名称", is_required=True),
                Field("level", "层级", "choice", "levels", is_required=True, default=3),
                Field("kind", "性质", "choice", "kinds", is_required=True),
                Field("region_code", "所在区域", "choice", "regions", is_required=True),
                Field("parent_code", "上级单位", "choice", "units", hint="反映本单位的事项由上级承办"),
                Field("substitute_code", "代管单位", "choice", "units", hint="停用期间由它承办"),
                Field("duty_phone", "值班室电话", most=20, hint="特急事项立即通知"),
                Field("contact_name", "联络员", most=40), Field("contact_phone", "联络员电话", most=20),
                _ACTIVE, *_VALIDITY,
            ),
            (Unit.name,), ("name", "level", "kind", "parent_code", "duty_phone", "is_active"),
        ),
        Kind(
            "subjects", "事项分类", Subject, SubjectIn, SubjectChanges,
            (
                Field("code", "编码", is_required=True, may_change=False, most=6, hint="六位数字，保存后不能改"),
                Field("name", "名称", is_required=True), _ACTIVE, *_VALIDITY,
            ),
            (Subject.full_name,), ("full_name", "is_active"),
        ),
        Kind(
            "regions", "区划", Region, RegionIn, RegionChanges,
            (
                Field("code", "编码", is_required=True, may_change=False, most=12,
                      hint="六位、九位（乡镇街道）或十二位（村、社区）数字，保存后不能改"),
                Field("name", "名称", is_required=True),
                Field("parent_code", "上级区划", "choice", "regions", hint="省直管县（市）可改为直属省"),
            ),
            (Region.full_name,), ("full_name", "parent_code"),
        ),
        Kind(
            "exclusions", "不予受理情形", Exclusion, ExclusionIn, ExclusionChanges,
            (
                _CODE, Field("name", "名称", is_required=True),
                Field("channel", "正确渠道", is_required=True, most=200),
                Field("script", "告知用语", "long", is_required=True, most=400, hint="话务员照此告知诉求人"),
                Field("source", "依据", most=100), _ACTIVE, *_VALIDITY,
            ),
            (Exclusion.name, Exclusion.channel), ("name", "channel", "is_active"),
        ),
        Kind(
            "rules", "派单规则", DispatchRule, RuleIn, RuleChanges,
            (
                _CODE, Field("subject_code", "事项", "choice", "subjects", hint="含其下各类；不选为所有事项"),
                Field("region_code", "区域", "choice", "regions", hint="含其下各级；不选为全市"),
                Field("lead_unit_code", "主办单位", "choice", "units", is_required=True),
                Field("supporting_unit_codes", "协办单位", "units", "units"),
                Field("overrides_territory", "优先于属地", "check"),
                Field("not_to_grass_roots", "不下压基层", "check"),
                Field("priority", "优先级", default="0", most=4, hint="同样精确的规则，数字大的先用"),
                Field("status", "状态", "choice", "statuses", is_required=True, default="active"),
                Field("note", "说明", most=200), *_VALIDITY,
            ),
            (DispatchRule.note,), ("subject_code", "region_code", "lead_unit_code", "status", "note"),
        ),
    )
}  # fmt: skip


def choices_of(session: Session, kind: Kind, one: Field) -> list[tuple[str, str]]:
    """What may be chosen: code and words."""
    if one.choices in FIXED:
        return list(FIXED[one.choices].items())
    if one.choices == "units":
        return [(u.code, u.name) for u in session.scalars(select(Unit).order_by(Unit.level, Unit.code))]
    if one.choices == "regions":
        deepest = TOWNSHIP if kind.model is Unit else VILLAGE
        found = session.scalars(select(Region).where(Region.level <= deepest).order_by(Region.code))
        return [(region.code, region.full_name) for region in found]
    if one.choices == "subjects":
        return [(s.code, s.full_name) for s in session.scalars(select(Subject).order_by(Subject.code))]
    return []


def read_values(kind: Kind, given: Mapping[str, str], *, is_new: bool) -> dict[str, Any]:
    """The form's values, checked. Raises ValidationError."""
    values: dict[str, Any] = {}
    for one in kind.fields:
        text = given.get(one.name, "").strip()
        if one.kind == "check":
            values[one.name] = text == "true"
        elif one.kind == "date" or (one.kind == "choice" and not one.is_required):
            values[one.name] = text or None
        elif is_new or one.may_change:
            values[one.name] = text
    if not is_new:
        values.pop("code", None)
    schema = kind.new if is_new else kind.changes
    return schema.model_validate(values).model_dump(exclude_unset=True)


def shown_values(session: Session, kind: Kind, row: Any) -> list[tuple[str, str]]:
    """Label and words of the fields that the list shows."""
    fields = {one.name: one for one in kind.fields}
    return [
        (fields[name].label if name in fields else "名称", _words(session, fields.get(name), getattr(row, name)))
        for name in kind.columns
    ]


def tell_change(session: Session, one: Field, pair: Sequence[Any]) -> tuple[str, str]:
    """Before and after, as people read them."""
    return _words(session, one, pair[0]), _words(session, one, pair[1])


def _words(session: Session, one: Field | None, value: Any) -> str:
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return "是" if value else "否"
    if one is not None and one.choices in FIXED:
        return FIXED[one.choices].get(str(value), str(value))
    tables: dict[str, Any] = {"units": Unit, "regions": Region, "subjects": Subject}
    if one is not None and one.choices in tables:
        rows = (session.get(tables[one.choices], code) for code in str(value).split())
        return "、".join(row.name for row in rows if row is not None) or str(value)
    return str(value)
