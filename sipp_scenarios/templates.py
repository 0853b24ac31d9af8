"""The SIPp templates a scenario may name, and what each may be told.

A template is a SIPp XML file with Jinja placeholders; the rendered file is kept beside the run's traces, so that it can
be read and run by hand. A scenario's own folder goes before `common/`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined

SCENARIOS = Path(__file__).parent
COMMON = SCENARIOS / "common"

Parameter = str | int | bool | list[str]


class Role(StrEnum):
    """Whom an actor plays."""

    CALLER = "caller"
    AGENT = "agent"
    OWN_SEAT = "own seat"
    """A seat of a line's own people: it rings without anybody having signed in."""
    EXCHANGE = "exchange"
    """A department's or the emergency service's, at the far end of a trunk."""


@dataclass(frozen=True)
class Template:
    """One behaviour. `parameters` holds the defaults of everything a scenario may set."""

    role: Role
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    is_call: bool = True
    file: str = ""
    """Whose XML it has; empty: its own."""


LONGEST_STAY_MS = 180_000

CALLER: Mapping[str, Parameter] = {"dnis": "12345", "from_header": "", "display_name": "", "extra_headers": []}
SEAT: Mapping[str, Parameter] = {"stay_ms": LONGEST_STAY_MS}
ANSWERS: Mapping[str, Parameter] = {**SEAT, "ring_ms": 300, "talk_ms": LONGEST_STAY_MS, "answers_on_cue": False}
REFUSES: Mapping[str, Parameter] = {**SEAT, "status": 486, "reason": "Busy Here"}

HEADERS = (
    "To", "From", "P-Asserted-Identity", "Diversion", "History-Info", "X-12345-Hop", "X-12345-Call-Id",
)  # fmt: skip
"""What is kept of each INVITE to an exchange."""

TEMPLATES: Mapping[str, Template] = {
    "caller": Template(Role.CALLER, {**CALLER, "stay_ms": LONGEST_STAY_MS, "answer_within_ms": 10_000}),
    "caller-keys": Template(Role.CALLER, {**CALLER, "stay_ms": LONGEST_STAY_MS, "answer_within_ms": 10_000}),
    "caller-cancels": Template(Role.CALLER, CALLER),
    "options": Template(Role.CALLER, {"dnis": "12345"}, is_call=False),
    "seat-answers": Template(Role.AGENT, ANSWERS),
    "seat-rings": Template(Role.AGENT, SEAT),
    "seat-busy": Template(Role.AGENT, REFUSES),
    "exchange-answers": Template(Role.EXCHANGE, ANSWERS, file="seat-answers"),
    "exchange-keys": Template(Role.EXCHANGE, {**SEAT, "ring_ms": 300}),
    "exchange-rings": Template(Role.EXCHANGE, SEAT, file="seat-rings"),
    "exchange-busy": Template(Role.EXCHANGE, REFUSES, file="seat-busy"),
}


def environment(folder: Path) -> Environment:
    """Jinja environment for a scenario's folder; an unknown placeholder is an error, not an empty text."""
    loader = ChoiceLoader([FileSystemLoader(folder), FileSystemLoader(COMMON)])
    return Environment(
        loader=loader,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701
    )


def render(template: str, folder: Path, values: Mapping[str, object]) -> str:
    """SIPp XML of a template, or of a file that is no actor's."""
    file = TEMPLATES[template].file if template in TEMPLATES else ""
    return environment(folder).get_template(f"{file or template}.xml.j2").render(values)


def sipp_text(text: str) -> str:
    """Text as SIPp's message language needs it: `[` and `\\` would start a keyword or an escape; CDATA must not end."""
    escaped = text.replace("\\", "\\x5C").replace("[", "\\x5B").replace("]]>", "]]\\x3E")
    return "".join(c if c.isprintable() else "".join(f"\\x{byte:02X}" for byte in c.encode()) for c in escaped)
