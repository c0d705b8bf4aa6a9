"""The writers of reports as files, and of what is mailed of them."""

from reports.services.exporting import make_report, start_report
from reports.services.scheduling import add_schedule, change_schedule, mail_report, remove_schedule, start_due_reports

__all__ = [
    "add_schedule",
    "change_schedule",
    "mail_report",
    "make_report",
    "remove_schedule",
    "start_due_reports",
    "start_report",
]
