"""Nobody's number is shown or logged whole."""

import pytest

from app.contract.masks import mask_number, mask_text


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (None, ""),
        ("", ""),
        ("13812345678", "138****5678"),
        ("+8613812345678", "+86138****5678"),
        ("8613812345678", "86138****5678"),
        ("037166661234", "0371****1234"),
        ("01066661234", "010****1234"),
        ("66661234", "66****34"),
        ("12345", "12345"),
        ("110", "110"),
        ("8001", "8001"),
        ("100086", "100086"),
        ("张三", "**"),
        ("anonymous", "an*****us"),
        ("${EXTEN}", "${****N}"),
    ],
)
def test_a_number_loses_its_middle(number: str | None, shown: str) -> None:
    assert mask_number(number) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("市民13812345678来电", "市民138****5678来电"),
        ("call from +8613812345678 now", "call from +86138****5678 now"),
        ("座机0371-66661234。", "座机0371-****1234。"),
        ("身份证410402199001011234", "身份证410402********1234"),
        ("身份证41040219900101123X", "身份证410402********123X"),
    ],
)
def test_numbers_inside_text_are_masked(text: str, shown: str) -> None:
    assert mask_text(text) == shown


@pytest.mark.parametrize(
    "text", ["node1-1763865600.12", "2026-11-23T02:35:10.123456Z", "4104002611230001", "12345", "queue general"]
)
def test_ids_and_times_stay_readable(text: str) -> None:
    assert mask_text(text) == text
