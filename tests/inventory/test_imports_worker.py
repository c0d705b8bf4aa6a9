"""Imports by real workers, one of which is killed in the middle. IMPORT_ROWS=50000 has them do as much as may come."""

import os
import signal
import subprocess
from contextlib import suppress
from itertools import cycle
from pathlib import Path

import pytest

from inventory.barcodes import check_digit
from tests import works
from tests.inventory.importing import as_csv, as_xlsx, counts, shown, start

ROWS = int(os.environ.get("IMPORT_ROWS", "3000"))
BAD = max(20, ROWS // 250)
HEADINGS = ("sku", "name", "barcode", "category", "supplier", "unit", "tax class", "retail price", "wholesale price")
PATIENCE = 600  # looks of a tenth of a second each without any progress


def good(number):
    digits = f"590{number:09d}"
    path = f"Aisle {number % 7} > Shelf {number % 40} of aisle {number % 7}" if number % 3 else ""
    return [
        f"T-{number}", f"Thing {number} ɛ", digits + check_digit(digits), path, f"Trader {number % 25}", "piece",
        "standard", f"{number % 100}.50", f"{number % 100}.25",
    ]  # fmt: skip


def changed(index, value):
    return lambda row: [*row[:index], value, *row[index + 1 :]]


def misread(row):
    return changed(2, row[2][:-1] + str((int(row[2][-1]) + 1) % 10))(row)


WRONG = [
    (changed(7, "-1"), "retail_price", "min_value"),
    (changed(7, "1e400"), "retail_price", "invalid"),
    (changed(1, ""), "name", "required"),
    (changed(0, "T-2"), "sku", "row_repeated"),
    (misread, "barcode", "barcode_check_digit"),
    (changed(6, "reduced"), "tax_class", "invalid_choice"),
    (changed(5, "a" * 17), "unit", "max_length"),
]


def table():
    """Rows of which every so many-th is wrong, and the errors that have to be found."""
    rows, errors, wrongs = [HEADINGS], [], cycle(WRONG)
    for number in range(2, ROWS + 2):  # as the spreadsheet counts them
        row = good(number)
        if number % (ROWS // BAD) == 0:
            spoil, field, code = next(wrongs)
            row = spoil(row)
            errors.append((number, field, code))
        rows.append(row)
    assert len(errors) == BAD
    return rows, errors


def watch(shop, pk, process, until):
    """How many rows were done, each time that somebody looked, until this is true of the task."""
    client, seen, idle = shop.client(), list[int](), 0
    while True:
        task = client.get(f"/api/v1/system/tasks/{pk}/").json()["data"]
        idle = 0 if seen[-1:] != [task["done"]] else idle + 1
        seen.append(task["done"])
        if until(task):
            return seen
        assert idle < PATIENCE, task
        with suppress(subprocess.TimeoutExpired):
            pytest.fail(f"The worker has ended: {process.wait(timeout=0.1)}")


def most_memory(process):
    status = Path(f"/proc/{process.pid}/status")
    return status.read_text().partition("VmHWM:")[2].split()[0] if status.exists() else "?"


def report(shop, pk, process):
    task = shown(shop, pk)
    print(f"{task['started_at']} to {task['ended_at']}: {task['message']} At most {most_memory(process)} kB.")


def test_s46_s48_a_worker_is_killed_in_the_middle_and_what_it_began_is_done_once(busy):
    """S46. S48."""
    rows, errors = table()
    pk = start(busy, rows)
    with works.worker() as first:
        before = watch(busy, pk, first, until=lambda task: task["done"] > ROWS / 3)
        first.send_signal(signal.SIGKILL)
        first.wait()
    with works.worker() as second:
        after = watch(busy, pk, second, until=lambda task: task["state"] not in ("WAITING", "RUNNING"))
        report(busy, pk, second)
    assert before[-1] < ROWS
    assert [*before, *after] == sorted([*before, *after])
    assert len({*before, *after}) >= 4  # it was seen to rise
    task = shown(busy, pk)
    assert task["state"] == "DONE", task["message"]
    assert (task["done"], task["total"]) == (ROWS, ROWS)
    assert task["result"] == counts(created=ROWS - BAD, errors=BAD)
    assert task["errors"] == errors
    wrong = {number for number, _, _ in errors}
    with busy.inside():
        account = busy.account
        found = account.products.filter(sku__startswith="T-").values_list("sku", "name", "barcode", "retail_price")
        assert {(sku, name, barcode, f"{price}") for sku, name, barcode, price in found} == {
            (row[0], row[1], row[2], row[7]) for number, row in enumerate(rows, start=1) if number not in {1, *wrong}
        }
        assert account.products.filter(sku__startswith="T-").count() == ROWS - BAD
        assert account.suppliers.count() == 25
        assert account.categories.count() == len({(n % 7, n % 40) for n in range(2, ROWS + 2) if n % 3}) + 7
        added = account.audit_events.filter(action="product.added").exclude(subject_id=busy.products[0].pk)
        assert added.count() == ROWS - BAD
        assert set(added.values_list("subject_id", flat=True)) == set(
            account.products.filter(sku__startswith="T-").values_list("pk", flat=True)
        )


def test_s48_a_workbook_is_imported_as_its_table_would_be(busy):
    """S48."""
    rows, errors = table()
    typed = [rows[0], *([*row[:2], as_number(row[2]), *row[3:7], as_number(row[7]), 1.25] for row in rows[1:])]
    pk = start(busy, as_xlsx(typed))
    with works.worker() as process:
        watch(busy, pk, process, until=lambda task: task["state"] not in ("WAITING", "RUNNING"))
        report(busy, pk, process)
    assert shown(busy, pk)["errors"] == errors
    again = start(busy, as_csv([*rows[:1], *(changed(8, "1.25")(row) for row in rows[1:])]))
    with works.worker() as process:
        watch(busy, again, process, until=lambda task: task["state"] not in ("WAITING", "RUNNING"))
        report(busy, again, process)
    assert shown(busy, again)["result"] == counts(unchanged=ROWS - BAD, errors=BAD)


def as_number(text):
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text
