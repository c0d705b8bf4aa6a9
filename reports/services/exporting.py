"""A report as a file, made in the background."""

from collections.abc import Iterator, Mapping
from datetime import date
from io import BytesIO
from typing import Any
from uuid import UUID

from django.core.files.base import File

from accounts.models import Membership
from reports import papers
from reports.catalogue import REPORTS
from reports.models import ReportFormat
from reports.report import Answer, Report
from sales.summaries import Span
from subscriptions import services as subscriptions
from system import media
from system import services as system
from system.models import Task

KIND = "reports.export"


def start_report(
    *,
    by: Membership,
    report: Report,
    format: str,  # noqa: A002 - as it is called in what is sent
    first_on: date,
    last_on: date,
    location: UUID | None = None,
) -> Task:
    """Leave a report to the background; in the days of grace it has the first rows only, and says so.

    Raises CapabilityMissing for a report that is not the member's to read, and ModuleDisabled.
    """
    report.check(by, Span(first_on, last_on, location))
    asked = {"first_on": first_on, "last_on": last_on, "location": location}
    return subscriptions.start_export(by=by, kind=KIND, module=report.module, what=report.name, format=format, **asked)


def make_report(*, by: Membership, task: Task) -> Iterator[None]:
    """The steps of making the file: it is asked, then written. Raises what asking raises."""
    answer = REPORTS[task.params["what"]].ask(by, _span(task.params))
    if task.params["format"] == ReportFormat.PDF:
        yield from _write_pages(by, task, answer)
    else:
        yield from system.write_listing(by=by, task=task, listing=answer)


def _span(params: Mapping[str, Any]) -> Span:
    location = params["location"]
    first, last = (date.fromisoformat(params[name]) for name in ("first_on", "last_on"))
    return Span(first, last, UUID(location) if location else None)


def _write_pages(by: Membership, task: Task, answer: Answer) -> Iterator[None]:
    most = task.params["most"]
    count = min(answer.count(), most or papers.MOST_ROWS)
    task.total = task.done + count
    content = BytesIO(papers.render(answer, most=most))
    name = system.name_of(by, task)
    task.file = system.keep_file(by=by, file=File(content, name), name=name, content_type=media.PDF)
    task.done, task.result = task.total, {"rows": count, "is_sample": most is not None}
    yield from ()
