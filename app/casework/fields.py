"""The fields of a move's form, for pages and programs: read from the form itself, so they never differ from it."""

import types
from collections.abc import Container, Mapping
from datetime import date
from enum import StrEnum
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, Field

from app.casework.forms import FORMS, WORDS, Form
from app.catalogue.models import Unit


class FormField(BaseModel):
    """One field of a move's form."""

    name: str
    label: str
    kind: str = Field(description="text, long, date, choice, check, unit, units or exclusion")
    is_required: bool
    choices: dict[str, str] = Field(default={}, description="code → words, of a choice")


def fields_of(verb: str) -> list[FormField]:
    """What the form of this verb asks for, in order."""
    form = FORMS.get(verb, Form)
    return [_field(name, info) for name, info in form.model_fields.items()]


def words_of(form: Form, units: Mapping[str, Unit], *, leave_out: Container[str] = ()) -> dict[str, str]:
    """What a form says, as people read it in the history: label → words."""
    told = {}
    for name, info in type(form).model_fields.items():
        value = getattr(form, name)
        if name not in leave_out and value not in (None, "", [], False):
            told[info.title or name] = _words(value, _kind(info)[0], units)
    return told


def _words(value: Any, kind: str, units: Mapping[str, Unit]) -> str:
    if isinstance(value, StrEnum):
        return WORDS[type(value)][value]
    if kind in {"unit", "units"}:
        return "、".join(units[code].name if code in units else code for code in ([value] if kind == "unit" else value))
    return "是" if value is True else str(value)


def _field(name: str, info: Any) -> FormField:
    kind, choices = _kind(info)
    is_required = info.is_required() or kind == "check"
    return FormField(name=name, label=info.title or name, kind=kind, is_required=is_required, choices=choices)


def _kind(info: Any) -> tuple[str, dict[str, str]]:
    extra = info.json_schema_extra or {}
    plain = _plain(info.annotation)
    if isinstance(plain, type) and issubclass(plain, StrEnum):
        return "choice", WORDS[plain]
    if plain is bool:
        return "check", {}
    if plain is date:
        return "date", {}
    if get_origin(plain) is list:
        return "units", {}
    if "list" in extra:
        return {"units": "unit", "exclusions": "exclusion"}[extra["list"]], {}
    return ("long" if extra.get("is_long") else "text"), {}


def _plain(annotation: Any) -> Any:
    """`X | None` → X."""
    if get_origin(annotation) in {Union, types.UnionType}:
        return next(arg for arg in get_args(annotation) if arg is not type(None))
    return annotation
