"""`hotline settings`: every setting of every process, from the classes that read them."""

from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined
from rich.table import Table

from app.cli.console import console
from app.contract.env import PROJECT, EnvSettings

PREFIX = "HOTLINE_"
DOCUMENTS = ("README.md", "README.zh-CN.md")
BEGIN = "<!-- settings: written by `hotline settings --readme`, checked by a test -->"
END = "<!-- end of settings -->"
GENERATED = "generated"


class Setting(NamedTuple):
    """One row. `readers`: the processes that read it."""

    name: str
    default: str
    description: str
    readers: str


def settings_classes() -> dict[str, type[EnvSettings]]:
    """Process → its settings class."""
    from agi.settings import AgiSettings  # noqa: PLC0415 - only this command needs them all
    from ami_bridge.settings import BridgeSettings  # noqa: PLC0415
    from app.cli.settings import StackSettings  # noqa: PLC0415
    from app.evaluation.settings import RateSettings  # noqa: PLC0415
    from app.platform.settings import Settings  # noqa: PLC0415
    from app.probes.settings import ProbeSettings  # noqa: PLC0415
    from dialplan.settings import DialplanSettings  # noqa: PLC0415
    from sipp_scenarios.target import Target  # noqa: PLC0415

    return {
        "web, facts, worker": Settings,
        "agi": AgiSettings,
        "bridge": BridgeSettings,
        "dialplan": DialplanSettings,
        "test calls": ProbeSettings,
        "rates": RateSettings,
        "hotline": StackSettings,
        "scenarios": Target,
    }


def list_settings() -> list[Setting]:
    """All settings, each once, in the order in which the processes name them. The first description counts."""
    found: dict[str, Setting] = {}
    for reader, cls in settings_classes().items():
        for name, field in cls.model_fields.items():
            known = found.get(name)
            if known is None:
                found[name] = Setting(PREFIX + name.upper(), describe_default(field), field.description or "", reader)
            else:
                default = known.default or describe_default(field)
                found[name] = known._replace(readers=f"{known.readers}, {reader}", default=default)
    return list(found.values())


def describe_default(field: FieldInfo) -> str:
    """What stands in the table: secrets are generated; a path is shown from the project's folder on."""
    if "Secret" in str(field.annotation):
        return GENERATED
    default = field.get_default(call_default_factory=True)
    if default is PydanticUndefined or default in ("", Path("")):
        return ""
    text = str(default)
    return text.removeprefix(f"{PROJECT}/")


def settings(
    is_for_readme: Annotated[bool, typer.Option("--readme", help="Renew the table in both READMEs.")] = False,
) -> None:
    """List every setting: name, default, meaning, and who reads it."""
    rows = list_settings()
    if is_for_readme:
        for path in (PROJECT / name for name in DOCUMENTS):
            path.write_text(replace_table(path.read_text(encoding="utf-8"), rows), encoding="utf-8")
        return
    table = Table("setting", "default", "meaning", "read by", box=None)
    for row in rows:
        table.add_row(row.name, row.default, row.description, row.readers)
    console.print(table)


def markdown(rows: list[Setting]) -> str:
    """README's table."""
    head = ["| setting | default | meaning | read by |", "|---|---|---|---|"]
    body = [
        f"| `{row.name}` | {f'`{row.default}`' if row.default and row.default != GENERATED else row.default} "
        f"| {row.description.replace('|', chr(92) + '|')} | {row.readers} |"
        for row in rows
    ]
    return "\n".join([*head, *body])


def replace_table(document: str, rows: list[Setting]) -> str:
    """The document with the table between its two marks renewed. Raises ValueError when a mark is not there."""
    before, rest = document.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    return f"{before}{BEGIN}\n{markdown(rows)}\n{END}{after}"
