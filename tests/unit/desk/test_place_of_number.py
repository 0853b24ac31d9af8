"""Where a number comes from, as far as it says."""

import pytest

from app.desk.place import describe_place


@pytest.mark.parametrize(
    ("number", "place"),
    [
        ("13837500000", "河南省平顶山市手机"),
        ("+8613837500000", "河南省平顶山市手机"),
        ("19900012345", "手机"),
        ("03752345678", "河南省平顶山市固话"),
        ("01012345678", "北京市固话"),
        ("0999", "外地固话"),
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
