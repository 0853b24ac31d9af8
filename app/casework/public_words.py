"""What a public reply must not hold (domain.md §7): mobile numbers, citizens' ids, doors, and the number of who asked.

However they are spelled: what, and where. Offices' landlines may stand there. Pure.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from app.contract.masks import mask_citizen_ids, mask_number

_BETWEEN = r"[\s\-._·\u2010-\u2015\u200b-\u200d\u2060\ufeff]{0,2}"
"""What people put between figures."""
_MOBILE = re.compile(rf"(?<!\d)(?:\+?86{_BETWEEN})?1{_BETWEEN}[3-9](?:{_BETWEEN}\d){{9}}(?!\d)")
_CITIZEN_ID = re.compile(rf"(?<!\d)[1-9](?:{_BETWEEN}\d){{16}}{_BETWEEN}[\dXx](?![\dXx])")
_BORN = re.compile(r"\d{6}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]")
_FIGURES = dict(zip(map(ord, "〇零一二三四五六七八九幺壹贰叁肆伍陆柒捌玖"), "001234567891123456789", strict=True))
_LEAST_OWN = 7
"""Digits of a number that is looked for: shorter ones are public."""
_N = r"[\d一二两三四五六七八九十百〇零壹贰叁肆伍陆柒捌玖拾]"
_DOOR = re.compile(
    rf"{_N}+\s*(?:号楼|号院|栋|幢|座|#楼?)\s*(?:{_N}+\s*单元\s*{_N}{{2,5}}|{_N}{{2,5}}\s*[室号户房])\s*[室号户房]?"
    rf"|{_N}+\s*单元\s*{_N}{{2,5}}\s*[室号户房]?"
    r"|(?<![\d-])\d{1,3}-\d{1,2}-\d{3,4}(?![\d-])"
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"


@dataclass(frozen=True)
class Found:
    """One thing: what it is, at which character it begins (from 1), and the words with their middle hidden."""

    kind: str
    at: int
    shown: str

    def __str__(self) -> str:
        return f"{self.kind}“{self.shown}”（第{self.at}个字起）"


def is_citizen_id(text: str) -> bool:
    """Whether it holds a day of birth, and the eighteenth place is the check digit of the seventeen before
    (GB 11643-1999, ISO 7064 mod 11-2).
    """
    if not _BORN.fullmatch(text):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text[:17], _WEIGHTS, strict=True))
    return _CHECK_DIGITS[total % 11] == text[17].upper()


def find_private(text: str, own: Iterable[str] = ()) -> list[Found]:
    """Everything private in the text, in its order; `own` are numbers of who asked. Full-width figures and Chinese ones
    are read as others, whatever stands between them.
    """
    plain = "".join(_narrow(letter) for letter in text)
    figures = plain.translate(_FIGURES)
    ids = [one for one in _CITIZEN_ID.finditer(figures) if is_citizen_id(_digits(one[0]))]
    spans = [range(one.start(), one.end()) for one in ids]
    found = {
        one.start(): Found("诉求人号码", one.start() + 1, mask_number(number))
        for number in own
        for one in _spelled(number).finditer(figures)
    }
    for one in _MOBILE.finditer(figures):
        if not any(one.start() in span for span in spans):
            found[one.start()] = Found("手机号码", one.start() + 1, mask_number(_digits(one[0])[-11:]))
    for one in ids:
        found[one.start()] = Found("身份证号码", one.start() + 1, mask_citizen_ids(_digits(one[0])))
    doors = [Found("门牌号", one.start() + 1, one[0][0] + "***") for one in _DOOR.finditer(plain)]
    return sorted([*found.values(), *doors], key=lambda one: one.at)


def _digits(text: str) -> str:
    return re.sub(r"[^\dXx]", "", text)


def _spelled(number: str) -> re.Pattern[str]:
    """The number with or without its area code, and whatever people put between its figures."""
    digits = re.sub(r"\D", "", number)
    core = digits[4 if len(digits) == 11 else 3 :] if digits.startswith("0") else digits
    if len(core) < _LEAST_OWN:
        return re.compile(r"(?!)")
    area = _BETWEEN.join(digits[: -len(core)]) if core != digits else ""
    return re.compile(rf"(?<!\d)(?:{area}{_BETWEEN})?{_BETWEEN.join(core)}(?!\d)")


def _narrow(letter: str) -> str:
    """The same letter in normal width; what would become longer stays, so that places stay true."""
    narrow = unicodedata.normalize("NFKC", letter)
    return narrow if len(narrow) == 1 else letter
