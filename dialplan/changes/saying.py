"""One sentence of a change in both languages: English at the terminal, Chinese on pages, and a code for programs."""

import errno
from collections.abc import Sequence
from typing import NamedTuple

from dialplan.changes.sentences import SENTENCES

JOINED = 3
"""So many complaints are told in one sentence; the first is the one that matters."""
REASONS_ZH = {
    errno.ENOSPC: "磁盘已满",
    errno.EDQUOT: "磁盘配额已满",
    errno.EROFS: "文件系统只读",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.ENOENT: "文件不存在",
    errno.EIO: "磁盘读写出错",
}


class Saying(NamedTuple):
    """What is said, and what whoever reads it can do. `code` stays the same whatever the words are."""

    code: str
    text: str
    zh: str
    remedy: str = ""
    remedy_zh: str = ""

    def __str__(self) -> str:
        return self.text


class Said(Exception):
    """A change, or a question about one, ended here for a reason that a person can read."""

    def __init__(self, *sayings: Saying) -> None:
        self.saying = joined(sayings)
        super().__init__(self.saying.text)


def say(code: str, **values: object) -> Saying:
    """The sentence of this code with these values. Raises KeyError for a code or value that does not exist."""
    return Saying(code, *(words.format(**values) for words in SENTENCES[code]))


def joined(sayings: Sequence[Saying]) -> Saying:
    """Several as one, under the code of the first."""
    shown = sayings[:JOINED]
    return sayings[0]._replace(text="; ".join(one.text for one in shown), zh="；".join(one.zh for one in shown))


def because(code: str, why: Saying) -> Saying:
    """The sentence of this code about what another one says."""
    return say(code, why=why.text, why_zh=why.zh)


def reason_zh(error: OSError) -> str:
    """Why the operating system said no."""
    return REASONS_ZH.get(error.errno or 0, error.strerror or type(error).__name__)


def saying_of(error: BaseException) -> Saying:
    """What an exception says: its own sentence, what a full or closed disk says, or that nobody foresaw it."""
    saying = getattr(error, "saying", None)
    if isinstance(saying, Saying):
        return saying
    if isinstance(error, OSError) and error.filename:
        reason = error.strerror or type(error).__name__
        return say("storage", file=error.filename, reason=reason, reason_zh=reason_zh(error))
    return say("unexpected", kind=type(error).__name__, text=error)
