from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from system import addresses, diagnosis


class Command(BaseCommand):
    help = "Says why a till cannot sign in, and what to change."
    requires_system_checks = ()  # what they would stop at is what is asked

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--origin", required=True, help="of the till's pages, such as https://till.example")
        parser.add_argument("--api", help="where the till reaches the API, such as https://api.till.example")

    def handle(self, *args: Any, **options: Any) -> None:
        origin = read("--origin", options["origin"])
        api = read("--api", options["api"]) if options["api"] else None
        found = diagnosis.find_faults(origin=origin, api=api)
        for sentence in found:
            self.stdout.write(sentence)
        if found:
            raise CommandError(f"A till on {origin} cannot sign in, or not well.")
        self.stdout.write("All is well.")


def read(option: str, address: str) -> str:
    origin = addresses.read_origin(address)
    if origin is None:
        raise CommandError(f"{option} {address} is no address such as https://till.example.")
    return origin
