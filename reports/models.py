"""What a member wants to be mailed, again and again."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.core.validators import MaxValueValidator
from django.db import models

from accounts.models import Membership
from core import tenancy
from inventory.models import Location
from sales.summaries import Span


class Period(models.TextChoices):
    DAY = "DAY"
    WEEK = "WEEK"  # from Monday
    MONTH = "MONTH"


class ReportFormat(models.TextChoices):
    CSV = "CSV"
    XLSX = "XLSX"
    PDF = "PDF"


class ReportSchedule(tenancy.AccountOwned):
    """A report that is mailed to its member when a period is over, from that hour of the next day. `sent_on` is the
    last day of the period that was sent last."""

    member = tenancy.OwnedKey(Membership, related_name="report_schedules")
    report = models.CharField(max_length=40)
    period = models.CharField(max_length=8, choices=Period.choices)
    format = models.CharField(max_length=8, choices=ReportFormat.choices)
    hour = models.PositiveSmallIntegerField(default=6, validators=[MaxValueValidator(23)])
    location = tenancy.OwnedKey(Location, null=True, related_name="+")
    sent_on = models.DateField()
    created_at = models.DateTimeField(auto_now_add=True)
    version = models.PositiveIntegerField(default=1)

    class Meta(tenancy.AccountOwned.Meta):
        db_table = "report_schedules"
        default_related_name = "report_schedules"
        indexes = [models.Index(fields=["account", "member"], name="report_schedules_by_member")]
        constraints = [
            *tenancy.AccountOwned.Meta.constraints,
            tenancy.SameAccount("member"),
            tenancy.SameAccount("location"),
            models.CheckConstraint(
                condition=models.Q(hour__lte=23),
                name="schedule_hour_of_a_day",
                violation_error_code="hour_out_of_range",
                violation_error_message="A day has the hours 0 to 23.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.report} {self.period}"

    def span_due(self, now: datetime) -> Span | None:
        """The last period that is over, by the clocks of the account, if it has not been sent."""
        local = now.astimezone(self.account.zone)
        today = local.date() if local.hour >= self.hour else local.date() - timedelta(days=1)
        span = last_period(self.period, today)
        return Span(span.first, span.last, self.location_id) if span.last > self.sent_on else None


def last_period(period: str, today: date) -> Span:
    """The last one that was over when the day began."""
    if period == Period.DAY:
        return Span(today - timedelta(days=1), today - timedelta(days=1))
    if period == Period.WEEK:
        monday = today - timedelta(days=today.weekday())
        return Span(monday - timedelta(days=7), monday - timedelta(days=1))
    last = today.replace(day=1) - timedelta(days=1)
    return Span(last.replace(day=1), last)
