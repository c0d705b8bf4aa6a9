from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core import provision
from core.errors import ServerError


class Command(BaseCommand):
    help = "Makes the database, its three roles and their rights; may be run at any time."
    requires_system_checks = ()  # some of them ask the database that is not there yet

    def handle(self, *, verbosity: int, **_: object) -> None:
        try:
            provision.provision(
                admin_dsn=settings.DATABASE_ADMIN_DSN,
                database=settings.DATABASE_NAME,
                passwords=settings.DATABASE_PASSWORDS,
            )
        except ServerError as problem:
            raise CommandError(str(problem)) from None
        if verbosity > 0:
            self.stdout.write(f"Database {settings.DATABASE_NAME} and its roles are in place.")
