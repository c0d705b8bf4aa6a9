import json
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.module_loading import import_string

from core import inspection
from core.inspection import Finding
from core.tenancy import STAFF


class Command(BaseCommand):
    help = "Proves that the walls between businesses stand and that all sums agree; names every gap and row otherwise."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print a report for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        found = [*inspection.inspect()]
        if not any("table is missing" in finding.problem for finding in found):
            found += disagreements()
        if options["json"]:
            self.stdout.write(json.dumps({"findings": [facts(finding) for finding in found]}, indent=2))
        else:
            for finding in found:
                self.stdout.write(finding.sentence)
        if found:
            raise CommandError(f"Not all is well ({len(found)}). The first: {found[0].sentence}")
        if not options["json"]:
            self.stdout.write("The walls stand, and all sums agree.")


def disagreements() -> Iterator[Finding]:
    """What is kept as a sum or count, and is not that of the rows under it."""
    for find, _ in settings.LEDGERS:
        yield from import_string(find)(using=STAFF)


def facts(finding: Finding) -> dict[str, str | None]:
    return {
        "table": finding.table,
        "id": str(finding.id) if finding.id else None,
        "account": str(finding.account_id) if finding.account_id else None,
        "problem": finding.problem,
    }
