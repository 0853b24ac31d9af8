"""Ticket numbers and query codes.

A ticket number is 19 digits: region (6) + day YYMMDD in Shanghai time (6) + running number of that day (6) + check
digit, e.g. 410400 261123 000042 6. The check digit is ISO 7064 MOD 11,10: it finds every mistyped digit and nearly
every swapped pair, so a number that was read out wrongly is refused instead of finding a stranger's ticket.
"""

import secrets
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from app.platform.clock import to_shanghai
from app.platform.database import insert_ignore, table_of
from app.tickets.models import NumberCounter

TICKET_NUMBER_LENGTH = 19
QUERY_CODE_LENGTH = 8


def check_digit(digits: str) -> str:
    """The ISO 7064 MOD 11,10 check digit of a string of digits."""
    product = 10
    for digit in digits:
        total = (int(digit) + product) % 10 or 10
        product = (total * 2) % 11
    return str((11 - product) % 10)


def make_ticket_number(region_code: str, day: datetime, running_number: int) -> str:
    """Number of the day's n-th ticket; `day` is any moment of that day."""
    return number_of(day_key(region_code, day), running_number)


def number_of(key: str, running_number: int) -> str:
    """Number of the n-th ticket of this region and day (`day_key`)."""
    body = f"{key}{running_number:06}"
    return body + check_digit(body)


def is_ticket_number(text: str) -> bool:
    """Whether the text could be a ticket number: length and check digit fit."""
    if len(text) != TICKET_NUMBER_LENGTH or not (text.isascii() and text.isdigit()):
        return False
    return check_digit(text[:-1]) == text[-1]


def make_query_code() -> str:
    """Eight random digits that a citizen keys to ask for progress. A guess must also come from the caller's number."""
    return f"{secrets.randbelow(10**QUERY_CODE_LENGTH):0{QUERY_CODE_LENGTH}}"


def day_key(region_code: str, day: datetime) -> str:
    """Region and day as the counter's key: 410400261123."""
    return f"{region_code}{to_shanghai(day):%y%m%d}"


def draw_numbers(session: Session, region_code: str, now: datetime, count: int) -> list[str]:
    """The next `count` ticket numbers of today. Numbers of a transaction that fails are lost, never given twice."""
    key = day_key(region_code, now)
    session.execute(insert_ignore(session, NumberCounter).values(day=key, last=0))
    counters = table_of(NumberCounter)
    drawn = update(counters).where(counters.c.day == key).values(last=counters.c.last + count)
    last: int = session.execute(drawn.returning(counters.c.last)).scalar_one()
    return [make_ticket_number(region_code, now, n) for n in range(last - count + 1, last + 1)]


def draw_for_days(session: Session, counts: Mapping[str, int]) -> dict[str, list[str]]:
    """Day key → so many numbers of that day, drawn as `draw_numbers` does; few statements, however many days."""
    days = sorted(counts)  # whoever else draws for these days waits, and nobody crosswise
    counters = table_of(NumberCounter)
    session.execute(insert_ignore(session, NumberCounter), [{"day": day, "last": 0} for day in days])
    drawn = update(counters).where(counters.c.day == bindparam("of")).values(last=counters.c.last + bindparam("more"))
    session.connection().execute(drawn, [{"of": day, "more": counts[day]} for day in days])
    lasts = session.execute(select(counters.c.day, counters.c.last).where(counters.c.day.in_(days)))
    return {day: [number_of(day, n) for n in range(last - counts[day] + 1, last + 1)] for day, last in lasts}
