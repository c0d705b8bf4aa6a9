from typing import Any

from django.core.management.base import BaseCommand

from system import services


class Command(BaseCommand):
    help = "Seals keys to providers and second factors, in every account, anew under the first of SEALING_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Sealed anew: {services.reseal_secrets()}.")
