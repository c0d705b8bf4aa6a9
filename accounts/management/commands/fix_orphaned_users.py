import json
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import services
from accounts.services.orphans import Fault, Orphan, Remedy


class Command(BaseCommand):
    help = "Finds people without a business and businesses without people; changes nothing unless told how to repair."

    def add_arguments(self, parser: ArgumentParser) -> None:
        how = parser.add_mutually_exclusive_group()
        for remedy, meaning in (
            (Remedy.ASSIGN, "seat people in the account they point to, and give accounts of people an owner"),
            (Remedy.CREATE_ACCOUNTS, "open a business for everybody without a seat"),
            (Remedy.DELETE, "remove people without seat and history, and accounts that hold nothing"),
        ):
            option = f"--{remedy.replace('_', '-')}"
            how.add_argument(option, dest="remedy", action="store_const", const=remedy, help=meaning)
        parser.add_argument("--json", action="store_true", help="print a report for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        remedy: Remedy | None = options["remedy"]
        repaired = services.repair_orphans(remedy=remedy) if remedy else []
        found = services.find_orphans()
        faults = [orphan for orphan in found if orphan.fault != Fault.USER_LEFT]
        left = [orphan for orphan in found if orphan.fault == Fault.USER_LEFT]
        if options["json"]:
            report = {"faults": _facts(faults), "repaired": _facts(repaired), "left": _facts(left)}
            self.stdout.write(json.dumps(report, indent=2))
        else:
            self.print("Repaired", repaired)
            self.print("Wrong", faults)
            self.print("No fault", left)
        if faults:
            raise CommandError("Not all is well: see --help for the ways to repair it.")
        if not options["json"]:
            self.stdout.write("Everybody has a business, and every business its people and an owner.")

    def print(self, heading: str, orphans: Sequence[Orphan]) -> None:
        for orphan in orphans:
            self.stdout.write(f"{heading}: {orphan.sentence}.")


def _facts(orphans: Sequence[Orphan]) -> list[dict[str, str | None]]:
    return [
        {
            "fault": orphan.fault,
            "account": str(orphan.account_id),
            "user": str(orphan.user_id) if orphan.user_id else None,
            "name": orphan.name,
        }
        for orphan in orphans
    ]
