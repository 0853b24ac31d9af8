"""What to do about a process that does not come up: told from what it says itself, never guessed. Pure."""

import re

SCHEMA_IS_OLD = "the database has another schema than this release needs"
DATABASE_IS_DOWN = "the database does not answer"

UPGRADE = "run `hotline db upgrade`"
REACH_DATABASE = "start the database, or correct HOTLINE_DATABASE_URL"
CAUSES = (
    (
        r"ModuleNotFoundError|ImportError|PackageNotFoundError",
        "a Python package is missing or is of another version: remove .venv/.installed and run `make setup`",
    ),
    (r"[Aa]ddress already in use|EADDRINUSE", "its port is taken: `hotline doctor` says by whom"),
    (
        r"validation errors? for \w*Settings",
        "a setting is missing or wrong: `hotline setup` makes those that are missing",
    ),
    (r"no such (table|column)|Undefined(Table|Column)", UPGRADE),
    (r"JournalLocked|is written by another process", "an earlier one still runs: `hotline down`, then `hotline up`"),
    (r"No space left on device", "the disk is full: make room"),
    (r"unable to open database file|OperationalError", REACH_DATABASE),
    (
        r"PermissionError|Permission denied",
        "it may not read or write its files: start the stack as the user who set it up",
    ),
)
"""What a process that ended wrote → what to do. The first that is found counts: a cause stands above its effects."""
PROBLEMS = (
    (SCHEMA_IS_OLD, UPGRADE),
    (DATABASE_IS_DOWN, REACH_DATABASE),
    ("not connected to Asterisk", "it needs Asterisk's manager interface: see asterisk.log too"),
    ("AuthenticationError", "another Redis holds the port: `hotline doctor` says which"),
)
"""What a process that runs answers → what to do."""
ENDED = {
    "asterisk": "`hotline dialplan check` and `hotline doctor` say what is wrong",
    "worker": "its log says why; it needs Redis: see redis.log too",
}
ENDED_OTHERWISE = "its log says why; `hotline doctor` looks at the rest"
SLOW = "it runs and does not answer yet: the machine may be busy. `hotline status` says when it is ready"


def advise(name: str, *, problem: str, log: str, has_ended: bool) -> str:
    """`problem`: what is wrong now; `log`: the end of its log; `has_ended`: it ended by itself since it was started.

    A process that never ended has nothing in its log that matters: the errors there are of an earlier day.
    """
    if has_ended:
        known = (advice for pattern, advice in CAUSES if re.search(pattern, log))
        return next(known, ENDED.get(name, ENDED_OTHERWISE))
    return next((advice for part, advice in PROBLEMS if part in problem), SLOW)
