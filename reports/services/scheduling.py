"""Reports that are mailed when a day, a week or a month is over."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.core.mail import EmailMessage
from django.db import DatabaseError, transaction
from uuid_utils.compat import uuid7

from accounts import services as accounts
from accounts.models import Membership
from accounts.roles import Capability
from core import tenancy
from core.errors import DomainError
from core.tenancy import STAFF
from reports.catalogue import REPORTS
from reports.errors import TooManySchedules
from reports.models import ReportSchedule, last_period
from reports.report import Report
from reports.services.exporting import make_report
from sales.summaries import Span
from subscriptions.checker import SubscriptionChecker
from subscriptions.policy import Feature
from system import modules
from system import services as system
from system.models import PrivateFile, Task
from system.modules import Module

logger = structlog.get_logger("report")

KIND = "reports.mail"
MOST_SCHEDULES = 20  # of one member
_DEFAULT_HOUR = 6


def add_schedule(
    *,
    by: Membership,
    report: str,
    period: str,
    format: str,  # noqa: A002 - as it is called in what is sent
    hour: int = _DEFAULT_HOUR,
    location: UUID | None = None,
    id: UUID | None = None,  # noqa: A002 - the client's own id
) -> ReportSchedule:
    """Mail the report to the member from the next period on.

    Raises CapabilityMissing for a report that is not the member's to read, ModuleDisabled, InvalidInput for a place
    that is not theirs, and TooManySchedules.
    """
    over = last_period(period, by.account.today)
    REPORTS[report].check(by, Span(over.first, over.last, location))
    _refuse_too_many(by)
    schedule = ReportSchedule(
        id=id or uuid7(),
        account=by.account,
        member=by,
        report=report,
        period=period,
        format=format,
        hour=hour,
        location_id=location,
        sent_on=over.last,
    )
    schedule.save(force_insert=True)
    accounts.record(by=by, action="report_schedule.added", subject=schedule, after={"report": report})
    return schedule


def _refuse_too_many(by: Membership) -> None:
    """Who adds another at the same time waits for the member's row, and is counted."""
    by.account.memberships.locked().get(pk=by.pk)
    if by.account.report_schedules.filter(member=by).count() >= MOST_SCHEDULES:
        raise TooManySchedules(most=MOST_SCHEDULES)


def change_schedule(*, by: Membership, schedule: ReportSchedule, **changes: Any) -> ReportSchedule:
    """Another hour, or another format, of a locked schedule."""
    accounts.change(by=by, row=schedule, changes=changes)
    return schedule


def remove_schedule(*, by: Membership, schedule: ReportSchedule) -> None:
    accounts.record(by=by, action="report_schedule.removed", subject=schedule, before={"report": schedule.report})
    schedule.delete()


def start_due_reports(*, now: datetime) -> int:
    """Leave to the background what is due, of every account: of each schedule the last period alone, also when nobody
    has looked for long. How many there were.

    Each is a transaction of its own, and one that cannot be left now, such as where too many tasks of its business
    wait, is left at the next round.
    """
    rows = ReportSchedule.across_accounts.using(STAFF).select_related("account").order_by("pk")
    due = [row for row in rows.iterator() if row.span_due(now)]
    return sum(_start_or_wait(row.account_id, row.pk, now) for row in due)


def _start_or_wait(account_id: UUID, schedule_id: UUID, now: datetime) -> bool:
    try:
        return _start(account_id, schedule_id, now)
    except (DomainError, DatabaseError) as error:
        logger.warning("report_not_started", schedule_id=str(schedule_id), error=type(error).__name__)
        return False


def _start(account_id: UUID, schedule_id: UUID, now: datetime) -> bool:
    """Once for each period: who comes second finds it sent."""
    with tenancy.scope(account_id):
        rows = ReportSchedule.across_accounts.filter(account_id=account_id, pk=schedule_id).locked()
        schedule = rows.select_related("account", "member__user").first()
        span = schedule.span_due(now) if schedule else None
        if schedule is None or span is None or not _may_be_sent(schedule):
            return False
        asked = {"first_on": span.first, "last_on": span.last, "location": span.location}
        schedule.member.account = schedule.account
        system.start_export(
            by=schedule.member,
            kind=KIND,
            module=REPORTS[schedule.report].module,
            what=schedule.report,
            format=schedule.format,
            **asked,
        )
        schedule.sent_on = span.last
        schedule.save(update_fields=["sent_on"])
        return True


def _may_be_sent(schedule: ReportSchedule) -> bool:
    """Whether it is still paid for, switched on, and somebody's."""
    is_paid_for = SubscriptionChecker(schedule.account).is_paid(Feature.AUTOMATION)
    needed = (Module.REPORTS, REPORTS[schedule.report].module)
    is_on = all(modules.is_enabled(schedule.account, module) for module in needed)
    return is_paid_for and is_on and schedule.member.is_active and schedule.member.may(Capability.REPORT_EXPORT)


def mail_report(*, by: Membership, task: Task) -> Iterator[None]:
    """The steps of a report that is mailed: it is made as every file is, and leaves once it is kept."""
    yield from make_report(by=by, task=task)
    if by.user and task.file:
        transaction.on_commit(partial(_send, by.user.email, by.account.name, task.params, task.file))


def _send(to: str, business: str, params: Mapping[str, Any], file: PrivateFile) -> None:
    report: Report = REPORTS[params["what"]]
    days = f"{params['first_on']} to {params['last_on']}"
    mail = EmailMessage(f"{report.title}: {days}", f"{business}\n\n{report.title}, {days}.\n", None, [to])
    with file.content.open() as content:
        mail.attach(file.name, content.read(), file.content_type)
    mail.send()
