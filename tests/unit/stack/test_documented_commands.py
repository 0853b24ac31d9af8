"""What the documents say of commands and folders is what there is."""

import re
import subprocess

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from app.cli.main import app
from app.contract.env import PROJECT

READMES = ("README.md", "README.zh-CN.md")
GUIDE = "docs/operations.md"
COMMAND_LINE = re.compile(r"(?:`|bin/|^)hotline ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)*)", re.MULTILINE)
"""Words after `hotline` that look like names of commands; arguments in capitals or in Chinese end them."""


def read(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


def commands() -> dict[str, list[str]]:
    """Command → its subcommands, those of a group in it as `parked list`."""

    def below(group: TyperGroup) -> list[str]:
        return [
            f"{name} {one}".rstrip()
            for name, command in group.commands.items()
            for one in (below(command) if isinstance(command, TyperGroup) else [""])
        ]

    root = get_command(app)
    assert isinstance(root, TyperGroup)
    return {name: below(one) if isinstance(one, TyperGroup) else [] for name, one in root.commands.items()}


@pytest.mark.parametrize("document", [*READMES, GUIDE])
def test_every_command_is_named(document: str) -> None:
    text = read(document)

    assert [name for name in commands() if f"`hotline {name}`" not in text] == []


def test_the_guide_names_every_subcommand_in_the_row_of_its_command() -> None:
    rows = {name: line for line in read(GUIDE).splitlines() for name in re.findall(r"^\| `hotline ([a-z]+)`", line)}

    missing = [f"{name} {one}" for name, ones in commands().items() for one in ones if f"`{one}`" not in rows[name]]
    assert missing == []


@pytest.mark.parametrize("document", [*READMES, GUIDE, "docs/flows.md", "docs/deadlines.md"])
def test_no_document_names_a_command_that_there_is_not(document: str) -> None:
    known = {f"{name} {one}".rstrip() for name, ones in commands().items() for one in ones or [""]}
    groups = {" ".join(words[:count]) for words in map(str.split, known) for count in range(1, len(words) + 1)}
    written = {" ".join(match.split()[:2]) for match in COMMAND_LINE.findall(read(document))}

    stale = {one for one in written if one not in groups and one.split()[0] not in known}
    assert stale == set()


@pytest.mark.parametrize("document", READMES)
def test_the_map_shows_the_folders_that_there_are(document: str) -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=PROJECT, capture_output=True, text=True, check=False).stdout
    folders = {path.split("/")[0] for path in listed.splitlines() if "/" in path and not path.startswith(".")}
    if not folders:
        pytest.skip("no git work tree")

    assert set(re.findall(r"^\| `([a-z_]+)/`", read(document), re.MULTILINE)) == folders


def test_make_help_lists_every_command_of_the_makefile() -> None:
    shown = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout
    phony = read("Makefile").split(".PHONY:")[1].splitlines()[0].split()

    assert {line.split()[1] for line in shown.splitlines()} == set(phony)
