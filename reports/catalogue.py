"""Every report, by its name."""

from collections.abc import Mapping

from reports import customers, drawers, selling, stock
from reports.report import Report

_ALL = (*selling.REPORTS, *stock.REPORTS, *drawers.REPORTS, *customers.REPORTS)
REPORTS: Mapping[str, Report] = {report.name: report for report in _ALL}
