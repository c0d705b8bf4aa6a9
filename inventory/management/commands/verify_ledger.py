from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.module_loading import import_string

from core.tenancy import STAFF

NAMES = {
    "stock_products": "batch",
    "serial_numbers": "serial number",
    "purchase_order_lines": "order line",
}


class Command(BaseCommand):
    help = (
        "Prove that all stock is the sum of its movements, all money that of its payments, and every balance that of "
        "its ledger, in every account; name the rows where it is not."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--account", type=UUID, help="look at this account only")
        parser.add_argument("--rebuild", action="store_true", help="make anew what the ledgers tell: counts, balances")
        parser.add_argument("--dry-run", action="store_true", help="say what --rebuild would do, and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        is_trial = options["dry_run"]
        found = [row for names in settings.LEDGERS for row in self._verify(*names, options, is_trial=is_trial)]
        for row in found:
            self.stdout.write(f"{name(row.account_id, row.table, row.id)}: {row.problem}")
        if found:
            raise CommandError(f"{len(found)} disagreements, the first: {found[0].problem}")
        self.stdout.write("All ledgers add up.")

    def _verify(self, find_name: str, rebuild_name: str, options: dict[str, Any], *, is_trial: bool) -> list[Any]:
        """What does not add up, in the end, of the ledgers that these are about."""
        find, rebuild_them = import_string(find_name), import_string(rebuild_name)
        found = list(find(using=STAFF, account_id=options["account"]))
        if found and (options["rebuild"] or is_trial):
            for sentence in rebuild(rebuild_them, found, is_trial=is_trial):
                self.stdout.write(sentence)
            if not is_trial:
                found = list(find(using=STAFF, account_id=options["account"]))
        return found


def rebuild(rebuild_them: Callable[..., Any], found: Iterable[Any], *, is_trial: bool) -> Iterator[str]:
    wrong: dict[UUID, dict[str, set[UUID]]] = defaultdict(lambda: defaultdict(set))
    for row in found:
        wrong[row.account_id][row.table].add(row.id)
    for account_id, rows in wrong.items():
        for repair in rebuild_them(account_id=account_id, rows=rows, is_trial=is_trial):
            changes = ", ".join(f"{key} {repair.before[key]} to {repair.after[key]}" for key in repair.after)
            verb = "Would bring" if is_trial else "Brought"
            yield f"{verb} {name(account_id, repair.table, repair.id)}: {changes}"


def name(account_id: UUID, table: str, row: UUID) -> str:
    names = {model._meta.db_table: model._meta.verbose_name for model in apps.get_models()} | NAMES
    return f"account {account_id}, {names[table]} {row}"
