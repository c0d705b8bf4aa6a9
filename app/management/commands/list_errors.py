"""The catalogue of errors, from the code itself: `manage.py list_errors > docs/errors.md`."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.utils.module_loading import module_has_submodule

from core import tenancy
from core.errors import DomainError

INTRODUCTION = """# Errors

Every refusal has a status, a code for programs and a sentence for people; some name the fields that are wrong in
`errors`, and add facts in `meta`. This page is made by `manage.py list_errors`.
"""


class Command(BaseCommand):
    help = "Prints the catalogue of errors as Markdown."

    def handle(self, *args: Any, **options: Any) -> None:
        rows = sorted({*domain_errors(), *constraint_errors()})
        lines = [f"| {status} | `{code}` | {sentence} |" for status, code, sentence in rows]
        table = "\n".join(["| status | code | sentence |", "|---|---|---|", *lines])
        self.stdout.write(f"{INTRODUCTION}\n{table}")


Row = tuple[int, str, str]


def domain_errors() -> Iterator[Row]:
    """The subclasses of DomainError in every app's errors.py."""
    for config in apps.get_app_configs():
        if config.module and module_has_submodule(config.module, "errors") and not config.name.startswith("django."):
            for found in vars(import_module(f"{config.name}.errors")).values():
                if isinstance(found, type) and issubclass(found, DomainError) and found is not DomainError:
                    yield found.status, found.code, found.detail


def constraint_errors() -> Iterator[Row]:
    """What a violated constraint of the database is shown as."""
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            code = constraint.violation_error_code
            if code and not isinstance(constraint, tenancy.Rule):
                yield 409, code, str(constraint.get_violation_error_message())
