"""The catalogue of errors, from the code itself: `manage.py list_errors > docs/errors.md`."""

import ast
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import translation
from django.utils.module_loading import module_has_submodule
from rest_framework import exceptions

from core.api.views import DeclaredView
from core.errors import DomainError

INTRODUCTION = """# Errors

Every refusal has a status, a code for programs and a sentence for people; some name the fields that are wrong in
`errors`, and add facts in `meta`. This page is made by `manage.py list_errors`.
"""
FIELDS = """
## Fields

What stands in `errors[].code`, besides the codes above. With `weak_password` they are Django's: `password_too_short`,
`password_too_common`, `password_entirely_numeric`.
"""
OF_DRF = (exceptions.MethodNotAllowed, exceptions.UnsupportedMediaType)
# What DRF's fields could say, and ours cannot: they take texts, of which every moment bears its offset.
NEVER = {"date", "datetime", "make_aware", "max_string_length", "overflow"}

Row = tuple[int, str, str]
FieldRow = tuple[str, str]


class Command(BaseCommand):
    help = "Prints the catalogue of errors as Markdown."

    def handle(self, *args: Any, **options: Any) -> None:
        refusals = {*domain_errors(), *api_errors(), *constraint_errors()}
        known = {code for _, code, _ in refusals}
        of_fields = {row for row in {*field_errors(), *written_errors()} if row[0] not in known | NEVER}
        self.stdout.write(f"{INTRODUCTION}\n")
        self.stdout.write(table(("status", "code", "sentence"), refusals))
        self.stdout.write(f"{FIELDS}\n")
        self.stdout.write(table(("code", "sentence"), of_fields))


def table(titles: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> str:
    """A row for each code, its sentences joined."""
    sentences: dict[tuple[Any, ...], list[str]] = {}
    for *key, sentence in sorted(rows):
        sentences.setdefault(tuple(key), []).append(sentence.replace("|", r"\|"))
    lines = [f"| {' | '.join(titles)} |", f"|{'---|' * len(titles)}"]
    for (*status, code), said in sentences.items():
        lines.append(f"| {' | '.join([*map(str, status), f'`{code}`', ' / '.join(said)])} |")
    return "\n".join(lines)


def domain_errors() -> Iterator[Row]:
    """The subclasses of DomainError in every app's errors.py."""
    for config in apps.get_app_configs():
        if config.module and module_has_submodule(config.module, "errors") and not config.name.startswith("django."):
            for found in vars(import_module(f"{config.name}.errors")).values():
                if isinstance(found, type) and issubclass(found, DomainError) and found is not DomainError:
                    yield found.status, found.code, found.detail


def api_errors() -> Iterator[Row]:
    """What Django REST framework refuses by itself."""
    for found in OF_DRF:
        yield found.status_code, found.default_code, in_english(found.default_detail)


def constraint_errors() -> Iterator[Row]:
    """What a violated constraint of the database is shown as."""
    for model in apps.get_models():
        for constraint in model._meta.constraints:
            if constraint.violation_error_code:
                yield 409, constraint.violation_error_code, str(constraint.get_violation_error_message())


def field_errors() -> Iterator[FieldRow]:
    """What the fields of everything that can be sent may say."""
    import_module(settings.ROOT_URLCONF)  # and with it every view
    for view in below(DeclaredView):
        sent = [*getattr(view, "input_classes", {}).values(), *filter(None, [getattr(view, "input_class", None)])]
        for serializer_class in sent:
            yield from messages_of(serializer_class())


def below(found: type[Any]) -> Iterator[type[Any]]:
    for each in found.__subclasses__():
        yield each
        yield from below(each)


def messages_of(field: Any) -> Iterator[FieldRow]:
    for code, sentence in field.error_messages.items():
        yield code, in_english(sentence)
    nested: list[Any] = [field.child] if hasattr(field, "child") else list(getattr(field, "fields", {}).values())
    for each in nested:
        yield from messages_of(each)


def written_errors() -> Iterator[FieldRow]:
    """The code and sentence of every FieldError, ErrorDetail and ValidationError that is spelt out in the source."""
    for config in apps.get_app_configs():
        folder = Path(config.path)
        if settings.BASE_DIR in folder.parents and ".venv" not in folder.parts:
            for path in sorted(folder.rglob("*.py")):
                for node in ast.walk(ast.parse(path.read_text())):
                    if isinstance(node, ast.Call):
                        yield from said_by(node)


def said_by(call: ast.Call) -> Iterator[FieldRow]:
    name = ast.unparse(call.func).rsplit(".", 1)[-1]
    words = [part.value if isinstance(part, ast.Constant) else None for part in call.args]
    if name == "FieldError" and len(words) == 3:
        code, sentence = words[1:]
    elif name in ("ErrorDetail", "ValidationError") and words:
        code = next((each.value.value for each in call.keywords if isinstance(each.value, ast.Constant)), None)
        sentence = words[0]
    else:
        return
    if isinstance(code, str) and isinstance(sentence, str):
        yield code, sentence


def in_english(sentence: Any) -> str:
    with translation.override("en"):
        return str(sentence)
