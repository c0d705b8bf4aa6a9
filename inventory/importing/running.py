"""The worker's side of an import: a portion of rows is judged, written and counted in one transaction."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from rest_framework import status as http
from rest_framework.exceptions import ValidationError

from accounts.models import Account, Membership
from core.api import failures
from core.api.serializers import kept
from core.errors import FieldError
from inventory import services
from inventory.api.serializers import imports as serializers
from inventory.importing.columns import Columns, Repeats, read_headings, read_row
from inventory.importing.rows import Outcome, Row, What
from inventory.importing.tables import count_rows, read_rows
from system import services as system
from system.models import Task

SENTENCE = "Created {created}, updated {updated}, left unchanged {unchanged}; refused {errors} rows."
TRIED = " This was a trial: nothing has been written."
PORTION = 500  # rows; each barcode among them is a lock of the database's until the portion is committed

Said = tuple[int, dict[str, str], list[FieldError]]  # a row's number, what it says, and what is wrong with how


@dataclass(frozen=True)
class Kind:
    """A kind of table: what its rows may say, in which columns, and the service that writes them."""

    row: type[Any]
    write: Callable[..., Outcome]
    needed: Sequence[Sequence[str]]
    unique: Sequence[Sequence[str]]

    @property
    def columns(self) -> Columns:
        return Columns(tuple(self.row().fields), self.needed, self.unique)


KINDS = {
    What.PRODUCTS: Kind(
        serializers.ProductRow,
        services.import_products,
        needed=[("sku", "barcode")],
        unique=[("sku",), ("barcode",), ("item_code",)],
    ),
    What.OPENING_STOCK: Kind(
        serializers.OpeningStockRow,
        services.import_opening_stock,
        needed=[("sku", "barcode"), ("quantity",), ("unit_cost",)],
        unique=[("sku", "barcode", "expiry_date", "unit_cost")],
    ),
    What.SUPPLIERS: Kind(
        serializers.SupplierRow,
        services.import_suppliers,
        needed=[("name",)],
        unique=[("name",)],
    ),
}


@dataclass(frozen=True)
class Asker:
    """Who asks, to those who otherwise have it from a request."""

    account: Account
    membership: Membership
    method: str = "POST"


def run_import(*, by: Membership, task: Task) -> Iterator[None]:
    """Import what is left of a task's table. Raises CapabilityMissing for who has lost the right meanwhile, and for a
    table that is none TableUnreadable, TableTooLarge, HeadingsUnknown, HeadingTwice and HeadingsMissing."""
    what, is_dry_run = What(task.params["what"]), task.params["is_dry_run"]
    kind, asker = KINDS[what], Asker(by.account, by)
    where = {"location": UUID(task.params["location"])} if task.params["location"] else {}
    write = partial(kind.write, by=by, **where)
    _count(task, Outcome())
    rows = _read(task, kind.columns)
    for _ in islice(rows, task.done):
        pass  # it was done before, and is remembered
    while portion := list(islice(rows, PORTION)):
        services.refuse_import(by=by, what=what)
        outcome = Outcome()
        good = list(_judge(portion, kind, asker, outcome))
        outcome += _write(good, write, asker, is_dry_run=is_dry_run)
        system.note_errors(by=by, task=task, found=outcome.errors())
        task.done += len(portion)
        _count(task, outcome)
        yield


def _count(task: Task, outcome: Outcome) -> None:
    before = Outcome().counts() | task.result
    task.result = {name: before[name] + count for name, count in outcome.counts().items()}
    task.message = SENTENCE.format(**task.result) + (TRIED if task.params["is_dry_run"] else "")


def _read(task: Task, columns: Columns) -> Iterator[Said]:
    """The rows below the headings. Counted before the first is done: what cannot be read to its end is not begun."""
    file = task.source
    assert file is not None
    table = read_rows(file)
    headings = read_headings(columns, next(table, (0, []))[1])
    if task.total is None:
        task.total = count_rows(file) - 1
    repeats = Repeats(columns)
    for number, cells in table:
        said, wrong = read_row(headings, cells)
        yield number, said, [*wrong, *repeats.note(number, said)]


def _judge(portion: Iterable[Said], kind: Kind, asker: Asker, outcome: Outcome) -> Iterator[Row]:
    """The rows that are right by themselves, as what they say; the others are refused with all that is wrong."""
    serializer = kept(kind.row, context={"request": asker})
    for number, said, wrong in portion:
        try:
            row = Row(number, serializer.run_validation(said))
        except ValidationError as refusal:
            outcome.refused[number] = [*wrong, *_errors_of(refusal, asker)]
        else:
            if wrong:
                outcome.refused[number] = wrong
            else:
                yield row


def _write(rows: Sequence[Row], write: Callable[..., Outcome], asker: Asker, *, is_dry_run: bool) -> Outcome:
    """Write all rows at once; or, where the database refuses them, by halves, until it has named those that it means.

    That happens where a colleague was quicker, or a pack has the barcode.
    """
    if not rows:
        return Outcome()
    try:
        with transaction.atomic():
            outcome = write(rows=rows)
            if is_dry_run:
                transaction.set_rollback(True)
            return outcome
    except IntegrityError as refusal:
        if len(rows) == 1:
            return Outcome(refused={rows[0].number: _errors_of(refusal, asker, rows[0].facts)})
    half = len(rows) // 2
    return _write(rows[:half], write, asker, is_dry_run=is_dry_run) + _write(
        rows[half:], write, asker, is_dry_run=is_dry_run
    )


def _errors_of(refusal: Exception, asker: Asker, facts: Collection[str] = ()) -> Sequence[FieldError]:
    """What the API would say of it. What it would call a fault of ours is one."""
    failure = failures.failure_of(refusal, asker)
    if failure.status >= http.HTTP_500_INTERNAL_SERVER_ERROR:
        raise refusal
    column = failure.code.removesuffix("_taken")
    return failure.errors or [FieldError(column if column in facts else "", failure.code, failure.detail)]
