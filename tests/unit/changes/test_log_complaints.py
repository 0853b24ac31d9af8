"""What Asterisk complains about after a reload: configuration counts, callers and far ends do not."""

from dialplan.changes.verification import LogMark
from dialplan.settings import DialplanSettings

ABOUT_CONFIGURATION = "[2026-11-23 06:46:00.860] WARNING[26103] pbx_config.c: Unable to register extension at line 7"
ABOUT_A_CALL = "[2026-11-23 06:46:00.861] WARNING[26103][C-00000007] pbx.c: Channel went away"
ABOUT_A_FAR_END = "[2026-11-23 06:46:00.862] ERROR[26103] res_pjsip.c: Error 120101 sending OPTIONS request to labour"
A_NOTICE = "[2026-11-23 06:46:00.863] NOTICE[26103] config.c: parsed"


def test_only_what_was_said_since_the_mark_and_about_configuration_counts(settings: DialplanSettings) -> None:
    log = settings.asterisk_home / "log/messages.log"
    log.parent.mkdir(parents=True)
    log.write_text(f"{ABOUT_CONFIGURATION} of an earlier day\n")
    mark = LogMark(settings, now=True)

    with log.open("a") as file:
        file.write("\n".join([ABOUT_A_CALL, ABOUT_A_FAR_END, A_NOTICE, ABOUT_CONFIGURATION, ""]))

    assert [one.text for one in mark.complaints()] == ["pbx_config.c: Unable to register extension at line 7"]


def test_where_nobody_is_outside_the_stack_itself_is_heard_too(settings: DialplanSettings) -> None:
    log = settings.asterisk_home / "log/messages.log"
    log.parent.mkdir(parents=True)
    log.write_text(f"{ABOUT_A_FAR_END}\n{ABOUT_A_CALL}\n")

    assert len(LogMark(settings).complaints(is_alone=True)) == 1


def test_a_log_that_is_not_there_complains_about_nothing(settings: DialplanSettings) -> None:
    assert LogMark(settings, now=True).complaints() == []
