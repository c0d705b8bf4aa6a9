"""Every report, by its name."""

from collections.abc import Mapping

from reports import owing, selling, stock
from reports.report import Report

REPORTS: Mapping[str, Report] = {report.name: report for report in (*selling.REPORTS, *stock.REPORTS, *owing.REPORTS)}
