"""What was wrong with the input, in Chinese, field by field: for problem details and for forms alike."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

_MESSAGES: dict[str, str] = {
    "missing": "必填",
    "extra_forbidden": "不认识的字段",
    "string_type": "应为文字",
    "string_too_short": "至少 {min_length} 个字",
    "string_too_long": "最多 {max_length} 个字",
    "string_pattern_mismatch": "格式不正确",
    "enum": "不在可选范围内",
    "literal_error": "不在可选范围内",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "int_from_float": "应为整数",
    "int_parsing_size": "数字过大",
    "float_parsing": "应为数字",
    "bool_type": "应为是或否",
    "bool_parsing": "应为是或否",
    "greater_than": "应大于 {gt}",
    "greater_than_equal": "不能小于 {ge}",
    "less_than": "应小于 {lt}",
    "less_than_equal": "不能大于 {le}",
    "too_short": "至少 {min_length} 项",
    "too_long": "最多 {max_length} 项",
    "list_type": "应为列表",
    "dict_type": "应为对象",
    "model_type": "应为对象",
    "model_attributes_type": "应为对象",
    "date_type": "应为日期",
    "date_parsing": "应为日期，如 2026-11-23",
    "date_from_datetime_parsing": "应为日期，如 2026-11-23",
    "datetime_type": "应为时间",
    "datetime_parsing": "应为时间，如 2026-11-23T08:30:00+08:00",
    "datetime_from_date_parsing": "应为时间，如 2026-11-23T08:30:00+08:00",
    "timezone_aware": "时间须带时区",
    "json_invalid": "不是有效的 JSON",
    "union_tag_invalid": "不认识的类型",
    "union_tag_not_found": "缺少类型",
}
_PLACES = frozenset({"body", "query", "path", "header", "cookie"})


class FieldError(NamedTuple):
    """`field` is a dotted path (`events.0.type`), empty when the whole input is meant."""

    field: str
    message: str


def chinese_errors(errors: Iterable[Mapping[str, Any]]) -> list[FieldError]:
    """Pydantic's or FastAPI's errors as people read them; what was sent is not repeated."""
    return [FieldError(_field(error["loc"], error["type"]), _message(error)) for error in errors]


def _field(location: Sequence[int | str], kind: str) -> str:
    parts = location[1:] if location and location[0] in _PLACES else location
    return "" if kind == "json_invalid" else ".".join(str(part) for part in parts)


def _message(error: Mapping[str, Any]) -> str:
    context: Mapping[str, Any] = error.get("ctx") or {}
    if error["type"] == "value_error":  # our own validators say it in Chinese
        text = str(context.get("error", ""))
        return text if text and not text.isascii() else "格式不正确"
    try:
        return _MESSAGES.get(error["type"], "格式不正确").format(**context)
    except KeyError:
        return "格式不正确"
