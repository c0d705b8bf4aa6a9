"""The SQL of a request, as the database gets it, and the same as a script for pgbench."""

import re
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.test import Client, override_settings

from tests.bench.cases import Case
from tests.bench.load import Request
from tests.bench.measure import BenchError

_UUID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}-?[0-9a-f]{4}-?7[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}(?![0-9a-f])")
_RECEIPT = re.compile(r'"receipt_number": ?"([^"]+)"')


@dataclass(frozen=True)
class Traced:
    """The statements of one request in the order in which they ran, with their values in them."""

    statements: list[str]
    answer: str
    started_ms: int


def trace(case: Case, number: int) -> Traced:
    """Ask in this process and listen. BEGIN and COMMIT are not heard, savepoints left out."""
    seen: list[str] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append(connection.ops.compose_sql(sql, params))
        return execute(sql, params, many, context)

    started_ms, request = time.time_ns() // 1_000_000, case.build(number)
    with connection.execute_wrapper(note), override_settings(ROOT_URLCONF="tests.bench.urls"):
        answer = _ask(request)
    kept = [sql for sql in seen if not sql.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK TO"))]
    return Traced(kept, answer, started_ms)


def _ask(request: Request) -> str:
    client = Client(SERVER_NAME="127.0.0.1", headers=request.headers)
    answer = client.generic(request.method, request.path, request.body, "application/json")
    text = answer.content.decode()
    if answer.status_code >= 400:
        raise BenchError(f"{request.path} answers {answer.status_code}: {text[:300]}")
    return text


def count_statements(case: Case) -> int:
    trace(case, 0)  # after which nothing is looked up for the first time
    return len(trace(case, 1).statements)


def as_script(traced: Traced) -> str:
    """The same again and again: whatever the request made new, the script makes new each time."""
    text = ";\n".join(["BEGIN", *traced.statements, "COMMIT"]) + ";\n"
    fresh = sorted({UUID(found).hex for found in _UUID.findall(text) if _is_fresh(found, traced.started_ms)})
    names = {digits: f"fresh_{number}" for number, digits in enumerate(fresh)}
    text = _UUID.sub(lambda match: _renamed(match[0], names), text)
    for receipt in _RECEIPT.findall(traced.answer):
        names[receipt] = "receipt"
        text = text.replace(receipt, "BENCH-:receipt")
    return "".join(f"\\set {name} random(100000000000, 999999999999)\n" for name in names.values()) + text


def _is_fresh(found: str, started_ms: int) -> bool:
    return UUID(found).int >> 80 >= started_ms


def _renamed(found: str, names: dict[str, str]) -> str:
    """The id with its last twelve digits left to a variable of the script."""
    name = names.get(UUID(found).hex)
    return f"{found[:-12]}:{name}" if name else found
