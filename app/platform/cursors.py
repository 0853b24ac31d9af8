"""Page cursors: where the next page of a list starts. Opaque to clients."""

import base64
from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from app.platform.errors import HotlineError

T = TypeVar("T")

MAX_ID = 2**63 - 1


class CursorRefused(HotlineError):
    """A page cursor that we did not give out."""

    status = 422
    code = "bad-cursor"
    title = "翻页标记无效，请从第一页开始"


def make_cursor(key: str, row_id: int) -> str:
    """After the row of this sort key and id."""
    return base64.urlsafe_b64encode(f"{key}|{row_id}".encode()).decode().rstrip("=")


def read_cursor(cursor: str, parse: Callable[[str], T]) -> tuple[T, int]:
    """The sort key (read by `parse`) and the id. Raises CursorRefused for anything that is not ours."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        key, _, number = text.rpartition("|")
        row_id = int(number)
        value = parse(key)
    except (ValueError, UnicodeError) as error:
        raise CursorRefused() from error
    if not 0 <= row_id <= MAX_ID:
        raise CursorRefused()
    return value, row_id


def read_moment(text: str) -> datetime:
    """For `parse`: a moment with its time zone. ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone")
    return moment
