"""Values as people say them, read back through the words of the prompts, and against an independent library."""

import re
from datetime import date, time

import cn2an
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr_flows.prompts import load_prompts
from ivr_flows.say import KINDS, LANGUAGES, Unspeakable, spoken, words

PROMPTS = {language: load_prompts(language) for language in LANGUAGES}
UP_TO_A_HUNDRED_MILLION = st.integers(0, 10**8)


def chinese(kind: str, value: str) -> str:
    return "".join(PROMPTS["zh"][name].text for name in spoken(kind, value)).replace("（停顿）", " ")


def english(kind: str, value: str) -> str:
    return " ".join(PROMPTS["en"][name].text for name in spoken(kind, value, "en")).replace(" (pause)", ",")


@pytest.mark.parametrize(
    ("kind", "value", "said", "said_in_english"),
    [
        ("number", "105", "一百零五", "one hundred and five"),
        ("number", "21", "二十一", "twenty one"),
        ("number", "12", "十二", "twelve"),
        ("number", "112", "一百一十二", "one hundred and twelve"),
        ("number", "2", "二", "two"),
        ("number", "22222", "两万两千二百二十二", "twenty two thousand two hundred and twenty two"),
        ("number", "-7", "负七", "minus seven"),
        ("number", "100110000", "一亿零一十一万", "one hundred million one hundred and ten thousand"),
        ("count", "2", "两", "two"),
        ("count", "12", "十二", "twelve"),
        ("money", "10300.50", "一万零三百元五角", "ten thousand three hundred yuan and five jiao"),
        ("money", "3.05", "三元零五分", "three yuan and five fen"),
        ("money", "0.55", "五角五分", "fifty five fen"),
        ("money", "0", "零元", "zero yuan"),
        ("money", "2000", "两千元", "two thousand yuan"),
        ("date", "2026-12-01", "十二月一日", "December first"),
        ("date", "2026-02-22", "二月二十二日", "February twenty second"),
        ("date", "2024-02-29", "二月二十九日", "February twenty ninth"),
        ("time", "14:05", "下午两点零五分", "two oh five p.m."),
        ("time", "14:30", "下午两点半", "two thirty p.m."),
        ("time", "02:15", "凌晨两点十五分", "two fifteen a.m."),
        ("time", "12:00", "中午十二点", "twelve noon"),
        ("time", "00:00", "凌晨零点", "twelve midnight"),
        ("time", "22:10", "晚上十点十分", "ten ten p.m."),
        ("minutes", "2", "两分钟", "two minutes"),
        ("minutes", "1", "一分钟", "one minute"),
        ("minutes", "65", "一小时零五分钟", "one hour and five minutes"),
        ("minutes", "120", "两小时", "two hours"),
        ("phone", "13800138001", "幺三八 零零幺三 八零零幺",
         "one three eight, zero zero one three, eight zero zero one"),
        ("phone", "+86 138-0013-8001", "幺三八 零零幺三 八零零幺",
         "one three eight, zero zero one three, eight zero zero one"),
        ("phone", "138****5678", "尾号五六七八", "number ending in five six seven eight"),
        ("digits", "12345678", "幺二三四 五六七八", "one two three four, five six seven eight"),
        ("ticket_number", "4104022611230001237", "四幺零四零二 二六幺幺二三 零零零 幺二三七",
         "four one zero four zero two, two six one one two three, zero zero zero, one two three seven"),
    ],
)  # fmt: skip
def test_a_value_is_said_as_people_say_it(kind: str, value: str, said: str, said_in_english: str) -> None:
    assert chinese(kind, value) == said
    assert english(kind, value) == said_in_english


@given(UP_TO_A_HUNDRED_MILLION)
def test_chinese_numbers_are_those_of_cn2an_but_for_liang(value: int) -> None:
    assert chinese("number", str(value)).replace("两", "二") == cn2an.an2cn(value)


@given(st.integers(0, 10**12 - 1))
def test_liang_stands_only_where_people_say_it(value: int) -> None:
    said = chinese("number", str(value))

    assert not re.search("两([^千万亿]|$)", said)
    assert not re.search("(?<![十百千零])二(?=[千万亿])", said)


TEENS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
ENGLISH = {word: number for number, word in enumerate(TEENS)}
ENGLISH |= {word: 10 * tens for tens, word in enumerate(TENS, 2)}
SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9}


def understood(said: str) -> int:
    """What an English ear makes of it."""
    total = group = 0
    for word in said.replace(" and ", " ").split():
        if word == "hundred":
            group *= 100
        elif word in SCALES:
            total, group = total + group * SCALES[word], 0
        else:
            group += ENGLISH[word]
    return total + group


@given(st.integers(0, 10**12 - 1))
def test_english_numbers_are_understood_as_what_they_are(value: int) -> None:
    assert understood(english("number", str(value))) == value


@given(st.text("0123456789", min_size=1, max_size=40))
def test_figures_are_all_read_and_in_order(figures: str) -> None:
    said = chinese("digits", figures).replace(" ", "")

    assert said.translate(str.maketrans("零幺二三四五六七八九", "0123456789")) == figures


@given(st.integers(0, 10**12 - 1), st.dates(), st.times(), st.integers(0, 10**10))
def test_every_word_that_may_be_said_is_a_prompt_in_both_languages(
    number: int, day: date, clock: time, fen: int
) -> None:
    values = {"number": f"-{number}", "count": str(number), "minutes": str(number), "date": day.isoformat(),
              "time": f"{clock:%H:%M}", "money": f"{fen // 100}.{fen % 100:02}", "phone": "1**345", "digits": "019",
              "ticket_number": "4104022611230001237"}  # fmt: skip

    assert values.keys() == KINDS.keys()
    for language in LANGUAGES:
        for kind, value in values.items():
            assert words(language) >= {*spoken(kind, value, language)}
        assert words(language) <= PROMPTS[language].keys()


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("number", ""), ("number", "一"), ("number", "1.5"), ("number", "1" * 13), ("number", "٣"), ("count", "-1"),
        ("date", "2026-02-30"), ("date", "tomorrow"), ("time", "24:00"), ("time", "14:05:09"), ("money", "1.234"),
        ("money", "-1"), ("money", "NaN"), ("minutes", "-3"), ("digits", "12a"), ("phone", "张三"),
        ("phone", "138****"), ("digits", "1" * 41), ("length", "3"),
    ],
)  # fmt: skip
def test_what_is_no_such_value_is_not_said(kind: str, value: str) -> None:
    with pytest.raises(Unspeakable):
        spoken(kind, value)


@given(st.sampled_from(sorted(KINDS)), st.text(max_size=50))
def test_whatever_a_look_up_answers_nothing_but_unspeakable_is_raised(kind: str, value: str) -> None:
    try:
        said = spoken(kind, value)
    except Unspeakable:
        return
    assert said
