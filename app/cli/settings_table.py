"""README's table of settings, generated from the classes that read them."""

from collections.abc import Iterator

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from agi.settings import AgiSettings
from ami_bridge.settings import BridgeSettings
from app.cli.settings import StackSettings
from app.contract.env import PROJECT, EnvSettings
from app.platform.settings import Settings
from dialplan.settings import DialplanSettings

READERS: dict[str, type[EnvSettings]] = {
    "set-up": StackSettings,
    "dialplan": DialplanSettings,
    "agi": AgiSettings,
    "bridge": BridgeSettings,
    "web": Settings,
}
BEGIN = "<!-- settings: written by `hotline settings --readme`, checked by a test -->"
END = "<!-- end of settings -->"


def settings_table() -> str:
    """Markdown, one row per setting: name, default, who reads it, what it is."""
    rows: dict[str, tuple[FieldInfo, list[str]]] = {}
    for reader, settings in READERS.items():
        for name, field in settings.model_fields.items():
            rows.setdefault(name, (field, []))[1].append(reader)
    lines = ["| setting | default | read by | what it is |", "|---|---|---|---|"]
    for name, (field, readers) in rows.items():
        reader = "all" if len(readers) == len(READERS) else ", ".join(readers)
        lines.append(f"| `HOTLINE_{name.upper()}` | {_default(field)} | {reader} | {field.description} |")
    return "\n".join(lines)


def replace_table(document: str) -> str:
    """The document with its table renewed. Raises ValueError when the two marks are not there."""
    before, rest = document.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    return f"{before}{BEGIN}\n{settings_table()}\n{END}{after}"


def _default(field: FieldInfo) -> str:
    if field.is_required() or field.annotation is SecretStr:
        return "generated"
    if field.default_factory is not None:
        return "`.runtime`"
    text = str(field.default).replace(f"{PROJECT}/", "")
    return f"`{text}`" if text not in {"", "."} else ""


def documents() -> Iterator[str]:
    """The files that hold the table."""
    yield from ("README.md", "README.zh-CN.md")
