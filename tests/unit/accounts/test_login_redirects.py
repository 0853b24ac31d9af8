"""After the log-in people land on our pages, never on somebody else's."""

import pytest

from app.accounts.models import Role
from app.accounts.pages import HOME, local_path


@pytest.mark.parametrize("wanted", ["/", "/desk", "/tickets?status=draft&page=2", "/tickets/4104002611230001"])
def test_a_path_of_ours_is_followed(wanted: str) -> None:
    assert local_path(wanted) == wanted


@pytest.mark.parametrize(
    "wanted",
    ["", "desk", "//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "/\t/evil.example",
     "/desk\r\nSet-Cookie: a=b", "///evil.example", "/a\\..\\b"],
)  # fmt: skip
def test_anything_else_leads_home(wanted: str) -> None:
    assert local_path(wanted) == "/"


def test_every_role_has_a_home() -> None:
    assert set(HOME) == set(Role)
