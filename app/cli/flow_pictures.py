"""`hotline flows show`: a flow as text, as SVG or as a page."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.console import StepFailed, report_done
from app.cli.data_commands import flows
from app.cli.flow_node import FlowName, find_flow, prompt_texts

if TYPE_CHECKING:
    from ivr_flows.flow import Flow

OutputOption = Annotated[str, typer.Option(help="File to write; - is the terminal.")]


@flows.command("show")
def show_flow(name: FlowName, svg: OutputOption = "", html: OutputOption = "") -> None:
    """Show a flow in force, or one of a file: its nodes, prompts and keys. --svg and --html draw it."""
    from ivr_flows.picture import PictureFailed, html_of, svg_of  # noqa: PLC0415 - help is instant

    found, name = find_flow(name)
    flow = found[name]
    texts = prompt_texts(flow.language)
    if not svg and not html:
        typer.echo(_as_text(flow, texts))
        return
    try:
        for target, draw in ((svg, svg_of), (html, html_of)):
            if target:
                _write(target, draw(flow, texts))
    except PictureFailed as error:
        raise StepFailed(str(error)) from error


def _write(target: str, text: str) -> None:
    if target == "-":
        typer.echo(text)
        return
    try:
        Path(target).write_text(text, encoding="utf-8")
    except OSError as error:
        raise StepFailed(f"{target} cannot be written: {error.strerror}") from error
    report_done("drawn", target)


def _as_text(flow: "Flow", texts: Mapping[str, str]) -> str:
    from ivr_flows.picture import exit_label, node_text  # noqa: PLC0415

    lines = [f"{flow.flow}  {flow.title}  lines: {', '.join(flow.lines) or '-'}  starts at {flow.start}"]
    for name, node in flow.nodes.items():
        lines.append(f"\n{name} ({node.kind})  {node_text(node, texts)}".rstrip())
        lines += [f"    {exit_label(exit_name) or exit_name} → {target}" for exit_name, target in node.exits().items()]
    return "\n".join(lines)
