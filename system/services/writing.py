"""Tables that a task writes into a file, portion by portion."""

from collections.abc import Iterator
from tempfile import TemporaryFile

from django.core.files.base import File

from accounts.models import Membership
from core import sheets
from core.listings import Table
from system import media
from system.errors import SheetFull
from system.models import Task
from system.services.files import keep_file

CONTENT_TYPES = {"CSV": media.CSV, "XLSX": media.XLSX}
MOST_ROWS = {"CSV": 2**31 - 1, "XLSX": sheets.MOST_XLSX_ROWS - 1}
MOST_OF_A_NAME = 100  # letters of the business's, in the name of a file


def write_listing(*, by: Membership, task: Task, listing: Table) -> Iterator[None]:
    """The steps of a task that writes a table, a portion of rows each, into its file. Its `params` name what it is, the
    `format`, and how many rows are wanted at `most`, or None for all. Raises SheetFull for more than a sheet has.

    What a killed worker had written is gone with it, so whoever goes on begins anew, and `done` counts on from there.
    """
    wanted, begun = task.params["most"], task.done
    limit = wanted or MOST_ROWS[task.params["format"]]
    count = listing.count()
    if count > limit and not wanted:
        raise SheetFull(most=limit)
    task.total = begun + min(count, limit)
    with TemporaryFile() as file:
        with sheets.WRITERS[task.params["format"]](file) as write:
            write(listing.headings)
            for rows in listing.read(limit):
                for row in rows:
                    write(row)
                task.done += len(rows)
                yield
        task.result = {"rows": task.done - begun, "is_sample": wanted is not None}
        task.total = task.done
        content_type = CONTENT_TYPES[task.params["format"]]
        task.file = keep_file(by=by, file=File(file), name=name_of(by, task), content_type=content_type)


def name_of(by: Membership, task: Task) -> str:
    """What the file that a task makes is called."""
    business = by.account.name.replace("/", "_")[:MOST_OF_A_NAME]
    today = by.account.today
    return f"{business} {task.params['what'].lower()} {today}.{task.params['format'].lower()}"
