"""The take-out: everything that we keep of one business, in files that any program reads."""

import csv
import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from io import TextIOWrapper
from tempfile import SpooledTemporaryFile, TemporaryFile
from typing import IO, Any, NamedTuple, cast
from zipfile import ZIP_DEFLATED, ZipFile

from django.apps import apps
from django.db import models
from django.db.models.fields.files import FieldFile
from django.db.models.query import ModelIterable, ValuesListIterable
from django.utils import timezone

from accounts.errors import OwnAffair
from accounts.models import Account, Membership, User
from accounts.services.history import record
from core import cells, tenancy

ROWS_AT_ONCE = 2000
BYTES_AT_ONCE = 256 * 1024
IN_MEMORY = 1024 * 1024  # bytes of an archive; a larger one is on disk
PEOPLE = ("id", "email", "name")

README = """\
Everything that Makola keeps of {business}, taken out at {taken_at}.

Each table is here twice. In .csv, which is UTF-8, the first line names the columns; a text that begins with = + - @, an
apostrophe, a tab or a line end has one more apostrophe in front, and so has each of = + - @ after a semicolon or a tab:
no spreadsheet takes it for a formula. In .json it is one list of objects, exact to the letter.

Files that people have sent, and lists that were made for them, are in files/; the names begin with the ids of their
rows in private_files.

Amounts are decimals in {currency}, times are UTC; the business's own time zone is {time_zone}. Passwords, PINs and the
like are left out. manifest.json has the number of rows, or the size, and the SHA-256 of every file.

Each table is as it was at one instant of the take-out. What a row refers to is always here, too; what was sold
meanwhile may be in one table and not yet in another.
"""


class Table(NamedTuple):
    name: str
    columns: list[str]
    rows: models.QuerySet[Any]


def take_out_account(*, by: Membership) -> IO[bytes]:
    """A ZIP of all tables of the business, as CSV and as JSON, and of its files, with a manifest; to be read once, and
    closed.

    Memory does not grow with the business: rows come in portions, files lie on disk. Each table is as it was at one
    instant, those that refer before those that they refer to. Raises OwnAffair to the platform's staff.
    """
    if by.staff_id:
        raise OwnAffair
    record(by=by, action="account.exported", subject=by.account)
    with ExitStack() as undo:
        bundle = cast("IO[bytes]", undo.enter_context(SpooledTemporaryFile(max_size=IN_MEMORY)))
        with ZipFile(bundle, "w", ZIP_DEFLATED) as archive:
            _fill(archive, by.account)
        bundle.seek(0)
        undo.pop_all()
    return bundle


def tables_of(account: Account) -> Iterator[Table]:
    """All tables that have an account, also those of apps that are still to come, without their secrets."""
    owned: list[Any] = [model for model in apps.get_models() if issubclass(model, tenancy.AccountOwned)]
    for model in reversed(owned):  # a model is made after those that it refers to
        yield _table(model, model.across_accounts.filter(account=account))
    yield _table(User, account.users.all(), *PEOPLE)
    yield _table(Account, Account.across_accounts.filter(pk=account.pk))


def files_of(account: Account) -> Iterator[tuple[str, FieldFile]]:
    """What rows of the business keep outside of their tables, by its name in the archive."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, models.FileField) and issubclass(model, tenancy.AccountOwned):
                rows: models.QuerySet[Any] = model.across_accounts.filter(account=account).order_by("pk")
                row: Any
                for row in ModelIterable(rows, chunked_fetch=True, chunk_size=ROWS_AT_ONCE):
                    yield f"files/{row.pk}-{row}", getattr(row, field.name)


def _table(model: Any, rows: models.QuerySet[Any], *columns: str) -> Table:
    kept = [field.attname for field in model._meta.concrete_fields if field.name not in model.SECRET]
    return Table(model._meta.db_table, list(columns) or kept, rows.order_by("pk"))


def _fill(archive: ZipFile, account: Account) -> None:
    facts = {
        "business": account.name,
        "account_id": str(account.pk),
        "taken_at": cells.plain(timezone.now()),
        "currency": account.currency,
        "time_zone": account.time_zone,
    }
    files: dict[str, dict[str, Any]] = {}
    for table in tables_of(account):
        with TemporaryFile() as as_csv, TemporaryFile() as as_json:
            count = _write(table, as_csv, as_json)
            for ending, file in (("csv", as_csv), ("json", as_json)):
                name = f"{table.name}.{ending}"
                files[name] = {"rows": count, "sha256": _add(archive, name, file)}
    for name, content in files_of(account):
        with suppress(FileNotFoundError), content.open() as opened:
            files[name] = {"size": content.size, "sha256": _add(archive, name, opened)}
    archive.writestr("README.txt", README.format_map(facts))
    archive.writestr("manifest.json", json.dumps({**facts, "files": files}, ensure_ascii=False, indent=1))


def _write(table: Table, as_csv: IO[bytes], as_json: IO[bytes]) -> int:
    """Write the rows, read once, in both forms; how many there are."""
    count = 0
    with _text(as_csv, "utf-8-sig") as sheet, _text(as_json, "utf-8") as listed:  # spreadsheets need the mark
        writer = csv.writer(sheet)
        writer.writerow(table.columns)
        listed.write("[")
        for count, row in enumerate(_portions(table), start=1):
            writer.writerow([cells.cell(value) for value in row])
            shown = dict(zip(table.columns, map(cells.plain, row), strict=True))
            listed.write(f"{',' if count > 1 else ''}\n{json.dumps(shown, ensure_ascii=False)}")
        listed.write("\n]\n")
    return count


def _portions(table: Table) -> Iterable[tuple[Any, ...]]:
    """The rows through a cursor in the server, which is the transaction's: pooling does not mind it."""
    rows = table.rows.values_list(*table.columns)
    return ValuesListIterable(rows, chunked_fetch=True, chunk_size=ROWS_AT_ONCE)


@contextmanager
def _text(file: IO[bytes], encoding: str) -> Iterator[TextIOWrapper]:
    """Text as it is written, line ends included, to a file that stays open."""
    text = TextIOWrapper(file, encoding=encoding, newline="")
    yield text
    text.detach()


def _add(archive: ZipFile, name: str, file: IO[bytes]) -> str:
    """Put a file into the archive; its SHA-256."""
    digest = hashlib.sha256()
    file.seek(0)
    with archive.open(name, "w", force_zip64=True) as entry:
        while portion := file.read(BYTES_AT_ONCE):
            digest.update(portion)
            entry.write(portion)
    return digest.hexdigest()
