"""What `hotline up` advises follows from what the process said, not from its name."""

import pytest

from app.cli.advice import DATABASE_IS_DOWN, ENDED_OTHERWISE, SCHEMA_IS_OLD, SLOW, advise


@pytest.mark.parametrize(
    ("log", "said"),
    [
        ("Traceback …\nModuleNotFoundError: No module named 'orjson'", "make setup"),
        ('{"event": "app_failed", "exception": "ImportError: cannot import name \'x\'"}', "make setup"),
        ("[Errno 98] error while attempting to bind on address ('127.0.0.1', 8012): address already in use", "port"),
        ("pydantic_core.ValidationError: 1 validation error for Settings\nsession_secret\n  Field required", "setting"),
        ("sqlalchemy.exc.OperationalError: no such column: tickets.new", "db upgrade"),
        ("sqlalchemy.exc.OperationalError: connection refused", "HOTLINE_DATABASE_URL"),
        ("app.contract.journal.JournalLocked: /x is written by another process", "hotline down"),
        ("OSError: [Errno 28] No space left on device", "make room"),
        ("PermissionError: [Errno 13] Permission denied: '/x'", "user who set it up"),
        ("the reason why", ENDED_OTHERWISE),
    ],
)
def test_a_process_that_ended_is_mended_by_what_it_wrote_last(log: str, said: str) -> None:
    assert said in advise("web", problem="BACKOFF Exited too quickly", log=log, has_ended=True)


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        ("ConnectError: connection refused", SLOW),
        ("ReadTimeout: timed out", SLOW),
        (f"{SCHEMA_IS_OLD}: it is at 0009", "db upgrade"),
        (DATABASE_IS_DOWN, "HOTLINE_DATABASE_URL"),
        ("not connected to Asterisk", "asterisk.log"),
    ],
)
def test_a_process_that_runs_is_mended_by_what_it_answers_whatever_its_log_held_before(problem: str, said: str) -> None:
    log = "ModuleNotFoundError: No module named 'orjson'"  # last week's

    assert said in advise("web", problem=problem, log=log, has_ended=False)


def test_asterisk_that_ends_for_an_unknown_reason_has_its_own_checks() -> None:
    assert "dialplan check" in advise("asterisk", problem="FATAL", log="", has_ended=True)
