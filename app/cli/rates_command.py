"""`hotline rates`: a month's rates at the terminal, as the page 统计 shows them."""

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from app.cli.console import JsonOption, console
from app.cli.settings import StackSettings

if TYPE_CHECKING:
    from app.evaluation.report import Row

MONTH = r"20\d{2}-(0[1-9]|1[0-2])"


def rates(
    month: Annotated[str, typer.Option(help="Of Asia/Shanghai, e.g. 2026-10.", show_default=False)],
    by: Annotated[str, typer.Option(help="total, unit or region.")] = "total",
    unit: Annotated[str, typer.Option(help="Code of a unit: its figures alone.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Show a month's rates, raw and adjusted: percentage, numerator, denominator. Kept in the audit log."""
    import re  # noqa: PLC0415 - help is instant

    from app.accounts import audit  # noqa: PLC0415
    from app.accounts.auth import Actor  # noqa: PLC0415
    from app.accounts.models import Role  # noqa: PLC0415
    from app.accounts.rules import permissions_of_role  # noqa: PLC0415
    from app.cli.seeding import open_database  # noqa: PLC0415
    from app.evaluation.counting import Grouping, Month, Question, count_received  # noqa: PLC0415
    from app.evaluation.report import Terms, month_report  # noqa: PLC0415
    from app.evaluation.schemas import RateReport, detail_of_question  # noqa: PLC0415
    from app.evaluation.settings import RateSettings  # noqa: PLC0415
    from app.platform.clock import utc_now  # noqa: PLC0415

    if not re.fullmatch(MONTH, month):
        raise typer.BadParameter(f"{month!r} is no month: write e.g. 2026-10", param_hint="--month")
    if by not in set(Grouping):
        raise typer.BadParameter(f"{by!r} is none of {', '.join(Grouping)}", param_hint="--by")
    actor = Actor("hotline rates", permissions=permissions_of_role(Role.AUDITOR))
    question = Question(Month(int(month[:4]), int(month[5:])), actor, utc_now(), unit or None)
    terms = Terms.of(RateSettings())
    with open_database(StackSettings()) as database:
        with database.reading() as session:
            rows = month_report(session, question, terms, Grouping(by))
            received = count_received(session, question)
        with database.transaction() as session:
            detail = detail_of_question(month, by, actor)
            audit.record(session, actor, "rates_read", at=question.now, object_type="rates", detail=detail)
    if as_json:
        told = RateReport.of(month, Grouping(by), rows, received).model_dump(mode="json")
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    console.print(
        f"received {received.matters} matters (件), {received.citizens} citizens' tickets (人次), "
        f"urged {received.urges} times (催办)"
    )
    for row in rows:
        console.print(_table(row, "" if by == "total" else f"{row.code} {row.name}".strip()))


def _table(row: "Row", title: str) -> Table:
    from app.evaluation.rates import BY_KEY  # noqa: PLC0415

    table = Table("rate", "", "adjusted", "raw", "band", title=title or None, box=None)
    for key, cell in row.cells.items():
        raw, adjusted = cell.figures.raw, cell.figures.adjusted
        table.add_row(
            key, BY_KEY[key].name, f"{_percent(cell.percent)} {adjusted.numerator}/{adjusted.denominator}",
            f"{_percent(cell.raw_percent)} {raw.numerator}/{raw.denominator}", cell.band,
        )  # fmt: skip
    return table


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}%"
