"""Where a number comes from, as far as it says."""

import pytest

from app.desk.place import describe_place


@pytest.mark.parametrize(
    ("number", "place"),
    [
        ("13812345678", "手机号码"),
        ("03752345678", "河南平顶山固话"),
        ("01012345678", "北京固话"),
        ("08912345678", "外地固话"),
        ("2345678", "本地固话"),
        ("+14155550123", "境外号码"),
        ("0014155550123", "境外号码"),
        ("12345", ""),
        ("anonymous", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_a_number_says_where_it_comes_from_and_nothing_it_does_not_know(number: str | None, place: str) -> None:
    assert describe_place(number) == place
