"""A person's number is found however it is written, and never inside a longer one."""

import pytest

from app.privacy.traces import pattern_of


@pytest.mark.parametrize(
    "text", ["13812345678", "请回电13812345678。", "+8613812345678", "013812345678", "8613812345678"]
)
def test_a_mobile_is_found_with_every_prefix(text: str) -> None:
    assert pattern_of("13812345678").sub("X", text) in {"X", "请回电X。"}


@pytest.mark.parametrize("text", ["138123456789", "913812345678", "4104001381234567800", "1381234567"])
def test_a_longer_or_other_number_is_left_alone(text: str) -> None:
    assert pattern_of("13812345678").sub("X", text) == text


def test_a_landline_is_found_with_and_without_its_zero() -> None:
    assert pattern_of("03752345678").sub("X", "03752345678、+863752345678、3752345678") == "X、X、X"
