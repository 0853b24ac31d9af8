"""`hotline person export | delete` and `hotline retention show | apply`: what the law lets a person ask, and time."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from app.cli.console import JsonOption, StepFailed, console, report_done
from app.cli.settings import StackSettings
from app.cli.store_terms import operator, terms

people = typer.Typer(help="One person's data (PIPL).", no_args_is_help=True)
retention = typer.Typer(help="How long data are kept.", no_args_is_help=True)

NumberArgument = Annotated[str, typer.Argument(help="The person's telephone number.")]
ReasonOption = Annotated[str, typer.Option(help="On whose word; kept in the audit log.")]


@people.command("export")
def export_person(
    number: NumberArgument,
    reason: ReasonOption,
    out: Annotated[Path, typer.Option(help="The ZIP to write; readable by its owner alone.")] = Path("person.zip"),
) -> None:
    """Write everything that is kept of one person into a ZIP: person.json and the recordings."""
    from app.cli.seeding import open_database  # noqa: PLC0415 - help is instant
    from app.platform.clock import utc_now  # noqa: PLC0415
    from app.platform.errors import HotlineError  # noqa: PLC0415
    from app.privacy import person  # noqa: PLC0415

    settings = StackSettings()
    _check_reason(reason)
    try:
        with open_database(settings) as store, store.transaction() as session:
            packed = person.export_person(
                session, person.read_number(number, terms().area_code), home=settings.home, reason=reason,
                actor=operator(), now=utc_now(),
            )  # fmt: skip
            out.touch(mode=0o600)
            out.chmod(0o600)
            out.write_bytes(packed)
    except HotlineError as error:
        raise StepFailed(f"{error.code}: {error.detail}") from error
    except OSError as error:
        raise StepFailed(f"{out}: {error.strerror}", "name another file with --out") from error
    report_done("export", f"{out}, {len(packed)} bytes")


@people.command("delete")
def delete_person(
    number: NumberArgument,
    reason: ReasonOption,
    is_sure: Annotated[bool, typer.Option("--yes", help="Needed: it cannot be undone.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Take one person out of everything: recordings go, records that must be kept name nobody any more."""
    from app.cli.seeding import open_database  # noqa: PLC0415
    from app.platform.clock import utc_now  # noqa: PLC0415
    from app.platform.errors import HotlineError  # noqa: PLC0415
    from app.privacy import person  # noqa: PLC0415
    from app.privacy.schemas import CertificateOut  # noqa: PLC0415

    settings = StackSettings()
    _check_reason(reason)
    if not is_sure:
        raise StepFailed("this cannot be undone", "look at `hotline person export` first, then add --yes")
    try:
        with open_database(settings) as store, store.transaction() as session:
            made = person.delete_person(
                session, person.read_number(number, terms().area_code), home=settings.home, reason=reason,
                actor=operator(), now=utc_now(),
            )  # fmt: skip
            certificate = CertificateOut.model_validate(made)
    except HotlineError as error:
        raise StepFailed(f"{error.code}: {error.detail}") from error
    if as_json:
        typer.echo(certificate.model_dump_json())
        return
    rows, files = sum(certificate.pseudonymised.values()), certificate.deleted["recordings"]
    report_done("deletion", f"certificate {certificate.id}: {rows} rows, {files} recordings, {certificate.digest}")


@retention.command("show")
def show_retention(as_json: JsonOption = False) -> None:
    """List the classes of data and how long each is kept."""
    from app.privacy.retention import RetentionFault, load_classes  # noqa: PLC0415
    from app.privacy.schemas import DataClassOut  # noqa: PLC0415

    try:
        rows = [DataClassOut.of(one) for one in load_classes(StackSettings().home)]
    except RetentionFault as fault:
        raise StepFailed(fault.detail, "correct retention.yaml in the home folder") from fault
    if as_json:
        typer.echo(json.dumps([row.model_dump() for row in rows], ensure_ascii=False))
        return
    table = Table("class", "days", "name", "basis", box=None)
    for row in rows:
        table.add_row(row.code, "for good" if row.keeps_days is None else str(row.keeps_days), row.name, row.basis)
    console.print(table)


@retention.command("apply")
def apply_retention(as_json: JsonOption = False) -> None:
    """Delete now what is kept no longer; the worker does so four times a day. Prints the certificates."""
    from app.cli.seeding import open_database  # noqa: PLC0415
    from app.platform.clock import utc_now  # noqa: PLC0415
    from app.privacy.deleting import delete_expired  # noqa: PLC0415
    from app.privacy.retention import RetentionFault  # noqa: PLC0415
    from app.privacy.schemas import CertificateOut  # noqa: PLC0415

    settings = StackSettings()
    try:
        with open_database(settings) as store:
            made = delete_expired(store, settings.home, now=utc_now(), actor=operator())
    except RetentionFault as fault:
        raise StepFailed(fault.detail, "correct retention.yaml in the home folder") from fault
    certificates = [CertificateOut.model_validate(one) for one in made]
    if as_json:
        typer.echo(json.dumps([one.model_dump(mode="json") for one in certificates]))
        return
    for one in certificates:
        counts = ", ".join(f"{count} {name}" for name, count in one.deleted.items())
        report_done(one.subject, f"{counts}; certificate {one.id}, {one.digest}")
    if not certificates:
        console.print("nothing is too old")


def _check_reason(reason: str) -> None:
    if len(reason.strip()) < 4:
        raise StepFailed("a reason has four characters or more", "say on whose word, with --reason")
