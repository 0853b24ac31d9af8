"""The cookie says who, until when, and cannot be made by anybody else."""

from datetime import UTC, datetime, timedelta

import pytest

from app.accounts.sessions import MAX_AGE, LogInSession, SessionSigner

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
IDLE = timedelta(minutes=15)
SIGNER = SessionSigner("s" * 32)


def cookie(now: datetime = NOW) -> str:
    return SIGNER.write(LogInSession.start(7, 3, now))


def read(text: str, now: datetime) -> LogInSession | None:
    return SIGNER.read(text, now=now, idle=IDLE)


def test_a_cookie_says_who_it_was_made_for() -> None:
    session = read(cookie(), NOW)

    assert session is not None
    assert (session.user_id, session.epoch) == (7, 3)


def test_a_cookie_lives_until_the_idle_time_is_over() -> None:
    assert read(cookie(), NOW + IDLE - timedelta(seconds=1)) is not None
    assert read(cookie(), NOW + IDLE) is None


def test_a_renewed_cookie_lives_on() -> None:
    session = read(cookie(), NOW + timedelta(minutes=10))
    assert session is not None

    renewed = SIGNER.write(session.seen(NOW + timedelta(minutes=10)))

    assert read(renewed, NOW + timedelta(minutes=20)) is not None


def test_no_renewal_outlives_a_shift() -> None:
    session = LogInSession.start(7, 3, NOW).seen(NOW + MAX_AGE - timedelta(minutes=1))

    assert read(SIGNER.write(session), NOW + MAX_AGE - timedelta(seconds=1)) is not None
    assert read(SIGNER.write(session), NOW + MAX_AGE) is None


def test_a_cookie_is_written_again_once_a_minute_at_most() -> None:
    session = LogInSession.start(7, 3, NOW)

    assert not session.is_stale(NOW + timedelta(seconds=59))
    assert session.is_stale(NOW + timedelta(seconds=60))


@pytest.mark.parametrize("text", ["", "x", "a.b", "{}", "WzFd.xx", "王", "a" * 5000, "null", "\x00"])
def test_what_we_did_not_sign_is_nobody(text: str) -> None:
    assert read(text, NOW) is None


def test_every_changed_character_breaks_the_cookie() -> None:
    good = cookie()
    for at in range(len(good) - 1):  # the last character of base64 holds spare bits
        changed = good[:at] + ("A" if good[at] != "A" else "B") + good[at + 1 :]
        assert read(changed, NOW) is None, at


def test_another_secret_signs_nothing_of_ours() -> None:
    foreign = SessionSigner("t" * 32).write(LogInSession.start(7, 3, NOW))

    assert read(foreign, NOW) is None


def test_a_visitors_cookie_is_no_log_in() -> None:
    assert read(SIGNER.write_visitor("nonce"), NOW) is None
    assert SIGNER.read_visitor(cookie()) is None


def test_a_form_token_fits_its_own_session_only() -> None:
    token = SIGNER.csrf_token("one")

    assert SIGNER.is_csrf_token("one", token)
    assert not SIGNER.is_csrf_token("two", token)
    assert not SIGNER.is_csrf_token("one", "")
    assert not SIGNER.is_csrf_token("one", "王")
