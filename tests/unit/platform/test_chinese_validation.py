"""People read what was wrong, beside the field's name, and never what was sent."""

from datetime import datetime
from typing import Annotated, Any, Literal

import pydantic_core
import pytest
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator

from app.platform.validation import FieldError, chinese_errors


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=2, max_length=4, pattern=r"^\w*$")] = "ab"
    age: Annotated[int, Field(ge=0, le=120)] = 1
    kind: Literal["a", "b"] = "a"
    at: AwareDatetime = datetime.fromisoformat("2026-11-23T00:00:00+08:00")
    items: Annotated[list[int], Field(max_length=2)] = []
    code: str = ""

    @field_validator("code")
    @classmethod
    def _code(cls, value: str) -> str:
        if value == "chinese":
            raise ValueError("分类代码不存在")
        if value == "english":
            raise ValueError("internal: table subjects")
        return value


def errors(data: dict[str, Any]) -> list[FieldError]:
    with pytest.raises(ValidationError) as refusal:
        Form.model_validate(data)
    return chinese_errors([dict(error) for error in refusal.value.errors()])


@pytest.mark.parametrize(
    ("data", "field", "message"),
    [
        ({"name": "a"}, "name", "至少 2 个字"),
        ({"name": "abcde"}, "name", "最多 4 个字"),
        ({"name": "a-b"}, "name", "格式不正确"),
        ({"name": 5}, "name", "应为文字"),
        ({"age": -1}, "age", "不能小于 0"),
        ({"age": 200}, "age", "不能大于 120"),
        ({"age": "x"}, "age", "应为整数"),
        ({"kind": "c"}, "kind", "不在可选范围内"),
        ({"at": "2026-11-23T00:00:00"}, "at", "时间须带时区"),
        ({"at": "soon"}, "at", "应为时间，如 2026-11-23T08:30:00+08:00"),
        ({"items": [1, 2, 3]}, "items", "最多 2 项"),
        ({"items": [1, "x"]}, "items.1", "应为整数"),
        ({"other": 1}, "other", "不认识的字段"),
        ({"code": "chinese"}, "code", "分类代码不存在"),
        ({"code": "english"}, "code", "格式不正确"),
    ],
)
def test_each_mistake_has_its_words(data: dict[str, Any], field: str, message: str) -> None:
    assert errors(data) == [FieldError(field, message)]


def test_the_place_of_the_input_is_not_part_of_the_name() -> None:
    error = {"type": "missing", "loc": ("body", "username"), "msg": "", "input": None}

    assert chinese_errors([error]) == [FieldError("username", "必填")]


@pytest.mark.parametrize("kind", sorted(pydantic_core.core_schema.ErrorType.__args__))
def test_every_mistake_that_pydantic_knows_has_chinese_words(kind: str) -> None:
    message = chinese_errors([{"type": kind, "loc": ("body", "x"), "msg": "english", "input": None, "ctx": {}}])[
        0
    ].message

    assert message
    assert not message.isascii()
