"""Ports of a stack beside another stay below those that the system hands out by itself."""

from pathlib import Path

import pytest

from app.cli.side_stack import SideStack


def test_an_offset_into_the_ports_of_clients_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="30000"):
        SideStack(tmp_path, port_offset=30_000, settings={})
    SideStack(tmp_path, port_offset=20_000, settings={})
