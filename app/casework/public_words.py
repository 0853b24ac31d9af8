"""What a public reply must not hold (domain.md §7): mobile numbers, citizens' ids, doors; what, and where. Pure."""

import re
import unicodedata
from dataclasses import dataclass

from app.contract.masks import mask_text

_MOBILE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)")
_CITIZEN_ID = re.compile(
    r"(?<!\d)[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?![\dXx])"
)
_N = r"[\d一二两三四五六七八九十百〇零]"
_DOOR = re.compile(
    rf"{_N}+\s*(?:号楼|号院|栋|幢|座)\s*(?:{_N}+\s*单元\s*{_N}{{2,5}}|{_N}{{2,5}}\s*[室号户房])\s*[室号户房]?"
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
    """Whether the eighteenth place is the check digit of the seventeen before (GB 11643-1999, ISO 7064 mod 11-2)."""
    total = sum(int(digit) * weight for digit, weight in zip(text[:17], _WEIGHTS, strict=True))
    return _CHECK_DIGITS[total % 11] == text[17].upper()


def find_private(text: str) -> list[Found]:
    """Everything private in the text, in its order. Full-width figures are read as others."""
    plain = "".join(_narrow(letter) for letter in text)
    found = [
        *(Found("手机号码", one.start() + 1, _hidden(one[0])) for one in _MOBILE.finditer(plain)),
        *(
            Found("身份证号码", one.start() + 1, mask_text(one[0]))
            for one in _CITIZEN_ID.finditer(plain)
            if is_citizen_id(one[0])
        ),
        *(Found("门牌号", one.start() + 1, one[0][0] + "***") for one in _DOOR.finditer(plain)),
    ]
    return sorted(found, key=lambda one: one.at)


def _narrow(letter: str) -> str:
    """The same letter in normal width; what would become longer stays, so that places stay true."""
    narrow = unicodedata.normalize("NFKC", letter)
    return narrow if len(narrow) == 1 else letter


def _hidden(number: str) -> str:
    digits = re.sub(r"\D", "", number)[-11:]
    return f"{digits[:3]}****{digits[-4:]}"
