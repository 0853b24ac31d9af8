"""Passwords are kept as argon2id, and nobody learns from an answer whether a user exists."""

import pytest
from argon2 import PasswordHasher

from app.accounts.passwords import hash_password, is_password, needs_rehash
from app.accounts.service import PasswordRefused, check_password_rules


def test_a_password_fits_its_own_hash_only() -> None:
    hashed = hash_password("正确的密码-42")

    assert hashed.startswith("$argon2id$")
    assert is_password(hashed, "正确的密码-42")
    assert not is_password(hashed, "正确的密码-43")


def test_the_same_password_is_hashed_with_another_salt() -> None:
    assert hash_password("correct horse") != hash_password("correct horse")


@pytest.mark.parametrize("stored", [None, "", "plain text", "$argon2id$broken"])
def test_no_password_fits_a_missing_or_broken_hash(stored: str | None) -> None:
    assert not is_password(stored, "no user has this password")


def test_weaker_hashes_are_made_anew() -> None:
    assert needs_rehash(PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("x"))
    assert not needs_rehash(hash_password("x"))


@pytest.mark.parametrize("password", ["", "short", "123456789", "x" * 201, "Agent-8001"])
def test_weak_new_passwords_are_refused(password: str) -> None:
    with pytest.raises(PasswordRefused):
        check_password_rules("agent-8001", password)
